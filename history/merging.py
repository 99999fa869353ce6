"""Which profiles look like one person, and what a merged profile is.

Merging changes nothing of the merged contact but where it belongs to. The survivor's own values win; what it
lacks is brought to it and remembered, so that it can be taken back. Points, interactions, consents and
attributes are not moved: they are read of all contacts of the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from history.contact import Contact
from history.folding import folded
from history.interaction import PointKind
from history.lifetime_value import LifetimeValue, brought_by_merge
from history.names import search_keys
from history.points import mailbox_of

# Fields that a merge brings to a survivor that lacks them. The parts of a name go together.
_NAMES = ("name", "given_name", "family_name")
_SINGLE = ("language", "time_zone", "country", "region", "postcode", "source")


class Reason(StrEnum):
    """Why two profiles look like one person."""

    SAME_POINT = "same_point"
    SAME_MAILBOX = "same_mailbox"  # anna+shop@example.com and anna@example.com
    SAME_NAME_AND_BIRTHDATE = "same_name_and_birthdate"
    SAME_NAME_AND_POSTCODE = "same_name_and_postcode"
    SAME_NAME_AND_GROUP = "same_name_and_group"


# How sure each reason makes it by itself, 0..1; several add up as independent signs do.
_SURENESS = {
    Reason.SAME_POINT: 0.98,
    Reason.SAME_MAILBOX: 0.95,
    Reason.SAME_NAME_AND_BIRTHDATE: 0.9,
    Reason.SAME_NAME_AND_POSTCODE: 0.7,
    Reason.SAME_NAME_AND_GROUP: 0.7,
}
BIRTHDATE = "birthdate"


@dataclass(frozen=True, slots=True)
class Likeness:
    """`sureness` in 0..1."""

    reasons: tuple[Reason, ...]
    sureness: float


def likeness(one: Contact, other: Contact) -> Likeness | None:
    """Why these two may be one person; None when nothing says so, or when something says they are not."""
    if _contradicts(one.attributes.get(BIRTHDATE), other.attributes.get(BIRTHDATE)):
        return None
    reasons = tuple(reason for reason in Reason if _HOLDS[reason](one, other))
    if not reasons:
        return None
    doubt = 1.0
    for reason in reasons:
        doubt *= 1.0 - _SURENESS[reason]
    return Likeness(reasons, round(1.0 - doubt, 4))


def _contradicts(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other


def _same_point(one: Contact, other: Contact) -> bool:
    return not set(one.points).isdisjoint(other.points)


def _same_mailbox(one: Contact, other: Contact) -> bool:
    return not _mailboxes(one).isdisjoint(_mailboxes(other))


def _mailboxes(contact: Contact) -> set[str]:
    return {mailbox_of(point.value) for point in contact.points if point.kind is PointKind.EMAIL}


def name_key(contact: Contact) -> str | None:
    return search_keys(contact.name, contact.given_name, contact.family_name)[0]


def _same_name(one: Contact, other: Contact) -> bool:
    """The same words in whatever order, at least two of them: many people are called Anna."""
    mine, theirs = (sorted((name_key(contact) or "").split()) for contact in (one, other))
    return len(mine) > 1 and mine == theirs


def _same_name_and_birthdate(one: Contact, other: Contact) -> bool:
    born = one.attributes.get(BIRTHDATE)
    return born is not None and born == other.attributes.get(BIRTHDATE) and _same_name(one, other)


def _same_name_and_postcode(one: Contact, other: Contact) -> bool:
    if one.postcode is None or other.postcode is None or _contradicts(one.country, other.country):
        return False
    return _squeezed(one.postcode) == _squeezed(other.postcode) and _same_name(one, other)


def _squeezed(postcode: str) -> str:
    return folded(postcode).replace(" ", "").replace("-", "")


def _same_name_and_group(one: Contact, other: Contact) -> bool:
    together = {group.id for group in one.groups} & {group.id for group in other.groups}
    return bool(together) and _same_name(one, other)


_HOLDS = {
    Reason.SAME_POINT: _same_point,
    Reason.SAME_MAILBOX: _same_mailbox,
    Reason.SAME_NAME_AND_BIRTHDATE: _same_name_and_birthdate,
    Reason.SAME_NAME_AND_POSTCODE: _same_name_and_postcode,
    Reason.SAME_NAME_AND_GROUP: _same_name_and_group,
}


@dataclass(frozen=True, slots=True)
class Own:
    """What a contact's own row holds and a merge may bring to another."""

    fields: Mapping[str, str | None]
    value: LifetimeValue
    tags: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Brought:
    """What a survivor got of a merged contact: fields that it lacked, tags, ids of groups, lifetime value.

    `currency` is given where the survivor had no lifetime value before.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    value: int = 0
    currency: str | None = None


FIELDS = (*_NAMES, *_SINGLE)


def brought(survivor: Own, merged: Own) -> Brought:
    """What merging brings to the survivor."""
    names = _NAMES if all(survivor.fields.get(name) is None for name in _NAMES) else ()
    fields = {
        name: value
        for name in (*names, *_SINGLE)
        if survivor.fields.get(name) is None and (value := merged.fields.get(name)) is not None
    }
    amount = brought_by_merge(survivor.value, merged.value)
    return Brought(
        fields,
        tuple(sorted(merged.tags - survivor.tags)),
        tuple(sorted(merged.groups - survivor.groups)),
        amount,
        merged.value.currency if amount and survivor.value.amount is None else None,
    )


def with_brought(survivor: Own, got: Brought) -> Own:
    value = survivor.value
    if got.value:
        amount = (value.amount or 0) + got.value
        value = replace(value, amount=amount, currency=got.currency or value.currency)
    return Own(
        {**survivor.fields, **got.fields},
        value,
        survivor.tags | set(got.tags),
        survivor.groups | set(got.groups),
    )


def taken_back(survivor: Own, got: Brought, still_merged: Sequence[Own]) -> tuple[Own, list[Brought]]:
    """The survivor without what a merge brought to it, and what each contact still merged brings then.

    What was changed since stays as it is. What is taken away and another merged contact has too comes from
    that one now.
    """
    lost = [name for name, value in got.fields.items() if survivor.fields.get(name) == value]
    tags, groups = survivor.tags & set(got.tags), survivor.groups & set(got.groups)
    value = survivor.value
    if got.value and value.amount is not None:
        left = value.amount - got.value
        gone = left == 0 and got.currency is not None
        value = replace(value, amount=None if gone else left, currency=None if gone else value.currency)
    fields = {name: None if name in lost else kept for name, kept in survivor.fields.items()}
    own = Own(fields, value, survivor.tags - tags, survivor.groups - groups)
    again: list[Brought] = []
    for merged in still_merged:
        instead = Own(
            {name: kept for name, kept in merged.fields.items() if name in lost},
            LifetimeValue(),
            merged.tags & tags,
            merged.groups & groups,
        )
        again.append(brought(own, instead))
        own = with_brought(own, again[-1])
    return own, again
