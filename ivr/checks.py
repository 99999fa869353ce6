"""What can be wrong with a flow as a whole: where its steps lead, and what they know when they get there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ivr.flow import FACTS, Step
from ivr.loops import rounds
from ivr.shape import closest, guess, locate
from ivr.source import Listing, Node, Place, Problem, Scalar, Table
from ivr.steps.body import Edge, FieldBody
from wording.phrases import normalised

Path = tuple[str | int, ...]


@dataclass
class Draft:
    """A flow that is being read. `steps` are those that could be read; the others are in `unread`.

    An unread step keeps the ways out that can be seen in its text, so that one mistake is told once and not
    again as unreachable steps behind it.
    """

    file: str
    table: Table
    start: Scalar | None
    always: dict[str, Scalar]
    steps: dict[str, Step] = field(default_factory=dict)
    edges: dict[str, list[Edge]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def add(self, step: Step, written: frozenset[str]) -> None:
        self.steps[step.name] = step
        self.edges[step.name] = list(step.body.edges(step.outcomes, written))

    def broken(self, name: str) -> None:
        node = self.table.entries[name][1]
        sets = frozenset(_raw_sets(node))
        self.unread.add(name)
        self.edges[name] = [
            Edge(str(path[-1]), target, path, turn=True, sets=sets) for path, target in _raw_targets(node)
        ]

    def place(self, name: str, path: Path = ()) -> Place:
        key, node = self.table.entries[name]
        return locate(node, path) if path else key.place


def check_draft(draft: Draft) -> list[Problem]:
    """Every problem of the flow as a whole."""
    return [
        *_dangling(draft),
        *_unreachable(draft),
        *_rounds(draft),
        *_variables(draft),
        *_same_phrases(draft),
        *_after_hanging_up(draft),
    ]


def _dangling(draft: Draft) -> Iterator[Problem]:
    known = draft.table.entries

    def not_a_step(who: str, target: str, place: Place) -> Problem:
        message = f"{who} leads to {target!r}, which is not a step{guess(target, known)}"
        return Problem(draft.file, place.line, place.column, message)

    heads = [("start", draft.start), *((f"always: {key!r}", target) for key, target in draft.always.items())]
    for who, target in heads:
        if target is not None and target.text not in known:
            yield not_a_step(who, target.text, target.place)
    for name, edges in draft.edges.items():
        for edge in edges:
            if edge.written and edge.target not in known:
                yield not_a_step(f"step {name!r}", edge.target, draft.place(name, edge.path))


def _meant(draft: Draft, target: str) -> str | None:
    """The step that a target means, mistyped or not."""
    return target if target in draft.table else closest(target, draft.table.entries)


def _reached(draft: Draft, starts: Sequence[str]) -> set[str]:
    seen: set[str] = set()
    waiting = [meant for start in starts if (meant := _meant(draft, start)) is not None]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        waiting += [m for edge in draft.edges[name] if (m := _meant(draft, edge.target)) is not None]
    return seen


def _unreachable(draft: Draft) -> Iterator[Problem]:
    if draft.start is None:
        return
    reached = _reached(draft, [draft.start.text, *(target.text for target in draft.always.values())])
    for name, (key, _) in draft.table.entries.items():
        if name not in reached:
            message = f"step {name!r} is never reached: lead to it or delete it"
            yield Problem(draft.file, key.place.line, key.place.column, message)


def _rounds(draft: Draft) -> Iterator[Problem]:
    graph = {
        name: [edge.target for edge in edges if not edge.turn and edge.target in draft.table]
        for name, edges in draft.edges.items()
    }
    for way in rounds(graph):
        edge = next(e for e in draft.edges[way[0]] if not e.turn and e.target == way[1])
        place = draft.place(way[0], edge.path if edge.written else ())
        told = " -> ".join(repr(name) for name in way)
        why = "" if edge.written else f" ({edge.label!r} is not written, so it leads to always.trouble)"
        message = f"{told} goes round without the caller doing anything{why}: lead out of it"
        yield Problem(draft.file, place.line, place.column, message)


def _variables(draft: Draft) -> Iterator[Problem]:
    """Names that nothing sets, and values that are not set on every way to where they are said."""
    ever = frozenset(name for edges in draft.edges.values() for edge in edges for name in edge.sets)
    known = ever | frozenset(FACTS)
    always_set = _set_before(draft, ever)
    for name, step in draft.steps.items():
        before = always_set.get(name, known) | frozenset(FACTS)
        for path, names, must in step.body.reads():
            place = draft.place(name, path)
            for variable in sorted(names):
                if variable not in known:
                    message = f"step {name!r} uses {variable!r}, which nothing sets{guess(variable, known)}"
                    yield Problem(draft.file, place.line, place.column, message)
                elif must and variable not in before:
                    way = _way_without(draft, name, variable, always_set)
                    message = f"step {name!r} says {variable!r}, which is not set when it is reached {way}"
                    yield Problem(draft.file, place.line, place.column, message)


def _set_before(draft: Draft, ever: frozenset[str]) -> dict[str, frozenset[str]]:
    """step -> the variables that are set on every way to it."""
    entries: list[tuple[str, frozenset[str]]] = []
    if draft.start is not None:
        entries.append((draft.start.text, frozenset()))
    # Trouble and hanging up may come before anything was set.
    entries += [(draft.always[key].text, frozenset()) for key in ("trouble", "gone") if key in draft.always]
    before: dict[str, frozenset[str]] = {}
    waiting = list(entries)
    while waiting:
        target, known = waiting.pop()
        name = _meant(draft, target)
        if name is None:
            continue
        met = known if name not in before else before[name] & known
        if before.get(name) == met:
            continue
        before[name] = met
        waiting += [(edge.target, met | edge.sets) for edge in draft.edges[name]]
        step = draft.steps.get(name)
        if step is not None and isinstance(step.body, FieldBody) and "agent" in draft.always:
            waiting.append((draft.always["agent"].text, met))
    return before


def _way_without(draft: Draft, name: str, variable: str, before: dict[str, frozenset[str]]) -> str:
    for other, edges in draft.edges.items():
        for edge in edges:
            if edge.target == name and other in before and variable not in before[other] | edge.sets:
                return f"from {other!r} by {edge.label}"
    for key, target in draft.always.items():
        if target.text == name:
            return f"by always.{key}"
    return "first"


def _same_phrases(draft: Draft) -> Iterator[Problem]:
    for name, step in draft.steps.items():
        seen: dict[tuple[str, str], Path] = {}
        for language, phrase, path in step.body.listened_for():
            place = draft.place(name, path)
            first = seen.setdefault((language, normalised(phrase)), path)
            if first is path:
                continue
            one, other = f"choice {first[2]}", f"choice {path[2]}"
            twice = f"{one} hears it twice" if one == other else f"{one} and {other} both hear it"
            message = f"step {name!r}: {phrase!r} ({language}): {twice}"
            yield Problem(draft.file, place.line, place.column, message)


def _after_hanging_up(draft: Draft) -> Iterator[Problem]:
    gone = draft.always.get("gone")
    if gone is None:
        return
    for name in _reached(draft, [gone.text]):
        step = draft.steps.get(name)
        if step is not None and step.body.needs_caller:
            place = draft.place(name)
            message = (
                f"step {name!r} needs a caller, but always.gone ({gone.text!r}) leads to it "
                "when the caller has hung up: lead elsewhere"
            )
            yield Problem(draft.file, place.line, place.column, message)


_TARGET_WORDS = frozenset(
    {"next", "otherwise", "busy", "no_answer", "refused", "failed", "empty", "open", "closed", "timeout"}
)


def _raw_targets(node: Node, path: Path = ()) -> Iterator[tuple[Path, str]]:
    match node:
        case Table():
            for word, (_, value) in node.entries.items():
                if word in _TARGET_WORDS and isinstance(value, Scalar):
                    yield (*path, word), value.text
                else:
                    yield from _raw_targets(value, (*path, word))
        case Listing():
            for index, item in enumerate(node.items):
                yield from _raw_targets(item, (*path, index))


def _raw_sets(node: Node) -> Iterator[str]:
    match node:
        case Table():
            for word, (_, value) in node.entries.items():
                if word == "into" and isinstance(value, Scalar):
                    yield value.text
                elif word == "set" and isinstance(value, Table):
                    yield from value.entries
                yield from _raw_sets(value)
        case Listing():
            for item in node.items:
                yield from _raw_sets(item)
