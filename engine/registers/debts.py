"""Debts: what is owed, paid and promised, and what files of balances say.

Every method raises StoreUnavailable; those that take an id raise Missing when there is no such debt.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from dialer.debts.debt import Debt, DebtMove, DebtState
from dialer.debts.promise import Payment, Promise
from dialer.debts.promising import PromiseTerms
from dialer.debts.reconciling import BalanceFile, Conflict, ReconcileRules
from dialer.debts.reminders import ReminderKind
from engine.registers.actor import Actor
from engine.registers.pages import Page


@dataclass(frozen=True, slots=True)
class DebtFilter:
    """Empty and None: all. `reference`: what the creditor's number begins with."""

    states: Collection[DebtState] = ()
    creditor: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A file of balances that was taken in. `figures`: new, changed, gone, same, conflicts, payments.

    `repeated`: the same file was taken in before; nothing was changed.
    """

    id: str
    creditor: str
    name: str
    actor: str
    at: datetime
    as_of: date
    complete: bool
    figures: Mapping[str, int]
    conflicts: tuple[Conflict, ...] = ()
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class ReminderJob:
    """A text that goes out at `at`, or is not worth it from `until` on. `to` is E.164."""

    id: str
    at: datetime
    until: datetime
    to: str
    text: str
    language: str
    kind: ReminderKind
    instalment: int


@dataclass(frozen=True, slots=True)
class ReminderRow:
    """One as it stands in the outbox: waiting, sent, or ended and why."""

    at: datetime
    to: str
    text: str
    kind: ReminderKind
    instalment: int
    sent_at: datetime | None
    ended_at: datetime | None
    why: str


class Debts(Protocol):
    async def add(self, actor: Actor, debt: Debt) -> Debt:
        """Raises Refused when the creditor's reference is known, and Missing when the contact is not."""

    async def get(self, id: str) -> Debt: ...

    async def by_reference(self, creditor: str, reference: str) -> Debt | None: ...

    async def of_contact(self, contact_id: str) -> Sequence[Debt]:
        """Merged contacts counted as one; the oldest first."""

    async def page(
        self, wanted: DebtFilter, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Debt]:
        """By id."""

    async def move(
        self, actor: Actor, id: str, move: DebtMove, note: str, *, version: int | None = None
    ) -> Debt:
        """A dispute, its settlement, a stop, its release, a withdrawal. A promise that stands is cancelled.

        Raises Changed, and Refused for another move or one that the debt cannot make.
        """

    async def set_balance(
        self, actor: Actor, id: str, amount: int, *, as_of: date | None = None, version: int | None = None
    ) -> Debt:
        """By another system's word. Raises Changed, and Refused for less than nothing."""

    async def pay(self, actor: Actor, payment: Payment) -> Debt:
        """Money that came in or went back; one of the same id counts once. Its promise is kept or mended."""

    async def payments(self, id: str) -> Sequence[Payment]:
        """By date."""

    async def promise(
        self,
        actor: Actor,
        promise: Promise,
        terms: PromiseTerms,
        today: date,
        reminders: Sequence[ReminderJob] = (),
    ) -> Promise:
        """It replaces the one that stands. `today` is the person's date. Raises Refused with what is wrong.

        The same one again changes nothing. `reminders` go out unless it ends or is paid before.
        """

    async def reminders(self, promise_id: str) -> Sequence[ReminderRow]:
        """Of one promise, by time."""

    async def promises(self, id: str) -> Sequence[Promise]:
        """Newest first."""

    async def check_promises(self, *, limit: int = 100) -> Sequence[Promise]:
        """Those that are broken by now, in their new state; their debts are open again."""

    async def reconcile(
        self,
        actor: Actor,
        file: BalanceFile,
        *,
        digest: str,
        name: str,
        rules: ReconcileRules | None = None,
        dry_run: bool = False,
    ) -> Reconciled:
        """Take a file of balances in, in one transaction. `dry_run`: nothing is changed."""

    async def reconciliations(
        self, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Reconciled]:
        """Newest first, without their conflicts."""

    async def reconciliation(self, id: str) -> Reconciled:
        """With its conflicts."""
