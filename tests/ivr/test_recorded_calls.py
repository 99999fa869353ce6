"""A call's event log becomes a test that goes the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flows import HEAD, load, small

from calls.events import CallEvent, CallEventKind
from ivr.flow import Flow
from ivr.reading.loader import load_flow
from ivr.rehearsal.expected_words import MOST_CHARACTERS, ExpectedWords
from ivr.rehearsal.flow_tests import flow_tests
from ivr.rehearsal.recorded_call import NotRehearsable, path_of, recorded_test
from ivr.rehearsal.rehearsal import Rehearsal
from ivr.rehearsal.script import Act, Answer, Dials, FlowTest, Gets, Given, HangsUp, Hears, Waits
from ivr.rehearsal.verdicts import run_test
from ivr.rehearsal.written_tests import as_written
from wording.yaml_source import Place

ROOT = Path(__file__).parents[2]
HOTLINE = ROOT / "callflows" / "hotline.yaml"
FLOW = load_flow(HOTLINE.read_bytes(), "hotline.yaml")
WALKS = {test.name: test for test in flow_tests(FLOW)}
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def log_of(flow: Flow, test: FlowTest) -> list[CallEvent]:
    """The events of a call that went as the test does. Like a real one it has no virtual seconds in it."""
    rehearsal = Rehearsal(flow, given=test.given)
    walked = rehearsal.play(test.acts)
    assert not walked.failures, walked.failures
    told = [(CallEventKind.RECEIVED, {"caller": "+48220000001", "dialled": "100"})]
    told += [(note.kind, dict(note.data)) for note in walked.notes]
    by = "flow" if walked.ended not in (None, "caller") else "caller"
    told.append((CallEventKind.ENDED, {"by": by, "cause": 16, "outcome": "answered"}))
    times = [BEGAN + timedelta(seconds=n) for n in range(len(told))]
    return [CallEvent("c1", n + 1, times[n], kind, data) for n, (kind, data) in enumerate(told)]


def replayed(source: str, flow: Flow, events: Sequence[CallEvent]) -> tuple[str, ...]:
    """The path of the written test when it is read back and run; it must pass."""
    made = recorded_test(flow, events)
    written = as_written("a call", made.given, made.acts)
    text = f"{source.partition(chr(10) + 'tests:')[0].rstrip()}\ntests:\n{written}"
    again = load_flow(text, flow.file)
    verdict = run_test(again, flow_tests(again)[0])
    assert verdict.passed, verdict.told()
    return tuple(verdict.rehearsed.path)


@pytest.mark.parametrize("name", WALKS)
def test_every_walk_of_the_hotline_comes_back(name: str) -> None:
    events = log_of(FLOW, WALKS[name])
    assert list(replayed(HOTLINE.read_text(encoding="utf-8"), FLOW, events)) == path_of(events)


def test_the_written_test_reads_like_one_by_hand() -> None:
    made = recorded_test(FLOW, log_of(FLOW, WALKS["nobody answers and nothing is said after the tone"]))
    assert as_written("a call of 2 March", made.given, made.acts) == (
        "  - test: a call of 2 March\n"
        '    given: {caller: "+48220000001", dialled: "100", at: "2026-03-02T09:00", agent: no_answer, '
        "message: empty}\n"
        "    caller:\n"
        "      - {dials: 1}\n"
        '      - {dials: "0"}\n'
        '      - {hears: "Chwileczkę, łączę."}\n'
        "      - {gets: transfer}\n"
        "      - {hears: Nikt nie może teraz odebrać.}\n"
        "      - {gets: voicemail}\n"
        "      - {hears: Do usłyszenia.}\n"
        "      - {ends: hangup}\n"
    )


WHOLESALER = ROOT / "callflows" / "wholesaler.yaml"
ORDER = """
  first:
    menu:
      prompt: "This is the wholesaler. For your order, press 1."
      choices: {1: {hear: {en: [order]}, next: number}}
    otherwise: bye
  number:
    ask: {into: order, digits: 6, prompt: "Please key in your order number.", confirm: true}
    next: lookup
    otherwise: bye
  lookup:
    webhook: {service: orders, get: "/orders/{order}", into: reply}
    next: told
    failed: sorry
  told: {say: "Thank you for waiting. Your order was sent in {reply.parcels} parcels.", next: text}
  text:
    sms: {to: "{caller}", text: "Sent."}
    next: texted
    refused: bye
    failed: bye
  texted: {say: "We have sent you a message.", next: bye}
