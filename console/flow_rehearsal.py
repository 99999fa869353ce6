"""A conversation typed on a flow's page: all of it is replayed at each act, and nothing is kept."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from calls.events import CallEvent, CallEventKind
from console.display import capitalize_first, phone
from console.event_details import event_detail
from console.flow_view import ICONS
from console.words import Words
from ivr import commands as work
from ivr.commands import Command, HangUp, Note, Say, Sound, Text
from ivr.events import Finished
from ivr.flow import Flow
from ivr.rehearsal.conversation import Conversation
from ivr.rehearsal.flow_tests import flow_tests
from ivr.rehearsal.outside import OUTCOMES, Outside, Told
from ivr.rehearsal.recorded_call import recorded_test
from ivr.rehearsal.script import Answer, Dials, Given, HangsUp, Says
from ivr.rehearsal.written_tests import as_written
from ivr.rehearsal.written_values import value_of
from ivr.surroundings import Surroundings
from ivr.typed_answers import KEYS
from wording.yaml_source import SourceRejected, Table, read_yaml

MOST_ACTS = 200
MOST_COMMANDS = 20_000
MOST_CPU_SECONDS = 1.0
LONGEST_TEXT = 500
LONGEST_ANSWER = 2000
MOST_OFFERED = 8
CODE = Given().code
TEST_NAME = "a call typed on the flow's page"
CALLER = re.compile(r"\+?[0-9]{0,20}")

Act = Dials | Says | HangsUp | None
"""None: silence."""

_TOLD = {
    CallEventKind.UNDERSTOOD: "ear",
    CallEventKind.NOT_UNDERSTOOD: "circle-help",
    CallEventKind.TROUBLE: "triangle-alert",
}
_VALUED = (work.Fetch, work.ReadProfile)


class Refused(ValueError):
    """What the page sent cannot be rehearsed; one sentence says why."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What a page sent. `answers`: number of the work, from 0 -> how it ends, or its reply as a table."""

    acts: tuple[Act, ...] = ()
    answers: Mapping[int, str] = field(default_factory=dict)
    language: str | None = None
    caller: str = ""
    at: datetime | None = None  # local time of the company


@dataclass(frozen=True, slots=True)
class Line:
    """`kind`: line, caller, keys, work, note or end. For work: its number, how it may end, how it ends here.

    `after`: how many acts the caller had done by then. `valued`: a reply may be typed.
    """

    kind: str
    text: str
    detail: str = ""
    language: str | None = None
    icon: str = ""
    number: int = -1
    after: int = 0
    options: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    chosen: str = ""
    valued: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the lines, the steps entered, the ways taken, the step it stands in, and the test."""

    lines: tuple[Line, ...]
    steps: tuple[str, ...]
    ways: tuple[tuple[str, str], ...]
    here: str
    ended: bool
    test: str | None = None


def typed_of(body: Mapping[str, Any], flow: Flow) -> Typed:
    """Raises Refused."""
    acts, answers = body.get("acts", []), body.get("answers", {})
    if not isinstance(acts, list) or not isinstance(answers, dict):
        raise Refused("`acts` must be a list and `answers` an object.")
    if len(acts) > MOST_ACTS or len(answers) > MOST_ACTS:
        raise Refused(f"A rehearsal has {MOST_ACTS} acts at most. Begin it again.")
    language = body.get("language") or None
    if language is not None and language not in flow.languages:
        raise Refused(f"`language` must be one of {', '.join(flow.languages)}.")
    caller = body.get("caller", "")
    if not isinstance(caller, str) or not CALLER.fullmatch(caller):
        raise Refused("`caller` must be up to 20 digits, with a + before them or without, or empty.")
    return Typed(
        tuple(_act(act, language) for act in acts),
        {_number(key): _limited(answer, LONGEST_ANSWER) for key, answer in answers.items()},
        language,
        caller,
        _local_time(body.get("at")),
    )


def rehearse(
    flow: Flow, typed: Typed, surroundings: Surroundings, dialled: str, words: Words, *, save: bool = False
) -> Outcome:
    """Replay it. With `save` the call is ended and told as a test. Raises Refused and NotRehearsable."""
    call = _PageConversation(flow, typed, surroundings, dialled, words)
    call.until_asked()
    for act in typed.acts:
        if call.dialogue.ended:
            break
        call.act(act)
    result = call.so_far()
    outcome = Outcome(
        tuple(call.talk),
        tuple(result.path),
        tuple(result.ways),
        "" if result.ended else call.dialogue.step or "",
        result.ended is not None,
    )
    if not save:
        return outcome
    if result.ended is None:
        call.act(HangsUp())
    call.close()
    test = recorded_test(flow, call.events, surroundings)
    written = as_written(_unused(flow), test.given, test.acts)
    return Outcome(outcome.lines, outcome.steps, outcome.ways, outcome.here, outcome.ended, written)


def offered_answers(flow: Flow) -> Mapping[str, tuple[str, ...]]:
    """step -> replies that the flow's own tests give it, as they may be typed."""
    found: dict[str, dict[str, None]] = {}
    for test in flow_tests(flow):
        for step, answers in test.given.answers.items():
            for answer in answers:
                if answer.values:
                    text = json.dumps(dict(answer.values), ensure_ascii=False, default=str)
                    if len(text) <= LONGEST_ANSWER:
                        found.setdefault(step, {})[text] = None
    return {step: tuple(texts)[:MOST_OFFERED] for step, texts in found.items()}


