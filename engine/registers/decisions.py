"""The log of the gate's decisions: appended before each contact, chained by hash, read by pseudonym."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from compliance.decision import Decision
from engine.registers.permissions import PersonFacts, PersonQuery
from history.interaction import ContactPoint


@dataclass(frozen=True, slots=True)
class DecisionPlan:
    """What is decided on, beside the person: the fields of a ContactRequest."""

    subject: str
    purpose: str
    mode: str
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The gate's answer and the packs it was asked of, by name and version."""

    decision: Decision
    packs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """A row of the log. It does not tell whom it was about: only who has the person's key can."""

    writer: str
    seq: int
    at: datetime
    subject: str
    channel: str
    purpose: str
    mode: str
    campaign: str | None
    packs: tuple[str, ...]
    decision: Decision
    hash: str


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """None: any. `contact_id` finds those about the person, as long as their key is there."""

    subject: str | None = None
    contact_id: str | None = None
    allowed: bool | None = None
    writer: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Decisions(Protocol):
    """Every method raises StoreUnavailable."""

    async def decide(
        self,
        query: PersonQuery,
        plan: DecisionPlan,
        judge: Callable[[PersonFacts], Judgement],
        now: datetime,
    ) -> Decision:
        """Read the facts, have them judged and append the decision, in one transaction.

        The person is locked meanwhile: what is decided about them next, on any node, counts this decision.
        Whoever is unknown becomes a contact. Raises Missing for a contact id that is none.
        """

    async def decide_all(
        self,
        asked: Sequence[tuple[PersonQuery, DecisionPlan]],
        judge: Callable[[int, PersonFacts], Judgement],
        now: datetime,
    ) -> Sequence[Decision | None]:
        """The same of many in one transaction; `judge` is told which. None is to be asked about by itself:
        the contact is missing, or was decided about earlier in the list.
        """

    async def logged(
        self, wanted: DecisionFilter, *, limit: int = 50, before: tuple[datetime, str, int] | None = None
    ) -> Sequence[LoggedDecision]:
        """Newest first; `before` is at, writer and seq of the last one seen."""

    async def person_of(self, subject: str) -> tuple[str | None, ContactPoint | None] | None:
        """Whom a contact was with, or is to be: contact id and point, as far as other records tell."""
