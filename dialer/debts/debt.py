"""Debt: what a person owes, apart from the person. Its states, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum


class DebtState(StrEnum):
    OPEN = "open"
    PROMISED = "promised"  # a promise stands: it is left in peace until that is kept or broken
    DISPUTED = "disputed"  # the person says that they do not owe it
    STOPPED = "stopped"  # the person asked not to be contacted about it, or the creditor told us so
    PAID = "paid"
    WITHDRAWN = "withdrawn"  # the creditor's file has it no more


class DebtMove(StrEnum):
    PROMISE = "promise"
    KEEP = "keep"  # all of the promise was paid, and something is left
    BREAK = "break"
    DISPUTE = "dispute"
    UPHOLD = "uphold"  # the dispute was settled: it is owed
    STOP = "stop"
    RELEASE = "release"  # of a stop, by a person with a reason
    SETTLE = "settle"  # nothing is left to pay
    OWE = "owe"  # the creditor's file has a balance again
    WITHDRAW = "withdraw"


_S, _M = DebtState, DebtMove

TRANSITIONS: Mapping[tuple[DebtState, DebtMove], DebtState] = {
    (_S.OPEN, _M.PROMISE): _S.PROMISED,
    (_S.OPEN, _M.DISPUTE): _S.DISPUTED,
    (_S.OPEN, _M.STOP): _S.STOPPED,
    (_S.OPEN, _M.SETTLE): _S.PAID,
    (_S.OPEN, _M.WITHDRAW): _S.WITHDRAWN,
    (_S.PROMISED, _M.PROMISE): _S.PROMISED,  # another one replaces it
    (_S.PROMISED, _M.KEEP): _S.OPEN,
    (_S.PROMISED, _M.BREAK): _S.OPEN,
    (_S.PROMISED, _M.DISPUTE): _S.DISPUTED,
    (_S.PROMISED, _M.STOP): _S.STOPPED,
    (_S.PROMISED, _M.SETTLE): _S.PAID,
    (_S.PROMISED, _M.WITHDRAW): _S.WITHDRAWN,
    (_S.DISPUTED, _M.UPHOLD): _S.OPEN,
    (_S.DISPUTED, _M.STOP): _S.STOPPED,
    (_S.DISPUTED, _M.SETTLE): _S.PAID,
    (_S.DISPUTED, _M.WITHDRAW): _S.WITHDRAWN,
    (_S.STOPPED, _M.RELEASE): _S.OPEN,
    (_S.STOPPED, _M.SETTLE): _S.PAID,
    (_S.STOPPED, _M.WITHDRAW): _S.WITHDRAWN,
    (_S.PAID, _M.OWE): _S.OPEN,
    (_S.WITHDRAWN, _M.OWE): _S.OPEN,
}

# Nobody is contacted about a debt in another state.
CONTACTED = frozenset({_S.OPEN})


class WrongDebtMove(ValueError):
    """The message is one sentence."""


class BalanceSource(StrEnum):
    FILE = "file"
    API = "api"
    PAYMENT = "payment"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class BalanceChange:
    """The balance was `amount` minor units from `at` on. `source_id`: the file's, the payment's.

    `as_of`: the day that the source tells of.
    """

    at: datetime
    amount: int
    source: BalanceSource
    source_id: str = ""
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Debt:
    """`reference` is the creditor's own number of it. Amounts are minor units of `currency`.

    `amount` is the balance now; `history` holds it and the balances before, the oldest first. `due` is when
    it was to be paid. `since`, `by` and `note` tell of its state.
    """

    id: str
    contact_id: str
    reference: str
    amount: int
    currency: str
    due: date
    created_at: datetime
    creditor: str = ""
    state: DebtState = DebtState.OPEN
    since: datetime | None = None
    by: str = ""
    note: str = ""
    history: tuple[BalanceChange, ...] = ()
    version: int = 1


def moved(debt: Debt, move: DebtMove, at: datetime, by: str, note: str = "") -> Debt:
    """The debt in its next state, one version on. Raises WrongDebtMove."""
    after = TRANSITIONS.get((debt.state, move))
    if after is None:
        possible = [known.value for state, known in TRANSITIONS if state is debt.state]
        raise WrongDebtMove(
            f"Debt {debt.reference!r} is {debt.state}; what it can is {', '.join(possible)}, and not {move}."
        )
    return replace(debt, state=after, since=at, by=by, note=note, version=debt.version + 1)
