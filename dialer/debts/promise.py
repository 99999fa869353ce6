"""Promise to pay: what was promised by when, in one sum or in instalments, and whether it was kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class PromiseState(StrEnum):
    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    REPLACED = "replaced"  # by a later one of the same debt
    CANCELLED = "cancelled"  # the debt is disputed, stopped, withdrawn or paid otherwise


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
