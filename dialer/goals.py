"""What a campaign is to reach, and by what it stops itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """So many leads closed with one of these dispositions; none: that were reached."""

    count: int
    dispositions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopRules:
    """`list_ended`: it finishes when no lead is left that may ever be called; else it waits for new ones.

    `attempts`: at most so many calls in all. `refused_in_row`: it pauses when so many leads on end are
    refused by the gate for ever: the purpose or the list is wrong then. None: not a rule.
    """

    list_ended: bool = True
    attempts: int | None = None
    refused_in_row: int | None = 1000
