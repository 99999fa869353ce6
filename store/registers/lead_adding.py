"""People put on a campaign's list: contacts found or made, nobody and no number twice, the rest reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

import orjson
from sqlalchemy import Connection, Null, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from dialer.campaign import CampaignState
from dialer.lead import Lead, LeadNumber
from dialer.reasons import IN_TURN, ReasonCode, waits
from engine.placing.callees import line_type
from engine.ports import Clock, Ids, StoreUnavailable
from engine.registers.actor import Actor
from engine.registers.leads import Added, LeftOut, LeftOutCode, NewLead
from engine.registers.refusals import Refused
from history.interaction import ContactPoint, PointKind
from history.names import search_keys
from history.publication import Publication
from store.audit import note
from store.lead_rows import lead_columns, progress_columns
from store.publishing import publish
from store.registers.bulk import INTEGER, TEXT, TIME, Bulk, Overtaken, Row
from store.registers.campaigns import campaign_row
from store.registers.profiles import PERSON, owners
from store.registers.segment_sql import in_segment
from store.registers.transactions import read, written
from store.statements import statements_for
from store.tables import contact_points, contacts, lead_numbers, leads
from store.writing import made_told

MOST_AT_ONCE = 1000
_SHOWN_MOST = 100
# Of a batch that meets others' changes of the same people.
_TRIES = 10

_CONTACT = {"id": TEXT, "created_at": TIME, "updated_at": TIME, "name": TEXT, "name_key": TEXT,
            "surname_key": TEXT, "time_zone": TEXT, "source": TEXT}  # fmt: skip
_POINT = {"kind": TEXT, "value": TEXT, "contact_id": TEXT, "added_at": TIME}
_LEAD = {"id": TEXT, "campaign": TEXT, "contact_id": TEXT, "person": TEXT, "added_at": TIME, "name": TEXT,
         "name_key": TEXT, "time_zone": TEXT, "debt": TEXT, "fields": "jsonb"}  # fmt: skip
_NUMBER = {"campaign": TEXT, "value": TEXT, "lead": TEXT}
_PROGRESS = {"lead": TEXT, "campaign": TEXT, "state": TEXT, "reason": TEXT, "reason_data": "jsonb",
             "turn": INTEGER, "due_at": TIME, "priority": INTEGER, "numbers": "jsonb", "attempts": INTEGER,
             "tries": "jsonb", "not_before": TIME, "callback": "jsonb", "agent": TEXT, "agent_until": TIME,
             "version": INTEGER}  # fmt: skip

_SENTENCES = {
    LeftOutCode.SAME_PERSON: "The person is on this campaign's list already, as lead {other}.",
    LeftOutCode.SAME_NUMBER: "The number is on this campaign's list already, as lead {other}.",
    LeftOutCode.NO_NUMBER: "There is no telephone number: add one to the contact.",
    LeftOutCode.NO_CONTACT: "There is no such contact.",
    LeftOutCode.TWO_PEOPLE: "The numbers are of different people: {other}. Give each their own.",
}

Result = TypeVar("Result")


@dataclass(slots=True)
class _Batch:
    """What is to be written of one batch. `people` are leads by place with the person."""

    people: dict[int, tuple[Lead, str]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    contacts: dict[str, NewLead] = field(default_factory=dict)
    points: dict[tuple[str, str], str] = field(default_factory=dict)

    def leave_out(self, place: int, code: LeftOutCode, other: str | None = None) -> None:
        self.left_out.append(LeftOut(place, code, _SENTENCES[code].format(other=other), other))


class LeadAdding:
    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def add(self, actor: Actor, campaign: str, people: Sequence[NewLead]) -> Added:
        """See engine.registers.leads."""
        if len(people) > MOST_AT_ONCE:
            raise Refused(f"Give at most {MOST_AT_ONCE} people at once.", "people")
        at = self._clock.now()

        def work(connection: Connection) -> Added:
            told: list[Publication] = []
            added = add_leads(connection, campaign, people, at, self._ids.new, told)
            _note(connection, actor, campaign, added, at, {})
            publish(connection, told)
            return added

        return await self._until_not_overtaken(work)

    async def add_segment(self, actor: Actor, campaign: str, segment_id: str, priority: int) -> Added:
        """See engine.registers.leads."""
        ids: dict[int, str] = {}
        left_out: list[LeftOut] = []
        counts: Counter[LeftOutCode] = Counter()
        last: str | None = None
        seen = 0
        while True:
            now = self._clock.now()
            people = await read(self._engine, _segment_page(segment_id, last, seen, priority, now))
            if not people:
                break
            last, seen = people[-1].contact_id, seen + len(people)
            work = self._segment_work(actor, campaign, segment_id, people, now)
            added = await self._until_not_overtaken(work)
            ids |= added.ids
            left_out += added.left_out[: _SHOWN_MOST - len(left_out)]
            counts.update(added.left_out_counts)
        return Added(ids, tuple(left_out), counts)

    def _segment_work(
        self, actor: Actor, campaign: str, segment_id: str, people: Sequence[NewLead], at: datetime
    ) -> Callable[[Connection], Added]:
        def work(connection: Connection) -> Added:
            added = add_leads(connection, campaign, people, at, self._ids.new, [])
            _note(connection, actor, campaign, added, at, {"segment": segment_id})
            return added

        return work

    async def _until_not_overtaken(self, work: Callable[[Connection], Result]) -> Result:
        for attempt in range(1, _TRIES + 1):
            try:
                return await written(self._engine, work)
            except IntegrityError:
                if attempt == _TRIES:
                    raise
            except Overtaken:
                continue
        raise StoreUnavailable("other writers add the same people all the time")


def add_leads(
    connection: Connection,
    campaign: str,
    people: Sequence[NewLead],
    at: datetime,
    new_id: Callable[[], str],
    told: list[Publication],
) -> Added:
    """Inside a transaction. What is published of contacts that were made is put into `told`.

    Raises Missing, Refused for a finished campaign, and Overtaken: then the whole transaction is done anew.
    """
    check_open(connection, campaign)
    batch = _planned(connection, campaign, people, at, new_id)
    bulk = Bulk(connection, at)
    listed = {person for _, person in batch.people.values()}
    fresh = [(id_, one) for id_, one in batch.contacts.items() if id_ in listed]
    bulk.add("contacts", _CONTACT, [_contact_row(id_, one, bulk) for id_, one in fresh])
    points = sorted((key, owner) for key, owner in batch.points.items() if owner in listed)
    bulk.add("contact_points", _POINT, [(*key, owner, bulk.at) for key, owner in points])
    _write(connection, bulk, batch)
    made = {key: (owner, at) for key, owner in points if owner in batch.contacts}
    told += made_told(made, at)
    ids = {place: lead.id for place, (lead, _) in batch.people.items()}
    return Added(ids, tuple(batch.left_out), Counter(one.code for one in batch.left_out))


def check_open(connection: Connection, campaign: str) -> None:
    """Raises Missing, and Refused for a finished campaign."""
    if campaign_row(connection, campaign).state == CampaignState.FINISHED.value:
        told = "The campaign is finished: reopen it first, then add people."
        raise Refused(told, "campaign", "campaign_finished_list")


# --- who is added -----------------------------------------------------------------------------------------


def _planned(
    connection: Connection,
    campaign: str,
    people: Sequence[NewLead],
    at: datetime,
    new_id: Callable[[], str],
) -> _Batch:
    batch = _Batch()
    wanted = {ContactPoint(PointKind.PHONE, value) for one in people for value, _ in one.numbers}
    owned = owners(connection, wanted)
    given = {one.contact_id for one in people if one.contact_id is not None}
    survivors = _locked_people(connection, {*given, *owned.values()})
    persons: dict[int, str] = {}
    by_number = {point.value: survivors[owner] for point, owner in owned.items() if owner in survivors}
    for one in people:
        person = _person(batch, one, by_number, survivors, new_id)
        if person is not None:
            persons[one.place] = person
    standing = _standing(connection, campaign, persons.values())
    taken = _numbers_taken(connection, campaign, {value for one in people for value, _ in one.numbers})
    # The list's order is that of `added_at`, from which on each is due; and of the ids, which are random
    # within a millisecond.
    first = at - timedelta(microseconds=len(people))
    ids = sorted(new_id() for _ in people)
    for number, one in enumerate(people):
        if one.place not in persons:
            continue
        person = persons[one.place]
        if person in standing:
            batch.leave_out(one.place, LeftOutCode.SAME_PERSON, standing[person])
            continue
        free = tuple({value: (value, kind) for value, kind in one.numbers if value not in taken}.values())
        if not free:
            batch.leave_out(one.place, LeftOutCode.SAME_NUMBER, taken[one.numbers[0][0]])
            continue
        lead = _lead(ids[number], campaign, person, one, free, first + timedelta(microseconds=number))
        batch.people[one.place] = (lead, person)
        standing[person] = lead.id
        taken |= dict.fromkeys((value for value, _ in free), lead.id)
    return batch


def _person(
    batch: _Batch,
    one: NewLead,
    by_number: dict[str, str],
    survivors: Mapping[str, str],
    new_id: Callable[[], str],
) -> str | None:
    """Whose lead it is to be; made when nobody is known by the numbers. None: it was left out."""
    if not one.numbers:
        batch.leave_out(one.place, LeftOutCode.NO_NUMBER)
        return None
    if one.contact_id is not None and one.contact_id not in survivors:
        batch.leave_out(one.place, LeftOutCode.NO_CONTACT)
        return None
    found = {by_number[value] for value, _ in one.numbers if value in by_number}
    if one.contact_id is not None:
        found.add(survivors[one.contact_id])
    if len(found) > 1:
        batch.leave_out(one.place, LeftOutCode.TWO_PEOPLE, ", ".join(sorted(found)))
        return None
    if found:
        person = found.pop()
    else:
        person = new_id()
        batch.contacts[person] = one
    for value, _ in one.numbers:
        if value not in by_number:
            by_number[value] = person
            batch.points[PointKind.PHONE.value, value] = person
    return person


def _locked_people(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """Each with its survivor; no merge changes it until the transaction ends. Erased ones are left out."""
    asked = (
        select(contacts.c.id, PERSON.label("person"))
        .where(contacts.c.id.in_(ids), contacts.c.erased_at.is_(None))
        .order_by(contacts.c.id)
        .with_for_update(read=True)
    )
    return {row.id: row.person for row in connection.execute(asked)} if ids else {}


def _standing(connection: Connection, campaign: str, persons: Iterable[str]) -> dict[str, str]:
    theirs = select(leads.c.person, leads.c.id).where(
        leads.c.campaign == campaign, leads.c.person.in_(list(persons)), leads.c.folded_into.is_(None)
    )
    return {row.person: row.id for row in connection.execute(theirs)}


def _numbers_taken(connection: Connection, campaign: str, values: Collection[str]) -> dict[str, str]:
    columns = lead_numbers.c
    asked = select(columns.value, columns.lead).where(
        columns.campaign == campaign, columns.value.in_(list(values))
    )
    return {row.value: row.lead for row in connection.execute(asked)}


def _lead(
    lead_id: str,
    campaign: str,
    person: str,
    one: NewLead,
    numbers: Iterable[tuple[str, str]],
    added_at: datetime,
) -> Lead:
    lead = Lead(
        id=lead_id,
        campaign=campaign,
        contact_id=person,
        numbers=tuple(LeadNumber(value, kind or line_type(value) or "") for value, kind in numbers),
        added_at=added_at,
        name=one.name,
        time_zone=one.time_zone,
        priority=one.priority,
        fields=one.fields,
        debt=one.debt,
        not_before=one.not_before,
        callback=one.callback,
        reason=IN_TURN,
    )
    if one.not_before is not None:
        code = ReasonCode.RETRY if one.callback is None else ReasonCode.CALLBACK
        lead = replace(lead, reason=waits(code, one.not_before))
    return lead


# --- rows -------------------------------------------------------------------------------------------------


def _contact_row(contact_id: str, one: NewLead, bulk: Bulk) -> Row:
    keys = search_keys(one.name, None, None)
    return (contact_id, bulk.at, bulk.at, one.name or None, *keys, one.time_zone, "campaign")


def _write(connection: Connection, bulk: Bulk, batch: _Batch) -> None:
    time = statements_for(connection.dialect).time

    def plain(value: object) -> object:
        if isinstance(value, datetime):
            return time(value)
        if isinstance(value, Null):
            return None
        return orjson.dumps(value).decode() if isinstance(value, dict | list) else value

    lead_rows: list[Row] = []
    number_rows: list[Row] = []
    progress_rows: list[Row] = []
    for lead, person in batch.people.values():
        cold = {**lead_columns(lead, person=person), "name_key": search_keys(lead.name, None, None)[0]}
        hot = {**progress_columns(lead), "lead": lead.id}
        lead_rows.append(tuple(plain(cold[name]) for name in _LEAD))
        number_rows += [(lead.campaign, number.e164, lead.id) for number in lead.numbers]
        progress_rows.append(tuple(plain(hot[name]) for name in _PROGRESS))
    bulk.add("leads", _LEAD, lead_rows)
    bulk.add("lead_numbers", _NUMBER, number_rows)
    bulk.add("lead_progress", _PROGRESS, progress_rows)


def _segment_page(
    segment_id: str, after: str | None, seen: int, priority: int, now: datetime
) -> Callable[[Connection], Sequence[NewLead]]:
    """A thousand of the people who are in the segment, by id, with their telephone numbers."""

    def work(connection: Connection) -> Sequence[NewLead]:
        wanted = (
            select(contacts.c.id, contacts.c.name, contacts.c.time_zone)
            .where(
                contacts.c.merged_into.is_(None),
                contacts.c.erased_at.is_(None),
                in_segment(connection, segment_id, now),
            )
            .order_by(contacts.c.id)
            .limit(MOST_AT_ONCE)
        )
        if after is not None:
            wanted = wanted.where(contacts.c.id > after)
        rows = connection.execute(wanted).all()
        points = (
            select(PERSON.label("person"), contact_points.c.value)
            .join(contacts, contacts.c.id == contact_points.c.contact_id)
            .where(PERSON.in_([row.id for row in rows]), contact_points.c.kind == PointKind.PHONE.value)
            .order_by(contact_points.c.added_at, contact_points.c.value)
        )
        numbers: dict[str, list[tuple[str, str]]] = {}
        for row in connection.execute(points):
            numbers.setdefault(row.person, []).append((row.value, ""))
        return [
            NewLead(
                place=seen + place,
                numbers=tuple(numbers.get(row.id, ())),
                contact_id=row.id,
                name=row.name or "",
                time_zone=row.time_zone,
                priority=priority,
            )
            for place, row in enumerate(rows, 1)
        ]

    return work


def _note(
    connection: Connection,
    actor: Actor,
    campaign: str,
    added: Added,
    at: datetime,
    about: Mapping[str, object],
) -> None:
    counts = {code.value: count for code, count in added.left_out_counts.items()}
    data = {"added": len(added.ids), "left_out": counts, **about}
    note(connection, actor, "campaign.leads_added", f"campaign:{campaign}", data, at)
