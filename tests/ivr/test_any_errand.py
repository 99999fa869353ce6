"""Whatever comes of errands, in any order and with any caller: nothing is raised, and no secret is seen."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from errands import works
from flows import HEAD, load
from hypothesis import given, settings
from hypothesis import strategies as st
from test_any_caller import EVENTS, Watched

from ivr.commands import CheckAnswer, Command, Fetch, Note, RequestCallback, SendMessage, StopContact
from ivr.events import Finished, KeyPressed, Spoken, TimePassed
from ivr.flow import Flow

STARTS = ("lookup", "who", "code", "birth", "back", "known", "clip", "read", "stop")
STEPS_TEXT = """
  first: {hours: office, open: %s, closed: choose}
  choose:
    menu:
      prompt: Choose.
      choices:
        1: {next: lookup}
        2: {next: who}
        3: {next: code}
        4: {next: birth}
        5: {next: back}
        6: {next: known}
        7: {next: clip}
        8: {next: read}
        9: {next: stop}
    otherwise: person
  lookup:
    webhook: {service: orders, get: "/orders/{caller}", into: reply, timeout: 3s, prompt: Wait.}
    next: fits
    failed: choose
  fits: {branch: [{when: reply.status, next: told}], otherwise: choose}
  told: {say: "{reply.status}", next: text}
  text: {sms: {text: "{reply.status}"}, next: choose, refused: choose, failed: choose}
  who: {verify: {pin: pin, digits: 4, prompt: PIN?}, verified: choose, failed: choose}
  code: {verify: {code: {text: "{code}"}, attempts: 2, prompt: Code?}, verified: choose, failed: person}
  birth: {verify: {attribute: born, kind: date, prompt: Born?}, verified: choose, failed: choose}
  back: {callback: {campaign: callbacks, confirm: true}, next: choose, unreachable: choose, declined: choose}
  known: {verify: {pin: pin, digits: 4, prompt: PIN?}, verified: pay, failed: choose}
  pay:
    promise: {amount: "{dialled}", due: "2026-01-07", reference: "{caller}"}
    next: choose
    refused: choose
  clip: {record: {into: clip, prompt: Speak.}, next: heard, empty: choose}
  heard: {say: "{clip}", next: choose}
  read: {contact: {get: name, into: name}, next: write, unknown: choose}
  write: {contact: {set: name, to: "{name}"}, next: choose, unknown: choose}
  stop: {stop_contact: {channels: [call]}, next: choose}
"""
FLOWS = {start: load(STEPS_TEXT % start, HEAD.replace("sorry}", "sorry, gone: bye}")) for start in STARTS}
OUTCOMES = ("next", "failed", "verified", "unknown", "declined", "refused", "empty", "nonsense")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3) | st.just("status"), inner)
    ),
    max_leaves=4,
)
WORK = st.builds(
    lambda outcome, value: (outcome, {"reply": value, "value": value, "recording": "x"}),
    st.sampled_from(OUTCOMES),
    JSON | st.builds(lambda text: {"status": text}, st.text(max_size=6)),
)
KEYS_TOGETHER = st.sampled_from([*"123456789", "7391", "123456", "22031985", "#", "0", "*"])
USUAL = "usual"
"""What most callers and performers would do now."""
STEPS = st.lists(
    st.tuples(
        st.just(USUAL) | WORK | st.just(USUAL) | KEYS_TOGETHER | EVENTS,
        st.sampled_from([0.0, 0.1, 2.0, 10.0]),
    ),
    min_size=10,
    max_size=50,
)
ANSWERS = {"who": "7391", "known": "7391", "code": "123456", "birth": "22031985"}


class WatchedErrands(Watched):
    faults = ("runaway", "unknown language")  # what is answered may be a list, which cannot be said

    def __init__(self, flow: Flow) -> None:
        self.commands: list[Command] = []
        super().__init__(flow)

    def do_the_usual(self, outcome: str) -> None:
        dialogue = self.dialogue
        if dialogue.working is not None:
            values = {"reply": {"status": "sent"}, "value": "Anna", "recording": "x"}
            self.tell(Finished(dialogue.working, outcome, values))
        elif self.saying is not None:
            self.tell(Spoken(self.saying))
        else:
            for key in ANSWERS.get(dialogue.step, "1"):
                self.tell(KeyPressed(key))

    def check(self, commands: tuple[Command, ...]) -> None:
        self.commands += commands
        super().check(commands)


@given(start=st.sampled_from(STARTS), steps=STEPS)
@settings(max_examples=400)
def test_any_outcome_at_any_time(start: str, steps: list[tuple[Any, float]]) -> None:
    watched = WatchedErrands(FLOWS[start])
    for event, after in steps:
        watched.now += timedelta(seconds=after)
        match event:
            case "usual":
                last = works(watched.commands)[-1:]
                compares = bool(last) and isinstance(last[0], CheckAnswer)
                watched.do_the_usual("verified" if compares else "next")
            case "spoken":
                watched.tell(Spoken(watched.dialogue._talk.say_id))
            case "reborn":
                watched.reborn()
            case str() if event.strip("0123456789*#"):
                watched.tell(Finished(watched.dialogue.working or 0, event))
            case str():
                for key in event:
                    watched.tell(KeyPressed(key))
            case dict() | list() | int() | float() | None:  # a service answers just that
                reply = {"reply": event, "value": event}
                watched.tell(Finished(watched.dialogue.working or 0, "next", reply))
            case (outcome, values):
                watched.tell(Finished(watched.dialogue.working or 0, outcome, values))
            case _:
                watched.tell(event)
    for _ in range(200):
        if watched.ended:
            break
        watched.now = max(watched.now, watched.dialogue.next_deadline() or watched.now)
        watched.tell(TimePassed())
    assert watched.ended
    notes = json.dumps([dict(note.data) for note in watched.commands if isinstance(note, Note)])
    for work in works(watched.commands):
        match work:
            case Fetch(path=path):
                assert path == "/orders/%2B48220000001"
            case SendMessage(to=number) | RequestCallback(number=number) | StopContact(number=number):
                assert number == "+48220000001"
            case CheckAnswer(answer=answer) if len(answer) > 4:
                assert answer not in notes
