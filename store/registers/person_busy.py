"""Whether a person is on the line already, with any engine, or about to be: asked with the person locked.

Engines know their own calls by themselves. Those of another are found in the database: a call without an end,
a campaign's attempt whose lead is not planned yet, and what another engine was allowed a moment ago.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, exists, func, or_, select

from calls.call import Direction
from compliance.facts import Channel
from engine.registers.decisions import DecisionPlan
from engine.registers.permissions import PersonFacts, PersonQuery
from history.interaction import PointKind
from store.registers.pseudonyms import person_pseudonyms
from store.tables import attempts, calls, decisions

# No call lasts longer: what has no end after this is of an engine that died and does not come back.
LONGEST_CALL = timedelta(hours=4)
# Between the gate's word and the first event of the call; a commit may take half of it.
LONGEST_PLACING = timedelta(minutes=1)
# It is asked again then.
WHILE_ON_LINE = timedelta(minutes=10)

_CALL = "call:"
_OF_NOW = calls.c.started_at >= bindparam("began"), calls.c.id != bindparam("call")
_ON_LINE = [
    exists().where(
        calls.c.direction == direction.value,
        point.in_(bindparam("numbers", expanding=True)),
        calls.c.ended_at.is_(None),
        *_OF_NOW,
    )
    for direction, point in ((Direction.OUTBOUND, calls.c.dialled), (Direction.INBOUND, calls.c.caller))
]
_IN_HAND = exists().where(
    attempts.c.contact_id.in_(bindparam("people", expanding=True)),
    attempts.c.ended_at.is_(None),
    attempts.c.at >= bindparam("began"),
    attempts.c.id != bindparam("call"),
    # The campaign's own lead is told free a moment before its attempt.
    attempts.c.campaign != bindparam("campaign"),
)
_BEGUN = exists().where(calls.c.id == func.substr(decisions.c.subject, len(_CALL) + 1))
_ABOUT_TO_BE = exists().where(
    decisions.c.person.in_(bindparam("pseudonyms", expanding=True)),
    decisions.c.at >= bindparam("lately"),
    decisions.c.allowed,
    decisions.c.subject.startswith(_CALL),
    decisions.c.subject != bindparam("subject"),
    decisions.c.writer != bindparam("writer"),
    ~_BEGUN,
)
_BUSY = select(or_(*_ON_LINE, _IN_HAND), _ABOUT_TO_BE)


def busy_until(
    connection: Connection,
    person: PersonFacts,
    query: PersonQuery,
    plan: DecisionPlan,
    writer: str,
    now: datetime,
) -> datetime | None:
    """When a call to them is to be asked about again; None: nobody talks with them, or rings them.

    `query.subject` names the call itself; `writer`: the engine that asks, whose own calls in the making it
    knows.
    """
    if query.channel is not Channel.CALL:
        return None
    points = (*person.points, *([] if person.point is None else [person.point]))
    numbers = {point.value for point in points if point.kind is PointKind.PHONE}
    asked = {
        "numbers": sorted(numbers),
        "people": list(person.contact_ids),
        "pseudonyms": list(person_pseudonyms(connection, person.contact_ids)),
        "began": now - LONGEST_CALL,
        "lately": now - LONGEST_PLACING,
        "call": query.subject.removeprefix(_CALL),
        "subject": query.subject,
        "campaign": plan.campaign or "",
        "writer": writer,
    }
    on_line, about_to_be = connection.execute(_BUSY, asked).one()
    if on_line:
        return now + WHILE_ON_LINE
    return now + LONGEST_PLACING if about_to_be else None
