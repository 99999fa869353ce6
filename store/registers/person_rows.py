"""The rows that facts of people are made of: asked for one person, or gathered for many at once.

Both answer the same questions; what is made of the answers is in person_facts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any, Protocol

from sqlalchemy import Connection, Select

from engine.registers.permissions import PersonQuery
from history.interaction import ContactPoint
from store.registers import person_sql as sql
from store.registers.pseudonyms import keys_of, person_pseudonym, person_pseudonyms

# Rows by what they are of, with their places in the statement's order.
_Placed = dict[Hashable, list[tuple[int, Any]]]


class PersonRows(Protocol):
    """What is asked about one person: `ids` are all contacts of theirs. In the orders of person_sql."""

    def owners(self, point: ContactPoint) -> Sequence[str]: ...

    def contacts(self, ids: Sequence[str]) -> Iterable[Any]: ...

    def family(self, survivors: Sequence[str]) -> Iterable[Any]: ...

    def points(self, ids: Sequence[str]) -> Iterable[Any]: ...

    def groups(self, ids: Sequence[str]) -> Sequence[Any]: ...

    def consents(self, ids: Sequence[str]) -> Sequence[Any]: ...

    def objections(self, values: Sequence[str]) -> Iterable[Any]: ...

    def history(self, ids: Sequence[str], point: ContactPoint | None, since: datetime) -> Iterable[Any]: ...

    def pseudonyms(self, ids: Sequence[str]) -> Mapping[str, str]:
        """The key by pseudonym, of those that have one."""

    def allowed(self, people: Sequence[str], query: PersonQuery) -> Iterable[Any]: ...

    def recorded(self, ids: Sequence[str], subjects: Sequence[str]) -> Collection[str]: ...


class AskedRows:
    """Implements PersonRows: a statement for each question."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def owners(self, point: ContactPoint) -> Sequence[str]:
        named = {"kind": point.kind.value, "value": point.value}
        return self._connection.execute(sql.OWNER, named).scalars().all()

    def contacts(self, ids: Sequence[str]) -> Iterable[Any]:
        return self._connection.execute(sql.CONTACTS, {"ids": ids})

    def family(self, survivors: Sequence[str]) -> Iterable[Any]:
        return self._connection.execute(sql.FAMILY, {"ids": survivors})

    def points(self, ids: Sequence[str]) -> Iterable[Any]:
        return self._connection.execute(sql.POINTS, {"ids": ids})

    def groups(self, ids: Sequence[str]) -> Sequence[Any]:
        return self._connection.execute(sql.GROUPS, {"ids": ids}).all()

    def consents(self, ids: Sequence[str]) -> Sequence[Any]:
        return self._connection.execute(sql.CONSENTS, {"ids": ids}).all()

    def objections(self, values: Sequence[str]) -> Iterable[Any]:
        return self._connection.execute(sql.OBJECTIONS, {"values": values})

    def history(self, ids: Sequence[str], point: ContactPoint | None, since: datetime) -> Iterable[Any]:
        wanted: dict[str, object] = {"ids": ids, "since": since}
        if point is not None:
            wanted |= {"kind": point.kind.value, "value": point.value}
        return self._connection.execute(sql.history_of(point is not None), wanted)

    def pseudonyms(self, ids: Sequence[str]) -> Mapping[str, str]:
        return person_pseudonyms(self._connection, ids)

    def allowed(self, people: Sequence[str], query: PersonQuery) -> Iterable[Any]:
        wanted = {"people": list(people), "since": query.since, "subject": query.subject}
        return self._connection.execute(sql.ALLOWED, wanted)

    def recorded(self, ids: Sequence[str], subjects: Sequence[str]) -> Collection[str]:
        done = {"ids": ids, "subjects": list(subjects)}
        return [row.subject_id for row in self._connection.execute(sql.RECORDED, done)]


