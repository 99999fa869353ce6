"""/messages: what was written to people and by them; one that is sent now; what became of all."""

from __future__ import annotations

from functools import partial
from typing import Any

from compliance.facts import Channel, Purpose
from console.api.access import Role, Scope
from console.api.forbidden import FORBIDDEN, forbidden
from console.api.message_shapes import (
    MessageAndEvents,
    MessageEventShape,
    MessagePage,
    MessageShape,
    MessagesQuery,
    NewMessage,
    StopOrder,
    members_of,
    message_shape,
)
from console.api.message_statistics import MessageStatisticsApi
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import after_of, next_of
from console.api.parts import ApiParts
from console.api.written_points import not_there, point_to
from engine.followup.message_desk import Forbidden, MessageDesk, MessageOrder
from engine.registers.messages import MessageEvent, MessageFilter
from engine.registers.refusals import Missing


class MessagesApi:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts
        self._statistics = MessageStatisticsApi(parts)

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": "messages", "scope": Scope.MESSAGES_READ, "role": Role.SUPERVISOR}
        write: dict[str, Any] = {"tag": "messages", "scope": Scope.MESSAGES_WRITE, "role": Role.SUPERVISOR}
        get, post = partial(Operation, "GET"), partial(Operation, "POST")
        one = "/messages/{message_id}"
        return (
            get(
                "/messages", "list_messages", self._list, "Messages, the newest first",
                query=MessagesQuery, answer=MessagePage, notes="message.seen", **read,
            ),
            post(
                "/messages", "send_message", self._send, "Send one message",
                description=(
                    "It is queued. The rules are asked now, and again when it is sent: what they forbid "
                    "until it expires is refused here."
                ),
                body=NewMessage, answer=MessageShape, status=201, keyed=True, problems=(FORBIDDEN,), **write,
            ),
            *self._statistics.operations(),
            get(
                one, "get_message", self._get, "One message, with every state it was in",
                answer=MessageAndEvents, notes="message.seen", **read,
            ),
            post(
                f"{one}/stop", "stop_message", self._stop, "Keep a queued message from being sent",
                body=StopOrder, answer=MessageShape, keyed=True, **write,
            ),
        )  # fmt: skip

    async def _list(self, asked: Asked) -> Answer:
        query: MessagesQuery = asked.query
        wanted = MessageFilter(
            states=query.state,
            channel=None if query.channel is None else Channel(query.channel),
            direction=query.direction,
            contact_id=query.contact_id,
            provider=query.provider,
            mailing=query.mailing,
            cascade=query.cascade,
            template=query.template,
            call_id=query.call_id,
            since=query.since,
            until=query.until,
        )
        after = after_of(query.cursor, "time", "id")
        try:
            page = await self._desk.messages.list(wanted, limit=query.limit, after=after)
        except Missing as missing:
            raise not_there("contact_id", missing) from missing
        items = [message_shape(one) for one in page.items]
        seen = tuple(f"message:{one.id}" for one in page.items)
        return Answer(MessagePage(items=items, next=next_of(page)), seen=seen)

    async def _send(self, asked: Asked) -> Answer:
        body: NewMessage = asked.body
        channel = Channel(body.channel)
        point = None if body.to is None else point_to(body.to, channel, self._parts.region)
        order = MessageOrder(
            channel=channel,
            point=point,
            contact_id=body.contact_id,
            text=body.text or "",
            subject=body.subject,
            purpose=body.purpose or Purpose.SERVICE,
            template=body.template,
            values=body.values,
            language=body.language,
            debt=body.debt,
            call_id=body.call_id,
            not_before=body.not_before,
            expires_at=body.expires_at,
        )
        try:
            sent = await self._desk.send(asked.actor, order)
        except Forbidden as refused:
            raise forbidden("message", refused.decision) from refused
        return Answer(message_shape(sent), headers={"Location": f"/api/v1/messages/{sent.id}"})

    async def _get(self, asked: Asked) -> Answer:
        message = await self._desk.messages.get(asked.path["message_id"])
        events = await self._desk.messages.events(message.id)
        told = [_event(one) for one in events]
        return Answer(MessageAndEvents.model_validate(members_of(message) | {"events": told}))

    async def _stop(self, asked: Asked) -> Answer:
        body: StopOrder = asked.body
        stopped = await self._desk.messages.stop(asked.actor, asked.path["message_id"], body.reason)
        return Answer(message_shape(stopped))

    @property
    def _desk(self) -> MessageDesk:
        return self._parts.message_desk


def _event(event: MessageEvent) -> MessageEventShape:
    return MessageEventShape(
        at=event.at, state=event.state, provider=event.provider, why=event.why, code=event.code
    )
