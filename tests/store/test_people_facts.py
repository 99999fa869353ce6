"""Facts of many people at once are those that each would be answered alone: over a made-up population."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Table, insert

from compliance.facts import COUNTED_BACK, Channel, PastContact
from engine.registers.permissions import PersonFacts, PersonQuery
from engine.registers.refusals import Missing
from history.interaction import ContactPoint, PointKind
from history.permissions import Scope
from store import tables
from store.registers.person_facts import people_facts, person_facts
from store.registers.pseudonyms import debt_pseudonym, person_pseudonym
from store.registers.transactions import read, written
from store.store import Store
from tests.conftest import HandClock

PEOPLE = 60
QUERIES = 400


class Population:
    """All at random: merged people, shared numbers, groups, consents, objections, history, decisions."""

    def __init__(self, seed: int, clock: HandClock) -> None:
        self.at_random = random.Random(seed)
        self.now = clock.now()
        self.ids = [f"c{n:02d}" for n in range(PEOPLE)]
        self.rows: dict[Table, list[dict[str, Any]]] = {}
        merged: dict[str, str] = {}
        for one in self.ids[20:]:
            if self.at_random.random() < 0.3:
                merged[one] = self.at_random.choice(self.ids[:20])
        for one in self.ids:
            more = {"country": self._one_of("PL", None), "time_zone": self._one_of("Europe/Warsaw", None)}
            self._add(
                tables.contacts, id=one, created_at=self.now, merged_into=merged.get(one), region=None, **more
            )
        self.points = [ContactPoint(PointKind.PHONE, f"+4860000{n:04d}") for n in range(80)]
        self.points += [ContactPoint(PointKind.EMAIL, f"p{n}@mail.example.com") for n in range(30)]
        for point in self.points[:100]:
            self._add(
                tables.contact_points,
                kind=point.kind.value,
                value=point.value,
                contact_id=self._one_of(*self.ids),
                added_at=self._before(),
            )
        self._groups()
        for n in range(120):
            self._permissions(n)
        for n in range(500):
            self._interaction(n)
        self._decisions()

    def query(self) -> PersonQuery:
        point = self._one_of(None, *self.points[60:], *self.points)
        contact = self._one_of(None, "nobody", *self.ids)
        since = self.now - self._one_of(COUNTED_BACK, timedelta(days=3))
        channel = self._one_of(*Channel)
        return PersonQuery(
            channel, since, point, contact, f"call:s{self._number(40)}", self._one_of(None, "d1")
        )

    def write(self, connection: Connection) -> None:
        for table, rows in self.rows.items():
            connection.execute(insert(table), rows)

    def _groups(self) -> None:
        for n in range(8):
            kind, domain = ("household", None) if n % 2 else ("company", "mail.example.com")
            self._add(
                tables.contact_groups, id=f"g{n}", kind=kind, name="x", domain=domain, created_at=self.now
            )
            for one in self.at_random.sample(self.ids, 6):
                self._add(tables.contact_group_members, group_id=f"g{n}", contact_id=one)

    def _permissions(self, n: int) -> None:
        point = self._one_of(None, *self.points)
        self._add(
            tables.consents,
            id=f"n{n}",
            at=self._before(),
            contact_id=self._one_of(*self.ids),
            point_kind=point and point.kind.value,
            point_value=point and point.value,
            channel=self._one_of("call", "sms", ""),
            purpose=self._one_of("marketing", "service"),
            given=self._one_of(True, True, False),
            source="test",
            basis=self._one_of("consent", "soft_opt_in"),
        )
        scope = self._one_of(Scope.NUMBER, Scope.PREFIX, Scope.PERSON, Scope.HOUSEHOLD, Scope.DOMAIN)
        number = self._one_of(*self.points).value
        value = {
            Scope.PREFIX: f"+48{'600000000'[: self._number(9)]}",
            Scope.PERSON: self._one_of(*self.ids),
            Scope.HOUSEHOLD: f"g{self._number(8)}",
            Scope.DOMAIN: self._one_of("mail.example.com", "example.com"),
        }.get(scope, number)
        self._add(
            tables.do_not_contact,
            id=f"o{n:03d}",
            at=self._before(),
            scope=scope.value,
            value=value,
            reason=f"r{n}",
            source="test",
            channels=self._one_of([], ["call"]),
            purposes=[],
            lifted_at=self._one_of(None, None, self.now),
        )

    def _interaction(self, n: int) -> None:
        point = self._one_of(None, *self.points)
        self._add(
            tables.interactions,
            id=f"i{n}",
            at=self._before(),
            channel=self._one_of("call", "sms", "note", "voicemail"),
            direction=self._one_of("inbound", "outbound"),
            subject_id=f"s{self._number(40)}",
            contact_id=self._one_of(None, *self.ids),
            point_kind=point and point.kind.value,
            point_value=point and point.value,
            to_value="",
            duration_seconds=self._one_of(0.0, 10.0),
            outcome=self._one_of(None, "busy", "failed", "answered"),
            agent=self._one_of(None, "anna"),
            path=[],
            heard=[],
            data=self._one_of({}, {"debt": "d1"}, {"reached": "attempt", "abandoned": True}),
        )

    def _decisions(self) -> None:
        keys = {one: f"{n:064x}" for n, one in enumerate(self.ids) if n % 3}
        for one, key in keys.items():
            self._add(tables.pseudonym_keys, contact_id=one, key=key)
        for n in range(200):
            one = self._one_of(*keys)
            self._add(
                tables.decisions,
                writer="test",
                seq=n,
                at=self._before(),
                subject=self._one_of("call:", "message:", "lead:") + f"s{self._number(60)}",
                person=person_pseudonym(keys[one], one),
                point="x",
                channel="call",
                purpose="marketing",
                mode="preview",
                debt=self._one_of(None, debt_pseudonym(keys[one], "d1"), "other"),
                packs=[],
                allowed=self._one_of(True, True, False),
                checked=[],
                prev_hash="x",
                hash=f"h{n}",
            )

    def _add(self, table: Table, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    def _before(self) -> Any:
        """Now and then it is written by a clock that is ahead."""
        return self.now - timedelta(seconds=self._number(40 * 86_400) - 60)

    def _number(self, below: int) -> int:
        return self.at_random.randrange(below)

    def _one_of(self, *choice: Any) -> Any:
        return self.at_random.choice(choice)


def alone(connection: Connection, query: PersonQuery, clock: HandClock) -> PersonFacts | None:
    try:
        return person_facts(connection, query, clock.now())
    except Missing:
        return None


def in_order(facts: PersonFacts | None) -> PersonFacts | None:
    """Of what happened at one moment no order is told."""
    if facts is None:
        return None

    def order(past: PastContact) -> str:
        return repr(past)

    history = tuple(sorted(facts.facts.history, key=order))
    return replace(facts, facts=replace(facts.facts, history=history))


async def test_many_are_answered_as_each_alone(store: Store, clock: HandClock) -> None:
    made = Population(7, clock)
    await written(store._engine, made.write)
    queries = [made.query() for _ in range(QUERIES)]

    def both(connection: Connection) -> list[tuple[PersonFacts | None, PersonFacts | None]]:
        together = people_facts(connection, queries, clock.now())
        return [
            (in_order(each), in_order(alone(connection, query, clock)))
            for query, each in zip(queries, together, strict=True)
        ]

    compared = await read(store._engine, both)
    for query, (together, single) in zip(queries, compared, strict=True):
        assert together == single, query
    found = [one for one, _ in compared if one is not None]
    # The population has some of everything, else nothing was compared.
    assert any(len(one.contact_ids) > 1 for one in found)
    assert any(one.facts.consents for one in found)
    assert any(one.facts.do_not_contact for one in found)
    assert any(one.facts.history for one in found)
    assert any(one is None for one, _ in compared)
    assert len({one.facts for one in found}) > 50


async def test_for_nobody_nothing_is_asked(store: Store, clock: HandClock) -> None:
    assert await read(store._engine, lambda connection: people_facts(connection, [], clock.now())) == []
