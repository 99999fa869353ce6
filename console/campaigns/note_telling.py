"""What is noted of a campaign's state, in the reader's language; a person's own words stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable

from console.campaigns.live_telling import cause_told
from console.campaigns.mistake_telling import mistake_told
from console.words import Words
from dialer.campaign import Campaign, Cause
from dialer.mistakes import Mistake

_NUMBERS = {
    Cause.GOAL: re.compile(r"(?P<reached>\d+) of (?P<wanted>\d+)"),
    Cause.ATTEMPTS: re.compile(r"(?P<count>\d+) calls"),
    Cause.ALL_REFUSED: re.compile(r"(?P<count>\d+) leads on end"),
    Cause.DETECTION_ERROR: re.compile(r"(?P<share>\S+) of people taken for machines"),
}
# What held leads back, where not one was called: "gate by us-tsr/hours: 12, day_cap: 3".
_HELD_BACK = re.compile(r"(\w+)(?: by (\S+))?: (\d+)")


def note_told(campaign: Campaign, mistakes: Iterable[Mistake], words: Words) -> str:
    """`mistakes`: the campaign's; one of them may be what it was paused for."""
    note, cause = campaign.state_note, campaign.state_cause
    if cause is Cause.PERSON or not note:
        return note
    if cause is Cause.NAMES_GONE:
        return next((mistake_told(one, words) for one in mistakes if one.sentence == note), note)
    pattern = _NUMBERS.get(cause)
    if pattern is not None and (found := pattern.fullmatch(note)) is not None:
        gaps = found.groupdict()
        count = gaps.pop("count", None)
        return words(f"campaign_note_{cause}", None if count is None else int(count), **gaps)
    held = [_HELD_BACK.fullmatch(part) for part in note.split(", ")]
    if not all(held):
        return note
    return ", ".join(_held_back(one[1], one[2] or "", one[3], words) for one in held if one is not None)


def _held_back(code: str, rule: str, count: str, words: Words) -> str:
    why = cause_told(code, rule, words)
    return f"{why} ({rule}): {count}" if rule else f"{why}: {count}"
