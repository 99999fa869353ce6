"""A flow on its way to be one: its steps, where they are written, and all ways between them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ivr.flow import Step
from ivr.reading.part import Part, ReadStep
from ivr.reading.shape import closest, locate
from ivr.steps.body import Edge, Path
from ivr.steps.consent import VARIABLE_PREFIX as CONSENT_PREFIX
from ivr.steps.return_ import Return
from wording.yaml_source import Listing, Node, Place, Problem, Scalar, Table

UNLED = {"agent": "(agent)", "trouble": "(trouble)"}
"""Steps that a subflow without `always` has instead, when it is rehearsed alone."""

_VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Written:
    """Where a step is written. `call`: the step by whose subflow it came in; `own`: its name in its file."""

    file: str
    key: Scalar
    node: Node
    own: str
    call: str | None = None


@dataclass
class Draft:
    """`steps` are those that could be read; the others are in `unread`, with the ways seen in their text.

    `blind`: a flow that is called could not be read at all, so what it sets is not known.
    """

    part: Part
    written: dict[str, Written] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    edges: dict[str, list[Edge]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    blind: bool = False
    always: Mapping[str, str] = field(init=False)
    _close: dict[str, str | None] = field(default_factory=dict, init=False)  # looked for once each

    def __post_init__(self) -> None:
        self.always = {key: target.text for key, target in self.part.always.items()}
        if self.part.returns:
            self.always = {key: UNLED[key] for key in UNLED if key not in self.part.absent} | self.always

    @property
    def file(self) -> str:
        return self.part.file

    @property
    def start(self) -> str | None:
        return None if self.part.start is None else self.part.start.text

    def place(self, name: str, path: Path = ()) -> Place:
        written = self.written[name]
        return locate(written.node, path) if path else written.key.place

    def problem(self, name: str, path: Path, message: str) -> Problem:
        """About a step, in the file where it is written."""
        place = self.place(name, path)
        return Problem(self.written[name].file, place.line, place.column, message)

    def meant(self, target: str) -> str | None:
        """The step that a target means, mistyped or not."""
        if target in self.written:
            return target
        if target not in self._close:
            self._close[target] = closest(target, self.part.table.entries)
        return self._close[target]

    def reached(self, starts: list[str]) -> set[str]:
        seen: set[str] = set()
        waiting = [meant for start in starts if (meant := self.meant(start)) is not None]
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            waiting += [m for edge in self.edges[name] if (m := self.meant(edge.target)) is not None]
        return seen

    # --- how it is made -----------------------------------------------------------------------------------

    def add_read(self, step: ReadStep, trouble: str | None) -> None:
        """A step as its own file has it."""
        self.written[step.name] = Written(self.file, step.key, step.node, step.name)
        self.add(whole_step(step, self.file, trouble), frozenset(step.written))

    def add(self, step: Step, written: frozenset[str]) -> None:
        self.steps[step.name] = step
        self.edges[step.name] = list(step.body.edges(step.outcomes, written))
        if self.part.problems:
            self.edges[step.name] += _repeated_ways(step.source, self.part.table)

    def add_unread(self, name: str) -> None:
        key, node = self.part.table.entries[name]
        self.written[name] = Written(self.file, key, node, name)
        self.unread.add(name)
        self.edges[name] = seen_ways(node, self.part.table)

    def add_unled(self) -> None:
        """What a subflow without `always` does alone: it ends with the word for it."""
        for word, name in UNLED.items():
            if self.always.get(word) == name:
                node = Table({}, self.part.place)
                self.written[name] = Written(self.file, Scalar(name, self.part.place), node, name)
                self.add(Step(name, Return(name=word), {}, node, self.file, implied=True), frozenset())


def whole_step(step: ReadStep, file: str, trouble: str | None) -> Step:
    """With the outcomes that are not written led to `trouble`, or to where one goes that they go with."""
    outcomes = dict(step.written)
    left_out = set()
    for outcome in step.body.optional_here():
        instead = outcomes.get(step.body.goes_with.get(outcome, ""), trouble)
        if outcome not in outcomes and instead is not None and outcome not in step.body.ends_call:
            outcomes[outcome] = instead
            if step.body.goes_with.get(outcome) not in step.written:
                left_out.add(outcome)
    return Step(step.name, step.body, outcomes, step.node, file, left_out=frozenset(left_out))


def by_itself(part: Part) -> Draft:
    """The file's own steps. A step that calls another flow leads to where its outcomes lead."""
    draft = Draft(part)
    trouble = draft.always.get("trouble")
    for name in part.table.entries:
        if name in part.unread:
            draft.add_unread(name)
        elif name in part.steps:
            draft.add_read(part.steps[name], trouble)
    draft.add_unled()
    return draft


# --- what can be seen in a step that could not be read ----------------------------------------------------

_TARGET_WORDS = frozenset(
    {"next", "otherwise", "busy", "no_answer", "refused", "failed", "empty", "open", "closed", "timeout"}
)


def seen_ways(node: Node, steps: Table) -> list[Edge]:
    """Every word that names a step, and what stands where a step is named; all may have been meant.

    They set every word that could be a variable, so that one mistake is not told again as unset values.
    """
    sets = frozenset(_variables(node))
    return [
        Edge(str(path[-1]), target, path, turn=True, sets=sets, written=True)
        for path, target in _targets(node, steps, ())
    ]


def _repeated_ways(node: Node, steps: Table) -> list[Edge]:
    """Under keys that were there already: refused, but what they lead to is not lost."""
    match node:
        case Table():
            found = [edge for again in node.repeated for edge in _again(again, steps)]
            for _, value in node.entries.values():
                found += _repeated_ways(value, steps)
            return found
        case Listing():
            return [edge for item in node.items for edge in _repeated_ways(item, steps)]
    return []


def _again(node: Node, steps: Table) -> Iterator[Edge]:
    sets = frozenset(_variables(node))
    if isinstance(node, Scalar) and node.text in steps:
        yield Edge("again", node.text, (), turn=True, sets=sets, written=False)
    for edge in seen_ways(node, steps):
        yield Edge(edge.label, edge.target, (), turn=True, sets=sets, written=False)


def _targets(node: Node, steps: Table, path: Path) -> Iterator[tuple[Path, str]]:
    match node:
        case Scalar(text):
            word = str(path[-1]) if path else ""
            outermost = len(path) == 1 and word in _TARGET_WORDS
            if path and text and (text in steps or outermost or word == "next"):
                yield path, text
        case Table():
            for word, (_, value) in node.entries.items():
                yield from _targets(value, steps, (*path, word))
            for again in node.repeated:
                yield from _targets(again, steps, (*path, "again"))
        case Listing():
            for index, item in enumerate(node.items):
                yield from _targets(item, steps, (*path, index))


def _variables(node: Node) -> Iterator[str]:
    match node:
        case Scalar(text):
            if _VARIABLE.fullmatch(text):
                yield text
                yield CONSENT_PREFIX + text
        case Table():
            for word, (_, value) in node.entries.items():
                if _VARIABLE.fullmatch(word):
                    yield word
                yield from _variables(value)
        case Listing():
            for item in node.items:
                yield from _variables(item)
