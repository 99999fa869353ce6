"""An amount of money."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ivr.answers.kind import Answer, AnswerKind, Progress, Situation, without_limits
from ivr.sentences import read_back, too_far
from ivr.talk import Filled
from wording.currency_words import CURRENCIES
from wording.money import amount_vocabulary, understood_amount

if TYPE_CHECKING:
    from ivr.talk import Wording

POINT = "*"
CENTS = 2
MOST = Decimal("999999999.99")


def _known(currency: str) -> str:
    if currency not in CURRENCIES:
        raise ValueError(f"no currency {currency} is known here; there are {', '.join(CURRENCIES)}")
    return currency


Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(_known)]
Money = Annotated[Decimal, Field(ge=0, le=MOST, max_digits=11, decimal_places=CENTS)]


class Amount(AnswerKind):
    """`amount: {currency: PLN, least: 10, most: 500}`, or `amount: true`. `12.50` is keyed 12*50."""

    star_counts: ClassVar[bool] = True

    currency: Currency | None = None
    least: Money = Decimal("0.01")
    most: Money = MOST

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return without_limits(value)

    @model_validator(mode="after")
    def _in_order(self) -> Amount:
        if self.least > self.most:
            raise ValueError(f"least {self.least} is more than most {self.most}")
        return self

    def phrases(self, language: str) -> tuple[str, ...]:
        return amount_vocabulary(language, self.currency)

    def words(self, text: str, language: str, situation: Situation) -> Answer | None:
        amount = understood_amount(text, language, self._currency(situation))
        return None if amount is None else Answer(_written(amount))

    def progress(self, keyed: str, situation: Situation) -> Progress:
        whole, point, cents = keyed.partition(POINT)
        if POINT in cents or len(cents) > CENTS or len(whole) > len(str(int(MOST))):
            return Progress.WRONG
        if len(cents) == CENTS:
            return Progress.COMPLETE
        return Progress.PARTIAL if point and not cents else Progress.ENOUGH

    def keyed(self, keyed: str, situation: Situation) -> Answer | None:
        whole, _, cents = keyed.partition(POINT)
        return Answer(_written(Decimal(f"{whole}.{cents or 0}"))) if whole else None

    def refusal(self, value: str, situation: Situation) -> Filled | None:
        if self.least <= Decimal(value) <= self.most:
            return None
        limits = {"least": _written(self.least), "most": _written(self.most)}
        change = f"money({self._currency(situation)})"
        return Filled(too_far("quantity", change, least=True, most=self.most < MOST), limits)

    def read_back(self, value: str, situation: Situation) -> Wording:
        return read_back(f"money({self._currency(situation)})")

    def _currency(self, situation: Situation) -> str:
        return self.currency or situation.currency


def _written(amount: Decimal) -> str:
    return f"{amount:.2f}"
