"""Callback requests inside a transaction, whoever writes them: calls by the ledger, others by the register.

A request takes the lock of its contact's row first, so that no merge changes whose it is meanwhile, then that
of the standing request.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from compliance.do_not_contact import objections
from compliance.facts import Channel, Mode, Purpose, Request
from engine.placing.callees import callee_of
from engine.registers.callbacks import Asked
from engine.registers.permissions import PersonQuery
from engine.registers.refusals import Missing
from history.callback_news import callback_published
from history.callbacks import (
    STANDING,
    CallbackRequest,
    CallbackSource,
    CallbackState,
    only_missed,
    renewed,
    sources_of,
)
from history.interaction import Channel as HistoryChannel
from history.interaction import ContactPoint, Interaction, PointKind
from history.publication import Publication
from store.registers.person_facts import person_facts
from store.tables import callback_asks, callback_requests, contacts, interactions
from store.tables.callbacks import standing as standing_in_index

CALLED_THEMSELVES = "they called themselves"
CALLED_BY_HAND = "an agent called them"
SERVED = ("transferred",)  # outcomes of calls in which somebody was spoken to; an agent is named elsewhere

_STANDING = callback_requests.c.state.in_([state.value for state in STANDING])
_columns = callback_requests.c


def callback_of(row: Row[Any]) -> CallbackRequest:
    """As it is shown: of the surviving contact."""
    return CallbackRequest(
        id=row.id,
        point=ContactPoint(PointKind(row.point_kind), row.point_value),
        topic=row.topic,
        source=CallbackSource(row.source),
        requested_at=row.requested_at,
        contact_id=row.person,
        window_from=row.window_from,
        window_to=row.window_to,
        person_chose=row.person_chose,
        time_zone=row.time_zone,
        campaign=row.campaign,
        queue=row.queue,
        place_kept_at=row.place_kept_at,
        note=row.note,
        call_id=row.call_id,
        state=CallbackState(row.state),
        requests=row.requests,
        version=row.version,
        name=row.name,
        language=row.language,
        sources=tuple(CallbackSource(one) for one in row.sources),
        attempts=row.attempts,
        not_before=row.not_before,
        ended_at=row.ended_at,
        ended_reason=row.ended_reason,
        agent=row.agent,
        ended_by=row.ended_by,
    )


def columns_of(request: CallbackRequest) -> dict[str, object]:
    """All but those of the key, the contact and the claim."""
    return {
        "point_kind": request.point.kind.value,
        "point_value": request.point.value,
        "topic": request.topic,
        "source": request.source.value,
        "sources": [source.value for source in sources_of(request)],
        "requested_at": request.requested_at,
        "window_from": request.window_from,
        "window_to": request.window_to,
        "person_chose": request.person_chose,
        "time_zone": request.time_zone,
        "campaign": request.campaign,
        "queue": request.queue,
        "place_kept_at": request.place_kept_at,
        "note": request.note,
        "call_id": request.call_id,
        "name": request.name,
        "language": request.language,
        "state": request.state.value,
        "requests": request.requests,
        "version": request.version,
        "attempts": request.attempts,
        "not_before": request.not_before,
        "ended_at": request.ended_at,
        "ended_reason": request.ended_reason,
        "agent": request.agent,
        "ended_by": request.ended_by,
    }


def put(connection: Connection, request: CallbackRequest, *, release: bool = False) -> None:
    """Write a changed request, whose row is locked. `release`: nobody dials it any more."""
    values = columns_of(request)
    if release:
        values |= {"claimed_by": None, "claimed_until": None}
    connection.execute(update(callback_requests).where(_columns.id == request.id).values(**values))


def locked_callback(connection: Connection, id: str) -> Row[Any]:
    """Raises Missing."""
    row = connection.execute(_for_update(select(callback_requests).where(_columns.id == id))).one_or_none()
    if row is None:
        raise Missing(f"There is no callback request {id}.")
    return row


def keep_callback(
    connection: Connection, request: CallbackRequest, contact_id: str, *, ask_id: str | None = None
) -> Asked:
    """Keep it, or renew the one that stands. `contact_id` is that of its point. Raises Missing."""
    ask_id = ask_id or request.id
    person = person_of(connection, contact_id)
    while True:
        known = _standing_one(connection, person, request.topic)
        before = _asked_before(connection, ask_id)
        if before is not None:
            return Asked(before, made=False, repeated=True)
        if known is None:
            if not _added(connection, request, person, contact_id):
                continue  # another one has just been made: that one is renewed
            _note_ask(connection, ask_id, request.id, request)
            kept = replace(request, contact_id=person, sources=sources_of(request))
            return Asked(kept, made=True)
        again = renewed(callback_of(known), request)
        put(connection, again)
        _note_ask(connection, ask_id, again.id, request)
        return Asked(again, made=False)


def person_of(connection: Connection, contact_id: str) -> str:
    """The surviving contact; no merge changes it until the transaction ends. Raises Missing."""
    wanted = select(contacts.c.merged_into).where(contacts.c.id == contact_id).with_for_update(read=True)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise Missing(f"There is no contact {contact_id}.")
    return str(row.merged_into or contact_id)


def deserves_callback(
    connection: Connection, request: CallbackRequest, contact_id: str, now: datetime
) -> bool:
    """Of a missed call: not once the person was spoken to since, nor when they want no calls.

    Nor when they asked for a callback in the very call.
    """
    query = PersonQuery(Channel.CALL, now, request.point, contact_id)
    person = person_facts(connection, query, now)
    callee = callee_of(person, request.point)
    asked = Request(Channel.CALL, Purpose.SERVICE, Mode.PROGRESSIVE, callee)
    if any(True for _ in objections(asked, person.facts.do_not_contact, now)):
        return False
    of_this_call = (_columns.call_id == request.call_id) & (_columns.source != CallbackSource.MISSED.value)
    theirs = select(_columns.id).where(
        _columns.person.in_(person.contact_ids), of_this_call, _columns.state.in_(["open", "dialling"])
    )
    if request.call_id is not None and connection.execute(theirs.limit(1)).first() is not None:
        return False
    columns = interactions.c
    served = select(columns.id).where(
        columns.contact_id.in_(person.contact_ids),
        columns.channel == HistoryChannel.CALL.value,
        columns.at > request.requested_at,
        columns.agent.is_not(None) | columns.outcome.in_(SERVED),
    )
    return connection.execute(served.limit(1)).first() is None


def called_by_hand(call: Interaction) -> bool:
    """An agent called them beside the campaigns, and they talked."""
    return call.direction == "outbound" and call.campaign is None and call.agent is not None


def close_missed(
    connection: Connection, calls: Iterable[tuple[Interaction, str]], now: datetime
) -> list[Publication]:
    """Whose requests are made good by these calls, each with its contact: they were spoken to since.

    A missed call by any talk; what they asked for by an agent who called them beside the campaigns.
    """
    told: list[Publication] = []
    for call, contact_id in calls:
        if call.channel is not HistoryChannel.CALL or not (call.agent or call.outcome in SERVED):
            continue
        rows = connection.execute(
            _for_update(
                select(callback_requests).where(
                    _columns.person == person_of(connection, contact_id),
                    _columns.state == CallbackState.OPEN.value,
                )
            )
        )
        for row in rows.all():
            request = callback_of(row)
            ended_at = call.at.timestamp() + call.duration_seconds
            if ended_at <= _asked_last(connection, request).timestamp():
                continue
            if called_by_hand(call) and request.call_id != call.subject_id:
                kept = ended(connection, request, CallbackState.KEPT, CALLED_BY_HAND, now, call.agent)
                told.append(kept)
            elif only_missed(request):
                told.append(
                    ended(connection, request, CallbackState.KEPT, CALLED_THEMSELVES, now, call.agent)
                )
    return told


def ended(
    connection: Connection,
    request: CallbackRequest,
    state: CallbackState,
    reason: str,
    at: datetime,
    by: str | None = None,
) -> Publication:
    """End a request whose row is locked. `by`: the agent who spoke with the person."""
    over = replace(
        request,
        state=state,
        ended_at=at,
        ended_reason=reason,
        ended_by=by,
        not_before=None,
        version=request.version + 1,
    )
    put(connection, over, release=True)
    return callback_published(over, at)


# --- merges -----------------------------------------------------------------------------------------------


def gather_callbacks(
    connection: Connection, survivor_id: str, people: Collection[str], at: datetime
) -> list[Publication]:
    """After a merge: the requests of all these contacts are the survivor's, one of each topic standing."""
    told: list[Publication] = []
    theirs = _columns.contact_id.in_(people) & (_columns.person != survivor_id)
    for row in connection.execute(_for_update(select(callback_requests).where(theirs))).all():
        request = callback_of(row)
        if request.state in STANDING:
            other = _standing_one(connection, survivor_id, request.topic)
            if other is not None and request.state is CallbackState(other.state) is CallbackState.DIALLING:
                continue  # both are being dialled: each comes to its own end
            if other is not None:
                kept, folded = callback_of(other), request
                if request.state is CallbackState.DIALLING:
                    kept, folded = folded, kept
                told.append(ended(connection, folded, CallbackState.CANCELLED, f"one with {kept.id}", at))
                one = renewed(kept, folded)
                one = replace(one, point=kept.point, contact_id=survivor_id)
                put(connection, one)
                told.append(callback_published(one, at))
        moved = update(callback_requests).where(_columns.id == request.id)
        connection.execute(moved.values(person=survivor_id))
    return told


