"""Lifetime value: what a person has brought, as a source says it, and payments since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LifetimeValue:
    """`amount` in minor units of `currency`. `set_at`: when a source said so; None: only payments count."""

    amount: int | None = None
    currency: str | None = None
    set_at: datetime | None = None


def after_payment(value: LifetimeValue, amount: int, currency: str, at: datetime) -> LifetimeValue:
    """With one more payment (a refund is negative).

    One from before a source said the value is in it already. One in another currency is not counted: there
    is no rate here by which it could be.
    """
    if value.set_at is not None and at <= value.set_at:
        return value
    if value.amount is None:
        return LifetimeValue(amount, currency, value.set_at)
    if value.currency not in (None, currency):
        return value
    return LifetimeValue(value.amount + amount, currency, value.set_at)


def brought_by_merge(survivor: LifetimeValue, merged: LifetimeValue) -> int:
    """What the merged profile adds: two profiles of one person were paid apart. 0 in another currency."""
    if merged.amount is None or survivor.currency not in (None, merged.currency):
        return 0
    return merged.amount