class _PageConversation(Conversation):
    def __init__(
        self, flow: Flow, typed: Typed, surroundings: Surroundings, dialled: str, words: Words
    ) -> None:
        self.talk: list[Line] = []
        self._typed = typed
        self._words = words
        self._acts = 0
        self._limit = time.thread_time() + MOST_CPU_SECONDS
        zone = surroundings.zone
        start = {} if typed.at is None else {"start": typed.at.replace(tzinfo=zone).astimezone(UTC)}
        outside = _TypedOutside(typed.answers, flow, self._began)
        super().__init__(flow, {"caller": typed.caller, "dialled": dialled}, surroundings, outside, **start)

    def act(self, act: Act) -> None:
        self._acts += 1
        match act:
            case None:
                self._add("keys", "", icon="hourglass")
                self.silence()
            case Dials(keys=keys):
                self._add("keys", keys)
            case Says(text=text, language=language):
                self._add("caller", text, language=language or self.dialogue.language)
            case HangsUp():
                self._add("end", self._words("rehearsal_hung_up"), icon="phone-off")
        if act is not None:
            if isinstance(act, Says) and self.dialogue.language is not None:
                act = Says(act.text)  # once a language is chosen, words are of that one
            if self.do(act):
                self._add("note", self._words("rehearsal_nobody_listened"), icon="circle-help")
        self.until_asked()

    def _perform(self, commands: Sequence[Command]) -> None:
        if time.thread_time() > self._limit or len(self.events) > MOST_COMMANDS:
            raise Refused("This rehearsal takes too long. Begin it again with fewer acts.")
        for command in commands:
            self._show(command)
            super()._perform((command,))

    def _show(self, command: Command) -> None:
        match command:
            case Say(parts=parts):
                for part in parts:
                    match part:
                        case Text(text=text, language=language):
                            self._add("line", text, language=language)
                        case Sound(name=name):
                            self._add("note", name, icon="play")
            case Note(kind=kind, data=data) if kind in _TOLD:
                event = CallEvent("", 0, self._now, kind, data)
                title = self._words(f"event_{kind.value}")
                self._add("note", title, event_detail(event, self._words), icon=_TOLD[kind])
            case HangUp():
                self._add("end", self._words("rehearsal_line_ended"), icon="phone-off")

    def _began(self, step: str, verb: str, command: Any, said: _Answered) -> None:
        title = capitalize_first(self._words.get(f"verb_{verb}", verb))
        self.talk.append(
            Line(
                "work",
                title,
                _detail(command, self._words),
                icon=ICONS.get(verb, "circle-dot"),
                number=said.number,
                after=self._acts,
                options=said.outcomes,
                offered=said.offered,
                chosen=said.chosen,
                valued=isinstance(command, _VALUED),
                problem=said.problem,
            )
        )

    def _add(
        self, kind: str, text: str, detail: str = "", *, language: str | None = None, icon: str = ""
    ) -> None:
        self.talk.append(Line(kind, text, detail, language, icon, after=self._acts))


@dataclass(frozen=True, slots=True)
class _Answered:
    number: int
    outcomes: tuple[str, ...]
    offered: tuple[str, ...]
    chosen: str
    problem: str


