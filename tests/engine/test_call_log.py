"""A call's log as it is written: order, one end, one row of the history, and what is live."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from engine.call_log import CallLog
from engine.changes import Change, EventsAppended
from engine.live import LiveCalls
from history.interaction import PointKind
from tests.engine.fake_desk import CountedIds
from tests.engine.fake_store import MemoryLedger
from tests.virtual_time import VirtualClock

RECEIVED = {
    "direction": "inbound",
    "caller": "+48220000011",
    "dialled": "100",
    "network_id": "c1",
    "node": "here",
}


class Desk:
    def __init__(self, ledger: MemoryLedger | None = None) -> None:
        self.ledger = ledger or MemoryLedger()
        self.live = LiveCalls()
        self.log = self.another("call1")

    def another(self, call_id: str) -> CallLog:
        return CallLog(
            call_id,
            ledger=self.ledger,
            clock=VirtualClock(),
            ids=CountedIds("row"),
            live=self.live,
            region="PL",
        )


async def test_events_are_numbered_from_one_and_folded() -> None:
    desk = Desk()
    assert (desk.log.last_seq, desk.log.ended) == (0, False)
    await desk.log.write(Kind.RECEIVED, RECEIVED)
    await asyncio.sleep(2)
    await desk.log.write(Kind.ANSWERED)
    assert [event.seq for event in desk.ledger.log["call1"]] == [1, 2]
    assert desk.log.call.answered_at == VirtualClock().now()
    assert desk.live.get("call1") == desk.log.call


async def test_only_the_first_end_counts_and_writes_one_row() -> None:
    desk = Desk()
    await desk.log.write(Kind.RECEIVED, RECEIVED)
    await asyncio.sleep(3)
    await desk.log.end("caller", Outcome.ABANDONED, 16)
    await desk.log.end("network", Outcome.LOST)
    await desk.log.write(Kind.TROUBLE, {"what": "late", "detail": "told after the end"})
    assert desk.ledger.kinds("call1") == [Kind.RECEIVED, Kind.ENDED]
    (row,) = desk.ledger.interactions
    assert (row.outcome, row.duration_seconds, row.subject_id) == ("abandoned", 3.0, "call1")
    assert row.point is not None
    assert (row.point.kind, row.point.value) == (PointKind.PHONE, "+48220000011")
    assert (desk.log.ended, len(desk.live)) == (True, 0)


async def test_a_withheld_number_finds_no_contact() -> None:
    desk = Desk()
    await desk.log.write(Kind.RECEIVED, {**RECEIVED, "caller": "anonymous"})
    await desk.log.end("caller", Outcome.ABANDONED)
    assert desk.ledger.interactions[0].point is None


async def test_an_event_overtaken_by_the_end_does_not_bring_the_call_back() -> None:
    desk = Desk()
    await desk.log.write(Kind.RECEIVED, RECEIVED)
    commit = desk.ledger.commit

    async def slow_at_first(changes: Sequence[Change], *, durable: bool = False) -> None:
        await commit(changes, durable=durable)
        if len(changes) == 1:
            await asyncio.sleep(1)

    desk.ledger.commit = slow_at_first  # type: ignore[method-assign]
    await asyncio.gather(
        desk.log.write(Kind.TROUBLE, {"what": "a prompt", "detail": "not played"}),
        desk.log.end("caller", Outcome.ABANDONED),
    )
    assert desk.ledger.kinds("call1") == [Kind.RECEIVED, Kind.TROUBLE, Kind.ENDED]
    assert len(desk.live) == 0


async def test_the_end_of_a_call_that_cannot_be_written_is_still_its_end() -> None:
    desk = Desk()
    await desk.log.write(Kind.RECEIVED, RECEIVED)
    desk.ledger.fault = OSError("no memory")
    with pytest.raises(OSError, match="no memory"):
        await desk.log.end("caller", Outcome.ABANDONED)
    assert len(desk.live) == 0


async def test_a_log_goes_on_behind_what_is_written() -> None:
    desk = Desk()
    await desk.log.write(Kind.RECEIVED, RECEIVED)
    await desk.log.write(Kind.ANSWERED)
    later = Desk(desk.ledger)
    later.log.resume(desk.ledger.log["call1"])
    assert later.live.get("call1") == later.log.call
    await later.log.write(Kind.RESUMED, {"why": "the engine was restarted"})
    assert [event.seq for event in desk.ledger.log["call1"]] == [1, 2, 3]


async def test_a_call_begins_with_its_arrival() -> None:
    desk = Desk()
    with pytest.raises(ValueError, match="begins with answered"):
        await desk.log.write(Kind.ANSWERED)
    with pytest.raises(ValueError, match="no events yet"):
        _ = desk.log.call


async def test_the_end_is_one_commit() -> None:
    desk = Desk()
    commits: list[list[type[Change]]] = []
    commit = desk.ledger.commit

    async def noted(changes: list[Change], *, durable: bool = False) -> None:
        commits.append([type(change) for change in changes])
        await commit(changes, durable=durable)

    desk.ledger.commit = noted  # type: ignore[method-assign, assignment]
    await desk.log.write(Kind.RECEIVED, RECEIVED)
    await desk.log.write(Kind.SAID, {"text": "Welcome.", "language": "en"})
    await desk.log.end("caller", Outcome.ABANDONED)
    assert [[change.__name__ for change in changes] for changes in commits] == [
        ["EventsAppended", "CallStored", "Published"],
        [EventsAppended.__name__],
        ["EventsAppended", "CallStored", "Published", "InteractionAdded"],
    ]
