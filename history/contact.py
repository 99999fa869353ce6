"""Contact: one person, by whatever points they are reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from history.interaction import ContactPoint


class GroupKind(StrEnum):
    HOUSEHOLD = "household"
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class Group:
    """People who belong together. `domain` is that of a company's e-mail addresses."""

    id: str
    kind: GroupKind
    name: str
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """`version` counts the changes: whoever changes a contact names the version that they saw.

    `name` is the whole name as it is shown; `given_name` and `family_name` are filled where they are known.
    `time_zone` is an IANA name that somebody set, None where it follows from the number. `lifetime_value` is
    in minor units of `value_currency`. `merged_into` names the contact that this one is now part of; points
    and interactions stay with the contact to which they came.
    """

    id: str
    created_at: datetime
    updated_at: datetime
    version: int = 1
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    language: str | None = None
    time_zone: str | None = None
    country: str | None = None
    region: str | None = None
    postcode: str | None = None
    lifetime_value: int | None = None
    value_currency: str | None = None
    source: str | None = None
    points: tuple[ContactPoint, ...] = ()
    tags: frozenset[str] = frozenset()
    attributes: Mapping[str, object] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    merged_into: str | None = None
    erased_at: datetime | None = None
