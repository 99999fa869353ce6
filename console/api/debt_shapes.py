"""Debts, payments, promises and files of balances as the API takes and shows them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from console.api.operation import Shape
from console.api.pages_of import PageQuery
from console.api.permission_shapes import Id
from console.api.shapes import LARGEST_INTEGER, PLAIN, Day, Reason, Time, WholeNumber
from dialer.debts.debt import BalanceSource, Debt, DebtState
from dialer.debts.promise import Payment, Promise, PromiseState
from dialer.debts.promising import Every
from dialer.debts.reconciling import ConflictKind
from engine.registers.debts import Reconciled
from history.profile_fields import currency_of, time_zone_of

MOST_ROWS = 10_000
Amount = Annotated[int, Field(ge=0, le=LARGEST_INTEGER, description="Minor units of the currency.")]
Reference = Annotated[
    str, Field(min_length=1, max_length=100, pattern=PLAIN, description="The creditor's own number of it.")
]
Creditor = Annotated[str, Field(max_length=100, pattern=PLAIN)]
Currency = Annotated[
    str, Field(min_length=3, max_length=3, examples=["PLN"]), AfterValidator(lambda v: currency_of(v) or v)
]
Zone = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(time_zone_of)]


class BalanceShape(Shape):
    """The balance was `amount` from `at` on."""

    at: Time
    amount: WholeNumber
    source: BalanceSource
    source_id: str
    as_of: date | None


class DebtShape(Shape):
    id: str
    version: int
    contact_id: str
    creditor: str
    reference: str
    amount: Annotated[WholeNumber, Field(description="The balance now, in minor units of the currency.")]
    currency: str
    due: date
    state: DebtState
    since: Time | None
    by: str
    note: str
    created_at: Time
    history: Annotated[list[BalanceShape], Field(description="The oldest first.")]


class DebtPage(Shape):
    items: list[DebtShape]
    next: str | None


class DebtsQuery(PageQuery):
    """With a contact_id all of that person's are answered, on one page."""

    contact_id: Id | None = None
    state: Annotated[tuple[DebtState, ...], Field(max_length=6, description="Left out: all.")] = ()
    creditor: Creditor | None = None
    reference: Annotated[
        str | None, Field(min_length=1, max_length=100, pattern=PLAIN, description="How it begins.")
    ] = None


class NewDebt(Shape):
    contact_id: Id
    creditor: Creditor = ""
    reference: Reference
    amount: Annotated[int, Field(ge=1, le=LARGEST_INTEGER, description="Minor units of the currency.")]
    currency: Currency
    due: Day


class NewBalance(Shape):
    """0 settles the debt."""

    amount: Amount
    as_of: Annotated[Day | None, Field(description="The day that it tells of.")] = None


class DebtOrder(Shape):
    reason: Reason


class PaymentShape(Shape):
    id: str
    debt: str
    amount: Annotated[WholeNumber, Field(description="Below 0: it went back.")]
    paid_on: date
    recorded_at: Time


class PaymentList(Shape):
    items: list[PaymentShape]


class NewPayment(Shape):
    """One of the same id counts once."""

    id: Annotated[Id, Field(description="That of the creditor's or bank's row.")]
    amount: Annotated[
        int, Field(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER, description="Below 0: it went back.")
    ]
    paid_on: Day


class InstalmentShape(Shape):
    amount: Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]
    due: Day


class PromiseShape(Shape):
    id: str
    version: int
    debt: str
    contact_id: str
    amount: WholeNumber
    currency: str
    instalments: list[InstalmentShape]
    made_at: Time
    counts_from: Annotated[date, Field(description="Payments from this day on count.")]
    time_zone: str
    grace_days: int
    call_id: str | None
    agent: str | None
    campaign: str | None
    state: PromiseState
    ended_at: Time | None
    replaced_by: str | None


class PromiseList(Shape):
    items: list[PromiseShape]


class EqualParts(Shape):
    """So much in parts as equal as can be, a week or a month apart."""

    amount: Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]
    count: Annotated[int, Field(ge=1, le=60)]
    first: Day
    every: Every = Every.MONTH


class NewPromise(Shape):
    """Either instalments, or `equal`."""

    instalments: Annotated[tuple[InstalmentShape, ...], Field(max_length=60)] = ()
    equal: EqualParts | None = None
    time_zone: Annotated[Zone | None, Field(description="Whose dates they are; else the person's.")] = None
    call_id: Annotated[Id | None, Field(description="The talk in which it was made.")] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> NewPromise:
        if bool(self.instalments) == (self.equal is not None):
            raise ValueError("Give instalments, or equal with an amount, a count and a first day.")
        return self


class BalanceRowShape(Shape):
    """Of a debt that is not known yet, `contact_id` or `number` tells whose it is."""

    reference: Annotated[str, Field(max_length=100, pattern=PLAIN)]
    amount: Annotated[int, Field(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]
    currency: Currency
    due: Day
    contact_id: Id | None = None
    number: Annotated[str | None, Field(min_length=1, max_length=40)] = None


class NewBalanceFile(Shape):
    """A creditor's balances. The same ones again change nothing."""

    creditor: Creditor = ""
    name: Annotated[str, Field(max_length=200, pattern=PLAIN)] = ""
    as_of: Annotated[Day, Field(description="Of which day they are.")]
    complete: Annotated[
        bool, Field(description="It has all debts of the creditor: what it lacks is withdrawn.")
    ] = False
    dry_run: Annotated[bool, Field(description="Tell what it would change, and change nothing.")] = False
    rows: Annotated[list[BalanceRowShape], Field(max_length=MOST_ROWS)]


class ConflictShape(Shape):
    line: Annotated[int, Field(description="Of the rows, from 1; 0: of the whole.")]
    reference: str
    kind: ConflictKind
    sentence: str


class BalanceFileShape(Shape):
    """`repeated`: the same file was taken in before, and nothing was changed."""

    id: str
    creditor: str
    name: str
    by: str
    at: Time
    as_of: date
    complete: bool
    figures: Annotated[dict[str, int], Field(description="new, changed, gone, same, conflicts, payments.")]
    conflicts: list[ConflictShape]
    repeated: bool


class BalanceFilePage(Shape):
    """Without their conflicts."""

    items: list[BalanceFileShape]
    next: str | None


def debt_shape(debt: Debt) -> DebtShape:
    return DebtShape.model_validate(
        {**_members(DebtShape, debt), "history": [_members(BalanceShape, one) for one in debt.history]}
    )


def payment_shape(payment: Payment) -> PaymentShape:
    return PaymentShape.model_validate(_members(PaymentShape, payment))


def promise_shape(promise: Promise) -> PromiseShape:
    instalments = [_members(InstalmentShape, one) for one in promise.instalments]
    return PromiseShape.model_validate({**_members(PromiseShape, promise), "instalments": instalments})


def balance_file_shape(taken: Reconciled) -> BalanceFileShape:
    conflicts = [
        ConflictShape(line=one.line, reference=one.reference, kind=one.kind, sentence=one.sentence)
        for one in taken.conflicts
    ]
    return BalanceFileShape(
        id=taken.id,
        creditor=taken.creditor,
        name=taken.name,
        by=taken.actor,
        at=taken.at,
        as_of=taken.as_of,
        complete=taken.complete,
        figures=dict(taken.figures),
        conflicts=conflicts,
        repeated=taken.repeated,
    )


def _members(shape: type[Shape], source: object) -> dict[str, Any]:
    return {name: getattr(source, name) for name in shape.model_fields}
