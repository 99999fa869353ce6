"""QueueStay: a caller's last time in a queue, as the call's log tells it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from calls.events import CallEvent, CallEventKind


@dataclass(frozen=True, slots=True)
class QueueStay:
    """`outcome` is None while they wait or talk, "next" after a talk; see `queue_left` of the log."""

    queue: str
    since: datetime
    outcome: str | None = None
    waited_seconds: float = 0.0


def stay_after(stay: QueueStay | None, event: CallEvent) -> QueueStay | None:
    """The stay as of this event."""
    match event.kind:
        case CallEventKind.QUEUED:
            return QueueStay(str(event.data["queue"]), event.at)
        case CallEventKind.QUEUE_LEFT if stay is not None:
            waited = event.data.get("waited_seconds")
            seconds = float(waited) if isinstance(waited, int | float) else 0.0
            return replace(stay, outcome=str(event.data["outcome"]), waited_seconds=seconds)
        case _:
            return stay
