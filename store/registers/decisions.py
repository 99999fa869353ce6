"""SqlDecisions: the decision log. One chain for each writer; its head is locked by who appends to it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncEngine

from compliance.decision import Checked, Decision, Verdict
from engine.ports import Ids
from engine.registers.decisions import DecisionFilter, DecisionPlan, Judgement, LoggedDecision
from engine.registers.permissions import PersonFacts, PersonQuery
from engine.registers.refusals import Missing
from history.interaction import ContactPoint, PointKind
from store.decision_audit import Audited, Expected, Finding, audit_decisions
from store.decision_chain import GENESIS, chained
from store.registers.person_busy import busy_until
from store.registers.person_facts import people_facts, person_facts
from store.registers.profiles import locked, survivor_of, survivors_of
from store.registers.pseudonyms import (
    debt_pseudonym,
    keys_made,
    person_pseudonym,
    person_pseudonyms,
    point_pseudonym,
)
from store.registers.transactions import reading, written
from store.statements import statements_for
from store.tables import contacts, decision_chains, decisions, interactions, messages, outbox
from store.writing import contacts_of

# What stands in the log for words of the person's own records.
_HIDDEN = "(…)"

# Put together once: that costs as much as executing them.
_MINE = decision_chains.c.writer == bindparam("writer_is")
_HEAD = select(decision_chains.c.seq, decision_chains.c.hash).where(_MINE).with_for_update()
_ADD = insert(decisions)
_MOVE = update(decision_chains).where(_MINE).values(seq=bindparam("seq"), hash=bindparam("hash"))


class SqlDecisions:
    """Implements engine.registers.decisions.Decisions. `writer` names the chain: the node."""

    def __init__(self, engine: AsyncEngine, writer: str, ids: Ids) -> None:
        self._engine = engine
        self._writer = writer
        self._ids = ids

    async def decide(
        self,
        query: PersonQuery,
        plan: DecisionPlan,
        judge: Callable[[PersonFacts], Judgement],
        now: datetime,
    ) -> Decision:
        new_id = self._ids.new()

        def work(connection: Connection) -> Decision:
            reached = _lock_person(connection, query, new_id, now)
            known = person_facts(connection, query, now)
            known = replace(known, busy_until=busy_until(connection, known, query, plan, self._writer, now))
            judged = judge(known)
            self._append(
                connection, *_contents(connection, [_Judged(query, plan, known, reached, judged)], now)
            )
            return judged.decision

        return await written(self._engine, work)

    async def decide_all(
        self,
        asked: Sequence[tuple[PersonQuery, DecisionPlan]],
        judge: Callable[[int, PersonFacts], Judgement],
        now: datetime,
    ) -> Sequence[Decision | None]:
        ids = [self._ids.new() for _ in asked]

        def work(connection: Connection) -> list[Decision | None]:
            queries = [query for query, _ in asked]
            reached = _lock_people(connection, queries, ids, now)
            decided: list[Decision | None] = []
            found: list[_Judged] = []
            met: set[str] = set()
            for n, known in enumerate(people_facts(connection, queries, now)):
                people = set() if known is None else {*known.contact_ids, reached[n] or ""} - {""}
                if known is None or people & met:
                    decided.append(None)
                    continue
                met |= people
                judged = judge(n, known)
                query, plan = asked[n]
                found.append(_Judged(query, plan, known, reached[n], judged))
                decided.append(judged.decision)
            self._append(connection, *_contents(connection, found, now))
            return decided

        return await written(self._engine, work)

    async def logged(
        self, wanted: DecisionFilter, *, limit: int = 50, before: tuple[datetime, str, int] | None = None
    ) -> Sequence[LoggedDecision]:
        columns = decisions.c
        order = (columns.at, columns.writer, columns.seq)
        chosen = select(decisions).order_by(*(column.desc() for column in order)).limit(limit)
        if before is not None:
            last = tuple_(literal(before[0], columns.at.type), literal(before[1]), literal(before[2]))
            chosen = chosen.where(tuple_(*order) < last)
        for column, value in (
            (columns.subject, wanted.subject),
            (columns.allowed, wanted.allowed),
            (columns.writer, wanted.writer),
        ):
            if value is not None:
                chosen = chosen.where(column == value)
        if wanted.since is not None:
            chosen = chosen.where(columns.at >= wanted.since)
        if wanted.until is not None:
            chosen = chosen.where(columns.at < wanted.until)
        async with reading(self._engine) as connection:
            if wanted.contact_id is not None:
                people = await connection.run_sync(_pseudonyms_of, wanted.contact_id)
                chosen = chosen.where(columns.person.in_(people))
            return [_logged(row) for row in await connection.execute(chosen)]

    async def person_of(self, subject: str) -> tuple[str | None, ContactPoint | None] | None:
        about = subject.partition(":")[2]
        row = interactions.c
        recorded = select(row.contact_id, row.point_kind, row.point_value).where(row.subject_id == about)
        kept = select(messages.c.contact_id, messages.c.point_kind, messages.c.point_value)
        waiting = select(outbox.c.payload).where(outbox.c.id == about, outbox.c.topic == "sms")
        async with reading(self._engine) as connection:
            if (found := (await connection.execute(recorded.limit(1))).one_or_none()) is not None:
                kind, value = found.point_kind, found.point_value
                return found.contact_id, None if kind is None else ContactPoint(PointKind(kind), value)
            written_to = (await connection.execute(kept.where(messages.c.id == about))).one_or_none()
            if written_to is not None:
                kind, value = written_to.point_kind, written_to.point_value
                return written_to.contact_id, None if kind is None else ContactPoint(PointKind(kind), value)
            if (job := (await connection.execute(waiting)).scalar_one_or_none()) is not None:
                return None, ContactPoint(PointKind.PHONE, job["to"])
        return None

    def audit(self, expected: Sequence[Expected] = ()) -> AsyncIterator[Finding | Audited]:
        """See store.decision_audit."""
        return audit_decisions(self._engine, expected)

    def _append(self, connection: Connection, *contents: Mapping[str, Any]) -> None:
        """Behind the head of this writer's chain, whoever else writes under its name."""
        if not contents:
            return
        mine = {"writer_is": self._writer}
        head = connection.execute(_HEAD, mine).one_or_none()
        if head is None:  # its first row
            fresh = {"writer": self._writer, "seq": 0, "hash": GENESIS}
            dialect = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
            connection.execute(dialect(decision_chains).values(fresh).on_conflict_do_nothing())
            head = connection.execute(_HEAD, mine).one()
        seq, last, rows = head.seq, head.hash, []
        for content in contents:
            seq += 1
            row = {"writer": self._writer, "seq": seq, **content}
            hash_ = chained(row, last)
            rows.append({**row, "prev_hash": last, "hash": hash_})
            last = hash_
        connection.execute(_ADD, rows)
        connection.execute(_MOVE, {**mine, "seq": seq, "hash": last})