"""
ORDER_HEAD = HEAD.replace("languages: [en]\n", "languages: [en]\nuse: {services: [orders]}\n")
REPLY = Given(
    {"lookup": (Answer("next", {"reply": {"parcels": 2}}),)},
    facts={"caller": "+48220000001", "dialled": "100"},
)


def order_call(*acts: Act) -> tuple[Flow, list[CallEvent]]:
    flow = load(ORDER, ORDER_HEAD)
    place = Place(1, 1)
    events = log_of(flow, FlowTest("order", REPLY, acts, place, (place,) * len(acts)))
    replayed(small(ORDER, ORDER_HEAD), flow, events)
    return flow, events


AFTER_THE_ORDER: list[dict[str, object]] = [
    {"gets": "webhook"},
    {"hears": "Your order was sent in 2 parcels."},
    {"gets": "sms"},
    {"hears": "We have sent you a message."},
    {"ends": "hangup"},
]


def test_each_question_has_its_keys_and_what_was_said_is_expected() -> None:
    flow, events = order_call(
        *(Waits(3.0), Dials("1"), Waits(2.0), Dials("123456"), Waits(3.0), Dials("1"), Waits(60.0))
    )
    assert recorded_test(flow, events).acts == [
        {"hears": "This is the wholesaler."},
        {"dials": "1"},
        {"hears": "Please key in your order number."},
        {"dials": "123456"},
        {"hears": "I have one two three, four five six."},
        {"dials": "1"},
        *AFTER_THE_ORDER,
    ]


def test_nothing_is_heard_between_keys_that_were_pressed_ahead() -> None:
    flow, events = order_call(Dials("11234561"), Waits(60.0))
    keys = [{"dials": "1"}, {"dials": "123456"}, {"dials": "1"}]
    assert recorded_test(flow, events).acts == [*keys, *AFTER_THE_ORDER]


def test_the_written_test_fails_when_another_value_is_said() -> None:
    flow, events = order_call(Dials("11234561"), Waits(60.0))
    made = recorded_test(flow, events)
    written = as_written("a call", made.given, made.acts)
    other = small(ORDER, ORDER_HEAD).replace("{reply.parcels} parcels", "{order} parcels")
    again = load_flow(f"{other}tests:\n{written}", flow.file)
    verdict = run_test(again, flow_tests(again)[0])
    assert "should have heard 'Your order was sent in 2 parcels.'" in verdict.failure


def test_what_the_log_does_not_tell_is_not_expected() -> None:
    flow, events = order_call(Dials("11234561"), Waits(60.0))
    masked = [
        replace(event, data={**event.data, "text": text.replace("2 parcels", "*** parcels")})
        if "parcels" in (text := str(event.data.get("text")))
        else event
        for event in events
    ]
    hears = [act["hears"] for act in recorded_test(flow, masked).acts if "hears" in act]
    assert hears == ["Thank you for waiting.", "We have sent you a message."]


def test_words_that_the_rehearsal_does_not_say_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    flow, events = order_call(Dials("11234561"), Waits(60.0))
    before = recorded_test(flow, events)
    expected = ExpectedWords.since

    def with_others(*args: Any, **kwargs: Any) -> list[Gets | Hears]:
        found = expected(*args, **kwargs)
        return [*found, Hears("never said")] if found else []

    monkeypatch.setattr(ExpectedWords, "since", with_others)
    assert recorded_test(flow, events) == before


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("a parcel by voice, in English, as people say it", "four five six has been sent: one parcel."),
        ("a parcel by voice, in English, as people say it", "March twenty fourth, at two thirty p m."),
        ("the hours, the address, and an order that is packed, in English by key", "forty nine zlotys"),
    ],
)
def test_what_the_wholesalers_service_answered_is_expected(name: str, heard: str) -> None:
    flow = load_flow(WHOLESALER.read_bytes(), "wholesaler.yaml")
    walk = next(test for test in flow_tests(flow) if test.name == name)
    events = log_of(flow, walk)
    assert list(replayed(WHOLESALER.read_text(encoding="utf-8"), flow, events)) == path_of(events)
    hears = [str(act["hears"]) for act in recorded_test(flow, events).acts if "hears" in act]
    assert any(heard in text for text in hears), hears
    assert all(len(text) <= MOST_CHARACTERS for text in hears)


SECRET = """
  first:
    ask: {into: pin, digits: 4, prompt: "Your code?", secret: true}
    next: bye
    otherwise: bye
