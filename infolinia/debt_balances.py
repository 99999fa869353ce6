"""A creditor's balances as a CSV file: read whole, with everything that is wrong in it told at once."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from history.importing.cells import minor_units
from history.points import WrongPoint, phone_of
from history.profile_fields import WrongField, currency_of

LARGEST_BYTES = 256 << 20
_NEEDED = ("reference", "amount", "due")
_KNOWN = (*_NEEDED, "currency", "contact_id", "number")
_MOST_TOLD = 20
_YEARS = range(1900, 2200)


class BalancesRefused(Exception):
    """A sentence a line, each with the file's line and the remedy."""


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """`amount` in minor units of `currency`. `number` is E.164."""

    line: int
    reference: str
    amount: int
    currency: str
    due: date
    contact_id: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Balances:
    digest: str
    lines: tuple[BalanceLine, ...]


def read_balances(path: Path, currency: str | None, region: str) -> Balances:
    """`currency` of rows that name none; `region`: whose national numbers are meant. Raises BalancesRefused.

    A file with anything wrong is refused as a whole: one that lacks rows would have debts withdrawn.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise BalancesRefused(f"{path.name} is larger than {LARGEST_BYTES >> 20} MB: split it.")
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as away:
        raise BalancesRefused(f"{path} cannot be read ({away.strerror}).") from None
    except UnicodeDecodeError as wrong:
        raise BalancesRefused(f"{path.name} is no UTF-8 at byte {wrong.start}: save it as UTF-8.") from None
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    lines: list[BalanceLine] = []
    wrongs: list[str] = []
    try:
        columns = _columns(path, next(rows, []))
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            cells = {name: row[place].strip() for name, place in columns.items() if place < len(row)}
            found = list(_wrong(cells, currency, region))
            if found:
                wrongs += [f"{path.name}:{rows.line_num}: {sentence}" for sentence in found]
            else:
                lines.append(_line(rows.line_num, cells, currency, region))
    except csv.Error as broken:
        raise BalancesRefused(f"{path.name}:{rows.line_num}: this is no CSV ({broken}).") from None
    if wrongs:
        more = [f"{len(wrongs) - _MOST_TOLD} more lines are wrong."] if len(wrongs) > _MOST_TOLD else []
        raise BalancesRefused("\n".join([*wrongs[:_MOST_TOLD], *more]))
    return Balances(hashlib.sha256(raw).hexdigest(), tuple(lines))


def _separator(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _columns(path: Path, header: list[str]) -> dict[str, int]:
    columns = {name.strip().casefold(): place for place, name in enumerate(header)}
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise BalancesRefused(
            f"{path.name}: its first line lacks {', '.join(missing)}; name the columns {', '.join(_KNOWN)}, "
            "of which the last three may be left out."
        )
    return {name: place for name, place in columns.items() if name in _KNOWN}


def _wrong(cells: Mapping[str, str], currency: str | None, region: str) -> Iterator[str]:
    reference = cells.get("reference", "")
    if len(reference) > 100 or not reference.isprintable():
        yield "The reference is no number of a debt: write the creditor's own, of at most 100 characters."
    try:
        of = currency_of(cells.get("currency", "") or currency or "")
    except WrongField as wrong:
        of = None
        yield str(wrong)
    if of is not None:
        try:
            minor_units(cells.get("amount", ""), of)
        except WrongField as wrong:
            yield str(wrong)
    try:
        due = date.fromisoformat(cells.get("due", ""))
        if due.year not in _YEARS:
            raise ValueError
    except ValueError:
        yield f"{cells.get('due', '')!r} is no day on which it was due: write it as 2026-11-30."
    if number := cells.get("number"):
        try:
            phone_of(number, region)
        except WrongPoint as wrong:
            yield str(wrong)


def _line(line: int, cells: Mapping[str, str], currency: str | None, region: str) -> BalanceLine:
    """Nothing is wrong with it."""
    of = currency_of(cells.get("currency", "") or currency or "") or ""
    number = cells.get("number")
    return BalanceLine(
        line,
        cells["reference"],
        minor_units(cells["amount"], of),
        of,
        date.fromisoformat(cells["due"]),
        cells.get("contact_id") or None,
        phone_of(number, region) if number else None,
    )