def _lock_person(connection: Connection, query: PersonQuery, new_id: str, now: datetime) -> str | None:
    """Engines that ask about one person ask one after the other. Who is unknown becomes a contact.

    When the point is somebody else's than the contact named, both are locked. SQLite has one writer at a
    time; there is nothing to lock. Returns the contact that the point is of, in whose history the contact
    will stand. Raises Missing.
    """
    reached = None if query.point is None else _contact_of(connection, query.point, new_id, now)
    people = [one for one in (query.contact_id, reached) if one is not None]
    if connection.dialect.name == "postgresql":
        locked(connection, people)
    return None if reached is None else survivor_of(connection, reached)


def _lock_people(
    connection: Connection, queries: Sequence[PersonQuery], new_ids: Sequence[str], now: datetime
) -> list[str | None]:
    """As _lock_person, of many: locked together, in one lasting order. Who is missing is None's."""
    there = {None, *_there(connection, {q.contact_id for q in queries if q.contact_id is not None})}
    # Who was erased since does not become a contact anew.
    points = [q.point if q.contact_id in there else None for q in queries]
    keys = [None if point is None else (point.kind.value, point.value) for point in points]
    wanted = {key: (new_id, now) for key, new_id in zip(keys, new_ids, strict=True) if key is not None}
    contacts_at = contacts_of(connection, statements_for(connection.dialect), dict(sorted(wanted.items())))
    reached = [None if key is None else contacts_at[key] for key in keys]
    if connection.dialect.name == "postgresql":
        locked(connection, [one for one in {*reached, *there} if one is not None])
    survivors = survivors_of(connection, [one for one in reached if one is not None])
    return [None if one is None else survivors[one] for one in reached]


