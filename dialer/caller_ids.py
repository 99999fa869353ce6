"""Which number of ours a person is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dialer.mistakes import Mistake, MistakeCode

_BEGIN = re.compile(r"\+[0-9]{1,15}", re.ASCII)
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def caller_id_for(callee: str, caller_ids: Mapping[str, str]) -> str:
    """By the longest begin of the callee's number; "": the trunk's own."""
    begins = [begin for begin in caller_ids if callee.startswith(begin)]
    return caller_ids[max(begins, key=len)] if begins else ""


def wrong_caller_ids(caller_ids: Mapping[str, str]) -> Iterator[Mistake]:
    """One for each that cannot be."""
    for begin, number in caller_ids.items():
        place = f"caller_ids.{begin}" if begin else "caller_ids"
        if begin and not _BEGIN.fullmatch(begin):
            yield Mistake(place, MistakeCode.CALLER_ID_BEGIN, {"begin": begin})
        if not _NUMBER.fullmatch(number):
            yield Mistake(place, MistakeCode.CALLER_ID_NUMBER, {"number": number})
