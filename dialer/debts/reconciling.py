"""A creditor's balances against what we have: new, changed, gone, and what contradicts itself. Pure matching.

A file is matched by the creditor's references. Carried out and matched again, it is no news: a file may come
twice, or stop in the middle and start anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from dialer.debts.debt import BalanceChange, BalanceSource, Debt, DebtMove, DebtState, moved
from dialer.debts.promise import Payment

# How ids of payments begin that nobody told of: a file's balance was lower.
_SHOWN = "file:"


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """A debt as the file has it. `contact_id`: whom the row is found to belong to, if anybody."""

    line: int
    reference: str
    amount: int
    currency: str
    due: date
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class BalanceFile:
    """`complete`: it has all debts of the creditor, so that what it lacks is gone. `as_of`: of which day.

    `newest_complete`: of which day the newest file is that had all of them.
    """

    id: str
    creditor: str
    as_of: date
    complete: bool
    rows: tuple[BalanceRow, ...]
    newest_complete: date | None = None


@dataclass(frozen=True, slots=True)
class ReconcileRules:
    """`most_gone`: where a greater share of the debts would be gone, none is: the file may be cut short.

    `falls_are_payments`: a balance that fell was paid down, which counts for promises.
    """

    most_gone: float = 0.2
    falls_are_payments: bool = True


class ConflictKind(StrEnum):
    NO_REFERENCE = "no_reference"
    TWICE = "twice"
    NEGATIVE = "negative"
    NOBODY = "nobody"
    CURRENCY = "currency"
    OTHER_PERSON = "other_person"
    OLDER = "older"
    TOO_MANY_GONE = "too_many_gone"


_SENTENCES: Mapping[ConflictKind, str] = {
    ConflictKind.NO_REFERENCE: "The row has no reference: give each debt the creditor's own number.",
    ConflictKind.TWICE: "The reference comes {times} times with different data: leave one row of them.",
    ConflictKind.NEGATIVE: "The balance is below nothing: write 0 for a debt that is paid.",
    ConflictKind.NOBODY: "No person is known for the new debt: add a number or an id of theirs to the row.",
    ConflictKind.CURRENCY: "The debt is in {known} and the row in {given}: write the balance in {known}.",
    ConflictKind.OTHER_PERSON: "The debt is another person's: correct the row, or merge the two people.",
    ConflictKind.OLDER: "The file is of {as_of}, and a balance of {known} is known: send a newer file.",
    ConflictKind.TOO_MANY_GONE: (
        "{gone} of {known} debts are not in the file, more than {most}: it may be cut short. "
        "Send it whole, or say that it is not complete."
    ),
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """`line` 0: of the whole file."""

    line: int
    reference: str
    kind: ConflictKind
    data: Mapping[str, object]

    @property
    def sentence(self) -> str:
        return _SENTENCES[self.kind].format_map(self.data)


@dataclass(frozen=True, slots=True)
class Changed:
    """`debt` as it is to be kept, at the version that was read plus those of its changes."""

    before: Debt
    debt: Debt


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """`new` rows have a contact. `payments`: shown by balances that fell. `same`: how many are no news."""

    new: tuple[BalanceRow, ...]
    changed: tuple[Changed, ...]
    gone: tuple[Changed, ...]
    same: int
    conflicts: tuple[Conflict, ...]
    payments: tuple[Payment, ...]


def reconcile(
    known: Sequence[Debt], file: BalanceFile, now: datetime, rules: ReconcileRules | None = None
) -> Reconciliation:
    """What the file changes. `known`: all debts of its creditor, whatever their state."""
    rules = rules or ReconcileRules()
    by_reference = {debt.reference: debt for debt in known}
    if file.newest_complete is not None and file.as_of < file.newest_complete:
        # It would bring back what was owed before; a debt that the newer file left as it was does not tell.
        return Reconciliation((), (), (), 0, (_older(0, "", file, file.newest_complete),), ())
    rows, conflicts = _rows(file)
    new: list[BalanceRow] = []
    changed: list[Changed] = []
    payments: list[Payment] = []
    same = 0
    for row in rows:
        debt = by_reference.get(row.reference)
        conflict = _conflict(row, debt, file)
        if conflict is not None:
            conflicts.append(conflict)
        elif debt is None:
            if row.amount > 0:
                new.append(row)
            else:
                same += 1  # paid before we ever heard of it
        elif (after := _updated(debt, row, file, now)) is None:
            same += 1
        else:
            changed.append(Changed(debt, after))
            if rules.falls_are_payments and after.amount < debt.amount:
                payments.append(_payment(debt, debt.amount - after.amount, file, now))
    gone, too_many = _gone(known, file, now, rules)
    if too_many is not None:
        conflicts.append(too_many)
    return Reconciliation(tuple(new), tuple(changed), gone, same, tuple(conflicts), tuple(payments))


def new_debt(id: str, row: BalanceRow, file: BalanceFile, now: datetime) -> Debt:
    """A row of `Reconciliation.new` as a debt."""
    assert row.contact_id is not None
    return Debt(
        id=id,
        contact_id=row.contact_id,
        reference=row.reference,
        amount=row.amount,
        currency=row.currency,
        due=row.due,
        created_at=now,
        creditor=file.creditor,
        since=now,
        by=f"file:{file.id}",
        history=(_change(row.amount, file, now),),
    )


def _rows(file: BalanceFile) -> tuple[list[BalanceRow], list[Conflict]]:
    """The rows that can be matched, a repeated one once, and what is wrong within the file."""
    rows: dict[str, BalanceRow] = {}
    conflicts: list[Conflict] = []
    differ: Counter[str] = Counter()
    lines: dict[str, int] = {}
    for row in file.rows:
        reference = row.reference.strip()
        row = replace(row, reference=reference)
        if not reference:
            conflicts.append(Conflict(row.line, "", ConflictKind.NO_REFERENCE, {}))
        elif reference not in rows:
            rows[reference] = row
            lines[reference] = row.line
        elif replace(row, line=lines[reference]) != rows[reference]:
            differ[reference] += 1
    for reference, more in differ.items():
        data: dict[str, object] = {"times": more + 1}
        conflicts.append(Conflict(lines[reference], reference, ConflictKind.TWICE, data))
        del rows[reference]
    return list(rows.values()), conflicts


def _conflict(row: BalanceRow, debt: Debt | None, file: BalanceFile) -> Conflict | None:
    kind: ConflictKind | None = None
    data: dict[str, object] = {}
    if row.amount < 0:
        kind = ConflictKind.NEGATIVE
    elif debt is None:
        kind = ConflictKind.NOBODY if row.contact_id is None and row.amount > 0 else None
    elif debt.currency != row.currency:
        kind, data = ConflictKind.CURRENCY, {"known": debt.currency, "given": row.currency}
    elif row.contact_id is not None and row.contact_id != debt.contact_id:
        kind = ConflictKind.OTHER_PERSON
    elif (newest := newest_word(debt)) is not None and file.as_of < newest:
        return _older(row.line, row.reference, file, newest)
    return None if kind is None else Conflict(row.line, row.reference, kind, data)


def _older(line: int, reference: str, file: BalanceFile, known: date) -> Conflict:
    data = {"as_of": file.as_of.isoformat(), "known": known.isoformat()}
    return Conflict(line, reference, ConflictKind.OLDER, data)


def _updated(debt: Debt, row: BalanceRow, file: BalanceFile, now: datetime) -> Debt | None:
    """None: the row is no news."""
    by = f"file:{file.id}"
    after = debt
    amount = max(0, row.amount - _paid_after(debt, file.as_of))
    if amount != debt.amount:
        history = (*debt.history, _change(amount, file, now))
        after = replace(after, amount=amount, history=history)
    if row.due != debt.due:
        after = replace(after, due=row.due)
    if after is not debt:
        after = replace(after, version=debt.version + 1)
    if amount == 0 and debt.state is not DebtState.PAID and debt.state is not DebtState.WITHDRAWN:
        after = moved(after, DebtMove.SETTLE, now, by)
    elif amount > 0 and debt.state in (DebtState.PAID, DebtState.WITHDRAWN):
        after = moved(after, DebtMove.OWE, now, by)
    return None if after is debt else after


def _gone(
    known: Sequence[Debt], file: BalanceFile, now: datetime, rules: ReconcileRules
) -> tuple[tuple[Changed, ...], Conflict | None]:
    if not file.complete:
        return (), None
    over = (DebtState.PAID, DebtState.WITHDRAWN)
    standing = [debt for debt in known if debt.state not in over]
    there = {row.reference.strip() for row in file.rows}
    gone = [
        debt
        for debt in standing
        if debt.reference not in there and ((newest := newest_word(debt)) is None or newest <= file.as_of)
    ]
    if len(gone) > max(1, rules.most_gone * len(standing)):
        data: dict[str, object] = {
            "gone": len(gone),
            "known": len(standing),
            "most": f"{rules.most_gone:.0%}",
        }
        return (), Conflict(0, "", ConflictKind.TOO_MANY_GONE, data)
    withdrawn = (
        Changed(debt, moved(debt, DebtMove.WITHDRAW, now, f"file:{file.id}", str(file.as_of)))
        for debt in gone
    )
    return tuple(withdrawn), None


def shown_before(payment: Payment, known: Sequence[Payment]) -> Mapping[str, int]:
    """A payment that is told after a file whose balance it had lowered: how much of which of those that the
    file showed it is. `known`: all of its debt.
    """
    found: dict[str, int] = {}
    left = payment.amount
    for one in sorted(known, key=lambda one: (one.paid_on, one.id)):
        if one.id.startswith(_SHOWN) and one.amount > 0 and one.paid_on >= payment.paid_on and left > 0:
            found[one.id] = min(left, one.amount)
            left -= found[one.id]
    return found


def _payment(debt: Debt, amount: int, file: BalanceFile, now: datetime) -> Payment:
    return Payment(f"{_SHOWN}{file.id}:{debt.reference}", debt.id, amount, file.as_of, now)


def _change(amount: int, file: BalanceFile, now: datetime) -> BalanceChange:
    return BalanceChange(now, amount, BalanceSource.FILE, file.id, file.as_of)


def newest_word(debt: Debt) -> date | None:
    """Of which day the creditor's newest word on it is, as far as it changed the balance."""
    told = (BalanceSource.FILE, BalanceSource.API)
    days = [one.as_of for one in debt.history if one.source in told and one.as_of is not None]
    return max(days, default=None)


def _paid_after(debt: Debt, as_of: date) -> int:
    """What came in after the day that a file tells of, which it cannot know."""
    amounts = [one.amount for one in debt.history]
    return sum(
        before - one.amount
        for before, one in zip(amounts, debt.history[1:], strict=False)
        if one.source is BalanceSource.PAYMENT and one.as_of is not None and one.as_of > as_of
    )
