"""Who decided what in a call, and what it was at in each moment: as the log tells it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from calls.call import fold
from calls.events import CallEvent
from calls.events import CallEventKind as Kind
from compliance.decision import Checked, Verdict
from compliance.decision import Decision as Answer
from console.call_decisions import Decision, decisions
from console.call_moments import SHAPES, moments
from console.words import load_words
from engine.registers.decisions import LoggedDecision
from tests.console.recorded_talk import talk_events
from tests.console.stage import START, log, order_call

WORDS = load_words()
EN = WORDS["en"]
NAMES = {"anna": "Anna A"}


def told(*entries: tuple[float, Kind, dict[str, object]]) -> list[Decision]:
    """Of what happens after an order call's beginning."""
    before = order_call(ended=False)
    events = [*before, *(replace(one, seq=one.seq + len(before)) for one in log("c1", START, entries))]
    found = decisions(fold(events), events, EN, NAMES)
    return list(found[4:])  # its own four


def test_a_call_to_an_agent_tells_who_decided_what() -> None:
    events = talk_events()
    found = decisions(fold(events), events, EN, NAMES)
    assert [(one.at, one.title) for one in found] == [
        ("0:00.0", "Flow hotline"),
        ("0:05.4", "Understood “order”"),
        ("0:08.1", "Asked again"),
        ("0:11.0", "Understood “204”"),
        ("0:13.9", "On to sales"),
        ("0:14.0", "Queue Sales"),
        ("0:28.0", "Agent Anna A"),
        ("0:32.0", "Recording on"),
        ("0:56.0", "Recording paused"),
    ]
    by = {one.title: one for one in found}
    assert by["Understood “order”"].because == ("said “order”, heard at 94%, needed 60%",)
    assert by["Asked again"].because == ("said “one”, heard at 41%, unclear",)
    assert by["On to sales"].because == ("order_age > 2 held",)
    assert by["On to sales"].otherwise == ("on to goodbye",)
    assert by["Recording on"].because == ("the caller agreed",)
    assert by["Recording paused"].because == ("by Anna A",)
    agent = by["Agent Anna A"]
    assert [(one.name, one.why, one.free, one.chosen) for one in agent.candidates] == [
        ("Anna A", "chosen", "free 1:01", True),
        ("jan", "later in turn", "free 0:12", False),
        ("ola", "lacks english 3", "", False),
        ("piotr", "on a break", "", False),
    ]
    assert agent.because == ("free for longest of those with the skills", "2 more agents of the queue")


OVERFLOW: list[tuple[float, Kind, dict[str, object]]] = [
    (20, Kind.QUEUED, {"queue": "orders", "position": 1}),
    (80, Kind.QUEUE_LEFT, {"queue": "orders", "outcome": "overflow", "waited_seconds": 60.0}),
    (80, Kind.QUEUED, {"queue": "night_orders", "position": 2}),
    (110, Kind.QUEUE_LEFT, {"queue": "night_orders", "outcome": "timeout", "waited_seconds": 90.0}),
]


def test_a_queue_has_its_reason_and_so_has_who_leaves_it() -> None:
    first, over, left = told(*OVERFLOW)
    assert first.because == ("“order” was understood", "place 1")
    assert (over.title, over.because[0]) == ("Queue Night orders", "moved over from Orders after 1:00")
    assert (left.title, left.because) == (
        "Left the queue Night orders",
        ("the longest wait was over after 1:30",),
    )


@pytest.mark.parametrize(
    ("entry", "title", "because"),
    [
        (
            (Kind.AGENT_MISSED, {"queue": "orders", "agent": "anna", "outcome": "no_answer"}),
            "Another agent",
            "Anna A: No answer",
        ),
        (
            (Kind.AGENT_LOST, {"queue": "orders", "agent": "anna"}),
            "Back to the front of the queue",
            "the line of Anna A was lost",
        ),
        (
            (Kind.TRANSFERRED, {"agent": "anna", "kind": "queue", "target": "debt_help", "how": "blind"}),
            "Given to Debt help",
            "by Anna A",
        ),
        (
            (Kind.IDENTITY_CHECKED, {"by": "code", "passed": True}),
            "Identity confirmed",
            "by a code that was sent",
        ),
        (
            (Kind.CONTACT_REFUSED, {"channel": "sms", "rule": "pl.night", "reason": "It is night there."}),
            "No contact: SMS",
            "It is night there.",
        ),
        (
            (Kind.STEP_ENTERED, {"step": "a", "verb": "say", "came_from": "b", "because": "office: closed"}),
            "On to a",
            "office: closed at that moment",
        ),
        (
            (Kind.STEP_ENTERED, {"step": "a", "verb": "say", "came_from": "b", "because": "otherwise"}),
            "On to a",
            "no condition held",
        ),
        (
            (Kind.TALK_ENDED, {"agent": "anna", "by": "caller"}),
            "Not recorded",
            EN("because_not_allowed"),
        ),
    ],
)
def test_each_kind_of_decision(entry: tuple[Kind, dict[str, object]], title: str, because: str) -> None:
    (one,) = told((20.0, *entry))
    assert (one.title, one.because[0]) == (title, because)
    assert one.second == 20.0


def test_who_refused_is_not_recorded_and_it_says_so() -> None:
    (one,) = told(
        (20, Kind.CONSENT_KEPT, {"purpose": "recording", "given": False, "by": "key"}),
        (40, Kind.TALK_ENDED, {"agent": "anna", "by": "caller"}),
    )
    assert (one.title, one.because) == ("Not recorded", ("the caller refused",))


def test_of_a_call_that_was_placed_the_gate_says_why() -> None:
    answer = Answer(
        True, None, None, None, (Checked("pl.hours", Verdict.PASS), Checked("us.x", Verdict.NOT_APPLICABLE))
    )
    gate = LoggedDecision("n", 1, START, "call:c1", "call", "service", "manual", None, ("pl 3",), answer, "")
    events = order_call()
    first = decisions(fold(events), events, EN, NAMES, gate)[0]
    assert first.title == "Allowed to call"
    assert first.because == ("1 rule was asked and let it", "packs pl 3")


def test_the_state_goes_with_the_events() -> None:
    events = talk_events()
    shown = dict(zip((event.at - START for event in events), moments(events, EN, NAMES), strict=True))
    at = {seconds: shown[timedelta(seconds=seconds)] for seconds in (14, 28, 42, 50, 56, 72)}
    assert [at[seconds].word for seconds in at] == [
        "In the queue",
        "Agent called",
        "On hold",
        "Talking",
        "Talking",
        "Over",
    ]
    assert at[56].facts == ("Anna A", "recording paused")
    assert at[72].facts == ()


def test_every_language_has_the_words() -> None:
    events = talk_events()
    for words in WORDS.values():
        assert len(decisions(fold(events), events, words, {})) == 9
        for state in SHAPES:
            assert words(f"moment_{state}")
        assert all(moment.word for moment in moments(events, words, {}))


def test_a_log_with_less_in_it_is_read_all_the_same() -> None:
    """Calls of before the reasons were written down."""
    events = [
        CallEvent("c1", n, START, kind, {}) for n, kind in enumerate(Kind, 2) if kind is not Kind.RECEIVED
    ]
    call = fold(order_call())
    assert decisions(call, events, EN, {})
    assert len(list(moments(events, EN, {}))) == len(events)
