"""Telephone numbers as the network gives them, and their E.164 form where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number as it was signalled (`raw`) and in E.164 (`e164`, None for internal or withheld ones)."""

    raw: str
    e164: str | None = None

    @property
    def withheld(self) -> bool:
        return self.raw == ""

    @property
    def shown(self) -> str:
        """The form for people: E.164 where known, else as dialled; empty when withheld."""
        return self.e164 or self.raw

    @property
    def masked(self) -> str:
        """For logs: all but the last two digits are hidden. Short internal numbers stay whole."""
        shown = self.shown
        if len(shown) <= 5:
            return shown
        return shown[:3] + "*" * (len(shown) - 5) + shown[-2:]


_WITHHELD = frozenset({"", "anonymous", "unknown", "unavailable", "restricted", "private"})


@lru_cache(maxsize=4096)  # one call asks several times, and parsing takes longer than all else in its log
def parse_number(raw: str, region: str) -> PhoneNumber:
    """Read a signalled number. `region` is the two-letter country whose national form is understood.

    Never fails: what is not a possible number keeps its raw form with no E.164.
    """
    text = raw.strip()
    if text.lower() in _WITHHELD:
        return PhoneNumber("")
    candidate = "+" + text[2:] if text.startswith("00") else text
    try:
        parsed = phonenumbers.parse(candidate, region)
    except phonenumbers.NumberParseException:
        return PhoneNumber(text)
    if not phonenumbers.is_possible_number(parsed):
        return PhoneNumber(text)
    return PhoneNumber(text, phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=4096)
def is_abroad(e164: str, region: str) -> bool:
    """Whether the number, in E.164, belongs to another country code than `region`."""
    return phonenumbers.parse(e164).country_code != phonenumbers.country_code_for_region(region)
