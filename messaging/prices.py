"""What messages will cost: a price for each part, by the longest prefix of the number in a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_LONGEST_PREFIX = 16


class WrongPrices(ValueError):
    """A price table is refused; the message is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class PriceTable:
    """`by_prefix`: "+48" -> minor units of `currency` for a part, as Decimal("6.5") for 6.5 groszy.

    The prefix "+" is the price of all other numbers. Raises WrongPrices.
    """

    currency: str
    by_prefix: Mapping[str, Decimal]

    def __post_init__(self) -> None:
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise WrongPrices(f"{self.currency!r} is no currency; write three capital letters, such as EUR.")
        for prefix, price in self.by_prefix.items():
            digits = prefix[1:]
            written = prefix[:1] == "+" and (not digits or (digits.isascii() and digits.isdigit()))
            if not written or len(prefix) > _LONGEST_PREFIX:
                raise WrongPrices(f"{prefix!r} is no prefix; write + and the first digits, such as +48.")
            if not price.is_finite() or price < 0:
                raise WrongPrices(f"The price of {prefix} is {price}; write a number of at least 0.")

    def of_part(self, number: str) -> Decimal | None:
        """The price of one part to `number` (E.164); None when the table has none."""
        for length in range(min(len(number), _LONGEST_PREFIX), 0, -1):
            if (price := self.by_prefix.get(number[:length])) is not None:
                return price
        return None


@dataclass(frozen=True, slots=True)
class Estimate:
    """`cost` in minor units of `currency`, rounded once. `unpriced`: messages that it does not hold."""

    currency: str
    cost: int
    messages: int
    parts: int
    unpriced: int


def estimate(prices: PriceTable, messages: Iterable[tuple[str, int]]) -> Estimate:
    """Of (number, parts) each."""
    cost, count, all_parts, unpriced = Decimal(0), 0, 0, 0
    for number, parts in messages:
        count += 1
        all_parts += parts
        price = prices.of_part(number)
        if price is None:
            unpriced += 1
        else:
            cost += price * parts
    return Estimate(
        prices.currency, int(cost.quantize(Decimal(1), ROUND_HALF_UP)), count, all_parts, unpriced
    )
