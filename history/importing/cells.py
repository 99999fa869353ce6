"""Cells that are neither names nor points: amounts, yes and no, and cells kept from being formulas."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from history.profile_fields import WrongField
from wording.minor_units import decimals_of

# What other systems write where there is nothing.
NOTHING = frozenset(
    {"", "-", "--", "null", "(null)", "none", "nan", "n/a", "na", "#n/a", "\\n", "brak", "нет"}
)

_YES = frozenset({"yes", "y", "true", "t", "1", "x", "tak", "да", "д", "on", "si", "sí"})
_NO = frozenset({"no", "n", "false", "f", "0", "nie", "нет", "н", "off"})

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_KEPT_FROM_BEING_ONE = re.compile(r"'+[=+\-@\t\r]")
_BLANKS = re.compile(r"[\s\u00a0\u202f']")
_AMOUNT = re.compile(r"(-?)(\d+(?:[.,]\d{3})*|\d+)(?:([.,])(\d+))?")
_MARKS = re.compile(r"[.,]")
_LARGEST_AMOUNT = 2**63 - 1


def no_formula(cell: str) -> str:
    """The cell as a spreadsheet shows it, and never runs it; `plain_text` takes the ' away again."""
    return "'" + cell if _FORMULA.match(cell) else cell


def plain_text(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _KEPT_FROM_BEING_ONE.match(cell) else cell


@lru_cache(maxsize=1024)
def minor_units(written: str, currency: str) -> int:
    """ "1 234,50" in PLN as 123450. Raises WrongField."""
    precision = decimals_of(currency)
    text = _BLANKS.sub("", written)
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise WrongField("This is no amount; write it as 1234.50.")
    sign, whole, mark, decimals = found.groups()
    marks = _MARKS.findall(whole)
    if mark is None and marks and marks.count(marks[-1]) == 1 and (precision == 3 or len(marks) > 1):
        # "1.234" are thousands, but of dinars, which have thousandths; so is what follows another mark.
        whole, _, decimals = whole.rpartition(marks[-1])
    digits = whole.replace(".", "").replace(",", "")
    amount = Decimal(f"{sign}{digits}.{decimals or 0}").scaleb(precision)
    if amount != amount.to_integral_value():
        raise WrongField(f"The amount has more decimals than {currency} has.")
    if abs(amount) > _LARGEST_AMOUNT:
        raise WrongField("The amount is too large to be kept; check it.")
    return int(amount)


def yes_or_no(written: str) -> bool:
    """Raises WrongField."""
    text = written.strip().casefold()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise WrongField("This is neither yes nor no; write yes or no.")