def one_with(connection: Connection, request: CallbackRequest, person: str) -> CallbackRequest | None:
    """Of a request that stayed with a merged contact because two were dialled: the one that stands, renewed
    with it. None: there is no other, and it is the survivor's from now on. Its row is locked.
    """
    other = _standing_one(connection, person, request.topic)
    if other is None:
        moved = update(callback_requests).where(_columns.id == request.id)
        connection.execute(moved.values(person=person))
        return None
    kept = callback_of(other)
    one = replace(renewed(kept, request), point=kept.point, contact_id=person)
    put(connection, one)
    return one


def part_callbacks(connection: Connection, contact_id: str, people: Collection[str]) -> None:
    """After a merge was undone: what came to these contacts is that contact's again."""
    theirs = update(callback_requests).where(_columns.contact_id.in_(people))
    connection.execute(theirs.values(person=contact_id))


# --- inside -----------------------------------------------------------------------------------------------


def _for_update(wanted: Select[Any]) -> Select[Any]:
    return wanted.order_by(_columns.id).with_for_update()


def _standing_one(connection: Connection, person: str, topic: str) -> Row[Any] | None:
    wanted = select(callback_requests).where(_columns.person == person, _columns.topic == topic, _STANDING)
    return connection.execute(_for_update(wanted)).one_or_none()


