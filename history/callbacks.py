"""CallbackRequest: somebody asked to be called back, or a missed call deserves it."""

from __future__ import annotations

from dataclasses import dataclass, replace
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


# A request in one of these states takes in another one of the same person and topic.
STANDING = frozenset({CallbackState.OPEN, CallbackState.DIALLING})


@dataclass(frozen=True, slots=True)
class CallbackRequest:
    """One open request for each person and `topic`: another one of the same renews it (`requests` counts).

    `window_from` and `window_to` are aware UTC; None: as soon as it may be. `person_chose`: the window is the
    person's own word, not ours. `time_zone` is the IANA zone in which it was said. `place_kept_at`: when the
    caller joined the queue that they left for this callback. `source` is the first of `sources`. `name` and
    `language` are what the person said of themselves with the request. `ended_reason` is told with the end.
    `agent`: it was promised in their name, else anybody of the team keeps it; `ended_by`: the agent who spoke
    with the person.
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
    name: str | None = None
    language: str | None = None
    sources: tuple[CallbackSource, ...] = ()
    attempts: int = 0
    not_before: datetime | None = None
    ended_at: datetime | None = None
    ended_reason: str | None = None
    agent: str | None = None
    ended_by: str | None = None


def renewed(standing: CallbackRequest, again: CallbackRequest) -> CallbackRequest:
    """The standing request with what the new one says.

    The earliest asking and the earliest place in a queue are kept. The new window counts, but for one that
    the person chose: only another choice of theirs replaces it.
    """
    window = again if again.person_chose or not standing.person_chose else standing
    placed = [one for one in (standing, again) if one.place_kept_at is not None]
    place = min(placed, key=_place) if placed else standing
    return replace(
        standing,
        point=again.point,
        requested_at=min(standing.requested_at, again.requested_at),
        window_from=window.window_from,
        window_to=window.window_to,
        person_chose=window.person_chose,
        time_zone=window.time_zone or standing.time_zone,
        campaign=again.campaign or standing.campaign,
        queue=place.queue or again.queue or standing.queue,
        place_kept_at=place.place_kept_at,
        note=again.note or standing.note,
        call_id=again.call_id or standing.call_id,
        name=again.name or standing.name,
        language=again.language or standing.language,
        agent=again.agent or standing.agent,
        sources=tuple(dict.fromkeys((*sources_of(standing), *sources_of(again)))),
        requests=standing.requests + again.requests,
        version=standing.version + 1,
    )


def sources_of(request: CallbackRequest) -> tuple[CallbackSource, ...]:
    """All of them, the first one first."""
    return request.sources or (request.source,)


def only_missed(request: CallbackRequest) -> bool:
    """Nobody has asked for it: the person's call was missed."""
    return set(sources_of(request)) == {CallbackSource.MISSED}


def is_overdue(request: CallbackRequest, now: datetime) -> bool:
    """Whether its window has passed in vain. One that is being dialled is looked at when that is over."""
    return request.state is CallbackState.OPEN and request.window_to is not None and request.window_to <= now


def _place(request: CallbackRequest) -> datetime:
    assert request.place_kept_at is not None
    return request.place_kept_at
