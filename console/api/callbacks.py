"""/callbacks: who asked to be called back, from wherever, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from compliance.facts import Channel, Mode, Purpose, Requested
from console.api.access import Role, Scope
from console.api.callback_shapes import (
    CallbackCounts,
    CallbackFigures,
    CallbackPage,
    CallbackPatch,
    CallbackQuery,
    CallbackShape,
    CallbackWhy,
    Cancellation,
    DayCounts,
    FigureQuery,
    NewCallback,
    callback_shape,
)
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import after_of, next_of
from console.api.parts import ApiParts
from console.api.permission_shapes import decided
from console.api.problem import FieldError, Problem
from engine.gatekeeper import ContactRequest
from engine.registers.actor import ActorKind
from engine.registers.callbacks import CallbackFilter
from engine.registers.refusals import Changed, Missing, Refused
from history.callback_figures import CallbackFigure, figures, total
from history.callback_windows import Window, WrongWindow, chosen_window, own_window
from history.callbacks import CallbackRequest, CallbackSource
from history.interaction import ContactPoint, PointKind
from history.names import cleaned
from history.points import WrongPoint, phone_of

_TAG = "callbacks"
FIGURE_DAYS = 7
MOST_FIGURE_DAYS = 92


class CallbacksApi:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts
        self._callbacks = parts.callbacks

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": _TAG, "scope": Scope.CALLBACKS_READ, "role": Role.AGENT}
        write: dict[str, Any] = {"tag": _TAG, "scope": Scope.CALLBACKS_WRITE, "role": Role.AGENT}
        one = "/callbacks/{callback_id}"
        return (
            Operation(
                "GET",
                "/callbacks",
                "list_callbacks",
                self.list,
                "Callback requests, the newest first",
                query=CallbackQuery,
                answer=CallbackPage,
                notes="callback.seen",
                **read,
            ),
            Operation(
                "POST",
                "/callbacks",
                "create_callback",
                self.create,
                "Ask for a callback, or renew the one of the person and topic that stands",
                description="`requests` is 1 when it is new. The rules are asked when it is dialled.",
                body=NewCallback,
                answer=CallbackShape,
                status=201,
                keyed=True,
                **write,
            ),
            Operation(  # before those of one request: "figures" is the id of none
                "GET",
                "/callbacks/figures",
                "get_callback_figures",
                self.figures,
                "How many were kept and broken, by day and agent",
                description=f"Of {MOST_FIGURE_DAYS} days at most.",
                query=FigureQuery,
                answer=CallbackFigures,
                tag=_TAG,
                scope=Scope.CALLBACKS_READ,
                role=Role.SUPERVISOR,
            ),
            Operation(
                "GET",
                one,
                "get_callback",
                self.get,
                "One request",
                answer=CallbackShape,
                notes="callback.seen",
                **read,
            ),
            Operation(
                "PATCH",
                one,
                "change_callback",
                self.change,
                "Change its window or what is noted of it",
                body=CallbackPatch,
                answer=CallbackShape,
                if_match=True,
                **write,
            ),
            Operation(
                "POST",
                one + "/cancel",
                "cancel_callback",
                self.cancel,
                "It is not to be kept any more",
                body=Cancellation,
                answer=CallbackShape,
                keyed=True,
                **write,
            ),
            Operation(
                "GET",
                one + "/why",
                "explain_callback",
                self.why,
                "Whether the person may be called now, and from when on",
                answer=CallbackWhy,
                notes="callback.seen",
                **read,
            ),
        )

    async def list(self, asked: Asked) -> Answer:
        query: CallbackQuery = asked.query
        wanted = CallbackFilter(
            query.state,
            query.topic,
            query.contact_id,
            query.due_from,
            query.due_to,
            agent=query.agent,
            queue=query.queue,
        )
        page = await self._callbacks.list(wanted, limit=query.limit, after=after_of(query.cursor, "id"))
        items = [callback_shape(one) for one in page.items]
        seen = tuple(f"callback:{one.id}" for one in page.items)
        return Answer(CallbackPage(items=items, next=next_of(page)), seen=seen)

    async def create(self, asked: Asked) -> Answer:
        body: NewCallback = asked.body
        now = self._parts.clock.now()
        person = asked.actor.kind is ActorKind.PERSON
        promise = self._parts.promise
        within = promise.within if body.within_seconds is None else timedelta(seconds=body.within_seconds)
        window = own_window(now, within, promise.hours)
        if body.window_from or body.window_to:
            window = self._chosen(body.window_from, body.window_to, within, now)
        request = CallbackRequest(
            id=self._parts.ids.new(),
            point=await self._point(body),
            topic=body.topic,
            source=CallbackSource.AGENT if person else CallbackSource.API,
            requested_at=now,
            contact_id=body.contact_id,
            window_from=window.begins,
            window_to=window.ends,
            person_chose=window.person_chose,
            time_zone=body.time_zone,
            campaign=body.campaign,
            agent=body.agent,
            queue=body.queue,
            note=body.note,
            name=None if body.name is None else cleaned(body.name),
            language=body.language,
        )
        try:
            kept = (await self._callbacks.request(asked.actor, request)).request
        except Missing as missing:
            raise Refused(str(missing), "contact_id") from missing
        headers = {"Location": f"/api/v1/callbacks/{kept.id}"}
        return Answer(callback_shape(kept), version=kept.version, headers=headers)

    async def get(self, asked: Asked) -> Answer:
        found = await self._callbacks.get(asked.path["callback_id"])
        return Answer(callback_shape(found), version=found.version)

    async def change(self, asked: Asked) -> Answer:
        body: CallbackPatch = asked.body
        known = await self._callbacks.get(asked.path["callback_id"])
        if known.version != asked.if_match:
            raise Changed(
                "The request was changed meanwhile; read it again, then change that.", known.version
            )
        given = {name: getattr(body, name) for name in body.model_fields_set}
        if given.get("name"):
            given["name"] = cleaned(given["name"])
        if "window_from" in given or "window_to" in given:
            begins = given.pop("window_from", known.window_from)
            ends = given.pop("window_to", known.window_to)
            window = Window(None, None, False)
            if begins or ends:
                promise = self._parts.promise
                window = self._chosen(begins, ends, promise.within, self._parts.clock.now())
            given |= {
                "window_from": window.begins,
                "window_to": window.ends,
                "person_chose": window.person_chose,
            }
        changed = await self._callbacks.change(asked.actor, replace(known, **given))
        return Answer(callback_shape(changed), version=changed.version)

    async def cancel(self, asked: Asked) -> Answer:
        body: Cancellation = asked.body
        ended = await self._callbacks.cancel(asked.actor, asked.path["callback_id"], body.reason)
        return Answer(callback_shape(ended), version=ended.version)

    async def figures(self, asked: Asked) -> Answer:
        query: FigureQuery = asked.query
        zone, now = self._parts.zone, self._parts.clock.now()
        last = query.last_day or now.astimezone(zone).date()
        first = query.first_day or last - timedelta(days=FIGURE_DAYS - 1)
        if first > last:
            raise _wrong_days("last_day", "The last day is before the first: turn them round.")
        if (last - first).days >= MOST_FIGURE_DAYS:
            raise _wrong_days("first_day", f"Ask for {MOST_FIGURE_DAYS} days at most.")
        since = datetime.combine(first, time(), zone)
        until = datetime.combine(last + timedelta(days=1), time(), zone)
        found = figures(await self._callbacks.ends(since, until), zone)
        return Answer(
            CallbackFigures(
                first_day=first,
                last_day=last,
                time_zone=str(zone),
                all=CallbackCounts(**_counts(total(found, last))),
                items=[DayCounts(day=one.day, agent=one.agent, **_counts(one)) for one in found],
            )
        )

    async def why(self, asked: Asked) -> Answer:
        known = await self._callbacks.get(asked.path["callback_id"])
        now = self._parts.clock.now()
        decision = await self._parts.gate.would_be(
            ContactRequest(
                subject=f"callback:{known.id}",
                channel=Channel.CALL,
                purpose=Purpose.SERVICE,
                mode=Mode.MANUAL,
                point=known.point,
                contact_id=known.contact_id,
                requested=requested_of(known),
                campaign=known.campaign,
            )
        )
        shown = {**decided(decision), "callback": callback_shape(known), "at": now}
        return Answer(CallbackWhy.model_validate(shown))

    def _chosen(
        self, begins: datetime | None, ends: datetime | None, within: timedelta, now: datetime
    ) -> Window:
        """Raises Refused."""
        try:
            return chosen_window(begins, ends, now, within=within, hours=self._parts.promise.hours)
        except WrongWindow as wrong:
            raise Refused(str(wrong), f"window_{wrong.field}") from wrong

    async def _point(self, body: NewCallback) -> ContactPoint:
        """Raises Refused."""
        if body.number is not None:
            try:
                return ContactPoint(PointKind.PHONE, phone_of(body.number, self._parts.region))
            except WrongPoint as wrong:
                raise Refused(str(wrong), "number") from wrong
        try:
            contact = await self._parts.history.contacts.get(body.contact_id or "")
        except Missing as missing:
            raise Refused(str(missing), "contact_id") from missing
        phones = [point for point in contact.points if point.kind is PointKind.PHONE]
        if not phones:
            raise Refused("The contact has no number: give one.", "number")
        return phones[0]


def _wrong_days(field: str, told: str) -> Problem:
    return Problem(400, "invalid", told, errors=[FieldError(f"query.{field}", told)])


def _counts(figure: CallbackFigure) -> dict[str, Any]:
    return {name: getattr(figure, name) for name in CallbackCounts.model_fields}


def requested_of(request: CallbackRequest) -> Requested | None:
    """What the gate is told of the person's own wish; a missed call is none."""
    if set(request.sources) == {CallbackSource.MISSED}:
        return None
    if not request.person_chose:
        return Requested(request.requested_at)
    return Requested(request.requested_at, request.window_from, request.window_to)
