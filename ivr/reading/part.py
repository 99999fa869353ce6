"""One flow file read by itself: its head and its steps, with everything that is wrong with them.

A mistake is told once. What was meant is guessed where it can be, so that one misspelt word does not make
other steps look unreachable or other words look missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ivr import sentences
from ivr.reading.shape import closest, guess, model_despite_strangers, read_model
from ivr.reading.taken import taken_names
from ivr.steps.body import StepBody
from ivr.steps.return_ import Return
from ivr.steps.subflow import Subflow
from ivr.steps.verbs import VERBS
from wording.yaml_source import (
    Listing,
    Node,
    Place,
    Problem,
    Scalar,
    SourceRejected,
    Table,
    read_leniently,
)

# A flow that a person can still read. Larger ones are split.
MOST_STEPS = 1000

FLOW_KEYS = ("flow", "languages", "takes", "use", "always", "start", "steps", "tests")
USE_KEYS = ("hours", "queues", "services", "campaigns")
ALWAYS_KEYS = ("agent", "trouble", "gone")
_TOP = Place(1, 1)
STEP_NAME = re.compile(r"[\w-]{1,60}")


@dataclass(frozen=True, slots=True)
class ReadStep:
    """`written`: outcome -> step, as far as they stand in the file. `key` is its name in the file."""

    name: str
    key: Scalar
    node: Table
    body: StepBody
    written: dict[str, str]


@dataclass
class Part:
    """A file as it was read. `unread` steps could not be; `lost`: steps of which a way out was not written.

    `returns`: the names that it returns, each once; when there are any it is a subflow. `absent`: keys of
    `always` that are missing or misspelt beyond guessing.
    """

    file: str
    text: str | bytes
    name: str = ""
    name_place: Place = _TOP
    languages: tuple[str, ...] = ()
    start: Scalar | None = None
    always: dict[str, Scalar] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    table: Table = field(default_factory=lambda: Table({}, Place(1, 1)))
    returns: tuple[str, ...] = ()
    steps: dict[str, ReadStep] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    uses: dict[str, tuple[Scalar, ...]] | None = None
    takes: tuple[str, ...] = ()
    tests: tuple[Node, ...] = ()
    place: Place = _TOP
    problems: list[Problem] = field(default_factory=list)

    def note(self, place: Place, message: str) -> None:
        self.problems.append(Problem(self.file, place.line, place.column, message))

    def calls(self) -> Iterator[tuple[ReadStep, Subflow]]:
        for step in self.steps.values():
            if isinstance(step.body, Subflow):
                yield step, step.body


def read_part(text: str | bytes, file: str) -> Part:
    """Never raises: what is wrong is in its `problems`."""
    part = Part(file, text)
    try:
        root, problems = read_leniently(text, file)
    except SourceRejected as rejected:
        part.problems += rejected.problems
        return part
    part.problems += problems
    part.place = root.place
    if isinstance(root, Table):
        _read_head(part, root)
    else:
        part.note(root.place, "a flow is a table of keys: flow, languages, always, start, steps")
    return part


# --- the head ---------------------------------------------------------------------------------------------


def _read_head(part: Part, root: Table) -> None:
    root = _understood(part, root, FLOW_KEYS, "a flow")
    part.name = _word(part, root, "flow", root)
    part.name_place = node.place if (node := root.value("flow")) is not None else root.place
    part.languages, strangers = _languages(part, root)
    steps = root.value("steps")
    if not isinstance(steps, Table):
        place = root.place if steps is None else steps.place
        part.note(place, "'steps' is missing: a table of each step's name and what it does")
        return
    if len(steps.entries) > MOST_STEPS:
        part.note(steps.place, f"{len(steps.entries):,} steps: more than {MOST_STEPS:,}; split the flow")
        return
    if strangers:
        steps = _without(steps, strangers, next(iter(part.languages), ""))
    part.table = steps
    part.returns = tuple(_returned(steps))
    part.start = _start(part, root)
    _read_always(part, root)
    for name, (key, node) in steps.entries.items():
        if not STEP_NAME.fullmatch(name):
            part.note(key.place, f"{name!r} is no name for a step: use up to 60 letters, digits, _ and -")
        _read_step(part, name, key, node)
    part.takes = _takes(part, root)
    part.uses = _uses(part, root)
    part.tests = _tests(part, root)


def _returned(steps: Table) -> dict[str, None]:
    found: dict[str, None] = {}
    for _, node in steps.entries.values():
        if isinstance(node, Table) and (value := node.value(Return.verb)) is not None:
            found[value.text if isinstance(value, Scalar) else ""] = None
    return found


def _languages(part: Part, root: Table) -> tuple[tuple[str, ...], frozenset[str]]:
    """Those of the flow, and what else may stand as one in its texts since the list itself is wrong."""
    node = root.value("languages")
    if node is None:
        part.note(root.place, "'languages' is missing: for example languages: [pl, en]")
        return (), frozenset()
    found: list[str] = []
    strangers: set[str] = set()
    for item in _items(part, node, "'languages' is a list such as [pl, en]"):
        if item.text not in sentences.LANGUAGES:
            known = ", ".join(sorted(sentences.LANGUAGES))
            part.note(item.place, f"language {item.text!r} is not known here; there are {known}")
            strangers |= {item.text, *sentences.LANGUAGES}
        elif item.text in found:
            part.note(item.place, f"language {item.text!r} is named twice")
        else:
            found.append(item.text)
    return tuple(found), frozenset(strangers.difference(found))


def _start(part: Part, root: Table) -> Scalar | None:
    node = root.value("start")
    if isinstance(node, Scalar) and node.text:
        return node
    place = root.place if node is None else node.place
    part.note(place, "'start' is missing: the name of the first step")
    return None


def _read_always(part: Part, root: Table) -> None:
    node = root.value("always")
    if node is None and part.returns:
        return  # where it is called, the caller's counts
    if not isinstance(node, Table):
        place = root.place if node is None else node.place
        part.note(place, "'always' is missing: {agent: STEP, trouble: STEP}, where a person takes over")
        part.absent.update(ALWAYS_KEYS)
        return
    node = _understood(part, node, ALWAYS_KEYS, "always")
    for key in ALWAYS_KEYS:
        target = node.value(key)
        if isinstance(target, Scalar) and target.text:
            part.always[key] = target
        elif target is not None:
            part.note(target.place, f"always: {key!r} names a step")
            part.absent.add(key)
        elif key != "gone" and not part.returns:
            part.note(node.place, f"always: {key!r} is missing: the step it leads to")
            part.absent.add(key)


def _takes(part: Part, root: Table) -> tuple[str, ...]:
    node = root.value("takes")
    if node is None:
        return ()
    if part.returns:
        part.note(node.place, "'takes' is for calls that are placed: a flow that others call is given 'with'")
    return taken_names(_items(part, node, "'takes' is a list of names such as [name, sum]"), part.note)


def _uses(part: Part, root: Table) -> dict[str, tuple[Scalar, ...]] | None:
    node = root.value("use")
    if node is None:
        return None
    if not isinstance(node, Table):
        part.note(node.place, "'use' is a table such as {hours: [office]}")
        return None
    node = _understood(part, node, USE_KEYS, "use")
    return {
        kind: tuple(_items(part, value, f"use: {kind!r} is a list of names"))
        for kind, (_, value) in node.entries.items()
    }


def _tests(part: Part, root: Table) -> tuple[Node, ...]:
    node = root.value("tests")
    if node is None:
        return ()
    if not isinstance(node, Listing):
        part.note(node.place, "'tests' is a list of tests")
        return ()
    return node.items


# --- a step -----------------------------------------------------------------------------------------------


def _read_step(part: Part, name: str, key: Scalar, node: Node) -> None:
    about = f"step {name!r}: "
    if not isinstance(node, Table):
        part.note(node.place, f"{about}a step is one verb and where its outcomes lead")
        part.unread.add(name)
        return
    verbs = [word for word in node.entries if word in VERBS]
    if Subflow.verb in verbs:
        verbs = [Subflow.verb]  # the names that the other flow returns may be any
    if len(verbs) != 1:
        _no_single_verb(part, node, key, about, verbs)
        part.unread.add(name)
        return
    verb = verbs[0]
    written = _outcomes(part, name, node, key, verb)
    value = node.value(verb)
    assert value is not None
    if not part.languages:
        part.unread.add(name)  # its texts cannot be judged
        return
    context = {"languages": part.languages}
    body: StepBody | None
    try:
        body = read_model(VERBS[verb], value, part.file, context, about)
    except SourceRejected as rejected:
        part.problems += rejected.problems
        # So that what its other words say is checked too.
        body = model_despite_strangers(VERBS[verb], value, context)
    if isinstance(body, Return) and body.name in VERBS:
        part.note(value.place, f"{about}{body.name!r} is a verb: return another name")
    if body is None:
        part.unread.add(name)
    else:
        part.steps[name] = ReadStep(name, key, node, body, written)
        _outcomes_here(part, part.steps[name])


def _no_single_verb(part: Part, node: Table, key: Scalar, about: str, verbs: Sequence[str]) -> None:
    if verbs:
        second = node.entries[verbs[1]][0]
        part.note(second.place, f"{about}two verbs, {verbs[0]} and {verbs[1]}: make it two steps")
        return
    every_outcome = {o for body in VERBS.values() for o in (*body.required, *body.optional)}
    strange = [entry[0] for word, entry in node.entries.items() if word not in every_outcome]
    strange.sort(key=lambda word: closest(word.text, VERBS) is None)
    if strange:
        hint = guess(strange[0].text, VERBS) or f"; there are {', '.join(VERBS)}"
        part.note(strange[0].place, f"{about}{strange[0].text!r} is not a verb{hint}")
    else:
        part.note(key.place, f"{about}has no verb; there are {', '.join(VERBS)}")


def _outcomes(part: Part, name: str, node: Table, key: Scalar, verb: str) -> dict[str, str]:
    """Where the outcomes that are written lead; a misspelt one counts as the one that was meant."""
    about = f"step {name!r}: "
    body = VERBS[verb]
    known = (*body.required, *body.optional)
    found: dict[str, str] = {}
    strange: list[Scalar] = []
    empty: set[str] = set()
    for word, (key_word, value) in node.entries.items():
        if word == verb:
            continue
        if not isinstance(value, Scalar) or not value.text:
            part.note(value.place, f"{about}{word!r} names the next step")
            empty.add(word)
            part.lost.add(name)
        elif word in known or verb == Subflow.verb:
            found[word] = value.text
        else:
            strange.append(key_word)
    missing = [outcome for outcome in body.required if outcome not in found and outcome not in empty]
    for stranger in strange:
        told = guess(stranger.text, known)
        part.note(stranger.place, f"{about}{verb} has no outcome {stranger.text!r}{told or _list_of(known)}")
        meant = closest(stranger.text, known)
        if meant is None and missing:
            meant = missing[0]
        if meant is not None and meant not in found:
            if meant in missing:
                missing.remove(meant)
            target = node.value(stranger.text)
            assert isinstance(target, Scalar)
            found[meant] = target.text
    for outcome in missing:
        part.note(key.place, f"{about}{outcome!r} is missing: the step that {verb} leads to")
        part.lost.add(name)
    return found


def _outcomes_here(part: Part, step: ReadStep) -> None:
    """What the verb as such lets pass, but not as it is used in this step."""
    body, about = step.body, f"step {step.name!r}: "
    for outcome in body.required_here():
        if outcome not in step.written and outcome not in body.required:
            part.note(step.key.place, f"{about}{outcome!r} is missing: the step that {body.verb} leads to")
            part.lost.add(step.name)
    here = (*body.required_here(), *body.optional_here())
    for outcome in (*body.required, *body.optional):
        if outcome in step.node and outcome not in here:
            place = step.node.entries[outcome][0].place
            part.note(place, f"{about}this {body.verb} never ends with {outcome!r}: delete it")


# --- small things -----------------------------------------------------------------------------------------


def _list_of(known: Sequence[str]) -> str:
    return f"; it has {', '.join(known) or 'none'}"


def _understood(part: Part, table: Table, keys: Iterable[str], what: str) -> Table:
    """The table with its misspelt keys as they were meant, each of which is told."""
    known = tuple(keys)
    entries: dict[str, tuple[Scalar, Node]] = {}
    for word, entry in table.entries.items():
        meant: str | None = word
        if word not in known:
            hint = guess(word, known) or f"; there are {', '.join(known)}"
            part.note(entry[0].place, f"{word!r} is not a key of {what}{hint}")
            meant = closest(word, known)
            if meant in table.entries:
                meant = None
        if meant is not None:
            entries.setdefault(meant, entry)
    return Table(entries, table.place, table.repeated)


def _without(node: Table, words: frozenset[str], instead: str) -> Table:
    """The tree without these languages: the list of them is wrong, which is told there."""

    def chosen(node: Node) -> Node:
        if isinstance(node, Scalar) and node.text in words and instead:
            return Scalar(instead, node.place)
        return pruned(node)

    def pruned(node: Node) -> Node:
        match node:
            case Table():
                entries = {
                    word: (key, chosen(value) if word == "language" else pruned(value))
                    for word, (key, value) in node.entries.items()
                    if word not in words
                }
                return Table(entries, node.place, node.repeated)
            case Listing():
                return Listing(tuple(pruned(item) for item in node.items), node.place)
        return node

    tree = pruned(node)
    assert isinstance(tree, Table)
    return tree


def _word(part: Part, table: Table, key: str, where: Node) -> str:
    node = table.value(key)
    if isinstance(node, Scalar) and node.text:
        return node.text
    part.note(where.place if node is None else node.place, f"{key!r} is missing: a name is wanted")
    return ""


def _items(part: Part, node: Node, wanted: str) -> list[Scalar]:
    if not isinstance(node, Listing) or not node.items:
        part.note(node.place, wanted)
        return []
    for item in node.items:
        if not isinstance(item, Scalar):
            part.note(item.place, wanted)
    return [item for item in node.items if isinstance(item, Scalar)]
