"""promise: keep a caller's promise to pay."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, field_validator

from ivr.commands import Errand, KeepPromise
from ivr.outward import outward_text
from ivr.reading.shape import Seconds
from ivr.steps.errand import ErrandBody
from ivr.texts import TemplateText
from wording.minor_units import minor_units_of, written_amount
from wording.templates import Template, parse_template

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.flow import Step
    from ivr.talk import Talk

_AMOUNT = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,3})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_COUNT = re.compile(r"[1-9][0-9]?", re.ASCII)
LONGEST_REFERENCE = 100
DAY_SECONDS = 86400.0


class Promise(ErrandBody):
    """`promise: {amount: "{amount}", due: "{day}", reference: "{debt}", least: "50", latest: 14d}`.

    `reference` left out: the debt that the call is about. `instalments`: in so many equal parts, a `every`
    apart. `refused`: the amount is none, below `least` or more than is owed; the date is none, has passed, or
    is later than `latest` from today; too many instalments; nobody has been verified in this call.
    """

    verb: ClassVar[str] = "promise"
    needs_verified: ClassVar[bool] = True
    optional: ClassVar[tuple[str, ...]] = ("refused",)

    amount: TemplateText
    due: TemplateText
    reference: TemplateText | None = None
    instalments: TemplateText = Field(default_factory=lambda: parse_template("1"))
    every: Literal["week", "month"] = "month"
    least: TemplateText | None = None
    latest: Seconds = Field(default=14 * DAY_SECONDS, ge=DAY_SECONDS, le=366 * DAY_SECONDS)
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None

    @field_validator("amount", "least")
    @classmethod
    def _an_amount(cls, value: Template | None) -> Template | None:
        if value is not None and value.static and amount_of(value.source) is None:
            raise ValueError(f"{value.source!r} is no amount; write it as 120 or 120.50")
        return value

    def errand(self, talk: Talk, step: Step) -> Callable[[int], Errand] | str:
        amount = amount_of(outward_text(talk, step, self.amount))
        due = day_of(outward_text(talk, step, self.due))
        reference = "" if self.reference is None else outward_text(talk, step, self.reference)
        parts = outward_text(talk, step, self.instalments)
        least = Decimal(0) if self.least is None else amount_of(outward_text(talk, step, self.least))
        today = talk.local.date()
        currency = self.currency or talk.surroundings.currency
        minor = None if amount is None else minor_units_of(amount, currency)
        if amount is None or not minor or least is None or amount < least:
            return "refused"
        if due is None or not today <= due <= today + timedelta(seconds=self.latest):
            return "refused"
        if (self.reference is not None and not reference) or len(reference) > LONGEST_REFERENCE:
            return "refused"
        if not _COUNT.fullmatch(parts):
            return "refused"
        return partial(
            KeepPromise,
            amount=written_amount(minor, currency),
            currency=currency,
            due=due.isoformat(),
            reference=reference,
            instalments=int(parts),
            every=self.every,
        )


def amount_of(text: str) -> Decimal | None:
    """A decimal with at most three places, which is what any currency has; None for anything else."""
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


def day_of(text: str) -> date | None:
    """An ISO date; None for anything else."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
