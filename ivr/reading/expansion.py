"""Called flows put into their callers' tables: the steps of FLOW, called by step `s`, become `s/NAME`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ivr.flow import Step
from ivr.reading.draft import Draft, Written, by_itself, whole_step
from ivr.reading.part import MOST_STEPS, Part, ReadStep
from ivr.reading.shape import guess, locate, plain
from ivr.steps.body import Edge, Path
from ivr.steps.return_ import Return
from ivr.steps.subflow import INTO, Subflow
from wording.yaml_source import Listing, Node, Problem, Scalar, Table

DEEPEST_CALLS = 8
_TOO_DEEP = f"here calls of flows are more than {DEEPEST_CALLS} deep: put two of them together"

Called = Mapping[str, Part]
"""Every flow that is called, by its name, as far as it could be found."""


def check_calls(root: Part, called: Called) -> tuple[list[Problem], set[tuple[str, str]]]:
    """What is wrong with calls themselves, and (file, step) of those that cannot be followed."""
    problems: list[Problem] = []
    broken: set[tuple[str, str]] = set()

    def refuse(part: Part, step: ReadStep, path: Path, message: str, *, key: bool = False) -> None:
        place = locate(step.node, path, key=key)
        about = f"step {step.name!r}: "
        problems.append(Problem(part.file, place.line, place.column, about + message))
        broken.add((part.file, step.name))

    def check(part: Part, step: ReadStep, body: Subflow) -> None:
        where = (Subflow.verb, "flow")
        other = called.get(body.flow)
        if other is None:
            refuse(part, step, where, f"there is no flow {body.flow!r} beside this one")
            return
        if other.problems:
            broken.add((part.file, step.name))  # what is wrong with it is told in its own file
            return
        if not other.returns:
            refuse(part, step, where, f"flow {body.flow!r} has no `return`, so it cannot be called")
            return
        if missing := [language for language in part.languages if language not in other.languages]:
            spoken = ", ".join(missing)
            refuse(part, step, where, f"flow {body.flow!r} does not speak {spoken}: add it there")
        known = other.returns
        strange = [word for word in step.written if word not in known]
        lacking = [word for word in known if word not in step.written and word]
        for word in strange:
            hint = guess(word, lacking) or guess(word, known) or f"; it returns {', '.join(known)}"
            refuse(part, step, (word,), f"flow {body.flow!r} never returns {word!r}{hint}", key=True)
            if lacking:
                lacking.pop(0)
        for word in lacking:
            place = step.key.place
            message = f"step {step.name!r}: {word!r} is missing: flow {body.flow!r} may return it"
            problems.append(Problem(part.file, place.line, place.column, message))
            broken.add((part.file, step.name))

    parts = [root, *(part for part in called.values() if part is not root)]
    for part in parts:
        for step, body in part.calls():
            check(part, step, body)
    if too_much := list(_too_much(root, called)):
        for part, step, message in too_much:
            refuse(part, step, (Subflow.verb, "flow"), message)
        broken.update((part.file, step.name) for part in parts for step, _ in part.calls())
    return problems, broken


def _too_much(root: Part, called: Called) -> Iterator[tuple[Part, ReadStep, str]]:
    """Calls in a circle or too deep, and the first with which there are too many steps in all."""
    full = False
    sizes: dict[str, int] = {}
    depths: dict[str, int] = {}

    def visit(part: Part, chain: tuple[str, ...]) -> Iterator[tuple[Part, ReadStep, str]]:
        nonlocal full
        size, depth = len(part.table.entries), 0
        for step, body in part.calls():
            name = body.flow
            if name in chain:
                way = " -> ".join((*chain[chain.index(name) :], name))
                yield part, step, f"flows call one another in a circle: {way}; take one of these calls out"
                continue
            if len(chain) > DEEPEST_CALLS:
                yield (
                    part,
                    step,
                    f"more than {DEEPEST_CALLS} flows deep: put two of them together",
                )
                continue
            if name not in sizes and (other := called.get(name)) is not None:
                yield from visit(other, (*chain, name))
            if len(chain) + depths.get(name, 0) > DEEPEST_CALLS:
                yield part, step, f"more than {DEEPEST_CALLS} flows deep: put two of them together"
                continue
            if size + sizes.get(name, 0) > MOST_STEPS:
                if full:
                    continue
                full = True
                much = f"with flow {name!r} put in here there are more than {MOST_STEPS:,} steps"
                yield part, step, f"{much}: call fewer or shorter flows"
                continue
            size += sizes.get(name, 0)
            depth = max(depth, 1 + depths.get(name, 0))
        sizes[chain[-1]], depths[chain[-1]] = size, depth

    yield from visit(root, (root.name,))


def put_in_called(draft: Draft, called: Called, broken: set[tuple[str, str]]) -> None:
    """Put every called flow into the root's draft. A call that is `broken` counts as read in part."""
    trouble = draft.always.get("trouble")
    for step, body in draft.part.calls():
        _put_in(draft, draft.part, step, body, "", {}, called, broken, trouble)


