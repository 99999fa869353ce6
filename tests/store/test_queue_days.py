"""A queue's service level of the day, counted in the calls' log on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from calls.events import CallEvent
from calls.events import CallEventKind as Kind
from engine.changes import EventsAppended
from engine.registers.queue_days import QueueDay
from store.store import Store
from tests.conftest import HandClock


def stay(
    call_id: str, queue: str, at: datetime, outcome: str, waited: float, *answers: float
) -> list[CallEvent]:
    """A caller's time in a queue; `answers`: after how long agents answered."""
    found = [
        CallEvent(
            call_id, n, at, Kind.AGENT_CONNECTED, {"queue": queue, "agent": "anna", "waited_seconds": w}
        )
        for n, w in enumerate(answers, 1)
    ]
    data = {"queue": queue, "outcome": outcome, "waited_seconds": waited, "talked_seconds": 0}
    return [*found, CallEvent(call_id, 9, at, Kind.QUEUE_LEFT, data)]


async def test_the_service_level_of_the_day(store: Store, clock: HandClock) -> None:
    now = clock.now()
    logs = [
        stay("in-time", "orders", now, "next", 5.0, 5.0),
        stay("late", "orders", now, "next", 40.0, 40.0),
        stay("lost-and-found", "orders", now, "next", 12.0, 12.0, 90.0),
        stay("lost-and-gone", "orders", now, "abandoned", 80.0, 12.0),
        stay("gone-soon", "orders", now, "abandoned", 4.0),
        stay("gone-late", "orders", now, "abandoned", 50.0),
        stay("nobody-came", "orders", now, "timeout", 600.0),
        stay("elsewhere", "orders", now, "overflow", 60.0),
        stay("callback", "orders", now, "left", 60.0),
        stay("closed", "orders", now, "closed", 0.0),
        stay("patient", "service", now, "next", 40.0, 40.0),
        stay("yesterday", "orders", now - timedelta(days=1), "abandoned", 500.0),
    ]
    await store.ledger.commit([EventsAppended(tuple(log)) for log in logs], durable=True)
    found = await store.queue_days.since(
        now - timedelta(hours=8), {"orders": 20.0, "service": 60.0, "empty": 20.0}
    )
    assert found == {
        "orders": QueueDay(answered=4, in_time=3, unanswered=3, gone_in_time=1),
        "service": QueueDay(1, 1),
        "empty": QueueDay(),
    }
    assert found["orders"].service_level == pytest.approx(3 / 6)
    assert found["service"].service_level == 1.0
    assert found["empty"].service_level is None
    assert await store.queue_days.since(now, {}) == {}


def test_the_formula() -> None:
    """Answered 1000, abandoned 60, of these within the target 860 and 20."""
    assert QueueDay(1000, 860, 60, 20).service_level == pytest.approx(0.827, abs=0.0005)
    assert QueueDay(unanswered=2, gone_in_time=2).service_level is None
