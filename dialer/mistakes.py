"""Mistake: what is wrong with a campaign, where, and what to do about it: a code with its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as member
from enum import StrEnum

from dialer.mistake_codes import SENTENCES
from dialer.mistake_codes import MistakeCode as MistakeCode
from dialer.reasons import times

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60))


class Told(StrEnum):
    """How a member of a mistake's data is written out; any other stands as it is."""

    SECONDS = "seconds"  # "8 hours"
    TIMES = "times"  # "once", "3 times"
    NOUN = "noun"  # of what there are names
    RESULT = "result"  # of an attempt, or several
    MODE = "mode"  # or several


TOLD: Mapping[str, Told] = {
    "wait": Told.SECONDS,
    "gap": Told.SECONDS,
    "again": Told.TIMES,
    "noun": Told.NOUN,
    "result": Told.RESULT,
    "mode": Told.MODE,
    "allowed": Told.MODE,
    "recycled": Told.RESULT,
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """`field` is a campaign's own field, as "retry.caps.day"; the sentence has the remedy.

    `data`: what the sentence shows, by the gaps of its code. `blocks` False: a note. It may be meant, but it
    is not to be overlooked.
    """

    field: str
    code: MistakeCode
    data: Mapping[str, object] = member(default_factory=dict, hash=False)
    blocks: bool = True

    @property
    def sentence(self) -> str:
        """In English."""
        return SENTENCES[self.code].format(**{name: _told(name, value) for name, value in self.data.items()})


def _told(name: str, value: object) -> object:
    match TOLD.get(name):
        case Told.SECONDS:
            return long(int(str(value)))
        case Told.TIMES:
            return times(value)
        case Told.NOUN:
            return "set of hours" if value == "hours" else value
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else value


def long(seconds: int) -> str:
    count, unit = counted(seconds)
    return f"{count} s" if not unit else f"{count} {unit}{'' if count == 1 else 's'}"


def counted(seconds: int) -> tuple[int, str]:
    """So many of the longest unit that it is whole in: "day", "hour", "minute", or "" for seconds."""
    for unit, length in _UNITS:
        if seconds >= length and seconds % length == 0:
            return seconds // length, unit
    return seconds, ""