def _put_in(
    draft: Draft,
    part: Part,
    step: ReadStep,
    body: Subflow,
    prefix: str,
    above: Mapping[str, str],
    called: Called,
    broken: set[tuple[str, str]],
    trouble: str | None,
) -> None:
    full = prefix + step.name
    other = called.get(body.flow)
    if other is None or other.start is None or other.problems or (part.file, step.name) in broken:
        draft.blind |= other is None or not other.table.entries
        sets = frozenset(_ever_set(other, called) | body.given.keys())
        draft.edges[full] = [
            Edge(outcome, prefix + target, (outcome,), turn=True, sets=sets, written=not prefix)
            for outcome, target in step.written.items()
        ]
        return
    inside = f"{full}/"
    old = draft.steps[full]
    draft.add(Step(full, old.body, {INTO: inside + other.start.text}, old.source, part.file), frozenset())
    draft.edges[full] = [
        Edge(edge.label, edge.target, edge.path, edge.turn, edge.sets, written=True)
        for edge in draft.edges[full]
    ]
    ways = {outcome: prefix + target for outcome, target in step.written.items()}
    own = by_itself(other)
    for name in _from_start(own, other.start.text):
        read = other.steps[name]
        draft.written[inside + name] = Written(other.file, read.key, read.node, name, full)
        if isinstance(read.body, Return):
            outcomes = {read.body.name: ways[read.body.name]} if read.body.name in ways else {}
            draft.add(Step(inside + name, read.body, outcomes, read.node, other.file), frozenset(outcomes))
            continue
        moved = _moved(read, own.edges[name], inside, other)
        whole = whole_step(moved, other.file, trouble)
        draft.add(
            replace(whole, name=inside + name),
            frozenset(moved.written),
        )
        if isinstance(moved.body, Subflow):
            _put_in(draft, other, read, moved.body, inside, ways, called, broken, trouble)


def _from_start(own: Draft, start: str) -> list[str]:
    """The steps of a called flow that its own start leads to, in the order of its file.

    Those that only its `always` leads to are for when it is rehearsed alone.
    """
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen and name in own.steps:
            seen.add(name)
            waiting += [edge.target for edge in own.edges[name] if edge.written]
    return [name for name in own.part.table.entries if name in seen]


def _moved(step: ReadStep, edges: list[Edge], prefix: str, part: Part) -> ReadStep:
    """The step with every way out led to the same step under its new name."""
    ways = {edge.path: prefix + edge.target for edge in edges if edge.written}
    verb = step.body.verb
    written = {outcome: prefix + target for outcome, target in step.written.items()}
    body = step.body
    if any(path[:1] == (verb,) for path in ways):
        value = _rewritten(step.node.entries[verb][1], (verb,), ways)
        body = type(body).model_validate(plain(value), context={"languages": part.languages})
    return ReadStep(step.name, step.key, step.node, body, written)


def _rewritten(node: Node, path: Path, texts: Mapping[Path, str]) -> Node:
    match node:
        case Scalar():
            text = texts.get(path)
            return node if text is None else Scalar(text, node.place, node.plain)
        case Table():
            entries = {
                word: (key, _rewritten(value, (*path, word), texts))
                for word, (key, value) in node.entries.items()
            }
            return Table(entries, node.place)
        case Listing():
            items = (_rewritten(item, (*path, index), texts) for index, item in enumerate(node.items))
            return Listing(tuple(items), node.place)


def _ever_set(part: Part | None, called: Called) -> set[str]:
    """Every variable that a flow and those that it calls may set; for a call that cannot be followed."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [part]
    while waiting:
        part = waiting.pop()
        if part is None or part.file in seen:
            continue
        seen.add(part.file)
        for edges in by_itself(part).edges.values():
            found.update(*(edge.sets for edge in edges))
        waiting += [called.get(body.flow) for _, body in part.calls()]
    return found
