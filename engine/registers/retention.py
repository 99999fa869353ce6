"""Retention: what is older than it may be kept is deleted, a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class RetentionKind(StrEnum):
    """In the order in which they are deleted; the names are those of the settings."""

    RECORDINGS = "recordings"
    TRANSCRIPTS = "transcripts"
    CALLS = "calls"
    INTERACTIONS = "interactions"
    CALLBACKS = "callbacks"
    CAMPAIGNS = "campaigns"
    DEBTS = "debts"
    MESSAGES = "messages"
    CHATS = "chats"
    REFUSED_ROWS = "refused_rows"
    AGENTS = "agents"
    AUDIT = "audit"
    CONSENT_PROOF = "consent_proof"


@dataclass(frozen=True, slots=True)
class Overdue:
    """What of a kind is older: rows, files, about how many bytes, and from when the oldest is."""

    kind: RetentionKind
    rows: int = 0
    files: int = 0
    size_bytes: int = 0
    oldest: datetime | None = None


class Retention(Protocol):
    """Every method raises StoreUnavailable. What is under legal hold is never overdue."""

    async def overdue(self, kind: RetentionKind, before: datetime) -> Overdue:
        """Nothing is changed."""

    async def delete_some(self, kind: RetentionKind, before: datetime) -> int:
        """Delete one batch; 0 when nothing is left. Files go after their rows have said so."""
