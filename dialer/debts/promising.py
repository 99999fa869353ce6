"""What may be promised: the checks before a promise is kept, and equal instalments by month or week."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from dialer.debts.debt import Debt, DebtState
from dialer.debts.promise import Instalment

# States in which somebody may still promise: they are spoken with, whoever called.
MAY_PROMISE = frozenset({DebtState.OPEN, DebtState.PROMISED})


class Every(StrEnum):
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class PromiseTerms:
    """What agents may agree to. Days are counted from today."""

    first_within_days: int = 30
    last_within_days: int = 366
    most_instalments: int = 12
    least_amount: int = 1


@dataclass(frozen=True, slots=True)
class WrongPromise:
    """`field`: "instalments", "amount", "due", "debt"; the sentence has the remedy."""

    field: str
    sentence: str


def wrong_promise(
    debt: Debt, instalments: Sequence[Instalment], today: date, terms: PromiseTerms
) -> tuple[WrongPromise, ...]:
    """All that is wrong with it; `today` is the person's date."""
    return tuple(_wrong(debt, instalments, today, terms))


def _wrong(
    debt: Debt, instalments: Sequence[Instalment], today: date, terms: PromiseTerms
) -> Iterator[WrongPromise]:
    if debt.state not in MAY_PROMISE:
        yield WrongPromise("debt", f"The debt is {debt.state}: nothing can be promised for it.")
    if not instalments:
        yield WrongPromise("instalments", "Nothing is promised: give an amount and a date.")
        return
    if len(instalments) > terms.most_instalments:
        yield WrongPromise(
            "instalments", f"{terms.most_instalments} instalments are the most: agree on fewer."
        )
    if any(one.amount < terms.least_amount for one in instalments):
        yield WrongPromise("amount", "An instalment is too small: each is a sum above nothing, as agreed.")
    total = sum(one.amount for one in instalments)
    if total > debt.amount:
        yield WrongPromise("amount", "More is promised than is owed: promise the balance at most.")
    dates = [one.due for one in instalments]
    if dates[0] < today:
        yield WrongPromise("due", f"{dates[0]} has passed: choose today or a later day.")
    if sorted(set(dates)) != dates:
        yield WrongPromise("due", "Instalments go by date, one a day: put them in order.")
    first = today + timedelta(days=terms.first_within_days)
    if dates[0] > first:
        yield WrongPromise("due", f"The first payment is too late: choose {first} at the latest.")
    last = today + timedelta(days=terms.last_within_days)
    if max(dates) > last:
        yield WrongPromise("due", f"The last payment is too late: choose {last} at the latest.")


def instalments_of(total: int, count: int, first: date, every: Every = Every.MONTH) -> tuple[Instalment, ...]:
    """`total` in `count` parts as equal as can be, larger ones first. `total` and `count` are 1 or more.

    By month they keep the first one's day, or the month's last where it is shorter.
    """
    share, rest = divmod(total, count)
    return tuple(
        Instalment(share + (1 if index < rest else 0), _after(first, index, every)) for index in range(count)
    )


def _after(first: date, steps: int, every: Every) -> date:
    if every is Every.WEEK:
        return first + timedelta(weeks=steps)
    years, month = divmod(first.month - 1 + steps, 12)
    year = first.year + years
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))
