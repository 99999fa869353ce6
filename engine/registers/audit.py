"""The audit log as it is read, and as what was seen is added to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from engine.registers.actor import Actor


@dataclass(frozen=True, slots=True)
class AuditNote:
    """`action` as "contact.seen", `subject` as "contact:ID"."""

    at: datetime
    actor: Actor
    action: str
    subject: str
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`number` grows with every note."""

    number: int
    note: AuditNote


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """None: any. `subject` also takes a kind ("contact:"); `actor` an id; `since` and `until` are UTC."""

    subject: str | None = None
    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditLog(Protocol):
    async def add(self, notes: Sequence[AuditNote]) -> None:
        """In one transaction. Changes are noted by the registers themselves, with the change."""

    async def entries(
        self, wanted: AuditFilter, *, limit: int, before: int | None = None
    ) -> Sequence[AuditEntry]:
        """Newest first; those before the entry of that number."""
