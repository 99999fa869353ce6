"""Which person each draft is: a new one, one who was there before, or one of an earlier row.

A person made by an import gets an id that tells the line they came from. So a later row that names them is
told of that line, and a file of any size needs no memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from history.contact import Contact
from history.importing.drafts import Draft, Refusal
from history.importing.options import Duplicates, Existing, ImportOptions

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LINE_CHARACTERS = 8
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}

_NAMES = ("name", "given_name", "family_name")
_VALUE = ("lifetime_value", "value_currency")
_ALONE = ("language", "country", "region", "postcode", "time_zone")
_FIELDS = _NAMES + _ALONE + _VALUE


def contact_id_of(import_id: str, line: int) -> str:
    """26 characters, as all ids: those of the import, the last eight of them the line's."""
    return (
        import_id[:-_LINE_CHARACTERS]
        + _PAIRS[line >> 30 & 1023]
        + _PAIRS[line >> 20 & 1023]
        + _PAIRS[line >> 10 & 1023]
        + _PAIRS[line & 1023]
    )


def line_of(import_id: str, contact_id: str) -> int | None:
    """The line from which this import made the contact; None when it did not."""
    if contact_id[:-_LINE_CHARACTERS] != import_id[:-_LINE_CHARACTERS]:
        return None
    line = 0
    for letter in contact_id[-_LINE_CHARACTERS:]:
        line = line << 5 | _VALUES[letter]
    return line


