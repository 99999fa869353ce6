"""DebtDesk: what is said of debts in calls, by a flow or an agent, and the clock that looks after promises.

A promise is checked against the balance, and kept with the reminders that the gate would let go out. What a
person disputes, or no longer wants to be called about, stops every campaign's calls in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

import structlog

from calls.call import Call
from compliance.facts import Channel, Mode, Purpose
from compliance.zones import zone_named
from dialer.debts.debt import Debt, DebtMove, DebtState
from dialer.debts.promise import Instalment, Promise
from dialer.debts.promising import MAY_PROMISE, Every, PromiseTerms, instalments_of, wrong_promise
from dialer.debts.reminders import Reminder, ReminderKind, ReminderPlan, reminders
from engine.gatekeeper import ContactRequest, Gate
from engine.lookout import Lookout
from engine.ports import Clock
from engine.registers.actor import Actor
from engine.registers.contacts import Contacts
from engine.registers.debts import Debts, ReminderJob
from engine.registers.refusals import Missing, Refused
from history.contact import Contact
from history.interaction import ContactPoint, PointKind
from wording.minor_units import written_amount
from wording.templates import Template

LOOK_SECONDS = 30.0
_AT_ONCE = 100
# A reminder that could not go out for so long is not worth sending any more.
_WORTH = timedelta(days=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PromiseRules:
    """`texts`: kind -> language -> what is sent; a kind without one is not sent."""

    terms: PromiseTerms = field(default_factory=PromiseTerms)
    grace_days: int = 2
    plan: ReminderPlan = field(default_factory=ReminderPlan)
    texts: Mapping[ReminderKind, Mapping[str, Template]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromiseWish:
    """What was said: `amount` minor units in all, in `count` parts, the first by `first`. `id`: told twice,
    it is one promise."""

    id: str
    amount: int
    currency: str
    first: date
    count: int = 1
    every: Every = Every.MONTH
    agent: str | None = None


class DebtDesk:
    """Methods raise StoreUnavailable, and Refused with a sentence that names the remedy."""

    def __init__(
        self,
        debts: Debts,
        contacts: Contacts,
        gate: Gate,
        clock: Clock,
        *,
        zone: tzinfo,
        rules: PromiseRules | None = None,
    ) -> None:
        self._debts = debts
        self._contacts = contacts
        self._gate = gate
        self._clock = clock
        self._zone = zone
        self.rules = rules or PromiseRules()
        self.lookout = Lookout("promises to pay", self.look, every_seconds=LOOK_SECONDS)

    async def about(self, call: Call, point: ContactPoint | None, reference: str = "") -> Debt | None:
        """The debt that a call is about: a campaign's own, else the caller's of that reference.

        Without a reference the only one that is owed. None: it is not known here.
        """
        if call.debt is not None:
            with suppress(Missing):
                debt = await self._debts.get(call.debt)
                if reference in ("", debt.reference, debt.id):
                    return debt
        contact = None if point is None else await self._contacts.by_point(point)
        if contact is None:
            return None
        theirs = await self._debts.of_contact(contact.id)
        if reference:
            return next((one for one in theirs if reference in (one.reference, one.id)), None)
        owed = [one for one in theirs if one.state in MAY_PROMISE or one.state is DebtState.DISPUTED]
        return owed[0] if len(owed) == 1 else None

    async def owed_by(self, point: ContactPoint | None, debt: Debt) -> bool:
        """Whether the person with this number or address is the one who owes it."""
        contact = None if point is None else await self._contacts.by_point(point)
        return contact is not None and debt.id in {one.id for one in await self._debts.of_contact(contact.id)}

    async def promise(
        self, actor: Actor, debt: Debt, wish: PromiseWish, *, call: Call | None, point: ContactPoint | None
    ) -> Promise:
        """Kept, with its reminders. `point`: where they are sent, None: the person's own telephone."""
        if wish.currency != debt.currency:
            raise Refused(f"The debt is in {debt.currency}: promise in that currency.", "currency")
        contact = await self._contacts.get(debt.contact_id)
        name, zone = self._zone_of(contact)
        now = self._clock.now()
        today = now.astimezone(zone).date()
        promise = Promise(
            id=wish.id,
            debt=debt.id,
            contact_id=debt.contact_id,
            currency=debt.currency,
            instalments=_instalments(wish),
            made_at=now,
            counts_from=today,
            time_zone=name,
            grace_days=self.rules.grace_days,
            call_id=None if call is None else call.id,
            agent=wish.agent,
            campaign=None if call is None else call.campaign,
        )
        language = contact.language or (None if call is None else call.language)
        jobs = await self.reminders(promise, debt, contact, point, language)
        return await self._debts.promise(actor, promise, self.rules.terms, today, jobs)

    async def dispute(self, actor: Actor, debt: Debt, note: str) -> Debt:
        """Said again it changes nothing."""
        return await self._move(actor, debt, DebtMove.DISPUTE, DebtState.DISPUTED, note)

    async def stop(self, actor: Actor, debt: Debt, note: str) -> Debt:
        """Said again it changes nothing."""
        return await self._move(actor, debt, DebtMove.STOP, DebtState.STOPPED, note)

    async def reminders(
        self,
        promise: Promise,
        debt: Debt,
        contact: Contact,
        point: ContactPoint | None = None,
        language: str | None = None,
    ) -> tuple[ReminderJob, ...]:
        """Those that the gate would let go out, as things are; whoever sends them asks it again.

        None of a promise that is not taken, whose dates may be beyond the calendar.
        """
        texts = self.rules.texts
        if wrong_promise(debt, promise.instalments, promise.counts_from, self.rules.terms):
            return ()
        plan = ReminderPlan(
            self.rules.plan.before_days,
            self.rules.plan.on_due,
            self.rules.plan.late_days,
            self.rules.plan.at_time,
            templates={kind: kind.value for kind in texts},
        )
        to = point or next((one for one in contact.points if one.kind is PointKind.PHONE), None)
        if not texts or to is None or to.kind is not PointKind.PHONE:
            return ()
        found = []
        for reminder in reminders(promise, plan, self._clock.now()):
            at = await self._lawful(reminder, to)
            if at is None:
                log.info("a reminder may not be sent", promise=promise.id, at=reminder.at.isoformat())
                continue
            known = texts[reminder.kind]
            spoken = language if language is not None and language in known else next(iter(known))
            text = known[spoken].render(_values(reminder, promise, debt), spoken)
            found.append(
                ReminderJob(
                    reminder.id, at, at + _WORTH, to.value, text, spoken, reminder.kind, reminder.instalment
                )
            )
        return tuple(found)

    async def look(self) -> None:
        """Break what was not kept in time; its leads are called again. Raises StoreUnavailable."""
        while broken := await self._debts.check_promises(limit=_AT_ONCE):
            log.info("promises to pay were looked at", changed=len(broken))
            if len(broken) < _AT_ONCE:
                return

    # --- inside -------------------------------------------------------------------------------------------

    async def _move(self, actor: Actor, debt: Debt, move: DebtMove, wanted: DebtState, note: str) -> Debt:
        if debt.state is wanted:
            return debt
        return await self._debts.move(actor, debt.id, move, note)

    async def _lawful(self, reminder: Reminder, to: ContactPoint) -> datetime | None:
        """When it may go out, on its own day or the next; None: not at all."""
        request = ContactRequest(
            subject=f"reminder:{reminder.id}",
            channel=Channel.SMS,
            purpose=Purpose.COLLECTIONS,
            mode=Mode.AGENTLESS,
            point=to,
            contact_id=reminder.contact_id,
            debt=str(reminder.data["debt"]),
        )
        decision = await self._gate.would_be(request, reminder.at)
        if decision.allowed:
            return reminder.at
        then = decision.next_allowed_at
        return then if then is not None and then <= reminder.at + _WORTH else None

    def _zone_of(self, contact: Contact) -> tuple[str, tzinfo]:
        """Whose dates a promise goes by: the person's, else the company's."""
        zone = None if contact.time_zone is None else zone_named(contact.time_zone)
        if contact.time_zone is None or zone is None:
            return str(self._zone), self._zone
        return contact.time_zone, zone


