"""Whatever a caller and a performer do: nothing is raised, and the talk ends or knows what it waits for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flows import HEAD, load
from hypothesis import given, settings
from hypothesis import strategies as st
from turn_flows import EVERY_TURN, THREE_LANGUAGES

from calls.events import CallEventKind
from ivr.commands import (
    Command,
    Errand,
    HangUp,
    Listen,
    Note,
    Record,
    Say,
    StopListening,
    StopSaying,
    Text,
    Transfer,
)
from ivr.dialogue import KEYS, Dialogue
from ivr.events import (
    CallerGone,
    Event,
    Finished,
    Heard,
    KeyPressed,
    Resumed,
    SpeechBegan,
    Spoken,
    TimePassed,
)
from ivr.flow import Flow
from ivr.reading.loader import load_flow
from ivr.rehearsal.rehearsal import Rehearsal
from ivr.rehearsal.script import Answer, Given
from wording.dates import date_vocabulary
from wording.digits import digit_vocabulary
from wording.money import amount_vocabulary
from wording.navigation import navigation_phrases
from wording.option_words import option_phrases
from wording.times import time_vocabulary
from wording.yes_no import yes_no_phrases

HOTLINE = load_flow((Path(__file__).parents[2] / "callflows" / "hotline.yaml").read_bytes(), "hotline.yaml")
EVERY_VERB = load(
    """
  first: {say: {text: Welcome., interrupt: false}, next: jingle}
  jingle: {play: jingle, next: choose}
  choose:
    menu:
      prompt: Choose.
      interrupt: false
      choices:
        1: {hear: {en: order}, set: {what: order}, next: pin}
        12: {next: number}
        "*": {hear: {en: star}, next: number}
        "#": {next: message}
    otherwise: person
  pin: {ask: {into: pin, digits: {least: 2, most: 4}, secret: true, confirm: true, prompt: Pin?}, next: tail}
  tail: {set: {tail: "{pin|last}"}, next: which}
  which: {branch: [{when: tail > 5, next: told}, {when: what == "order", next: number}], otherwise: message}
  told: {say: "It ends with {tail}.", next: choose}
  number: {ask: {into: number, digits: 3, wait: 2s, attempts: 2, prompt: No?}, next: call, otherwise: person}
  call: {transfer: {to: "{number}", prompt: Wait.}, next: choose, busy: message, no_answer: person}
  message: {voicemail: {box: a, prompt: Speak.}, next: choose, empty: bye}
  left: {set: {left: "true"}, next: bye}
