"""A batch of an import written by bulk statements: people found, made and changed in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select

from history.importing.drafts import Draft, Refusal
from history.importing.matching import Known, Person, Plan, plan_of
from history.importing.options import ImportOptions
from history.names import search_keys
from store.registers.bulk import BIGINT, BOOLEAN, INTEGER, TEXT, TIME, Bulk, Overtaken, Row
from store.registers.profiles import family, profiles
from store.tables import consents, contacts


@dataclass(frozen=True, slots=True)
class Writing:
    """What holds for a whole import."""

    import_id: str
    options: ImportOptions
    new_id: Callable[[], str]

    @property
    def source(self) -> str:
        """Whence contacts and attributes come: the system that the list is of, where it is told."""
        return self.options.source or f"import:{self.import_id}"


def write_people(connection: Connection, writing: Writing, drafts: Sequence[Draft], at: datetime) -> Plan:
    """Write the drafts; what was planned is returned. Raises Overtaken."""
    plan = plan_of(drafts, _known(connection, writing, drafts), writing.import_id, writing.options)
    bulk = Bulk(connection, at)
    made = [person for person in plan.people.values() if person.is_new]
    bulk.add(
        "contacts",
        _CONTACT,
        [_new_row(contact_id, draft, writing, bulk.at) for contact_id, draft in plan.new.items()]
        + [_person_row(person, writing, bulk.at) for person in made],
    )
    bulk.add("contact_points", _POINT, [(*point, bulk.at) for point in sorted(plan.points)])
    source = writing.options.source
    ids = [(source, theirs, contact_id) for theirs, contact_id in sorted(plan.ids)]
    bulk.add("contact_external_ids", _EXTERNAL, ids)
    _change(connection, bulk, [person for person in plan.people.values() if not person.is_new])
    _tags_and_attributes(bulk, plan, writing.source)
    matches = [(writing.import_id, contact_id, line) for contact_id, line in plan.matches]
    bulk.add("import_matches", _MATCH, matches)
    _add_consents(connection, plan, writing, at)
    return plan


def write_refusals(connection: Connection, import_id: str, refusals: Sequence[Refusal], at: datetime) -> None:
    places: dict[int, int] = {}
    rows: list[Row] = []
    for refusal in refusals:
        place = places[refusal.line] = places.get(refusal.line, -1) + 1
        row = (refusal.line, place, refusal.field, refusal.value, refusal.reason, refusal.kept)
        rows.append((import_id, *row))
    Bulk(connection, at).add("import_refusals", _REFUSAL, rows)


# --- who is there already ---------------------------------------------------------------------------------

# Of points and ids the person: the survivor, where the contact was merged.
_FIND_POINTS = (
    "SELECT p.kind, p.value, coalesce(c.merged_into, c.id) FROM {given} "
    "JOIN contact_points p ON p.kind = given.kind AND p.value = given.value "
    "JOIN contacts c ON c.id = p.contact_id"
)
_FIND_IDS = (
    "SELECT e.external_id, coalesce(c.merged_into, c.id) FROM {given} "
    "JOIN contact_external_ids e ON e.source = {source} AND e.external_id = given.value "
    "JOIN contacts c ON c.id = e.contact_id"
)
_FIND_MATCHES = (
    "SELECT m.contact_id, m.line FROM {given} "
    "JOIN import_matches m ON m.import_id = {source} AND m.contact_id = given.value"
)
_JSON_PAIRS = (
    "(SELECT json_extract(value, '$[0]') AS kind, json_extract(value, '$[1]') AS value "
    "FROM json_each(?1)) given CROSS"  # SQLite keeps the order of a CROSS JOIN: the given ones come first
)
_JSON_VALUES = "(SELECT value FROM json_each(?1)) given CROSS"


def _known(connection: Connection, writing: Writing, drafts: Sequence[Draft]) -> Known:
    points = {point for draft in drafts for point in draft.points}
    owners = {(kind, value): person for kind, value, person in _find_points(connection, sorted(points))}
    theirs = sorted({draft.external_id for draft in drafts if draft.external_id is not None})
    by_id: dict[str, str] = {}
    if theirs:
        by_id = dict(_find(connection, _FIND_IDS, theirs, writing.options.source or ""))
    people = {*owners.values(), *by_id.values()}
    if not people:
        return Known(owners)
    _lock(connection, people)
    earlier: dict[str, int] = dict(_find(connection, _FIND_MATCHES, sorted(people), writing.import_id))
    spoken: dict[tuple[str, str, str], bool] = {}
    if any(draft.consents for draft in drafts):
        spoken = _consents(connection, people)
    return Known(owners, by_id, profiles(connection, people), earlier, spoken)


def _find_points(connection: Connection, points: Sequence[tuple[str, str]]) -> Sequence[Any]:
    if not points:
        return []
    if connection.dialect.name == "sqlite":
        sql, values = _FIND_POINTS.format(given=_JSON_PAIRS), (orjson.dumps(points).decode(),)
        return connection.exec_driver_sql(sql, values).all()
    given = "unnest($1::text[], $2::text[]) AS given (kind, value)"
    kinds, numbers = zip(*points, strict=True)
    return connection.exec_driver_sql(_FIND_POINTS.format(given=given), (list(kinds), list(numbers))).all()


def _find(connection: Connection, sql: str, values: Sequence[str], of: str) -> Sequence[Any]:
    if connection.dialect.name == "sqlite":
        found = sql.format(given=_JSON_VALUES, source="?2")
        return connection.exec_driver_sql(found, (orjson.dumps(values).decode(), of)).all()
    found = sql.format(given="unnest($1::text[]) AS given (value)", source="$2")
    return connection.exec_driver_sql(found, (list(values), of)).all()


def _lock(connection: Connection, people: Collection[str]) -> None:
    """In one lasting order, so that two transactions wait for each other and do not deadlock."""
    if connection.dialect.name == "sqlite":
        return  # its transactions write one after another
    asked = select(contacts.c.merged_into).where(contacts.c.id.in_(people)).order_by(contacts.c.id)
    # Not against rows that refer to a contact: calls go on being written.
    locked = connection.execute(asked.with_for_update(key_share=True))
    if any(merged_into is not None for (merged_into,) in locked):
        raise Overtaken


def _consents(connection: Connection, people: Collection[str]) -> dict[tuple[str, str, str], bool]:
    persons = family(connection, people)
    asked = (
        select(consents.c.contact_id, consents.c.channel, consents.c.purpose, consents.c.given)
        .where(consents.c.contact_id.in_(persons))
        .order_by(consents.c.at, consents.c.number)
    )
    return {
        (persons[contact_id], channel, purpose): given
        for contact_id, channel, purpose, given in connection.execute(asked)
    }


# --- rows -------------------------------------------------------------------------------------------------

_FIELDS = {
    "name": TEXT,
    "given_name": TEXT,
    "family_name": TEXT,
    "name_key": TEXT,
    "surname_key": TEXT,
    "language": TEXT,
    "time_zone": TEXT,
    "country": TEXT,
    "region": TEXT,
    "postcode": TEXT,
    "lifetime_value": BIGINT,
    "value_currency": TEXT,
    "value_set_at": TIME,
}
_CONTACT = {"id": TEXT, "created_at": TIME, "updated_at": TIME, "source": TEXT, **_FIELDS}
_POINT = {"kind": TEXT, "value": TEXT, "contact_id": TEXT, "added_at": TIME}
_EXTERNAL = {"source": TEXT, "external_id": TEXT, "contact_id": TEXT}
_TAG = {"contact_id": TEXT, "tag": TEXT}
_ATTRIBUTE = {"contact_id": TEXT, "name": TEXT, "value": TEXT, "updated_at": TIME, "source": TEXT}
_MATCH = {"import_id": TEXT, "contact_id": TEXT, "line": BIGINT}
_REFUSAL = {
    "import_id": TEXT,
    "line": BIGINT,
    "place": INTEGER,
    "field": TEXT,
    "value": TEXT,
    "reason": TEXT,
    "kept": BOOLEAN,
}


def _new_row(contact_id: str, draft: Draft, writing: Writing, at: object) -> Row:
    name, given, family_name = draft.name, draft.given_name, draft.family_name
    return (
        contact_id,
        at,
        at,
        writing.source,
        name,
        given,
        family_name,
        *draft.keys,
        draft.language,
        draft.time_zone,
        draft.country,
        draft.region,
        draft.postcode,
        draft.lifetime_value,
        draft.value_currency,
        None if draft.lifetime_value is None else at,
    )


def _person_row(person: Person, writing: Writing, at: object) -> Row:
    value_set_at = None if person.fields["lifetime_value"] is None else at
    return (person.id, at, at, writing.source, *_field_values(person), value_set_at)


def _field_values(person: Person) -> Row:
    keys = dict(zip(("name_key", "surname_key"), search_keys(*_names(person)), strict=True))
    return tuple({**person.fields, **keys}[name] for name in list(_FIELDS)[:-1])


def _names(person: Person) -> tuple[str | None, str | None, str | None]:
    name, given, family_name = (person.fields[part] for part in ("name", "given_name", "family_name"))
    return name, given, family_name  # type: ignore[return-value]


_CHANGE = (
    "UPDATE contacts SET "  # noqa: S608 - names of our own
    + ", ".join(f"{name} = ?{number}" for number, name in enumerate(list(_FIELDS)[:-1], start=1))
    + ", value_set_at = CASE WHEN ?13 THEN ?14 ELSE value_set_at END, updated_at = ?14, "
    "version = version + 1 WHERE id = ?15"
)


def _change(connection: Connection, bulk: Bulk, people: Sequence[Person]) -> None:
    rows: list[Row] = [
        (*_field_values(person), person.value_changed, bulk.at, person.id)
        for person in people
        if person.changed
    ]
    if not rows:
        return
    sql = _CHANGE
    if connection.dialect.name != "sqlite":
        sql = sql.replace("?13", "?13::boolean").replace("?14", "?14::timestamptz").replace("?", "$")
    connection.exec_driver_sql(sql, sorted(rows, key=lambda row: str(row[-1])))


def _tags_and_attributes(bulk: Bulk, plan: Plan, source: str) -> None:
    drafts = plan.new.items()
    bulk.add("contact_tags", _TAG, [(contact_id, tag) for contact_id, draft in drafts for tag in draft.tags])
    bulk.add(
        "contact_attributes",
        _ATTRIBUTE,
        [
            (contact_id, name, value, bulk.at, source)
            for contact_id, draft in drafts
            for name, value in draft.attributes
        ],
    )
    tags: list[Row] = []
    attributes: list[Row] = []
    for person in plan.people.values():
        added_tags = person.tags if person.is_new else person.added_tags
        set_attributes = person.attributes if person.is_new else person.set_attributes
        tags += [(person.id, tag) for tag in sorted(added_tags)]
        attributes += [(person.id, name, value, bulk.at, source) for name, value in set_attributes.items()]
    bulk.put("contact_tags", _TAG, sorted(tags, key=str), "DO NOTHING")
    newer = ", ".join(f"{name} = excluded.{name}" for name in ("value", "updated_at", "source"))
    bulk.put(
        "contact_attributes",
        _ATTRIBUTE,
        sorted(attributes, key=str),
        f"(contact_id, name) DO UPDATE SET {newer}",
    )


def _add_consents(connection: Connection, plan: Plan, writing: Writing, at: datetime) -> None:
    rows = [
        {
            "id": writing.new_id(),
            "at": at,
            "contact_id": contact_id,
            "point_kind": point[0] if point else None,
            "point_value": point[1] if point else None,
            "channel": channel,
            "purpose": purpose,
            "given": given,
            "source": writing.source,
            "basis": "consent",
            "proof_text": f"Line {line} of the imported list.",
        }
        for contact_id, point, channel, purpose, given, line in plan.consents
    ]
    if rows:
        connection.execute(consents.insert(), rows)
