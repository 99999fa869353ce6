"""Reminders of a promise: which texts go when. Rows for the outbox; the gate is asked as they go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from compliance.local_time import wall_span
from compliance.zones import zone_named
from dialer.debts.promise import BY_PAYMENTS, Promise, PromiseCheck, PromiseState


class ReminderKind(StrEnum):
    BEFORE = "before"
    DUE = "due"
    LATE = "late"  # in the days of grace


@dataclass(frozen=True, slots=True)
class ReminderPlan:
    """Days before and after each instalment's date, at `at_time` of the person's clock.

    `templates`: kind -> the name of a text; a kind without one is not sent.
    """

    before_days: tuple[int, ...] = (2,)
    on_due: bool = True
    late_days: tuple[int, ...] = (1,)
    at_time: time = time(10)
    channel: str = "sms"
    templates: Mapping[ReminderKind, str] | None = None


@dataclass(frozen=True, slots=True)
class Reminder:
    """`id` is made of promise, instalment and day: planned twice, it is one row."""

    id: str
    promise: str
    contact_id: str
    kind: ReminderKind
    at: datetime
    channel: str
    template: str
    instalment: int
    data: Mapping[str, object]


def reminders(promise: Promise, plan: ReminderPlan, now: datetime) -> tuple[Reminder, ...]:
    """All that are still to come, by time. Of a promise that is replaced or cancelled there are none."""
    if promise.state is not PromiseState.OPEN:
        return ()
    found = []
    for number, instalment in enumerate(promise.instalments, 1):
        for kind, day in _days(plan, instalment.due):
            template = (plan.templates or {}).get(kind)
            at = _at(promise, day, plan.at_time)
            if template is None or at <= now:
                continue
            data: dict[str, object] = {
                "amount": instalment.amount,
                "currency": promise.currency,
                "due": instalment.due.isoformat(),
                "debt": promise.debt,
                "instalment": number,
                "instalments": len(promise.instalments),
            }
            found.append(
                Reminder(
                    f"{promise.id}.{number}.{day.isoformat()}",
                    promise.id,
                    promise.contact_id,
                    kind,
                    at,
                    plan.channel,
                    template,
                    number,
                    data,
                )
            )
    return tuple(sorted(found, key=lambda one: (one.at, one.id)))


def still_wanted(reminder: Reminder, promise: Promise, check: PromiseCheck) -> bool:
    """Asked as it goes out: not for what was paid meanwhile, nor for a promise that counts no more."""
    return (
        promise.state in BY_PAYMENTS
        and check.state is PromiseState.OPEN
        and reminder.instalment > check.covered
    )


def _days(plan: ReminderPlan, due: date) -> list[tuple[ReminderKind, date]]:
    days = [(ReminderKind.BEFORE, due - timedelta(days=days)) for days in plan.before_days]
    if plan.on_due:
        days.append((ReminderKind.DUE, due))
    return days + [(ReminderKind.LATE, due + timedelta(days=days)) for days in plan.late_days]


def _at(promise: Promise, day: date, at_time: time) -> datetime:
    """Where the clocks skip that time, as they go on."""
    zone = zone_named(promise.time_zone) or UTC
    return wall_span(zone, day, at_time, at_time)[0]
