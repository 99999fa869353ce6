"""What people write: kept once, in the history; an opt-out is in force in the same transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select

from compliance.facts import Channel, Purpose
from engine.changes import InteractionAdded, Published
from engine.registers.message_news import received_published
from engine.registers.messages import CODE_PRIORITY, Message, MessageDirection, Move
from history.interaction import ContactPoint, PointKind
from messaging.followups import OPT_IN, OPT_OUT, RATING
from messaging.permission import PERMISSION
from messaging.provider import Incoming
from messaging.states import MessageState
from store.cascade_writing import tell_incoming
from store.message_adding import add_messages
from store.message_history import message_row
from store.message_moves import Moves
from store.message_wishes import allowed_by, forbidden_before, forbidden_by, lift
from store.rating_replies import take_grade
from store.registers.profiles import family, survivor_of
from store.rows import Rows
from store.statements import statements_for
from store.tables import contact_points, message_parts, messages
from store.writing import write

OPTED_OUT = "the person wants no more of these"
POINT_KINDS = {
    Channel.CALL: PointKind.PHONE,
    Channel.SMS: PointKind.PHONE,
    Channel.EMAIL: PointKind.EMAIL,
    Channel.MESSENGER: PointKind.MESSENGER,
    Channel.PUSH: PointKind.VISITOR,
}
# A message that came longer ago is not what is answered.
ANSWERED_WITHIN = timedelta(days=30)


def take_incoming(
    connection: Connection,
    incoming: Incoming,
    new_id: str,
    now: datetime,
    *,
    opted_out: bool,
    opted_in: bool = False,
) -> Message | None:
    """None when it is known already. See engine.registers.messages.MessageQueue."""
    known = select(messages.c.id).where(
        messages.c.provider == incoming.provider, messages.c.external_id == incoming.external_id
    )
    if connection.execute(known).first() is not None:
        return None
    point = ContactPoint(POINT_KINDS[incoming.channel], incoming.from_)
    answered = _answered(connection, incoming, point, now)
    came = _message(incoming, point, answered, new_id, now)
    permitted = PERMISSION in incoming.data
    back = forbidden_before(connection, point, incoming.channel) if opted_in else []
    if opted_out:
        came = replace(came, code=OPT_OUT)
    elif back or permitted:
        came = replace(came, code=OPT_IN)
    elif take_grade(connection, incoming, now):
        came = replace(came, code=RATING)
    (message,) = add_messages(connection, [came], lambda: f"{new_id}-contact", now)
    rows = Rows(statements_for(connection.dialect))
    rows.add(InteractionAdded(message_row(message, incoming.at), new_id), now)
    moves = Moves(connection, now)
    if opted_out:
        purposes = frozenset[Purpose]() if answered is None or permitted else _ended_by_stop(answered)
        for objection in forbidden_by(message, purposes, now):
            rows.add(objection, now)
        queued = queued_for(connection, message, purposes)
        moves.make([Move(one, MessageState.STOPPED, now, OPTED_OUT, "opt_out") for one in queued])
    elif permitted:
        rows.add(allowed_by(message), now)
    for lifted in lift(connection, back, now):
        rows.add(lifted, now)
    moves.write()
    tell_incoming(connection, message, now, opted_out=opted_out)
    rows.add(Published(received_published(message, now)), now)
    write(connection, rows)
    return message


def _ended_by_stop(answered: Any) -> frozenset[Purpose]:
    """Marketing in any case. A code's purpose stays: the person asks for each one."""
    if answered.priority == CODE_PRIORITY:
        return frozenset({Purpose.MARKETING})
    return frozenset({Purpose.MARKETING, Purpose(answered.purpose)})


def queued_for(connection: Connection, message: Message, purposes: frozenset[Purpose]) -> list[str]:
    """Ids of what is still to go to that person by this channel, for these purposes; none: for any."""
    theirs = [messages.c.point_value == ("" if message.point is None else message.point.value)]
    if message.contact_id is not None:
        person = survivor_of(connection, message.contact_id)
        theirs.append(messages.c.contact_id.in_(list(family(connection, [person]))))
    chosen = select(messages.c.id).where(
        or_(*theirs),
        messages.c.state == MessageState.QUEUED.value,
        messages.c.direction == MessageDirection.OUTBOUND.value,
        messages.c.channel == message.channel.value,
    )
    if purposes:
        chosen = chosen.where(messages.c.purpose.in_(sorted(purposes)))
    return list(connection.execute(chosen.order_by(messages.c.id)).scalars())


def _answered(connection: Connection, incoming: Incoming, point: ContactPoint, now: datetime) -> Any:
    """The row of the message that is answered: the one that is named, else the last that went there.

    What others name is none of theirs: ids stand in messages that are passed on.
    """
    if incoming.in_reply_to:
        part = select(message_parts.c.message_id).where(
            message_parts.c.provider == incoming.provider,
            message_parts.c.reference == incoming.in_reply_to,
        )
        named = or_(messages.c.id == incoming.in_reply_to, messages.c.id.in_(part))
        whose = _of_person(connection, point)
        found = connection.execute(select(messages).where(named, whose).limit(1)).one_or_none()
        if found is not None:
            return found
    last = (
        select(messages)
        .where(
            messages.c.point_value == point.value,
            messages.c.point_kind == point.kind.value,
            messages.c.channel == incoming.channel.value,
            messages.c.direction == MessageDirection.OUTBOUND.value,
            messages.c.sent_at.is_not(None),
            messages.c.at > now - ANSWERED_WITHIN,
        )
        .order_by(messages.c.at.desc(), messages.c.id.desc())
        .limit(1)
    )
    return connection.execute(last).one_or_none()


def _of_person(connection: Connection, point: ContactPoint) -> ColumnElement[bool]:
    """Messages to that point, or to whoever it is one of."""
    sent_there = (messages.c.point_kind == point.kind.value) & (messages.c.point_value == point.value)
    owner = select(contact_points.c.contact_id).where(
        contact_points.c.kind == point.kind.value, contact_points.c.value == point.value
    )
    if (contact_id := connection.execute(owner).scalar()) is None:
        return sent_there
    people = family(connection, [survivor_of(connection, contact_id)])
    return or_(sent_there, messages.c.contact_id.in_(list(people)))


def _message(incoming: Incoming, point: ContactPoint, answered: Any, new_id: str, now: datetime) -> Message:
    message = Message(
        id=new_id,
        at=incoming.at,
        channel=incoming.channel,
        point=point,
        text=incoming.text,
        direction=MessageDirection.INBOUND,
        ours=incoming.to or None,
        subject=incoming.subject,
        data=dict(incoming.data),
        external_id=incoming.external_id,
        state=MessageState.DELIVERED,
        state_at=now,
        provider=incoming.provider,
        delivered_at=now,
    )
    if answered is None:
        return message
    return replace(
        message,
        in_reply_to=answered.id,
        mailing=answered.mailing,
        campaign=answered.campaign,
        language=answered.language,
        purpose=Purpose(answered.purpose),
    )
