"""What a conversation knows of the company it speaks for: its hours, country, time zone and money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

Opening = Callable[[str, datetime], str]
"""(name of the hours, aware UTC) -> "open", "closed" or "holiday". Raises KeyError for an unknown name."""


def always_open(hours: str, now: datetime) -> str:
    return "open"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`region`: the country whose national numbers are understood; `currency`: ISO code of a bare amount.

    `written`: what is said is read.
    """

    opening: Opening = always_open
    region: str = "PL"
    zone: tzinfo = UTC
    currency: str = "PLN"
    written: bool = False


NOWHERE = Surroundings()