def _asked_before(connection: Connection, ask_id: str) -> CallbackRequest | None:
    wanted = select(callback_requests).join(callback_asks, callback_asks.c.callback_id == _columns.id)
    row = connection.execute(wanted.where(callback_asks.c.id == ask_id)).one_or_none()
    return None if row is None else callback_of(row)


def _asked_last(connection: Connection, request: CallbackRequest) -> datetime:
    wanted = select(callback_asks.c.at).where(callback_asks.c.callback_id == request.id)
    times: Sequence[datetime] = connection.execute(wanted).scalars().all()
    return max(times, default=request.requested_at)


def _added(connection: Connection, request: CallbackRequest, person: str, contact_id: str) -> bool:
    """False when one of the same person and topic has been written meanwhile."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = make(callback_requests).values(
        id=request.id, person=person, contact_id=contact_id, **columns_of(request)
    )
    unless_standing = row.on_conflict_do_nothing(
        index_elements=["person", "topic"], index_where=standing_in_index
    )
    return bool(connection.execute(unless_standing).rowcount)


def _note_ask(connection: Connection, ask_id: str, callback_id: str, request: CallbackRequest) -> None:
    connection.execute(
        insert(callback_asks).values(
            id=ask_id,
            callback_id=callback_id,
            source=request.source.value,
            at=request.requested_at,
            call_id=request.call_id,
        )
    )
