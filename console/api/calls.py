"""Calls: those there were, those that go on, and those that others have us place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from calls.call import Call
from calls.numbers import parse_number
from compliance.facts import Requested
from console.api.access import Role, Scope
from console.api.call_shapes import (
    CallEvents,
    CallEventShape,
    CallPage,
    CallShape,
    CallsQuery,
    NewCall,
    RequestedShape,
)
from console.api.forbidden import FORBIDDEN_MEMBERS, forbidden
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import after_of, cursor_of
from console.api.parts import ApiParts
from console.api.problem import FieldError, Problem, ProblemDoc, missing, told_as_problems
from console.recordings import TYPES, opened, send_sound
from engine.placing.call_order import CallOrder
from engine.placing.outbound import CannotPlace, Declined, OrderRefused, PersonBusy
from engine.ports import LedgerUnavailable, StoreUnavailable
from engine.registers.calls import CallsWanted
from engine.registers.refusals import Refused
from history.call_news import call_form

DECLINED = ProblemDoc(
    409,
    "A rule forbids the call (kind `forbidden-by-rule`): which, why, and when it would be allowed. Or there "
    "is a call with this number already (kind `in-progress`).",
    {
        **FORBIDDEN_MEMBERS,
        "checked": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("rule", "verdict", "reason")},
            },
        },
    },
)
NOT_HERE = ProblemDoc(409, "The call does not go on, or not on this node (kind `not-in-progress`).")


class CallsApi:
    """GET, place and end calls."""

    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": "calls", "scope": Scope.CALLS_READ, "role": Role.AGENT}
        write: dict[str, Any] = {"tag": "calls", "scope": Scope.CALLS_WRITE, "role": Role.SUPERVISOR}
        one = "/calls/{call_id}"
        return (
            Operation(
                "GET",
                "/calls",
                "list_calls",
                self._list,
                "Calls, the latest first",
                query=CallsQuery,
                answer=CallPage,
                notes="call.seen",
                **read,
            ),
            Operation(
                "POST",
                "/calls",
                "place_call",
                self._place,
                "Call a person and lead them through a flow",
                description="The gate is asked first; without its leave nobody is dialled. The answer comes "
                "as the telephone begins to ring: read the call, or its webhooks, for what comes of it.",
                body=NewCall,
                answer=CallShape,
                status=201,
                keyed=True,
                problems=(DECLINED,),
                notes="call.placed",
                **write,
            ),
            Operation(
                "GET",
                one,
                "get_call",
                self._get,
                "One call",
                answer=CallShape,
                notes="call.seen",
                **read,
            ),
            Operation(
                "GET",
                f"{one}/events",
                "list_call_events",
                self._events,
                "A call's log, from its beginning",
                answer=CallEvents,
                notes="call.seen",
                **read,
            ),
            Operation(
                "GET",
                f"{one}/recording",
                "get_call_recording",
                self._recording,
                "A call's recording, whole or by Range",
                answer_types=TYPES,
                notes="call.heard",
                **{**read, "role": Role.SUPERVISOR},
            ),
            Operation(
                "POST",
                f"{one}/hang_up",
                "hang_up_call",
                self._hang_up,
                "End a call that goes on",
                status=202,
                keyed=True,
                problems=(NOT_HERE,),
                notes="call.hung_up",
                **write,
            ),
        )

    async def _list(self, asked: Asked) -> Answer:
        query: CallsQuery = asked.query
        number = query.number and parse_number(query.number, self._parts.region).shown
        wanted = CallsWanted(
            query.direction,
            query.since,
            query.until,
            query.flow,
            number,
            query.outcome,
            query.campaign,
            query.live,
        )
        place = after_of(query.cursor, "time", "id")
        after = None if place is None else (datetime.fromisoformat(place[0]), place[1])
        found = await self._parts.calls.page(wanted, query.limit + 1, after)
        shown = found[: query.limit]
        last = shown[-1] if len(found) > query.limit else None
        following = None if last is None else cursor_of(last.started_at.isoformat(), last.id)
        items = [_shape(self._parts.live.get(call.id) or call) for call in shown]
        return Answer(CallPage(items=items, next=following), seen=tuple(f"call:{call.id}" for call in shown))

    async def _get(self, asked: Asked) -> Answer:
        call = await self._call(asked.path["call_id"])
        return Answer(_shape(call), version=call.last_seq)

    async def _events(self, asked: Asked) -> Answer:
        call_id = asked.path["call_id"]
        events = await self._parts.queries.events(call_id)
        if not events:
            raise missing("call", call_id)
        items = [CallEventShape(seq=e.seq, at=e.at, kind=e.kind.value, data=dict(e.data)) for e in events]
        return Answer(CallEvents(items=items))

    async def _recording(self, asked: Asked) -> web.StreamResponse:
        call = await self._call(asked.path["call_id"])
        files = self._parts.recordings
        if call.recording is None or files is None:
            raise Problem(404, "not-found", "This call has no recording.")
        with told_as_problems():
            sound = await opened(files, call.recording)
        return await send_sound(asked.request, sound)

    async def _place(self, asked: Asked) -> Answer:
        outbound = self._parts.outbound
        if outbound is None:
            raise Problem(503, "no-line", "No calls are placed here.")
        call_id = self._parts.ids.new()
        try:
            placed = await outbound.place(self._order(call_id, asked))
        except OrderRefused as refused:
            raise Refused(str(refused), refused.field) from refused
        except PersonBusy as busy:
            raise Problem(409, "in-progress", str(busy), headers=_retry(busy)) from busy
        except CannotPlace as cannot:
            raise Problem(503, "no-line", str(cannot), headers=_retry(cannot)) from cannot
        except LedgerUnavailable as away:
            raise StoreUnavailable(str(away)) from away
        if isinstance(placed, Declined):
            raise _declined(placed)
        call = await self._call(placed.call_id)
        return Answer(
            _shape(call),
            version=call.last_seq,
            headers={"Location": f"/api/v1/calls/{call.id}"},
            seen=(f"call:{call.id}",),
        )

    def _order(self, call_id: str, asked: Asked) -> CallOrder:
        body: NewCall = asked.body
        to = parse_number(body.to, self._parts.region).e164
        if to is None:
            remedy = "Write a telephone number in full, such as +48220000010."
            wrong = FieldError("body.to", remedy)
            raise Problem(422, "refused", f"{body.to!r} is no number that can be called.", errors=[wrong])
        return CallOrder(
            call_id,
            to,
            body.flow,
            body.purpose,
            caller_id=body.caller_id,
            ring_seconds=body.ring_seconds,
            campaign=body.campaign,
            debt=body.debt,
            requested=_requested(body.requested),
            contact_id=body.contact_id,
            language=body.language,
            variables=body.variables,
            ordered_by=f"{asked.actor.kind.value}:{asked.actor.id}",
        )

    async def _hang_up(self, asked: Asked) -> Answer:
        call = await self._call(asked.path["call_id"])
        hang_up = self._parts.hang_up
        if hang_up is None or not await hang_up(call.id, "api"):
            raise Problem(409, "not-in-progress", "This call does not go on here.")
        return Answer()

    async def _call(self, call_id: str) -> Call:
        call = self._parts.live.get(call_id) or await self._parts.queries.call(call_id)
        if call is None:
            raise missing("call", call_id)
        return call


def _shape(call: Call) -> CallShape:
    return CallShape.model_validate(call_form(call))


def _requested(given: RequestedShape | None) -> Requested | None:
    return None if given is None else Requested(given.at, given.begins, given.ends)


def _retry(cannot: CannotPlace) -> dict[str, str]:
    return {} if cannot.retry_seconds is None else {"Retry-After": str(cannot.retry_seconds)}


def _declined(declined: Declined) -> Problem:
    decision = declined.decision
    checked = [
        {"rule": one.rule, "verdict": one.verdict.value, "reason": one.reason} for one in decision.checked
    ]
    return forbidden("call", decision, checked=checked)
