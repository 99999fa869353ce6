"""Contacts, groups and merges as the API takes and shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, Field

from console.api.operation import Shape
from console.api.pages_of import PageQuery
from console.api.shapes import PointShape, Time, WholeNumber, no_default
from engine.registers.contacts import ATTRIBUTES_MOST, POINTS_MOST, TAGS_MOST, Duplicate, KeptGroup, Merge
from history.contact import Contact, GroupKind
from history.forms import contact_form
from history.interaction import PointKind
from history.merging import Reason
from history.names import NAME_MOST, cleaned
from history.points import domain_of
from history.profile_fields import (
    attribute_name_of,
    country_of,
    currency_of,
    language_of,
    tag_of,
    time_zone_of,
)

ATTRIBUTE_MOST_BYTES = 4000


def _or_none(normal: Callable[[str], str | None]) -> Callable[[str | None], str | None]:
    return lambda written: None if written is None else normal(written)


def _attributes(values: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in values.items():
        if len(orjson.dumps(value)) > ATTRIBUTE_MOST_BYTES:
            raise ValueError(f"The value of {name} is longer than {ATTRIBUTE_MOST_BYTES:,} bytes.")
        kept[attribute_name_of(name)] = value
    return kept


def _tags(written: list[str]) -> list[str]:
    return sorted({tag_of(tag) for tag in written})


def _line(text: str) -> str:
    """On one line; what holds nothing to be seen is refused."""
    line = cleaned(text)
    if line is None:
        raise ValueError("Write at least one letter.")
    return line


Line = Annotated[str, Field(min_length=1, max_length=NAME_MOST), AfterValidator(_line)]
Name = Annotated[str | None, Field(max_length=NAME_MOST), AfterValidator(_or_none(cleaned))]
Language = Annotated[
    str | None,
    Field(max_length=20, description="By its code.", examples=["pl", "pt-BR"]),
    AfterValidator(_or_none(language_of)),
]
Country = Annotated[
    str | None,
    Field(max_length=2, description="By its two letters.", examples=["PL"]),
    AfterValidator(_or_none(country_of)),
]
TimeZone = Annotated[
    str | None,
    Field(max_length=60, description="An IANA name; null: as the number says.", examples=["Europe/Warsaw"]),
    AfterValidator(_or_none(time_zone_of)),
]
Currency = Annotated[str | None, Field(max_length=3, examples=["PLN"]), AfterValidator(_or_none(currency_of))]
Worth = Annotated[WholeNumber | None, Field(description="In minor units of value_currency.")]
Tags = Annotated[list[str], Field(max_length=TAGS_MOST), AfterValidator(_tags)]
Attributes = Annotated[
    dict[str, Any],
    Field(max_length=ATTRIBUTES_MOST, description="By name; any JSON. null removes one."),
    AfterValidator(_attributes),
]


class NewPoint(Shape):
    kind: PointKind
    value: Annotated[
        str,
        Field(
            min_length=1,
            max_length=300,
            description="A number in full or as written in the contact's country, an e-mail address, "
            "SYSTEM:HANDLE of a messenger, or a visitor's id. It is kept in one form.",
            examples=["+48 22 000 00 01"],
        ),
    ]


class GroupRef(Shape):
    id: str
    kind: GroupKind
    name: str
    domain: str | None


class ContactShape(Shape):
    """One person, with all that is known of the contacts that were merged into this one."""

    id: str
    version: int
    created_at: Time
    updated_at: Time
    name: str | None
    given_name: str | None
    family_name: str | None
    language: str | None
    time_zone: str | None
    country: str | None
    region: str | None
    postcode: str | None
    lifetime_value: Worth
    value_currency: str | None
    source: str | None
    points: list[PointShape]
    tags: list[str]
    attributes: dict[str, Any]
    groups: list[GroupRef]


class NewContact(Shape):
    """Without a name, it is made of its parts."""

    points: Annotated[tuple[NewPoint, ...], Field(max_length=POINTS_MOST)] = ()
    name: Name = None
    given_name: Name = None
    family_name: Name = None
    language: Language = None
    time_zone: TimeZone = None
    country: Country = None
    region: Name = None
    postcode: Name = None
    lifetime_value: Worth = None
    value_currency: Currency = None
    source: Name = None
    tags: Tags = Field(default_factory=list)
    attributes: Attributes = Field(default_factory=dict)


class ContactPatch(Shape):
    """A merge patch: what is left out stays, null empties, `tags` replaces all, `attributes` each by name."""

    name: Name = Field(default=None, json_schema_extra=no_default)
    given_name: Name = Field(default=None, json_schema_extra=no_default)
    family_name: Name = Field(default=None, json_schema_extra=no_default)
    language: Language = Field(default=None, json_schema_extra=no_default)
    time_zone: TimeZone = Field(default=None, json_schema_extra=no_default)
    country: Country = Field(default=None, json_schema_extra=no_default)
    region: Name = Field(default=None, json_schema_extra=no_default)
    postcode: Name = Field(default=None, json_schema_extra=no_default)
    lifetime_value: Worth = Field(default=None, json_schema_extra=no_default)
    value_currency: Currency = Field(default=None, json_schema_extra=no_default)
    source: Name = Field(default=None, json_schema_extra=no_default)
    tags: Tags = Field(default=[], json_schema_extra=no_default)
    attributes: Attributes = Field(default={}, json_schema_extra=no_default)


class ContactPage(Shape):
    items: list[ContactShape]
    next: str | None


class ContactsQuery(PageQuery):
    q: Annotated[
        str | None,
        Field(min_length=1, max_length=100, description="A name, number or address begins so."),
    ] = None
    phone: Annotated[str | None, Field(min_length=1, max_length=40)] = None
    email: Annotated[str | None, Field(min_length=1, max_length=254)] = None
    tag: Annotated[str | None, Field(min_length=1, max_length=60)] = None
    language: Annotated[str | None, Field(min_length=1, max_length=20)] = None
    country: Annotated[str | None, Field(min_length=1, max_length=2)] = None
    group: Annotated[str | None, Field(min_length=1, max_length=60, description="A group's id.")] = None
    segment: Annotated[str | None, Field(min_length=1, max_length=60, description="A segment's id.")] = None
    updated_since: Annotated[
        Time | None,
        Field(description="Changed at or after it, in the order of change; else the newest come first."),
    ] = None


class AddedPoint(NewPoint):
    move: Annotated[bool, Field(description="Take it from another contact that has it.")] = False


class MergeOrder(Shape):
    other: Annotated[str, Field(min_length=1, max_length=60, description="The contact that is merged in.")]
    reason: Annotated[Line, Field(description="For whoever asks later why.")]


class MergeShape(Shape):
    id: str
    survivor_id: str
    merged_id: str
    reason: str
    at: Time
    actor: str
    undone_at: Time | None
    undone_by: str | None


class Merged(Shape):
    """`contact`: the survivor; after an undoing, the one that is apart again."""

    merge: MergeShape
    contact: ContactShape


class MergeList(Shape):
    items: list[MergeShape]


class DuplicateShape(Shape):
    contact: ContactShape
    reasons: list[Reason]
    sureness: Annotated[float, Field(ge=0, le=1)]


class DuplicateList(Shape):
    items: list[DuplicateShape]


Domain = Annotated[
    str | None,
    Field(max_length=253, description="Of a company's e-mail addresses."),
    AfterValidator(_or_none(domain_of)),
]


class GroupShape(GroupRef):
    version: int
    members: Annotated[int, Field(description="How many contacts; GET /contacts?group=ID lists them.")]


class NewGroup(Shape):
    kind: GroupKind
    name: Line
    domain: Domain = None
    members: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=60)], ...],
        Field(max_length=100, description="Ids of contacts."),
    ] = ()


class GroupPatch(Shape):
    name: Line = Field(default="", json_schema_extra=no_default)
    domain: Domain = Field(default=None, json_schema_extra=no_default)


class GroupPage(Shape):
    items: list[GroupShape]
    next: str | None


class GroupsQuery(PageQuery):
    kind: GroupKind | None = None
    domain: Annotated[str | None, Field(min_length=1, max_length=253)] = None


def contact_shape(contact: Contact) -> ContactShape:
    return ContactShape.model_validate(contact_form(contact))


def merge_shape(merge: Merge) -> MergeShape:
    return MergeShape(
        id=merge.id,
        survivor_id=merge.survivor_id,
        merged_id=merge.merged_id,
        reason=merge.reason,
        at=merge.at,
        actor=merge.actor,
        undone_at=merge.undone_at,
        undone_by=merge.undone_by,
    )


def duplicate_shape(found: Duplicate) -> DuplicateShape:
    return DuplicateShape(
        contact=contact_shape(found.contact),
        reasons=list(found.likeness.reasons),
        sureness=found.likeness.sureness,
    )


def group_shape(kept: KeptGroup) -> GroupShape:
    group = kept.group
    return GroupShape(
        id=group.id,
        kind=group.kind,
        name=group.name,
        domain=group.domain,
        version=kept.version,
        members=kept.members,
    )