class _TypedOutside(Outside):
    """Ends each piece of work as the page says, else as it usually ends."""

    def __init__(
        self,
        answers: Mapping[int, str],
        flow: Flow,
        began: Callable[[str, str, Any, _Answered], None],
    ) -> None:
        super().__init__(Given())
        self._typed = answers
        self._flow = flow
        self._began = began
        self._count = 0
        self._offered: Mapping[str, tuple[str, ...]] | None = None

    def answer(self, step: str, command: Any) -> Told:
        outcomes = OUTCOMES[type(command)]
        typed = self._typed.get(self._count, "").strip()
        problem, chosen = "", typed
        self._answers.pop(step, None)
        if typed in outcomes:
            self._answers[step] = [Answer(typed)]
        elif typed:
            values = _table(typed)
            if values is None:
                problem = typed
            else:
                self._answers[step] = [Answer(outcomes[0], values)]
        told = super().answer(step, command)
        if problem or not typed:
            chosen = next((event.outcome for _, event in told if isinstance(event, Finished)), outcomes[0])
        offered: tuple[str, ...] = ()
        if isinstance(command, _VALUED):
            if self._offered is None:
                self._offered = offered_answers(self._flow)
            offered = self._offered.get(step, ())
        verb = self._flow.steps[step].verb
        self._began(step, verb, command, _Answered(self._count, outcomes, offered, chosen, problem))
        self._count += 1
        return told


def _table(text: str) -> dict[str, object] | None:
    try:
        node = read_yaml(text, "typed")
    except SourceRejected:
        return None
    return value_of(node) if isinstance(node, Table) else None


def _detail(command: Any, words: Words) -> str:
    """Of work: with whom, what and where."""
    match command:
        case work.Record(box=box):
            return box or ""
        case work.Transfer(number=number) | work.RequestCallback(number=number):
            return phone(number)
        case work.StopContact(number=number, channels=channels):
            return f"{phone(number)}: {', '.join(channels)}"
        case work.Enqueue(queue=queue):
            return str(queue)
        case work.Fetch(service=service, method=method, path=path):
            return f"{service}: {method.upper()} {path}"
        case work.ReadProfile(attribute=attribute):
            return str(attribute)
        case work.WriteProfile(attribute=attribute, value=value):
            return f"{attribute}: {value}"
        case work.SendMessage(to=to, text=text):
            return f"{phone(to)}: {words('quoted', text=text)}"
        case work.KeepConsent(purpose=purpose, given=given):
            return f"{purpose}: {words('given_true' if given else 'given_false')}"
        case work.KeepPromise(amount=amount, currency=currency, due=due):
            return f"{amount} {currency}, {due}"
        case work.DisputeDebt(note=note):
            return str(note)
        case work.SendCode(to=to):
            return f"{phone(to)}: {CODE}"
        case _:
            return ""


def _act(act: object, language: str | None) -> Act:
    match act:
        case {"dials": str(keys)} if KEYS.fullmatch(keys):
            return Dials(keys)
        case {"says": str(text)} if text.strip():
            return Says(_limited(text, LONGEST_TEXT), language)
        case {"silence": _}:
            return None
        case {"hangs_up": _}:
            return HangsUp()
    raise Refused("An act is one of {dials: keys}, {says: text}, {silence: true}, {hangs_up: true}.")


def _number(key: object) -> int:
    if not isinstance(key, str) or not re.fullmatch(r"[0-9]{1,3}", key):
        raise Refused("`answers` goes by the number of the work, from 0.")
    return int(key)


def _limited(text: object, most: int) -> str:
    if not isinstance(text, str) or len(text) > most:
        raise Refused(f"A text of up to {most} characters is wanted.")
    return text


def _local_time(text: object) -> datetime | None:
    if text is None or text == "":
        return None
    try:
        at = datetime.fromisoformat(_limited(text, 32))
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None or not 2000 <= at.year <= 2100:
        raise Refused("`at` must be a local time such as 2026-03-22T14:00.")
    return at


def _unused(flow: Flow) -> str:
    taken = {test.name for test in flow_tests(flow)}
    number, free = 2, TEST_NAME
    while free in taken:
        free, number = f"{TEST_NAME} ({number})", number + 1
    return free
