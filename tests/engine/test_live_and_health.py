"""What pages are told: calls in progress, changes, and what of the hotline works."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from calls.call import Call, fold
from calls.events import CallEvent, CallEventKind
from engine.health import Health
from engine.live import WATCHER_BACKLOG, LiveCalls

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def call(id: str, *, ended: bool = False) -> Call:
    begun = CallEvent(id, 1, AT, CallEventKind.RECEIVED, {"caller": "+48220000011", "dialled": "100"})
    end = CallEvent(id, 2, AT, CallEventKind.ENDED, {"by": "caller", "outcome": "abandoned"})
    return fold((begun, end) if ended else (begun,))


def drained(queue: asyncio.Queue[str | None]) -> list[str | None]:
    return [queue.get_nowait() for _ in range(queue.qsize())]


async def test_calls_are_shown_oldest_first_until_they_end() -> None:
    live = LiveCalls()
    for call_id in ("first", "second", "first"):
        live.put(call(call_id))
    assert [shown.id for shown in live.all()] == ["first", "second"]
    live.put(call("first", ended=True))
    assert [shown.id for shown in live.all()] == ["second"]
    live.put(call("first", ended=True))  # told twice
    assert (len(live), live.get("first")) == (1, None)


async def test_every_watcher_is_told_of_every_change_while_it_watches() -> None:
    live = LiveCalls()
    async with live.watch() as one:
        live.put(call("a"))
        async with live.watch() as other:
            live.put(call("a", ended=True))
            live.changed("health")
            assert drained(other) == ["a", "health"]
        live.put(call("b"))
        assert drained(one) == ["a", "a", "health", "b"]
        assert drained(other) == []
    live.put(call("c"))
    assert drained(one) == []


async def test_a_watcher_that_falls_behind_is_told_to_load_anew_and_then_goes_on() -> None:
    live = LiveCalls()
    async with live.watch() as slow, live.watch() as quick:
        for number in range(WATCHER_BACKLOG):
            live.changed(str(number))
        assert len(drained(quick)) == WATCHER_BACKLOG
        live.changed("one too many")
        live.changed("after")
        assert drained(slow) == [None, "after"]
        assert drained(quick) == ["one too many", "after"]


async def test_a_watcher_that_leaves_by_a_fault_is_forgotten() -> None:
    live = LiveCalls()
    try:
        async with live.watch():
            raise ConnectionError
    except ConnectionError:
        pass
    assert not live._watchers


async def test_readiness_needs_every_needed_part_and_at_least_one() -> None:
    health = Health(LiveCalls())
    ready = [health.ready]
    health.set("asterisk", True, "Connected")
    health.set("recognition", False, "Keys only: no model", needed=False)
    ready.append(health.ready)
    health.set("asterisk", False, "The connection to Asterisk was lost.")
    ready.append(health.ready)
    assert ready == [False, True, False]
    assert [(c.name, c.ok, c.needed) for c in health.all()] == [
        ("asterisk", False, True),
        ("recognition", False, False),
    ]


async def test_only_changes_of_health_are_told() -> None:
    live = LiveCalls()
    health = Health(live)
    async with live.watch() as page:
        for ok, detail in ((True, "Connected"), (True, "Connected"), (True, "Connected again"), (False, "")):
            health.set("asterisk", ok, detail)
        assert drained(page) == ["health"] * 3
