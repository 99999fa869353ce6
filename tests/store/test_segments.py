"""Segments: the same people by SQL, on both databases, as by matching each person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.changes import ConsentKept, InteractionAdded, ObjectionKept, ProfileSet
from engine.registers.actor import ENGINE
from engine.registers.contacts import ContactFilter
from engine.registers.refusals import Changed, Missing, Refused
from history.contact import GroupKind
from history.interaction import Channel, ContactPoint, Interaction
from history.permissions import Consent, Objection, Scope
from history.segment_matching import PersonFacts, matches
from history.segment_reading import query_of
from history.segments import FIELDS, OPERATORS, Kind
from store.registers.segment_sql import condition
from store.store import Store
from store.tables import contacts
from tests.store.people import WE, email, person, phone

NOW = datetime(2026, 11, 21, 16, 5, tzinfo=UTC)

# --- queries of all kinds ---------------------------------------------------------------------------------

_TEXTS = st.sampled_from(["pl", "ru", "PL", "Łódź", "ó", "crm", "Anna", "a'b\"%_", "2026-11-20", "gold"])
_NUMBERS = st.sampled_from([-1, 0, 1, 2, 500, 501, 1.5])
_DATES = st.sampled_from(["2026-11-20", "2026-11-21", "2026-11-21T16:05:00Z", "1980-01-01"])
_CODES = st.sampled_from(["pl", "ru", "PL"])
_VALUES = {
    Kind.TEXT: _TEXTS,
    Kind.LANGUAGE: _CODES,
    Kind.COUNTRY: _CODES,
    Kind.TAG: st.sampled_from(["vip", "złoty", "none"]),
    Kind.AMOUNT: st.sampled_from([-1, 0, 500, 501]),
    Kind.TIME: _DATES,
    Kind.DAYS: st.sampled_from([0, 1, 2, 30]),
    Kind.COUNT: st.sampled_from([0, 1, 2]),
}


def _questions() -> st.SearchStrategy[dict[str, object]]:
    asked: list[st.SearchStrategy[dict[str, object]]] = []
    names = [*FIELDS.items(), ("attribute.plan", Kind.ATTRIBUTE), ("attribute.none", Kind.ATTRIBUTE)]
    for name, kind in names:
        for operator in OPERATORS[kind]:
            value = _value(kind, operator.value)
            asked.append(st.fixed_dictionaries({"field": st.just(name), operator.value: value}))
    wanted = st.fixed_dictionaries(
        {},
        optional={
            "channel": st.sampled_from(["call", "sms", "form"]),
            "direction": st.sampled_from(["inbound", "outbound"]),
            "outcome": st.sampled_from(["completed", "busy"]),
            "within_days": st.sampled_from([1, 2, 400]),
        },
    )
    for operator in OPERATORS[Kind.COUNT]:
        count = _value(Kind.COUNT, operator.value)
        asked.append(st.fixed_dictionaries({"interactions": wanted, operator.value: count}))
    consent = st.fixed_dictionaries(
        {
            "channel": st.sampled_from(["sms", "call"]),
            "purpose": st.sampled_from(["marketing", "service"]),
        }
    )
    asked.append(st.fixed_dictionaries({"consent": consent, "is": st.booleans()}))
    return st.one_of(asked)


def _value(kind: Kind, operator: str) -> st.SearchStrategy[object]:
    if operator == "exists" or kind is Kind.FLAG:
        return st.booleans()
    if kind is Kind.ATTRIBUTE:
        one: st.SearchStrategy[object] = {
            "before": st.sampled_from(["2026-11-20", "2027-01-01"]),
            "after": st.sampled_from(["2026-11-20", "1979-01-01"]),
            "at_least": _NUMBERS,
            "at_most": _NUMBERS,
            "contains": _TEXTS,
        }.get(operator, st.one_of(_TEXTS, _NUMBERS, st.booleans()))
    else:
        one = _VALUES[kind]
    return st.lists(one, min_size=1, max_size=3) if operator == "in" else one


QUERIES = st.recursive(
    _questions(),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=5,
)

# --- people of all kinds ----------------------------------------------------------------------------------

_ATTRIBUTES: list[object] = [
    None, "gold", "Łódź", "2026-11-19T10:00:00Z", "2026-11-21", "x\0y", 0, 1, 1.5, 500, 2**60, True, False,
    ["gold", 1], [], {"gold": 1}, "null", "true", "1",
]  # fmt: skip


async def _people(store: Store) -> None:
    """Some with much, some with nothing, some of several contacts."""
    household = await store.history.groups.create(WE, GroupKind.HOUSEHOLD, "Nowak", None, [])
    company = await store.history.groups.create(WE, GroupKind.COMPANY, "Example", "example.net", [])
    made = []
    for number, value in enumerate(_ATTRIBUTES):
        fields: dict[str, str | int | None] = {}
        if number % 2:
            fields = {"language": ["pl", "ru"][number % 3 == 0], "name": "Anna a'b\"%_", "region": "Łódź"}
        if number % 3 == 1:
            fields |= {"country": "PL", "lifetime_value": 500, "value_currency": "PLN", "source": "crm"}
        tags = frozenset({"vip"} if number % 4 == 1 else {"złoty", "vip"} if number % 5 == 1 else ())
        made.append(await person(store, phone(number), tags=tags, **fields))
        if value is not None:
            kept = ProfileSet(phone(number), "plan", value, NOW - timedelta(days=1), "c", "new")
            await store.ledger.commit([kept], durable=True)
    for number in range(0, len(made), 6):
        await store.history.contacts.add_point(WE, made[number].id, email(f"x{number}"))
    for survivor, merged in ((1, 2), (1, 3), (7, 5)):
        await store.history.merges.merge(WE, made[survivor].id, made[merged].id, "same")
    changes: list[object] = [
        ProfileSet(phone(2), "plan", "gold", NOW, "c", "new"),
        ProfileSet(phone(5), "plan", None, NOW, "c", "new"),
        *(_row(number, hours) for number, hours in ((1, 1), (2, 30), (3, 24), (4, 48), (5, 9000), (8, 0))),
        *(_consent(str(n), number, hours, given) for n, (number, hours, given) in enumerate(_SAID)),
        _objection("1", Scope.NUMBER, phone(3).value),
        _objection("2", Scope.PERSON, made[9].id),
        _objection("3", Scope.HOUSEHOLD, household.group.id),
        _objection("4", Scope.DOMAIN, "example.com"),
        _objection("5", Scope.DOMAIN, "example.net"),
        _objection("6", Scope.PREFIX, phone(11).value[:-1]),
    ]
    await store.ledger.commit(changes, durable=True)  # type: ignore[arg-type]
    await store.history.groups.add_member(WE, household.group.id, made[13].id)
    await store.history.groups.add_member(WE, company.group.id, made[14].id)


_SAID = [(1, 5, True), (2, 4, False), (4, 5, False), (4, 4, True), (8, 5, True), (8, 5, False)]


def _row(number: int, hours: int) -> InteractionAdded:
    row = Interaction(
        f"i{number}",
        NOW - timedelta(hours=hours),
        [Channel.CALL, Channel.SMS][number % 2],
        ["inbound", "outbound"][number % 3 == 0],
        f"s{number}",
        phone(number),
        outcome="completed" if number % 2 else None,
    )
    return InteractionAdded(row, "new")


def _consent(id: str, number: int, hours: int, given: bool) -> ConsentKept:
    at = NOW - timedelta(hours=hours)
    return ConsentKept(Consent(id, at, "sms", "marketing", given, "api", point=phone(number)), "new")


def _objection(id: str, scope: Scope, value: str) -> ObjectionKept:
    return ObjectionKept(Objection(id, NOW, scope, value, "asked", "api"))


async def _facts(store: Store) -> list[PersonFacts]:
    """All that is known of each person, gathered one by one and not by the queries under test."""
    found = []
    objected = {
        *(phone(number) for number in (3, 10, 11, 12, 13, 14, 15, 16, 17, 18)),
        *(email(f"x{number}") for number in range(0, len(_ATTRIBUTES), 6)),
        phone(9),
    }
    page = await store.history.contacts.list(ContactFilter(), limit=200)
    by_point: dict[ContactPoint, list[Interaction]] = {}
    consents: dict[ContactPoint, list[Consent]] = {}
    for number, hours in ((1, 1), (2, 30), (3, 24), (4, 48), (5, 9000), (8, 0)):
        by_point.setdefault(phone(number), []).append(_row(number, hours).interaction)
    for n, (number, hours, given_) in enumerate(_SAID):
        consents.setdefault(phone(number), []).append(_consent(str(n), number, hours, given_).consent)
    for contact in page.items:
        rows = [row for point in contact.points for row in by_point.get(point, [])]
        said = [one for point in contact.points for one in consents.get(point, [])]
        found.append(PersonFacts(contact, rows, said, not objected.isdisjoint(contact.points)))
    return found


async def test_sql_and_matching_agree(store: Store) -> None:
    await _people(store)
    people = await _facts(store)
    assert len(people) == len(_ATTRIBUTES) - 3
    tried: list[dict[str, object]] = []

    @given(QUERIES)
    @settings(max_examples=400, database=None, derandomize=True, deadline=None)
    def collect(query: dict[str, object]) -> None:
        tried.append(query)

    collect()
    async with store._engine.connect() as connection:
        for written in tried:
            query = query_of(written)
            asked = select(contacts.c.id).where(
                contacts.c.merged_into.is_(None), condition(query, NOW, connection.dialect.name)
            )
            by_sql = set((await connection.execute(asked)).scalars())
            one_by_one = {one.contact.id for one in people if matches(query, one, NOW)}
            assert by_sql == one_by_one, written
    assert len(tried) > 300


# --- segments that are kept -------------------------------------------------------------------------------


async def test_segments_are_kept_and_list_their_people(store: Store) -> None:
    anna = await person(store, name="Anna", country="PL")
    await person(store, name="Jan", country="RU")
    segments = store.history.segments
    made = await segments.create(WE, "Poles", {"field": "country", "is": "PL"})
    assert await segments.get(made.id) == await segments.named("Poles") == made
    assert await segments.count(made.id) == 1
    assert await segments.holds(made.id, anna.id)
    page = await store.history.contacts.list(ContactFilter(segment_id=made.id))
    assert [one.name for one in page.items] == ["Anna"]
    changed = await segments.change(WE, made.id, query={"not": made.query}, version=1)
    assert changed.version == 2
    assert not await segments.holds(made.id, anna.id)
    with pytest.raises(Changed):
        await segments.delete(WE, made.id, version=1)
    with pytest.raises(Refused, match="segment named Poles already"):
        await segments.create(ENGINE, "Poles", {"field": "tag", "is": "vip"})
    with pytest.raises(Refused, match=r"Write one of: name, .*\(1 more mistakes\)") as refused:
        await segments.create(WE, "x", {"all": [{"field": "nam", "is": "x"}, {"any": []}]})
    assert refused.value.field == "query.all[0].field"
    await segments.delete(WE, made.id)
    with pytest.raises(Missing):
        await store.history.contacts.list(ContactFilter(segment_id=made.id))