class GatheredRows:
    """Implements PersonRows for all that the queries are about: a dozen statements for all of them.

    Of objections the first one asked for must come after `read_objections`.
    """

    def __init__(self, connection: Connection, queries: Sequence[PersonQuery]) -> None:
        self._connection = connection
        since = min(query.since for query in queries)
        values = {query.point.value for query in queries if query.point is not None}
        self._owners = self._by(sql.OWNERS, {"values": sorted(values)}, "kind", "value")
        named = {query.contact_id for query in queries if query.contact_id is not None}
        named |= {row.contact_id for rows in self._owners.values() for _, row in rows}
        self._contacts = {row.id: row for row in self._all(sql.CONTACTS, {"ids": sorted(named)})}
        survivors = sorted({row.merged_into or row.id for row in self._contacts.values()})
        family = self._all(sql.FAMILY, {"ids": survivors})
        self._family = _placed(family, lambda row: row.merged_into or row.id)
        about = {"ids": [row.id for row in family]}
        self._points = self._by(sql.POINTS, about, "contact_id")
        if any(query.point is None for query in queries):  # one of the person's own is taken
            values |= {row.value for rows in self._points.values() for _, row in rows}
        self._groups = self._by(sql.GROUPS, about, "contact_id")
        self._consents = self._by(sql.CONSENTS, about, "contact_id")
        lately = {**about, "values": sorted(values), "since": since}
        self._history = self._by(sql.HISTORY_OF_PEOPLE, lately, "contact_id")
        self._at_points = self._by(sql.HISTORY_AT_POINTS, lately, "point_kind", "point_value")
        self._keys = keys_of(connection, about["ids"])
        people = [person_pseudonym(key, id_) for id_, key in self._keys.items()]
        allowed = {"people": people, "since": since, "subject": ""}
        self._allowed = self._by(sql.ALLOWED, allowed, "person")
        subjects = {row.subject.partition(":")[2] for rows in self._allowed.values() for _, row in rows}
        done = {**about, "subjects": sorted(subjects)}
        self._recorded = self._by(sql.RECORDED, done, "contact_id") if subjects else {}
        self._objections: _Placed = {}

    def read_objections(self, values: Collection[str]) -> None:
        self._objections = self._by(sql.OBJECTIONS, {"values": sorted(values)}, "value")

    def owners(self, point: ContactPoint) -> Sequence[str]:
        return [row.contact_id for row in _of(self._owners, [(point.kind.value, point.value)])]

    def contacts(self, ids: Sequence[str]) -> Iterable[Any]:
        return [self._contacts[one] for one in ids if one in self._contacts]

    def family(self, survivors: Sequence[str]) -> Iterable[Any]:
        return _of(self._family, survivors)

    def points(self, ids: Sequence[str]) -> Iterable[Any]:
        return _of(self._points, ids)

    def groups(self, ids: Sequence[str]) -> Sequence[Any]:
        return _of(self._groups, ids)

    def consents(self, ids: Sequence[str]) -> Sequence[Any]:
        return _of(self._consents, ids)

    def objections(self, values: Sequence[str]) -> Iterable[Any]:
        return _of(self._objections, values)

    def history(self, ids: Sequence[str], point: ContactPoint | None, since: datetime) -> Iterable[Any]:
        rows = _of(self._history, ids)
        if point is not None:
            there = _of(self._at_points, [(point.kind.value, point.value)])
            rows = [*rows, *(row for row in there if row.contact_id not in ids)]
        rows = [row for row in rows if row.at >= since]
        rows.sort(key=lambda row: row.at, reverse=True)
        return [row[: sql.HISTORY_COLUMNS] for row in rows[: sql.MOST_HISTORY_ROWS]]

    def pseudonyms(self, ids: Sequence[str]) -> Mapping[str, str]:
        return {person_pseudonym(self._keys[one], one): self._keys[one] for one in ids if one in self._keys}

    def allowed(self, people: Sequence[str], query: PersonQuery) -> Iterable[Any]:
        rows = _of(self._allowed, people)
        return [row for row in rows if row.at >= query.since and row.subject != query.subject]

    def recorded(self, ids: Sequence[str], subjects: Sequence[str]) -> Collection[str]:
        wanted = set(subjects)
        return [row.subject_id for row in _of(self._recorded, ids) if row.subject_id in wanted]

    def _all(self, statement: Select[Any], given: Mapping[str, object]) -> Sequence[Any]:
        return self._connection.execute(statement, dict(given)).all()

    def _by(self, statement: Select[Any], given: Mapping[str, object], *columns: str) -> _Placed:
        return _placed(self._all(statement, given), attrgetter(*columns))


def _placed(rows: Sequence[Any], key: Callable[[Any], Hashable]) -> _Placed:
    found: _Placed = defaultdict(list)
    for place, row in enumerate(rows):
        found[key(row)].append((place, row))
    return found


def _of(placed: _Placed, keys: Iterable[Hashable]) -> list[Any]:
    """In the order of the statement that found them."""
    found = [each for key in dict.fromkeys(keys) for each in placed.get(key, ())]
    if not found:
        return []
    found.sort(key=itemgetter(0))
    return [row for _, row in found]