"""


def test_secret_answers_are_refused_by_name() -> None:
    flow = load(SECRET)
    events = [
        CallEvent("c1", 1, BEGAN, CallEventKind.FLOW_STARTED, {"flow": "small", "version": flow.version}),
        CallEvent("c1", 2, BEGAN, CallEventKind.STEP_ENTERED, {"step": "first", "verb": "ask"}),
        CallEvent("c1", 3, BEGAN, CallEventKind.KEY_PRESSED, {"key": "*"}),
        CallEvent("c1", 4, BEGAN, CallEventKind.VALUE_SET, {"name": "pin"}),
    ]
    with pytest.raises(NotRehearsable, match=r"secret answers, .*: step first, pin"):
        recorded_test(flow, events)


def test_what_cannot_be_rehearsed_is_refused() -> None:
    events = log_of(FLOW, WALKS["an order by key, in English"])
    with pytest.raises(NotRehearsable, match="ran no flow"):
        recorded_test(FLOW, events[:1])
    resumed = CallEvent("c1", 99, BEGAN, CallEventKind.RESUMED, {"why": "the engine was restarted"})
    with pytest.raises(NotRehearsable, match="started anew"):
        recorded_test(FLOW, [*events, resumed])
    gone = CallEvent("c1", 99, BEGAN, CallEventKind.STEP_ENTERED, {"step": "parking", "verb": "say"})
    with pytest.raises(NotRehearsable, match="parking, which flow hotline no longer has"):
        recorded_test(FLOW, [*events[:-1], gone, events[-1]])
    other = [e for e in events if e.data.get("step") != "kind"]
    with pytest.raises(NotRehearsable, match="another way"):
        recorded_test(FLOW, other)


LEFT = """
  first:
    ask: {into: order, digits: 6, prompt: "Your order?"}
    next: bye
    otherwise: sorry
  left: {set: {gone: "yes"}, next: bye}
"""


@pytest.mark.parametrize("acts", [[], [Waits(9.0)], [Dials("12")]])
def test_steps_behind_a_hang_up_are_not_waited_for(acts: list[Act]) -> None:
    head = HEAD.replace("sorry}", "sorry, gone: left}")
    flow = load(LEFT, head)
    place = Place(1, 1)
    walk = FlowTest("left", Given(), (*acts, HangsUp()), place, (place,) * (len(acts) + 1))
    events = log_of(flow, walk)
    assert path_of(events)[-2:] == ["left", "bye"]
    assert list(replayed(small(LEFT, head), flow, events)) == path_of(events)


HOSTILE = [
    "\u202e😀",
    "\U000e0001😀",
    'a"b\\',
    "{caller}",
    "+48220000001\r\nX: y",
    "a: b #c",
    "- x",
    "null",
    "\xad'",
    "~",
]


@pytest.mark.parametrize("caller", HOSTILE)
def test_whoever_calls_the_written_test_can_be_read(caller: str) -> None:
    source = small('  first: {say: "Hello {caller}.", next: bye}')
    acts = [{"hears": caller}, {"ends": "hangup"}]
    written = as_written(caller, {"caller": caller}, acts)
    (test,) = flow_tests(load_flow(f"{source}tests:\n{written}", "small.yaml"))
    assert (test.name, test.given.facts["caller"]) == (caller, caller)
    assert test.acts[0] == Hears(caller)
