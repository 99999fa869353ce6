"""Promise to pay: what was promised by when, in one sum or in instalments, and whether it was kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from compliance.local_time import day_start
from compliance.zones import zone_named


class PromiseState(StrEnum):
    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    REPLACED = "replaced"  # by a later one of the same debt
    CANCELLED = "cancelled"  # the debt is disputed, stopped, withdrawn or paid otherwise


# What may follow what. A payment that was in time but is told of late mends what was thought to be broken;
# one that is taken back breaks what was thought to be kept.
TRANSITIONS: Mapping[PromiseState, frozenset[PromiseState]] = {
    PromiseState.OPEN: frozenset(
        {PromiseState.KEPT, PromiseState.BROKEN, PromiseState.REPLACED, PromiseState.CANCELLED}
    ),
    PromiseState.KEPT: frozenset({PromiseState.OPEN, PromiseState.BROKEN}),
    PromiseState.BROKEN: frozenset({PromiseState.OPEN, PromiseState.KEPT, PromiseState.REPLACED}),
    PromiseState.REPLACED: frozenset(),
    PromiseState.CANCELLED: frozenset(),
}
# Their end follows from what is paid.
BY_PAYMENTS = frozenset({PromiseState.OPEN, PromiseState.KEPT, PromiseState.BROKEN})


@dataclass(frozen=True, slots=True)
class Instalment:
    """Minor units, due by the end of the date."""

    amount: int
    due: date


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in, or (below 0) went back. `id` is that of the creditor's or bank's row."""

    id: str
    debt: str
    amount: int
    paid_on: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """`instalments` by date, one at least. Payments from `counts_from` on count; each is waited for
    `grace_days` after its date. Dates are of `time_zone`. `call_id` and `agent`: in which talk it was made.
    """

    id: str
    debt: str
    contact_id: str
    currency: str
    instalments: tuple[Instalment, ...]
    made_at: datetime
    counts_from: date
    time_zone: str = "UTC"
    grace_days: int = 2
    call_id: str | None = None
    agent: str | None = None
    campaign: str | None = None
    state: PromiseState = PromiseState.OPEN
    ended_at: datetime | None = None
    replaced_by: str | None = None
    version: int = 1

    @property
    def amount(self) -> int:
        return sum(one.amount for one in self.instalments)

    @property
    def last_due(self) -> date:
        return self.instalments[-1].due


@dataclass(frozen=True, slots=True)
class PromiseCheck:
    """What the payments say. `paid` of the promise's whole amount; `covered`: instalments paid in full.

    `missing`: what is short of those that should have been paid by now. `next`: the first one that is not
    paid, None when all are; `waited_until`: when it is broken if nothing more comes.
    """

    state: PromiseState
    paid: int
    covered: int
    missing: int
    next: Instalment | None
    waited_until: datetime | None


def check(promise: Promise, payments: Sequence[Payment], now: datetime) -> PromiseCheck:
    """Whether it is open, kept or broken at `now`, whatever its state says. Pure.

    Payments count by the day on which they were made, in any parts, and go to the oldest instalment first;
    those that were known before it was made do not. It is broken as soon as one instalment is not covered by
    payments of its date and the days of grace.
    """
    # What was known before it was made is no part of it: less was owed by then.
    counted = [
        one
        for one in _once(payments)
        if one.debt == promise.debt
        and one.paid_on >= promise.counts_from
        and one.recorded_at >= promise.made_at
    ]
    paid = sum(one.amount for one in counted)
    covered, wanted, missing = 0, 0, 0
    broken, following = False, None
    for instalment in promise.instalments:
        wanted += instalment.amount
        until = waited_until(promise, instalment)
        last_day = instalment.due + timedelta(days=promise.grace_days)
        over = now >= until
        in_time = sum(one.amount for one in counted if one.paid_on <= last_day)
        if paid >= wanted and following is None:
            covered += 1
        elif following is None:
            following = instalment
        if over:
            missing = max(missing, wanted - paid)
            broken = broken or min(in_time, paid) < wanted  # late, or taken back
    kept = PromiseState.KEPT if following is None else PromiseState.OPEN
    state = PromiseState.BROKEN if broken else kept
    until_next = None if following is None else waited_until(promise, following)
    return PromiseCheck(
        state, max(0, min(paid, promise.amount)), covered, max(missing, 0), following, until_next
    )


def waited_until(promise: Promise, instalment: Instalment) -> datetime:
    """The first moment after the instalment's days of grace, in UTC."""
    zone = zone_named(promise.time_zone) or UTC
    return day_start(zone, instalment.due + timedelta(days=promise.grace_days + 1))


def settled(promise: Promise, payments: Sequence[Payment], now: datetime) -> Promise:
    """The promise in the state that its payments give it; the same one if that is no news."""
    if promise.state not in BY_PAYMENTS:
        return promise
    state = check(promise, payments, now).state
    return promise if state is promise.state else _in(promise, state, now)


def replaced(promise: Promise, by: str, at: datetime) -> Promise:
    """A later promise of the same debt counts. A kept one stays so."""
    if PromiseState.REPLACED not in TRANSITIONS[promise.state]:
        return promise
    return replace(_in(promise, PromiseState.REPLACED, at), replaced_by=by)


def cancelled(promise: Promise, at: datetime) -> Promise:
    """The debt is disputed, stopped, withdrawn or paid otherwise: the promise is neither kept nor broken."""
    if PromiseState.CANCELLED not in TRANSITIONS[promise.state]:
        return promise
    return _in(promise, PromiseState.CANCELLED, at)


def _in(promise: Promise, state: PromiseState, at: datetime) -> Promise:
    ended = None if state is PromiseState.OPEN else at
    return replace(promise, state=state, ended_at=ended, version=promise.version + 1)


def _once(payments: Sequence[Payment]) -> list[Payment]:
    """A payment that is told twice is one."""
    return list({one.id: one for one in payments}.values())
