"""A call flow's text made into a Flow, or all that is wrong with it at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ivr.flow import Always, Flow
from ivr.reading.checks import check_alone, check_whole, warn_of_rounds
from ivr.reading.draft import Draft, by_itself
from ivr.reading.expansion import check_calls, put_in_called
from ivr.reading.part import MOST_STEPS, Part, read_part
from ivr.reading.sound_alike import warn_of_alike
from ivr.reading.uses import Known, check_uses
from ivr.rehearsal.flow_tests import check_tests
from wording.yaml_source import Problem, SourceRejected

__all__ = ["MOST_STEPS", "FlowRejected", "FlowText", "Known", "Others", "load_flow", "version_of"]

VERSION_HEX_DIGITS = 12
# Files that one flow may be made of.
MOST_FILES = 200


class FlowRejected(SourceRejected):
    """A flow is refused; see SourceRejected. Problems of the flows that it calls name their own files."""


@dataclass(frozen=True, slots=True)
class FlowText:
    """A flow that another one may call."""

    file: str
    text: str | bytes


Others = Callable[[str], FlowText | None] | Mapping[str, FlowText]
"""A flow's name -> its text; None or nothing when there is none."""


def load_flow(
    text: str | bytes,
    file: str,
    *,
    known: Known | None = None,
    others: Others | None = None,
    named: str | None = None,
) -> Flow:
    """Read and check a flow with all that it calls. Raises FlowRejected with every problem.

    `file` is only named in problems. `known`: what the configuration has; None: not asked. `named`: the name
    that it must bear.
    """
    root = read_part(text, file)
    _check_name(root, named)
    called = _called(root, others)
    parts = [root, *(part for part in called.values() if part is not root)]
    drafts = {id(part): by_itself(part) for part in parts}
    for part in parts:
        part.problems += check_uses(part, known)
        part.problems += check_alone(drafts[id(part)])
    problems, broken = check_calls(root, called)
    draft = drafts[id(root)]
    put_in_called(draft, called, broken)
    problems += [problem for part in parts for problem in part.problems]
    problems += check_whole(draft)
    problems += _of_tests(root, draft)
    if problems or root.start is None:
        in_order = sorted(set(problems), key=lambda p: (p.file != file, p.file, p.line, p.column))
        raise FlowRejected(tuple(in_order))
    return _flow(root, parts, draft)


def version_of(text: str | bytes, *others: str | bytes) -> str:
    """The content hash that names a version. `others` are the texts of the flows that it calls."""
    whole = hashlib.sha256(_raw(text))
    for other in others:
        whole.update(hashlib.sha256(_raw(other)).digest())
    return whole.hexdigest()[:VERSION_HEX_DIGITS]


def _of_tests(root: Part, draft: Draft) -> list[Problem]:
    """What is wrong with the tests; steps of a flow that cannot be called are not looked for."""
    calls = [f"'{step.name}/" for step, _ in root.calls()]
    unfollowed = [call for call in calls if not any(f"'{name}".startswith(call) for name in draft.steps)]
    problems = check_tests(root.tests, root.file, draft.steps, draft.unread, root.takes)
    return [told for told in problems if not any(call in told.message for call in unfollowed)]


def _raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _check_name(part: Part, named: str | None) -> None:
    if named is not None and part.name and part.name != named:
        message = f"the flow is named {part.name!r} but its file {named!r}: give both one name"
        part.note(part.name_place, message)


def _called(root: Part, others: Others | None) -> dict[str, Part]:
    """Every flow that is called, also by those that are called; a flow that calls itself is among them."""
    if others is None:
        others = {}
    find = others.get if isinstance(others, Mapping) else others
    called: dict[str, Part] = {}
    waiting = [root]
    while waiting:
        for _, body in waiting.pop().calls():
            if body.flow in called or len(called) >= MOST_FILES:
                continue
            if body.flow == root.name:
                called[root.name] = root
            elif (found := find(body.flow)) is not None:
                part = called[body.flow] = read_part(found.text, found.file)
                _check_name(part, body.flow)
                waiting.append(part)
    return called


def _flow(root: Part, parts: list[Part], draft: Draft) -> Flow:
    assert root.start is not None
    always = draft.always
    uses: dict[str, tuple[str, ...]] = {}
    for part in parts:
        for kind, names in (part.uses or {}).items():
            uses[kind] = tuple(dict.fromkeys((*uses.get(kind, ()), *(name.text for name in names))))
    warnings: tuple[Problem, ...] = tuple(dict.fromkeys((*warn_of_alike(draft), *warn_of_rounds(draft))))
    others = [part.text for part in sorted(parts[1:], key=lambda part: part.name)]
    return Flow(
        name=root.name,
        version=version_of(root.text, *others),
        file=root.file,
        languages=root.languages,
        start=root.start.text,
        always=Always(always["agent"], always["trouble"], always.get("gone")),
        steps=draft.steps,
        uses=uses,
        tests=root.tests,
        warnings=warnings,
        returns=root.returns,
        takes=root.takes,
        files=tuple(part.file for part in parts),
    )