@dataclass(slots=True)
class Person:
    """A person as they are to be kept. `fields` as in Draft; `attributes` are JSON by name."""

    id: str
    line: int | None
    fields: dict[str, str | int | None]
    tags: set[str]
    attributes: dict[str, str]
    points: int
    is_new: bool
    changed: bool = False
    value_changed: bool = False
    added_tags: set[str] = field(default_factory=set)
    set_attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows of the people whom a batch names.

    `owners` of points and `by_id` of the source's ids lead to a person's id; `earlier` are lines of this
    import that named people of before it. `consents` are the last word by (person, channel, purpose).
    """

    owners: Mapping[tuple[str, str], str]
    by_id: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, Contact] = field(default_factory=dict)
    earlier: Mapping[str, int] = field(default_factory=dict)
    consents: Mapping[tuple[str, str, str], bool] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """What is to be written. `new` drafts are written as they are, `people` were put together of several.

    `points` are (kind, value, contact's id), `ids` (theirs, contact's id), `matches` (contact's id, line),
    `consents` (contact's id, draft's first point, channel, purpose, given, line).
    """

    new: dict[str, Draft] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    points: list[tuple[str, str, str]] = field(default_factory=list)
    ids: list[tuple[str, str]] = field(default_factory=list)
    matches: list[tuple[str, int]] = field(default_factory=list)
    consents: list[tuple[str, tuple[str, str] | None, str, str, bool, int]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    refused: int = 0


# What one contact may have; more is no person but a mistake.
POINTS_MOST, TAGS_MOST, ATTRIBUTES_MOST = 50, 100, 200


def plan_of(drafts: Iterable[Draft], known: Known, import_id: str, options: ImportOptions) -> Plan:
    """Drafts in the order of their lines."""
    planning = _Planning(known, import_id, options)
    for draft in drafts:
        planning.take(draft)
    return planning.plan


class _Planning:
    def __init__(self, known: Known, import_id: str, options: ImportOptions) -> None:
        self.plan = Plan()
        self._known = known
        self._import_id = import_id
        self._options = options
        self._owners = dict(known.owners)
        self._by_id = dict(known.by_id)
        self._earlier = dict(known.earlier)
        self._consents = dict(known.consents)

    def take(self, draft: Draft) -> None:
        owners = self._owners
        found = {owners[point] for point in draft.points if point in owners}
        if draft.external_id is not None and draft.external_id in self._by_id:
            found.add(self._by_id[draft.external_id])
        if not found:
            self._create(draft)
        elif len(found) == 1:
            self._meet(found.pop(), draft)
        else:
            self._refuse_two_people(draft, sorted(found))

    def _create(self, draft: Draft) -> None:
        contact_id = contact_id_of(self._import_id, draft.line)
        self.plan.new[contact_id] = draft
        self._place(contact_id, draft.points, draft.external_id)
        self._consent(contact_id, draft)

    def _place(self, contact_id: str, points: Sequence[tuple[str, str]], external_id: str | None) -> None:
        for point in points:
            self._owners[point] = contact_id
            self.plan.points.append((*point, contact_id))
        if external_id is not None and external_id not in self._by_id:
            self._by_id[external_id] = contact_id
            self.plan.ids.append((external_id, contact_id))

    def _meet(self, contact_id: str, draft: Draft) -> None:
        """The draft is of somebody who is there already."""
        line = line_of(self._import_id, contact_id)
        if line is None:
            line = self._earlier.get(contact_id)
        if line is None:
            self._earlier[contact_id] = draft.line
            self.plan.matches.append((contact_id, draft.line))
            if self._options.existing is Existing.SKIP:
                self.plan.unchanged += 1
                return
            overwrite = self._options.existing is Existing.OVERWRITE
        elif self._options.duplicates is Duplicates.KEEP:
            self._refuse_duplicate(draft, contact_id, line)
            return
        else:
            overwrite = self._options.duplicates is Duplicates.UPDATE
        person = self._person(contact_id)
        fresh = [point for point in draft.points if point not in self._owners]
        if too_much := _too_much(person, draft, len(fresh)):
            self.plan.refusals.append(Refusal(draft.line, "", "", too_much))
            self.plan.refused += 1
            return
        before = len(self.plan.ids), len(self.plan.consents)
        self._place(contact_id, fresh, draft.external_id)
        person.points += len(fresh)
        self._consent(contact_id, draft)
        more = before != (len(self.plan.ids), len(self.plan.consents))
        if _apply(person, draft, overwrite) or fresh or more:
            person.changed = True
            self.plan.updated += 1
        else:
            self.plan.unchanged += 1

    def _person(self, contact_id: str) -> Person:
        person = self.plan.people.get(contact_id)
        if person is None:
            draft = self.plan.new.pop(contact_id, None)
            person = _of_draft(contact_id, draft) if draft else _of_contact(self._known.people[contact_id])
            self.plan.people[contact_id] = person
        return person

    def _consent(self, contact_id: str, draft: Draft) -> None:
        """A list never gives what a person has spoken on before: they may have withdrawn it since."""
        for channel, purpose, given in draft.consents:
            key = (contact_id, channel, purpose)
            last = self._consents.get(key)
            if last is None or (last and not given):
                self._consents[key] = given
                point = draft.points[0] if draft.points else None
                self.plan.consents.append((contact_id, point, channel, purpose, given, draft.line))

    def _refuse_duplicate(self, draft: Draft, contact_id: str, line: int) -> None:
        kind, value = next(
            (point for point in draft.points if self._owners.get(point) == contact_id),
            ("external_id", draft.external_id or ""),
        )
        what = {"phone": "number", "email": "e-mail address"}.get(kind, "id")
        reason = f"The row has the same {what} as line {line}, which was taken."
        self.plan.refusals.append(Refusal(draft.line, kind, value, reason))
        self.plan.duplicates += 1

    def _refuse_two_people(self, draft: Draft, found: Sequence[str]) -> None:
        shown = ", ".join(found[:3])
        reason = (
            f"The row's numbers, addresses and ids are those of {len(found)} people ({shown}): merge them, "
            "or give each a row."
        )
        self.plan.refusals.append(Refusal(draft.line, "", "", reason))
        self.plan.refused += 1


def _of_draft(contact_id: str, draft: Draft) -> Person:
    return Person(
        contact_id,
        draft.line,
        {name: getattr(draft, name) for name in _FIELDS},
        set(draft.tags),
        dict(draft.attributes),
        len(draft.points),
        is_new=True,
    )


def _of_contact(contact: Contact) -> Person:
    return Person(
        contact.id,
        None,
        {name: getattr(contact, name) for name in _FIELDS},
        set(contact.tags),
        {name: orjson.dumps(value).decode() for name, value in contact.attributes.items()},
        len(contact.points),
        is_new=False,
    )


def _too_much(person: Person, draft: Draft, points: int) -> str:
    if person.points + points > POINTS_MOST:
        return f"The person would have more than {POINTS_MOST} numbers and addresses: give them fewer."
    if len(person.tags.union(draft.tags)) > TAGS_MOST:
        return f"The person would have more than {TAGS_MOST} tags: give them fewer."
    if len({*person.attributes, *(name for name, _ in draft.attributes)}) > ATTRIBUTES_MOST:
        return f"The person would have more than {ATTRIBUTES_MOST} attributes: give them fewer."
    return ""


def _apply(person: Person, draft: Draft, overwrite: bool) -> bool:
    """Whether it changed anything. Parts of a name belong together, and so do an amount and its currency."""
    changed = False
    for together in (_NAMES, _VALUE, *((name,) for name in _ALONE)):
        given = {name: getattr(draft, name) for name in together}
        has = any(person.fields[name] is not None for name in together)
        if all(value is None for value in given.values()) or (has and not overwrite):
            continue
        if any(person.fields[name] != value for name, value in given.items()):
            person.fields.update(given)
            changed = True
            person.value_changed |= together is _VALUE
    new_tags = set(draft.tags) - person.tags
    person.tags |= new_tags
    person.added_tags |= new_tags
    attributes = {
        name: value
        for name, value in draft.attributes
        if person.attributes.get(name) != value and (overwrite or name not in person.attributes)
    }
    person.attributes |= attributes
    person.set_attributes |= attributes
    return changed or bool(new_tags) or bool(attributes)