""",
    HEAD.replace("sorry}", "sorry, gone: left}"),
)
FLOWS = {
    "hotline": HOTLINE,
    "every verb": EVERY_VERB,
    "every turn": EVERY_TURN,
    "three languages": THREE_LANGUAGES,
}

WORDS = sorted(
    {
        phrase
        for language in ("pl", "en", "ru")
        for phrase in (
            *digit_vocabulary(language),
            *navigation_phrases(language),
            *yes_no_phrases(language),
            *date_vocabulary(language),
            *time_vocabulary(language),
            *amount_vocabulary(language, "EUR"),
            *(phrase for number in (1, 2, 3) for phrase in option_phrases(number, language)),
            *(phrase for flow in FLOWS.values() for phrase, _ in flow.phrases().get(language, ())),
        )
    }
)
UNIT = st.floats(0, 1)
SPEECH = st.builds(
    Heard,
    st.sampled_from(WORDS) | st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join) | st.text(max_size=8),
    st.sampled_from(["pl", "en", "ru", "xx"]),
    st.just(1.0) | UNIT,
    st.just(1.0) | UNIT,
)
# What people do say, so that not all of it is nonsense.
SENSIBLE = [
    ("en", "seven"),
    ("en", "one hundred"),
    ("en", "tomorrow"),
    ("en", "half past two"),
    ("en", "nine"),
    ("en", "twelve euros fifty"),
    ("en", "two two zero zero zero zero zero one zero"),
    ("en", "crimson"),
    ("en", "the second one"),
    ("en", "because it was broken"),
    ("pl", "dwudziestego drugiego marca"),
    ("pl", "sto złotych"),
    ("pl", "piątka"),
    ("ru", "послезавтра"),
    ("ru", "двенадцать рублей"),
    ("ru", "четвёрка"),
]
SAID = st.sampled_from(SENSIBLE).flatmap(
    lambda said: st.builds(
        Heard, st.just(said[1]), st.just(said[0]), st.just(1.0) | UNIT, st.just(1.0) | UNIT
    )
)
OUTCOMES = st.sampled_from(["next", "empty", "busy", "no_answer", "refused", "failed", "nonsense"])
REPLIES = st.sampled_from([["a", "b"], ["x"], [], "text", None, ["A", 2, "Last"], {"slots": 1}])
EVENTS = st.one_of(
    st.builds(KeyPressed, st.sampled_from(sorted(KEYS)) | st.just("A")),
    SPEECH,
    SAID,
    st.just(SpeechBegan()),
    st.just(TimePassed()),
    st.just("spoken"),
    st.builds(Spoken, st.integers(-1, 3)),
    OUTCOMES,
    REPLIES.map(lambda slots: {"slots": slots}),
    st.builds(Finished, st.integers(0, 3), OUTCOMES),
    st.just(Resumed()),
    st.just("reborn"),
    st.just(CallerGone()) | st.just("spoken"),
)
STEPS = st.lists(st.tuples(EVENTS, st.sampled_from([0.0, 0.1, 1.0, 2.0, 5.0, 30.0])), max_size=60)


class Watched:
    """A dialogue whose every command is checked against the performer's rules.

    `faults`: trouble that the flow or the interpreter would be to blame for, not the world.
    """

    faults = ("runaway", "unset value", "unknown language")

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.facts = {"caller": "+48220000001", "dialled": "100"}
        self.dialogue = Dialogue(flow, facts=self.facts)
        self.now = datetime(2026, 1, 5, tzinfo=UTC)
        self.saying: int | None = None
        self.last_say = 0
        self.ended = self.gone = False
        self.check(self.dialogue.start(self.now))

    def tell(self, event: Event) -> None:
        self.gone |= isinstance(event, CallerGone)
        if isinstance(event, Spoken) and event.say_id == self.saying:
            self.saying = None
        if isinstance(event, Resumed):
            self.saying = None
        self.check(self.dialogue.handle(event, self.now))

    def reborn(self) -> None:
        state = json.loads(json.dumps(self.dialogue.state()))
        self.dialogue = Dialogue.restore(self.flow, state, facts=self.facts)
        self.saying = None
        self.tell(Resumed())

    def check(self, commands: tuple[Command, ...]) -> None:
        assert not (commands and self.ended), "nothing follows the end"
        for command in commands:
            assert not self.ended, "nothing follows HangUp"
            assert isinstance(command, Note) or not self.gone, "nobody is there to hear it"
            match command:
                case Say(say_id, parts):
                    assert self.saying is None, "one thing is said at a time"
                    assert say_id > self.last_say
                    assert parts
                    said = " ".join(part.text for part in parts if isinstance(part, Text))
                    assert "None" not in said
                    assert "{" not in said
                    self.saying = self.last_say = say_id
                case StopSaying():
                    assert self.saying is not None
                    self.saying = None
                case Listen(phrases):
                    assert all(phrases.values())
                case Record() | Transfer():
                    assert self.saying is None
                case Note(CallEventKind.TROUBLE, data):
                    assert data["what"] not in self.faults
                case HangUp():
                    self.ended = True
                case Note() | StopListening():
                    pass
                case _:
                    assert isinstance(command, Errand)
                    assert self.saying is None
        self.ended |= self.dialogue.ended
        assert self.dialogue.ended is self.ended
        assert (self.dialogue.next_deadline() is None) is self.ended, "it ends or waits for something"
        json.dumps(self.dialogue.state())


@pytest.mark.parametrize("name", FLOWS)
@given(steps=STEPS)
@settings(max_examples=300)
def test_any_events_in_any_order(
    name: str, steps: list[tuple[Event | str | dict[str, object], float]]
) -> None:
    watched = Watched(FLOWS[name])
    for event, after in steps:
        watched.now += timedelta(seconds=after)
        match event:
            case "spoken":
                watched.tell(Spoken(watched.dialogue._talk.say_id))
            case "reborn":
                watched.reborn()
            case str():
                watched.tell(Finished(watched.dialogue.working or 0, event))
            case dict():
                watched.tell(Finished(watched.dialogue.working or 0, "next", {"reply": event}))
            case _:
                watched.tell(event)
    # Left to themselves, all talks end: nobody is ever kept on a silent line.
    for _ in range(200):
        if watched.ended:
            break
        deadline = watched.dialogue.next_deadline()
        assert deadline is not None
        watched.now = max(watched.now, deadline)
        watched.tell(TimePassed())
    assert watched.ended
    watched.tell(KeyPressed("1"))


@pytest.mark.parametrize("name", FLOWS)
@given(
    acts=st.lists(st.sampled_from("0123456789*#") | SPEECH | SAID | st.floats(0, 20), max_size=40),
    slots=REPLIES,
    outcome=st.sampled_from(["next", "empty", "busy", "no_answer", "refused", "failed"]),
)
@settings(max_examples=150)
def test_any_caller_in_virtual_time(
    name: str, acts: list[str | Heard | float], slots: object, outcome: str
) -> None:
    flow = FLOWS[name]
    answers = {s.name: (Answer(outcome),) for s in flow.steps.values() if s.verb in ("transfer", "voicemail")}
    answers |= {
        s.name: (Answer("next", {"reply": {"slots": slots}}),)
        for s in flow.steps.values()
        if s.verb == "webhook"
    }
    rehearsal = Rehearsal(flow, given=Given(answers))
    for act in acts:
        if isinstance(act, float):
            rehearsal.advance(act)
        else:
            rehearsal.tell(KeyPressed(act) if isinstance(act, str) else act)
    for _ in range(50):
        if rehearsal.dialogue.ended:
            break
        rehearsal.advance(600)
    assert rehearsal.dialogue.ended
    texts = json.dumps([dict(note.data) for note in rehearsal.result.notes])
    assert "{" not in "".join(line.text for line in rehearsal.result.lines)
    assert "None" not in texts
