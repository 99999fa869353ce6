"""Which calls are missed: pure, from the call and its stay in a queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calls.call import Call, Direction
from calls.outcome import Outcome
from calls.queue_stay import QueueStay
from engine.missed_calls import MissedCalls
from schedules.opening_hours import OpeningHours
from schedules.spans import parse_spans

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CALL = Call(
    "c1", Direction.INBOUND, "22 000 00 01", "100", "carrier", "n1", "node", AT - timedelta(minutes=1),
    ended_at=AT, outcome=Outcome.ABANDONED,
)  # fmt: skip
STAY = QueueStay("orders", AT - timedelta(seconds=30), "abandoned", 30.0)
RULE = MissedCalls(numbers=frozenset({"100"}))


def missed(rule: MissedCalls = RULE, stay: QueueStay | None = STAY, later: bool = False, **call: Any) -> Any:
    return rule.request_of(replace(CALL, **call), stay, found_later=later, at=AT, region="PL")


def test_who_gave_up_in_a_queue_is_called_back() -> None:
    request = missed()
    assert (request.id, request.point.value, request.topic) == ("c1-missed", "+48220000001", "missed")
    assert (request.queue, request.place_kept_at, request.source) == ("orders", STAY.since, "missed")
    assert (request.window_from, request.window_to) == (None, datetime(2026, 11, 24, 13, 0, tzinfo=UTC))
    assert not request.person_chose


@pytest.mark.parametrize(
    ("stay", "called"),
    [
        (None, False),
        (replace(STAY, waited_seconds=5.0), True),
        (replace(STAY, waited_seconds=4.9), False),
        (replace(STAY, outcome="next"), False),
        (replace(STAY, outcome="left"), False),
        (replace(STAY, outcome=None), False),
    ],
)
def test_only_after_a_wait_in_vain(stay: QueueStay | None, called: bool) -> None:
    assert (missed(stay=stay) is not None) is called


@pytest.mark.parametrize(
    "call",
    [
        {"direction": Direction.OUTBOUND},
        {"dialled": "200"},
        {"caller": ""},
        {"caller": "21"},
        {"outcome": Outcome.TRANSFERRED},
        {"outcome": Outcome.COMPLETED, "agent": "anna"},
    ],
)
def test_calls_that_the_rule_is_not_about(call: dict[str, Any]) -> None:
    assert missed(**call) is None


def test_a_call_that_no_engine_served_to_its_end_is_missed() -> None:
    assert missed(stay=None, later=True).queue is None
    assert missed(stay=None, later=True, outcome=Outcome.LOST) is not None
    assert missed(stay=None, later=True, agent="anna") is None


def test_the_window_is_counted_from_the_next_opening() -> None:
    hours = OpeningHours(UTC, {1: parse_spans("12:00-16:00")})  # Tuesdays
    request = missed(replace(RULE, hours=hours))
    assert request.window_from == datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert request.window_to == datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    assert missed(replace(RULE, within=None)).window_to is None


def test_who_calls_outside_the_hours_is_called_back_by_rule() -> None:
    hours = OpeningHours(UTC, {day: parse_spans("9:00-17:00") for day in range(7)})
    rule = replace(RULE, hours=hours, closed=True)
    night = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    call: dict[str, Any] = {
        "started_at": night,
        "ended_at": night + timedelta(seconds=20),
        "outcome": Outcome.COMPLETED,
    }
    assert missed(rule, None, **call) is not None
    assert missed(replace(rule, closed=False), None, **call) is None
    assert missed(rule, None, **{**call, "outcome": Outcome.VOICEMAIL}) is None
    assert missed(rule, None, **{**call, "ended_at": night + timedelta(seconds=2)}) is None
    assert missed(rule, None, **{**call, "agent": "anna"}) is None
    day = {"started_at": night + timedelta(hours=7), "ended_at": night + timedelta(hours=7, seconds=20)}
    assert missed(rule, None, **{**call, **day}) is None