def _there(connection: Connection, contact_ids: Collection[str]) -> Sequence[str]:
    """Of these the contacts that there are; none of them is erased before the transaction ends."""
    if not contact_ids:
        return ()
    chosen = select(contacts.c.id).where(contacts.c.id.in_(sorted(contact_ids))).order_by(contacts.c.id)
    return connection.execute(chosen.with_for_update(read=True, key_share=True)).scalars().all()


def _contact_of(connection: Connection, point: ContactPoint, new_id: str, now: datetime) -> str:
    statements = statements_for(connection.dialect)
    key = (point.kind.value, point.value)
    return contacts_of(connection, statements, {key: (new_id, now)})[key]


@dataclass(frozen=True, slots=True)
class _Judged:
    """`reached`: the contact that the point is of."""

    query: PersonQuery
    plan: DecisionPlan
    known: PersonFacts
    reached: str | None
    judged: Judgement

    @property
    def person(self) -> str:
        person = self.reached or self.known.contact_id
        if person is None:
            raise Missing("There is nobody to decide about: name a contact or a point.")
        return person


def _contents(connection: Connection, found: Sequence[_Judged], now: datetime) -> list[dict[str, Any]]:
    keys = keys_made(connection, [one.person for one in found])
    return [_content(one, keys[one.person], now) for one in found]


def _content(one: _Judged, key: str, now: datetime) -> dict[str, Any]:
    """The row's columns but those of the chain. Nothing in it tells whom it is about."""
    query, plan, known, judged, person = one.query, one.plan, one.known, one.judged, one.person
    point = "" if known.point is None else known.point.value
    hide = _hiding(known)
    decision = judged.decision
    return {
        "at": now,
        "subject": plan.subject,
        "person": person_pseudonym(key, person),
        "point": point_pseudonym(key, point),
        "channel": query.channel.value,
        "purpose": plan.purpose,
        "mode": plan.mode,
        "debt": None if query.debt is None else debt_pseudonym(key, query.debt),
        "campaign": plan.campaign,
        "packs": list(judged.packs),
        "allowed": decision.allowed,
        "rule": decision.rule,
        "reason": None if decision.reason is None else hide(decision.reason),
        "next_allowed_at": decision.next_allowed_at,
        "checked": [
            {"rule": one.rule, "verdict": one.verdict.value, "reason": hide(one.reason)}
            for one in decision.checked
        ],
    }


def _hiding(known: PersonFacts) -> Callable[[str], str]:
    """What takes the person's own words and addresses out of a reason: the log outlives their erasure."""
    words = {
        *known.contact_ids,
        *(() if known.point is None else (known.point.value,)),
        *(() if known.email is None else (known.email,)),
        *(() if known.household is None else (known.household,)),
        *(one.reason for one in known.facts.do_not_contact),
    }
    known_words = [word for word in sorted(words, key=len, reverse=True) if word.strip()]

    def hidden(text: str) -> str:
        # A pattern costs more than all else here, and most reasons hold no such word.
        if not any(word in text for word in known_words):
            return text
        escaped = "|".join(re.escape(word) for word in known_words)
        return re.sub(rf"(?<!\w)(?:{escaped})(?!\w)", _HIDDEN, text)

    return hidden


def _pseudonyms_of(connection: Connection, contact_id: str) -> Iterable[str]:
    person = select(contacts.c.merged_into).where(contacts.c.id == contact_id)
    survivor = connection.execute(person).scalar_one_or_none() or contact_id
    family = select(contacts.c.id).where(or_(contacts.c.id == survivor, contacts.c.merged_into == survivor))
    return list(person_pseudonyms(connection, connection.execute(family).scalars().all()))


def _logged(row: Row[Any]) -> LoggedDecision:
    checked = tuple(Checked(one["rule"], Verdict(one["verdict"]), one["reason"]) for one in row.checked)
    return LoggedDecision(
        writer=row.writer,
        seq=row.seq,
        at=row.at,
        subject=row.subject,
        channel=row.channel,
        purpose=row.purpose,
        mode=row.mode,
        campaign=row.campaign,
        packs=tuple(row.packs),
        decision=Decision(row.allowed, row.rule, row.reason, row.next_allowed_at, checked),
        hash=row.hash,
    )
