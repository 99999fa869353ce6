"""The tests that stand in a flow's file, read into acts; every mistake is told with its place.

tests:
  - test: a parcel asked for by key
    given: {hours: open, lookup: {status: sent, parcels: 2}}
    caller: [{dials: 1}, {dials: 123456}, {hears: "2 parcels"}, {gets: sms}, {ends: hangup}]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime

from ivr.flow import Flow, Step
from ivr.reading.shape import duration_seconds, guess
from ivr.rehearsal.outside import FIELD_OF, OUTCOMES, WORK_OF
from ivr.rehearsal.script import (
    HANG_UP,
    Act,
    Answer,
    Dials,
    Ends,
    FlowTest,
    Gets,
    Given,
    HangsUp,
    Hears,
    Is,
    Reaches,
    Says,
    Waits,
)
from ivr.rehearsal.written_values import value_of
from ivr.sentences import LANGUAGES
from ivr.steps.return_ import Return
from wording.expressions import ExpressionProblem, parse_expression
from wording.yaml_source import Listing, Node, Place, Problem, Scalar, SourceRejected, Table

TEST_KEYS = ("test", "given", "caller")
ABOUT_THE_CALL = ("hours", "profile", "code", "caller", "dialled", "at")
"""Words of `given` that are not steps."""

ORDINARY_CALL = {"caller": "+48220000001", "dialled": "100"}
"""Unless something else is given. An empty caller is a withheld number."""

OPENINGS = ("open", "closed", "holiday")
ENDS = (HANG_UP, "normal", "busy", "congestion", "caller")
UNTIL_SILENCE = "prompt"
MOST_TESTS = 1000
MOSTACTS = 500
_QUEUE_WORDS = ("position", "wait", "answered")


def flow_tests(flow: Flow) -> tuple[FlowTest, ...]:
    """The tests of a flow. Raises SourceRejected with all that is wrong with them."""
    reader = _Reader(flow.file, flow.steps, (), flow.takes)
    tests = reader.tests(flow.tests)
    if reader.problems:
        raise SourceRejected(tuple(sorted(reader.problems, key=lambda p: (p.line, p.column))))
    return tests


def check_tests(
    tests: Sequence[Node],
    file: str,
    steps: Mapping[str, Step],
    unread: Collection[str] = (),
    takes: Collection[str] = (),
) -> list[Problem]:
    """What is wrong with the tests of a flow. `unread`: steps that there are but could not be read."""
    reader = _Reader(file, steps, unread, takes)
    reader.tests(tests)
    return reader.problems


class _Refused(Exception):
    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


class _Reader:
    def __init__(
        self, file: str, steps: Mapping[str, Step], unread: Collection[str], takes: Collection[str]
    ) -> None:
        self._file = file
        self._steps = steps
        self._unread = frozenset(unread)
        self._takes = frozenset(takes)
        self._verbs = {step.verb for step in steps.values()}
        self.problems: list[Problem] = []

    def tests(self, nodes: Sequence[Node]) -> tuple[FlowTest, ...]:
        if len(nodes) > MOST_TESTS:
            self._note(nodes[MOST_TESTS].place, f"more than {MOST_TESTS:,} tests: split the flow")
            return ()
        found: dict[str, FlowTest] = {}
        for node in nodes:
            test = self._test(node)
            if test is None:
                continue
            if (first := found.get(test.name)) is not None:
                self._note(test.place, f"a test of this name already stands in line {first.place.line}")
            found[test.name] = test
        return tuple(found.values())

    def _test(self, node: Node) -> FlowTest | None:
        if not isinstance(node, Table):
            self._note(node.place, "a test is a table: test, given, caller")
            return None
        for word, (key, _) in node.entries.items():
            if word not in TEST_KEYS:
                hint = guess(word, TEST_KEYS) or f"; there are {', '.join(TEST_KEYS)}"
                self._note(key.place, f"{word!r} is not a key of a test{hint}")
        name = node.value("test")
        if not isinstance(name, Scalar) or not name.text:
            place = node.place if name is None else name.place
            self._note(place, "'test' is missing: say in a few words what is tested")
            return None
        given = self._given(node.value("given"))
        script = node.value("caller")
        if script is None and any(word not in TEST_KEYS for word in node.entries):
            return None  # it is there, misspelt, which is told
        if not isinstance(script, Listing):
            place = node.place if script is None else script.place
            self._note(place, "a test's 'caller' is a list of acts, such as [{dials: 1}, {ends: hangup}]")
            return None
        if len(script.items) > MOSTACTS:
            self._note(script.place, f"more than {MOSTACTS:,} acts: make it two tests")
            return None
        acts, places = [], []
        for item in script.items:
            act = self._guarded(self._act, item)
            if act is not None:
                acts.append(act)
                places.append(item.place)
        return FlowTest(name.text, given, tuple(acts), name.place, tuple(places))

    # --- given --------------------------------------------------------------------------------------------

    def _given(self, node: Node | None) -> Given:
        given = Given(facts=ORDINARY_CALL)
        if node is None:
            return given
        if not isinstance(node, Table):
            self._note(node.place, "'given' is a table such as {hours: open, lookup: failed}")
            return given
        answers: dict[str, tuple[Answer, ...]] = {}
        for word, (key, value) in node.entries.items():
            try:
                if word in ABOUT_THE_CALL or word in self._takes:
                    given = self._about(given, word, value)
                elif self._works(word, key):
                    answers[word] = self._answers(word, value)
            except _Refused as refused:
                self._note(refused.place, f"given: {word!r}: {refused}")
        return replace(given, answers=answers)

    def _about(self, given: Given, word: str, node: Node) -> Given:
        match word:
            case "hours":
                named = node.entries if isinstance(node, Table) else {"": (None, node)}
                states = {
                    name: _one_of(state, OPENINGS, f"{name or 'hours'} are open, closed or holiday")
                    for name, (_, state) in named.items()
                }
                return replace(given, hours=states)
            case "profile":
                if not isinstance(node, Table):
                    raise _Refused(node.place, "a table is wanted here, such as {name: Anna}")
                return replace(given, profile={name: value_of(v) for name, (_, v) in node.entries.items()})
            case "code":
                code = _text(node)
                if not (code.isascii() and code.isdigit() and len(code) <= 12):
                    raise _Refused(node.place, "up to 12 digits are wanted here")
                return replace(given, code=code)
            case "at":
                return replace(given, at=_local_time(node))
            case _:
                return replace(given, facts={**given.facts, word: _text(node, empty=True)})

    def _works(self, name: str, key: Scalar) -> bool:
        """Whether it is a step that has work done. Else the mistake is noted."""
        if name in self._unread:
            return False
        step = self._steps.get(name)
        if step is None:
            hint = guess(name, (*self._steps, *ABOUT_THE_CALL, *self._takes))
            self._note(key.place, f"given: {name!r} is not a step{hint}")
        elif step.verb not in WORK_OF:
            message = f"given: step {name!r} is a {step.verb}, which nobody outside answers: leave it out"
            self._note(key.place, message)
        return step is not None and step.verb in WORK_OF

    def _answers(self, name: str, node: Node) -> tuple[Answer, ...]:
        if isinstance(node, Listing):
            if not node.items:
                raise _Refused(node.place, "one answer for each time is wanted in the list")
            return tuple(self._answer(name, item) for item in node.items)
        return (self._answer(name, node),)

    def _answer(self, name: str, node: Node) -> Answer:
        verb = self._steps[name].verb
        outcomes = tuple(dict.fromkeys(o for work in WORK_OF[verb] for o in OUTCOMES[work]))
        wanted = f"{verb} ends with {', '.join(outcomes)}"
        match node:
            case Scalar():
                return Answer(_one_of(node, outcomes, wanted))
            case Table():
                said = node.value("outcome")
                outcome = None if said is None else _one_of(said, outcomes, wanted)
                rest = {word: value for word, (_, value) in node.entries.items() if word != "outcome"}
                if verb == "queue":
                    return _queue_answer(outcome, rest)
                return Answer(outcome or "next", {word: value_of(value) for word, value in rest.items()})
        raise _Refused(node.place, "an outcome or a table of values is wanted here")

    # --- the caller's acts --------------------------------------------------------------------------------

    def _act(self, node: Node) -> Act:
        if isinstance(node, Scalar) and node.text == "hangs_up":
            return HangsUp()
        if not isinstance(node, Table) or not node.entries:
            raise _Refused(node.place, "a caller's act is one key and value, such as {dials: 1}")
        verb = next((word for word in node.entries if word in ACTS), None)
        if verb is None:
            key = next(iter(node.entries.values()))[0]
            hint = guess(key.text, ACTS) or f"; there are {', '.join(ACTS)}"
            raise _Refused(key.place, f"{key.text!r} is not a caller's act{hint}")
        more = {word: entry for word, entry in node.entries.items() if word != verb}
        if more and verb not in ("says", "gets"):
            key = next(iter(more.values()))[0]
            raise _Refused(
                key.place, f"{key.text!r} is one key too many: each act stands in braces of its own"
            )
        return ACTS[verb](self, node.entries[verb][1], more)

    def _dials(self, node: Node, more: _More) -> Act:
        keys = _text(node)
        if not re.fullmatch(r"[0-9*#]{1,64}", keys):
            raise _Refused(node.place, 'dials: keys are wanted here: 0 to 9, "*" and "#"')
        return Dials(keys)

    def _says(self, node: Node, more: _More) -> Act:
        says = Says(_text(node))
        for word, (key, value) in more.items():
            if word == "language":
                says = replace(says, language=_one_of(value, tuple(LANGUAGES), "a language is wanted here"))
            elif word in ("confidence", "margin"):
                text = _text(value)
                if not re.fullmatch(r"0(\.\d{1,6})?|1(\.0{1,6})?", text):
                    raise _Refused(value.place, f"says: {word} is a number from 0 to 1")
                number = float(text)
                says = (
                    replace(says, confidence=number) if word == "confidence" else replace(says, margin=number)
                )
            else:
                hint = guess(word, ("language", "confidence", "margin"))
                raise _Refused(key.place, f"says: {word!r} is not known here{hint}")
        return says

    def _waits(self, node: Node, more: _More) -> Act:
        return Waits(None if _text(node) == UNTIL_SILENCE else _seconds(node))

    def _hears(self, node: Node, more: _More) -> Act:
        return Hears(_text(node))

    def _gets(self, node: Node, more: _More) -> Act:
        verb = _text(node)
        if verb not in WORK_OF:
            hint = guess(verb, WORK_OF) or f"; there is {', '.join(WORK_OF)}"
            raise _Refused(node.place, f"gets: {verb!r} is nothing that a caller gets{hint}")
        if verb not in self._verbs and not self._unread:
            raise _Refused(node.place, f"gets: no step of this flow is a {verb}")
        known = {*FIELD_OF.get(verb, ()), *(f.name for work in WORK_OF[verb] for f in fields(work))}
        known -= {"work_id"}
        for word, (key, _) in more.items():
            if word not in known:
                hint = guess(word, known) or f"; there are {', '.join(sorted(known))}"
                raise _Refused(key.place, f"gets: {verb} has no {word!r}{hint}")
        return Gets(verb, {word: _text(value) for word, (_, value) in more.items()})

    def _reaches(self, node: Node, more: _More) -> Act:
        name = _text(node)
        if name not in self._steps and name not in self._unread:
            raise _Refused(node.place, f"reaches: {name!r} is not a step{guess(name, self._steps)}")
        return Reaches(name)

    def _is(self, node: Node, more: _More) -> Act:
        if not isinstance(node, Table) or not node.entries:
            raise _Refused(node.place, "is: names and values are wanted here, such as {order: 123456}")
        values = []
        for source, (key, value) in node.entries.items():
            try:
                values.append((source, parse_expression(source), _text(value, empty=True)))
            except ExpressionProblem as problem:
                raise _Refused(key.place, f"is: {problem}") from None
        return Is(tuple(values))

    def _hangs_up(self, node: Node, more: _More) -> Act:
        return HangsUp()

    def _ends(self, node: Node, more: _More) -> Act:
        reason = _text(node)
        returns = {step.body.name for step in self._steps.values() if isinstance(step.body, Return)}
        if reason not in ENDS and reason not in returns and not self._unread:
            known = (*ENDS, *sorted(returns))
            raise _Refused(node.place, f"ends: {reason!r} is no end{guess(reason, known) or _there(known)}")
        return Ends(reason)

    # --- small things -------------------------------------------------------------------------------------

    def _guarded(self, read: Callable[[Node], Act], node: Node) -> Act | None:
        try:
            return read(node)
        except _Refused as refused:
            self._note(refused.place, str(refused))
            return None

    def _note(self, place: Place, message: str) -> None:
        self.problems.append(Problem(self._file, place.line, place.column, message))


_More = Mapping[str, tuple[Scalar, Node]]

ACTS: dict[str, Callable[[_Reader, Node, _More], Act]] = {
    "dials": _Reader._dials,
    "says": _Reader._says,
    "waits": _Reader._waits,
    "hears": _Reader._hears,
    "gets": _Reader._gets,
    "reaches": _Reader._reaches,
    "is": _Reader._is,
    "hangs_up": _Reader._hangs_up,
    "ends": _Reader._ends,
}


def _queue_answer(outcome: str | None, rest: Mapping[str, Node]) -> Answer:
    answer = Answer(outcome or "next")
    for word, node in rest.items():
        if word == "position":
            text = _text(node)
            if not re.fullmatch(r"[1-9]\d{0,3}", text):
                raise _Refused(node.place, "the position in the queue is a number from 1")
            answer = replace(answer, position=int(text))
        elif word == "wait":
            answer = replace(answer, wait_seconds=_seconds(node))
        elif word == "answered":
            answer = replace(answer, answered_seconds=_seconds(node))
        else:
            raise _Refused(node.place, f"{word!r} is not known here{_there((*_QUEUE_WORDS, 'outcome'))}")
    return answer


def _text(node: Node, *, empty: bool = False) -> str:
    if not isinstance(node, Scalar) or not (node.text or empty):
        raise _Refused(node.place, "a text is wanted here")
    return node.text


def _one_of(node: Node, known: Sequence[str], wanted: str) -> str:
    text = _text(node)
    if text not in known:
        raise _Refused(node.place, f"{wanted}, not {text!r}{guess(text, known)}")
    return text


def _seconds(node: Node) -> float:
    try:
        return duration_seconds(_text(node))
    except ValueError as refused:
        raise _Refused(node.place, str(refused)) from None


def _local_time(node: Node) -> datetime:
    try:
        at = datetime.fromisoformat(_text(node))
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None:
        raise _Refused(node.place, "a local time is wanted here, such as 2026-03-22T14:00")
    return at


def _there(known: Iterable[str]) -> str:
    return f"; there are {', '.join(known)}"
