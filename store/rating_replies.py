"""Grades that come by message: an answer in time to a question for one is written to the call's log, once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from calls.events import CallEventKind
from messaging.grades import grade_of
from messaging.provider import Incoming
from messaging.replies import AUTOMATIC, own_words
from store.tables import call_events, calls, message_parts, messages, rating_requests

# Behind all that an engine appends to a call's log, which it may still do: each call has one such grade.
GRADE_SEQ = 1_000_000


def take_grade(connection: Connection, incoming: Incoming, now: datetime) -> bool:
    """Whether it is the grade that a message to this person asked for: it counts as the step `rate`'s."""
    if incoming.data.get(AUTOMATIC) or (grade := grade_of(own_words(incoming))) is None:
        return False
    asked = _question(connection, incoming, now)
    if asked is None:
        return False
    answered = update(rating_requests).where(
        rating_requests.c.message_id == asked.message_id, rating_requests.c.answered_at.is_(None)
    )
    if connection.execute(answered.values(answered_at=now)).rowcount != 1:
        return False
    graded = select(call_events.c.seq).where(
        call_events.c.call_id == asked.call_id, call_events.c.seq == GRADE_SEQ
    )
    if connection.execute(graded).first() is not None:
        return False
    connection.execute(
        insert(call_events),
        {
            "call_id": asked.call_id,
            "seq": GRADE_SEQ,
            "at": now,
            "kind": CallEventKind.RATED.value,
            "data": {"step": asked.step, "rating": grade, "message": asked.message_id},
        },
    )
    return True


def _question(connection: Connection, incoming: Incoming, now: datetime) -> Any:
    """The newest that went to this person by this channel and is open. One that answers another is none."""
    open_ones = (
        select(rating_requests)
        .join(messages, messages.c.id == rating_requests.c.message_id)
        .join(calls, calls.c.id == rating_requests.c.call_id)
        .where(
            messages.c.point_value == incoming.from_,
            messages.c.channel == incoming.channel.value,
            messages.c.attempts > 0,  # an answer may be faster than the provider's word
            rating_requests.c.until > now,
            rating_requests.c.answered_at.is_(None),
        )
        .order_by(messages.c.at.desc(), messages.c.id.desc())
        .limit(1)
    )
    if incoming.in_reply_to:
        part = select(message_parts.c.message_id).where(
            message_parts.c.provider == incoming.provider,
            message_parts.c.reference == incoming.in_reply_to,
        )
        named = (messages.c.id == incoming.in_reply_to) | messages.c.id.in_(part)
        open_ones = open_ones.where(named)
    return connection.execute(open_ones).one_or_none()
