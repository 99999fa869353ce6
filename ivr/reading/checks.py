"""What can be wrong with a flow as a whole: where its steps lead, and what they know when they get there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from ivr.flow import FACTS
from ivr.reading.disclosure import check_disclosure
from ivr.reading.draft import Draft, seen_ways
from ivr.reading.loops import rounds
from ivr.reading.shape import closest, guess
from ivr.steps.body import Edge, FieldBody, Path
from ivr.steps.subflow import Subflow
from wording.phrases import normalised
from wording.yaml_source import Problem


def check_alone(draft: Draft) -> list[Problem]:
    """What can be told of a file without the flows that it calls. `draft`: by_itself() of it."""
    lost = set(draft.part.lost)
    return [*_dangling(draft, lost), *_unreachable(draft, lost), *_same_phrases(draft)]


def check_whole(draft: Draft) -> list[Problem]:
    """What only shows when the flows that it calls stand in their places. Each place is told once."""
    problems = [
        *_rounds(draft),
        *_variables(draft),
        *_after_hanging_up(draft),
        *check_disclosure(draft),
    ]
    seen: set[tuple[str, int, int, str]] = set()
    told = []
    for problem in problems:
        own = problem.message.partition(": ")[2] or problem.message
        key = (
            problem.file,
            problem.line,
            problem.column,
            own if problem.file != draft.file else str(problem),
        )
        if key not in seen:
            seen.add(key)
            told.append(problem)
    return told


def _dangling(draft: Draft, lost: set[str]) -> Iterator[Problem]:
    """Adds to `lost` the steps of which a way leads nowhere."""
    known = draft.part.table.entries
    part = draft.part

    def not_a_step(who: str, target: str) -> str:
        return f"{who} leads to {target!r}, which is not a step{guess(target, known)}"

    heads = [("start", part.start), *((f"always: {key!r}", target) for key, target in part.always.items())]
    for who, target in heads:
        if target is not None and target.text not in known:
            place = target.place
            yield Problem(draft.file, place.line, place.column, not_a_step(who, target.text))
    missing: dict[str, list[tuple[str, Path]]] = {}
    for name, edges in draft.edges.items():
        for edge in edges:
            if edge.written and edge.target not in known:
                if draft.meant(edge.target) is None:
                    lost.add(name)
                missing.setdefault(edge.target, []).append((name, edge.path))
    for way, places in missing.items():  # the step's own name may be what is misspelt
        name, path = places[0]
        yield draft.problem(name, path, not_a_step(f"step {name!r}", way) + _also(draft, places))


def _unreachable(draft: Draft, lost: set[str]) -> Iterator[Problem]:
    """A step behind one that has lost a way out is not told: that it is not reached is the same mistake."""
    part = draft.part
    if part.start is None or draft.meant(part.start.text) is None:
        return
    again = [edge.target for node in part.table.repeated for edge in seen_ways(node, part.table)]
    starts = [part.start.text, *draft.always.values(), *again]
    reached = draft.reached(starts)
    forgiven = sum(draft.meant(target) is None for target in draft.always.values())
    forgiven += len(part.absent)
    in_order = list(part.table.entries)
    lost |= {way[0] for way in rounds(_graph(draft, lambda edge: True))}
    for before, name in pairwise(in_order):
        if name not in reached and before in lost and before in reached:
            reached |= draft.reached([name])
    for name in in_order:
        if name in reached:
            continue
        if forgiven:
            forgiven -= 1
            reached |= draft.reached([name])
            continue
        reached |= draft.reached([name])  # what is only behind it is the same mistake
        yield draft.problem(name, (), f"step {name!r} is never reached: lead to it or delete it")


def _rounds(draft: Draft) -> Iterator[Problem]:
    """Those that are written. One by an outcome that is left out ends by itself: see `warn_of_rounds`."""
    for way in rounds(_graph(draft, lambda edge: edge.written)):
        edge = next(e for e in draft.edges[way[0]] if not e.turn and e.target == way[1] and e.written)
        message = f"{_shown(way)} goes round without the caller doing anything: lead out of it"
        yield draft.problem(way[0], edge.path, message)


def warn_of_rounds(draft: Draft) -> Iterator[Problem]:
    """Of a flow that has none that is written whole: rounds by way of `always.trouble`."""
    for way in rounds(_graph(draft, lambda edge: True)):
        ways = [(name, _edge(draft, name, target)) for name, target in pairwise(way)]
        name, edge = next((name, edge) for name, edge in ways if not edge.written)
        why = f"{edge.label!r} of {name!r} is not written and leads to always.trouble"
        message = (
            f"{_shown(way)} goes round without the caller doing anything, because {why}; "
            "the call is given up after two rounds: lead out of it"
        )
        yield draft.problem(name, (), message)


def _graph(draft: Draft, counts: Callable[[Edge], bool]) -> dict[str, list[str]]:
    return {
        name: [e.target for e in edges if not e.turn and e.target in draft.written and counts(e)]
        for name, edges in draft.edges.items()
    }


def _edge(draft: Draft, name: str, target: str) -> Edge:
    found = [edge for edge in draft.edges[name] if not edge.turn and edge.target == target]
    return next((edge for edge in found if edge.written), found[0])


def _shown(way: Sequence[str]) -> str:
    return " -> ".join(repr(name) for name in way)


def _same_phrases(draft: Draft) -> Iterator[Problem]:
    for name, step in draft.steps.items():
        seen: dict[tuple[str, str], Path] = {}
        for language, phrase, path in step.body.listened_for():
            first = seen.setdefault((language, normalised(phrase)), path)
            if first is path:
                continue
            one, other = f"choice {first[2]}", f"choice {path[2]}"
            twice = f"{one} hears it twice" if one == other else f"{one} and {other} both hear it"
            message = f"step {name!r}: {phrase!r} ({language}): {twice}: keep one"
            yield draft.problem(name, path, message)


def _after_hanging_up(draft: Draft) -> Iterator[Problem]:
    gone = draft.always.get("gone")
    if gone is None:
        return
    for name in draft.reached([gone]):
        step = draft.steps.get(name)
        if step is not None and step.body.needs_caller:
            message = (
                f"step {name!r} needs a caller, but always.gone ({gone!r}) leads to it "
                "when the caller has hung up: lead elsewhere"
            )
            yield draft.problem(name, (), message)


# --- values -----------------------------------------------------------------------------------------------


def _variables(draft: Draft) -> Iterator[Problem]:
    """Names that nothing sets, and values that are not set on every way to where they are said.

    Each name is told once of each kind, with the lines where else it is used. What a called flow wants and is
    not given is told at the call. A flow that is itself one is given what it does not set.
    """
    ever = _ever_set(draft)
    facts = frozenset((*FACTS, *draft.part.takes))
    known = ever | facts
    always_set = _set_before(draft, ever)
    given_alone = bool(draft.part.returns)
    never: dict[str, list[tuple[str, Path]]] = {}
    not_always: dict[str, list[tuple[str, Path]]] = {}
    for name, step in draft.steps.items():
        before = always_set.get(name, known) | facts
        for path, names, must in step.body.reads():
            for variable in sorted(names):
                if variable not in known:
                    never.setdefault(variable, []).append((name, path))
                elif must and variable not in before:
                    not_always.setdefault(variable, []).append((name, path))
    if not given_alone and not draft.blind:
        for variable, places in never.items():
            yield from _never_set(draft, variable, places, known)
    in_one_place: dict[tuple[str, str], list[str]] = {}
    for variable, places in not_always.items():
        name = places[0][0]
        call = _call_to_blame(draft, name, variable)
        if call is not None:
            flow = _called(draft, call)
            yield draft.problem(
                call,
                (Subflow.verb,),
                f"step {call!r}: flow {flow!r} uses {variable!r}, which is not always "
                f"set when it is called: add it to 'with'",
            )
            continue
        way = _way_without(draft, name, variable, always_set)
        in_one_place.setdefault((name, way), []).append(variable)
    for (name, way), variables in in_one_place.items():
        places = [place for variable in variables for place in not_always[variable]]
        named = " and ".join(map(repr, variables))
        message = f"step {name!r} says {named}, which {'are' if variables[1:] else 'is'} not set"
        path = not_always[variables[0]][0][1]
        yield draft.problem(name, path, f"{message} when it is reached {way}{_also(draft, places)}")
    yield from _given_in_vain(draft, never)


def _ever_set(draft: Draft) -> frozenset[str]:
    """What any outcome sets, written or forgotten."""
    found = {name for edges in draft.edges.values() for edge in edges for name in edge.sets}
    for step in draft.steps.values():
        for outcome in (*step.body.required_here(), *step.body.optional_here()):
            found |= step.body.sets(outcome)
    return frozenset(found)


def _never_set(
    draft: Draft, variable: str, places: list[tuple[str, Path]], known: frozenset[str]
) -> Iterator[Problem]:
    own = [(name, path) for name, path in places if draft.written[name].call is None]
    for call in dict.fromkeys(c for name, _ in places if (c := draft.written[name].call) is not None):
        if not own and variable not in _misspelt(draft, call, variable):
            message = (
                f"step {call!r}: flow {_called(draft, call)!r} uses {variable!r}, which nothing sets: "
                "add it to 'with'"
            )
            yield draft.problem(call, (Subflow.verb,), message)
    if own:
        name, path = own[0]
        message = f"step {name!r} uses {variable!r}, which nothing sets{guess(variable, known)}"
        yield draft.problem(name, path, message + _also(draft, own))


def _also(draft: Draft, places: list[tuple[str, Path]]) -> str:
    first = draft.place(*places[0])
    lines = dict.fromkeys(
        draft.place(name, path).line
        for name, path in places[1:]
        if draft.written[name].file == draft.written[places[0][0]].file
        and draft.place(name, path).line != first.line
    )
    if not lines:
        return ""
    return f" (also in line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))})"


def _called(draft: Draft, call: str) -> str:
    body = draft.steps[call].body
    assert isinstance(body, Subflow)
    return body.flow


def _inside(draft: Draft, call: str) -> list[str]:
    return [name for name in draft.steps if name.startswith(f"{call}/")]


def _read_inside(draft: Draft, call: str) -> frozenset[str]:
    return frozenset(
        variable
        for name in _inside(draft, call)
        for _, names, _ in draft.steps[name].body.reads()
        for variable in names
    )


def _misspelt(draft: Draft, call: str, variable: str) -> set[str]:
    """The variable itself, when a value is given to the call under a name that is close to it."""
    body = draft.steps[call].body
    assert isinstance(body, Subflow)
    read = _read_inside(draft, call)
    return {variable} if any(n not in read and closest(n, [variable]) for n in body.given) else set()


def _given_in_vain(draft: Draft, never: dict[str, list[tuple[str, Path]]]) -> Iterator[Problem]:
    for name, step in draft.steps.items():
        if isinstance(step.body, Subflow) and _inside(draft, name):
            read = _read_inside(draft, name)
            for variable in step.body.given:
                if variable not in read:
                    hint = guess(variable, sorted(read)) or ": delete it"
                    message = f"step {name!r}: flow {step.body.flow!r} does not use {variable!r}{hint}"
                    yield draft.problem(name, (Subflow.verb, "with", variable), message)


def _call_to_blame(draft: Draft, name: str, variable: str) -> str | None:
    """The step that calls the flow in which a value is used that nothing in that flow sets."""
    call = draft.written[name].call
    if call is None:
        return None
    sets = {v for inner in _inside(draft, call) for edge in draft.edges[inner] for v in edge.sets}
    return None if variable in sets else call


def _set_before(draft: Draft, ever: frozenset[str]) -> dict[str, frozenset[str]]:
    """step -> the variables that are set on every way to it."""
    entries: list[tuple[str, frozenset[str]]] = []
    if draft.start is not None:
        entries.append((draft.start, frozenset()))
    # Trouble and hanging up may come before anything was set.
    entries += [(draft.always[key], frozenset()) for key in ("trouble", "gone") if key in draft.always]
    if draft.part.returns:  # what nothing here sets is given by the caller
        read = {v for step in draft.steps.values() for _, names, _ in step.body.reads() for v in names}
        entries = [(target, frozenset(read - ever)) for target, _ in entries]
    before: dict[str, frozenset[str]] = {}
    waiting = list(entries)
    while waiting:
        target, known = waiting.pop()
        name = draft.meant(target)
        if name is None:
            continue
        met = known if name not in before else before[name] & known
        if before.get(name) == met:
            continue
        before[name] = met
        waiting += [(edge.target, met | edge.sets) for edge in draft.edges[name]]
        step = draft.steps.get(name)
        if step is not None and isinstance(step.body, FieldBody) and "agent" in draft.always:
            waiting.append((draft.always["agent"], met))
    return before


def _way_without(draft: Draft, name: str, variable: str, before: dict[str, frozenset[str]]) -> str:
    for other, edges in draft.edges.items():
        for edge in edges:
            if edge.target == name and other in before and variable not in before[other] | edge.sets:
                return f"from {other!r} by {edge.label}"
    for key, target in draft.always.items():
        if target == name:
            return f"by always.{key}"
    return "first"
