"""A call's event log becomes a test that goes the same way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flows import HEAD, load, small

from calls.events import CallEvent, CallEventKind
from ivr.flow import Flow
from ivr.reading.loader import load_flow
from ivr.reading.source import Place
from ivr.rehearsal.flow_tests import flow_tests
from ivr.rehearsal.recorded_call import NotRehearsable, path_of, recorded_test
from ivr.rehearsal.rehearsal import Rehearsal
from ivr.rehearsal.script import Act, Dials, FlowTest, Given, HangsUp, Hears, Waits
from ivr.rehearsal.verdicts import run_test
from ivr.rehearsal.written_tests import as_written

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
        "    caller: [{dials: 10}, {gets: transfer}, {gets: voicemail}, {hears: Do usłyszenia.}, "
        "{ends: hangup}]\n"
    )


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
