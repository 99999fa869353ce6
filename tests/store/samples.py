"""Calls as a hotline has them, for the store's tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from calls.call import Call, fold
from calls.events import CallEvent, CallEventKind
from engine.changes import CallStored, Change, EventsAppended, InteractionAdded
from history.interaction import Channel, ContactPoint, Interaction, PointKind, interaction_of

START = datetime(2026, 11, 21, 16, 5, 0, 250, tzinfo=UTC)


def number(n: int) -> ContactPoint:
    return ContactPoint(PointKind.PHONE, f"+4822000{n:04d}")


def call_events(call_id: str, at: datetime = START, node: str = "n1") -> tuple[CallEvent, ...]:
    """An answered call that chose a language and ended by itself: eight events."""
    told: list[tuple[CallEventKind, dict[str, object]]] = [
        (
            CallEventKind.RECEIVED,
            {"caller": "+48220000001", "dialled": "100", "network_id": f"net-{call_id}", "node": node},
        ),
        (CallEventKind.ANSWERED, {}),
        (CallEventKind.FLOW_STARTED, {"flow": "hotline", "version": "7"}),
        (CallEventKind.STEP_ENTERED, {"step": "hello", "verb": "say"}),
        (CallEventKind.LANGUAGE_CHOSEN, {"language": "pl"}),
        (CallEventKind.HEARD, {"text": "zamówienie", "confidence": 0.87, "seconds": 1.25, "language": "pl"}),
        (CallEventKind.KEY_PRESSED, {"key": "2"}),
        (CallEventKind.ENDED, {"by": "caller", "cause": 16, "outcome": "completed"}),
    ]
    return tuple(
        CallEvent(call_id, seq, at + timedelta(milliseconds=seq * 40), kind, data)
        for seq, (kind, data) in enumerate(told, 1)
    )


def call_changes(call_id: str, n: int = 1, at: datetime = START) -> tuple[Change, ...]:
    """All that an ended call writes."""
    events = call_events(call_id, at)
    call = fold(events)
    row = interaction_of(call, f"i-{call_id}", number(n))
    return (EventsAppended(events), CallStored(call), InteractionAdded(row, f"c-{call_id}"))


def finished(call_id: str) -> Call:
    return fold(call_events(call_id))


def form(id: str, point: ContactPoint | None = None, **fields: object) -> InteractionAdded:
    row = Interaction(
        id=id, at=START, channel=Channel.FORM, direction="inbound", subject_id=f"s-{id}", point=point
    )
    for name, value in fields.items():
        object.__setattr__(row, name, value)
    return InteractionAdded(row, f"c-{id}")


async def until(holds: Callable[[], Awaitable[bool]], limit_seconds: float = 20.0) -> None:
    """Wait until it holds. Raises TimeoutError at the limit."""
    async with asyncio.timeout(limit_seconds):
        while not await holds():  # noqa: ASYNC110 - another process or task makes it hold
            await asyncio.sleep(0.01)
