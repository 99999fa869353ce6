"""CallbackRequest: somebody asked to be called back, or a missed call deserves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from history.interaction import ContactPoint


class CallbackSource(StrEnum):
    FLOW = "flow"
    QUEUE = "queue"
    FORM = "form"
    MISSED = "missed"
    AGENT = "agent"
    API = "api"


class CallbackState(StrEnum):
    OPEN = "open"
    DIALLING = "dialling"
    KEPT = "kept"  # the person was reached within the window, or as soon as they could be
    BROKEN = "broken"  # the window passed without an attempt that reached them
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class CallbackRequest:
    """One open request for each person and `topic`: another one of the same renews it (`requests` counts).

    `window_from` and `window_to` are aware UTC; None: as soon as it may be. `person_chose`: the window is the
    person's own word, not ours. `time_zone` is the IANA zone in which it was said. `place_kept_at`: when the
    caller joined the queue that they left for this callback.
    """

    id: str
    point: ContactPoint
    topic: str
    source: CallbackSource
    requested_at: datetime
    contact_id: str | None = None
    window_from: datetime | None = None
    window_to: datetime | None = None
    person_chose: bool = False
    time_zone: str | None = None
    campaign: str | None = None
    queue: str | None = None
    place_kept_at: datetime | None = None
    note: str | None = None
    call_id: str | None = None
    state: CallbackState = CallbackState.OPEN
    requests: int = 1
    version: int = 1