def _instalments(wish: PromiseWish) -> tuple[Instalment, ...]:
    if wish.count < 1:
        raise Refused("One instalment is the least: say in how many it is paid.", "instalments")
    if wish.amount < wish.count:
        raise Refused("The amount is too small for so many instalments: agree on fewer.", "amount")
    try:
        return instalments_of(wish.amount, wish.count, wish.first, wish.every)
    except (ValueError, OverflowError):
        raise Refused(f"Dates end with {date.max}: choose an earlier first day.", "due") from None


def _values(reminder: Reminder, promise: Promise, debt: Debt) -> dict[str, object]:
    instalment = promise.instalments[reminder.instalment - 1]
    return {
        "amount": written_amount(instalment.amount, promise.currency),
        "currency": promise.currency,
        "due": instalment.due.isoformat(),
        "creditor": debt.creditor,
        "reference": debt.reference,
        "instalment": reminder.instalment,
        "instalments": len(promise.instalments),
    }


def told(debt: Debt) -> dict[str, object]:
    """A debt as a flow may say it, once the person has proved who they are."""
    return {
        "id": debt.id,
        "reference": debt.reference,
        "creditor": debt.creditor,
        "amount": written_amount(debt.amount, debt.currency),
        "currency": debt.currency,
        "due": debt.due.isoformat(),
        "state": debt.state.value,
        "since": "" if debt.since is None else debt.since.astimezone(UTC).date().isoformat(),
    }
