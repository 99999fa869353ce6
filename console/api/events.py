"""/events: what has happened, as a list and as a stream."""

from __future__ import annotations

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from console.api.access import Role, Scope
from console.api.event_feed import EventFeed
from console.api.operation import Answer, Asked, Operation, Shape
from console.api.pages_of import PageQuery, after_of, cursor_of
from console.api.problem import FieldError, Problem
from console.api.shapes import LARGEST_INTEGER, Time
from engine.registers.publications import PublicationLog, Told
from engine.seen_notes import SeenNotes
from history.publication import Kind

_AFTER = "Only events after the one with this number, which may be any that was ever seen."
_KIND = "Only events of this kind; may be given several times."
_SUBJECT = 'Only events of this subject, such as "contact:ID".'
_TAG = "events"

After = Annotated[int | None, Field(ge=0, le=LARGEST_INTEGER, description=_AFTER)]
Kinds = Annotated[tuple[Kind, ...], Field(max_length=len(Kind), description=_KIND)]
Subject = Annotated[str | None, Field(min_length=1, max_length=200, description=_SUBJECT)]


class Event(Shape):
    """One change. `number` orders all events, `sequence` those of the subject, without gaps."""

    number: int
    id: str
    kind: Kind
    subject: str
    sequence: int
    at: Time
    data: dict[str, Any]


class EventPage(Shape):
    items: list[Event]
    next: str | None


class EventQuery(PageQuery):
    after: After = None
    kind: Kinds = ()
    subject: Subject = None


class StreamQuery(Shape):
    after: After = None
    kind: Kinds = ()
    subject: Subject = None


class EventsApi:
    def __init__(self, log: PublicationLog, feed: EventFeed, seen: SeenNotes | None) -> None:
        self._log = log
        self._feed = feed
        self._seen = seen

    def operations(self) -> tuple[Operation, ...]:
        return (
            Operation(
                "GET",
                "/events",
                "list_events",
                self.list,
                "Events, oldest first",
                _TAG,
                Scope.EVENTS_READ,
                Role.MANAGER,
                description=(
                    "Kept for 30 days. To follow them, ask again with `after` set to the last `number` seen: "
                    "no event is passed over, also when several are written at once."
                ),
                query=EventQuery,
                answer=EventPage,
                notes="event.seen",
            ),
            Operation(
                "GET",
                "/events/stream",
                "stream_events",
                self.stream,
                "Events as they happen",
                _TAG,
                Scope.EVENTS_READ,
                Role.MANAGER,
                description=(
                    "Server-sent events: `id` is the number, `event` the kind, `data` the event as in the "
                    "list. Begins now, or after the header Last-Event-ID or the parameter `after`. The "
                    "stream ends after 15 minutes; connect again with the last id, and nothing is lost."
                ),
                query=StreamQuery,
                answer_types=("text/event-stream",),
            ),
        )

    async def list(self, asked: Asked) -> Answer:
        query: EventQuery = asked.query
        place = after_of(query.cursor, "number")
        after = (query.after or 0) if place is None else int(place[0])
        until = await self._log.settled()
        some = await self._log.between(
            after, until, limit=query.limit + 1, kinds=query.kind, subject=query.subject
        )
        shown = some[: query.limit]
        more = cursor_of(str(shown[-1].number)) if len(some) > query.limit else None
        subjects = tuple(dict.fromkeys(told.subject for told in shown))
        return Answer(EventPage(items=[event_of(told) for told in shown], next=more), seen=subjects)

    async def stream(self, asked: Asked) -> web.StreamResponse:
        query: StreamQuery = asked.query
        after = query.after
        last = asked.request.headers.get("Last-Event-ID", "").strip()
        if last:
            if not (last.isascii() and last.isdigit() and len(last) <= 16):
                wrong = FieldError("header.Last-Event-ID", "Send the `id` of the last event, unchanged.")
                raise Problem(400, "invalid", "Last-Event-ID is none of this stream's.", errors=[wrong])
            after = int(last)
        if self._seen is not None:
            self._seen.note(asked.actor, "event.streamed", [query.subject or "events:all"])
        return await self._feed.serve(asked.request, after, query.kind, query.subject)


def event_of(told: Told) -> Event:
    return Event(
        number=told.number,
        id=told.id,
        kind=Kind(told.kind),
        subject=told.subject,
        sequence=told.sequence,
        at=told.at,
        data=dict(told.data),
    )
