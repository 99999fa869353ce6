"""Contacts: people kept, found, changed, merged, and grouped.

Every method raises StoreUnavailable. An id of a contact that was merged into another stands for that other.
Those that change something count `version` up; they raise Missing when there is no such contact, Changed when
a `version` was given that is no longer the contact's, and Refused when the change cannot be made.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from engine.registers.actor import Actor
from engine.registers.pages import Page
from history.contact import Contact, Group, GroupKind
from history.interaction import ContactPoint
from history.merging import Likeness

# What one contact may have; more is no person but a mistake.
POINTS_MOST = 50
TAGS_MOST = 100
ATTRIBUTES_MOST = 200


@dataclass(frozen=True, slots=True)
class ContactDraft:
    """A contact to be made. Values are in the form in which they are kept (history.profile_fields, points).

    `fields` are those of ContactChange. Without a name, it is made of its parts.
    """

    points: tuple[ContactPoint, ...] = ()
    fields: Mapping[str, str | int | None] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    attributes: Mapping[str, object] = field(default_factory=dict)


# The fields that ContactDraft and ContactChange may set.
FIELDS = frozenset(
    {
        "name",
        "given_name",
        "family_name",
        "language",
        "time_zone",
        "country",
        "region",
        "postcode",
        "lifetime_value",
        "value_currency",
        "source",
    }
)


@dataclass(frozen=True, slots=True)
class ContactChange:
    """`fields` to be set (None: empty), attributes (None: removed), tags to be added and to be removed.

    `tags`: all that it shall have, in place of those that it has. `source` is kept with the attributes.
    """

    fields: Mapping[str, str | int | None] = field(default_factory=dict)
    attributes: Mapping[str, object] = field(default_factory=dict)
    tags: frozenset[str] | None = None
    add_tags: frozenset[str] = frozenset()
    remove_tags: frozenset[str] = frozenset()
    source: str = ""


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """All that are given must hold, of `name_prefix` and `point_prefixes` one of them.

    `name_prefix` is folded; a name, given or family name first, begins with it. `segment_id`: who is in it.
    With `updated_since`, those changed at or after it, in the order of change; else the newest come first.
    """

    name_prefix: str | None = None
    point_prefixes: tuple[str, ...] = ()
    phone: str | None = None
    email: str | None = None
    tag: str | None = None
    language: str | None = None
    country: str | None = None
    group_id: str | None = None
    segment_id: str | None = None
    updated_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """`undone_at` is None while it stands."""

    id: str
    survivor_id: str
    merged_id: str
    reason: str
    at: datetime
    actor: str
    undone_at: datetime | None = None
    undone_by: str | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    contact: Contact
    likeness: Likeness


class Contacts(Protocol):
    async def create(self, actor: Actor, draft: ContactDraft) -> Contact:
        """Refused when a point is another contact's."""

    async def get(self, contact_id: str) -> Contact:
        """Raises Missing."""

    async def by_point(self, point: ContactPoint) -> Contact | None: ...

    async def change(
        self, actor: Actor, contact_id: str, change: ContactChange, *, version: int | None = None
    ) -> Contact: ...

    async def add_point(
        self,
        actor: Actor,
        contact_id: str,
        point: ContactPoint,
        *,
        version: int | None = None,
        move: bool = False,
    ) -> Contact:
        """One that it has already is left as it is. Another contact's is Refused, unless it is to `move`."""

    async def remove_point(
        self, actor: Actor, contact_id: str, point: ContactPoint, *, version: int | None = None
    ) -> Contact:
        """Raises Missing too when the contact has no such point."""

    async def list(
        self, wanted: ContactFilter, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Contact]:
        """Raises Missing for a segment that is not there; `after` is the page's before."""


class Merges(Protocol):
    async def merge(
        self, actor: Actor, survivor_id: str, merged_id: str, reason: str, *, version: int | None = None
    ) -> tuple[Merge, Contact]:
        """Make two contacts one, and what it is then. `version` is the survivor's. Refused: they are one."""

    async def unmerge(self, actor: Actor, merge_id: str) -> tuple[Merge, Contact]:
        """Undo it: the merge, and the contact that is apart again. What was changed since stays with the
        survivor. Refused when the survivor has been merged on: that is to be undone first.
        """

    async def of(self, contact_id: str) -> Sequence[Merge]:
        """Merges into and of this contact and those merged into it, undone ones too, newest first."""

    async def duplicates(self, contact_id: str, *, limit: int = 20) -> Sequence[Duplicate]:
        """Others who may be the same person, the surest first."""


@dataclass(frozen=True, slots=True)
class KeptGroup:
    group: Group
    version: int
    members: int


class Groups(Protocol):
    """Households and companies. A contact's groups are its own; changing them counts its version up."""

    async def create(
        self, actor: Actor, kind: GroupKind, name: str, domain: str | None, members: Collection[str]
    ) -> KeptGroup: ...

    async def get(self, group_id: str) -> KeptGroup: ...

    async def list(
        self,
        *,
        kind: GroupKind | None = None,
        domain: str | None = None,
        limit: int = 50,
        after: Sequence[str] | None = None,
    ) -> Page[KeptGroup]: ...

    async def change(
        self, actor: Actor, group_id: str, *, fields: Mapping[str, str | None], version: int | None = None
    ) -> KeptGroup:
        """`fields`: name, domain."""

    async def delete(self, actor: Actor, group_id: str, *, version: int | None = None) -> None: ...

    async def add_member(self, actor: Actor, group_id: str, contact_id: str) -> KeptGroup: ...

    async def remove_member(self, actor: Actor, group_id: str, contact_id: str) -> KeptGroup: ...
