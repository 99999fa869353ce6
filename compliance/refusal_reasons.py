"""Why a contact is refused: a code with its data, and one English sentence in which both are.

The sentence is what is kept: in the decisions' log, with a lead, in a call's log. `read` finds the code and
the data in it again, so that also what was kept long ago can be told in another language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class RefusalCode(StrEnum):
    OBJECTED = "objected"
    OBJECTED_BECAUSE = "objected_because"
    HOURS = "hours"
    REST_HOURS = "rest_hours"
    CHOSEN_BEGINS = "chosen_begins"
    CHOSEN_PASSED = "chosen_passed"
    CALLS_ABOUT_DEBT = "calls_about_debt"
    CALLS_ABOUT_ANY_DEBT = "calls_about_any_debt"
    SILENCE_ABOUT_DEBT = "silence_about_debt"
    SILENCE_ABOUT_ANY_DEBT = "silence_about_any_debt"
    CONVERSATIONS_DAY = "conversations_day"
    CONVERSATIONS_WEEK = "conversations_week"
    CONVERSATIONS_MONTH = "conversations_month"
    MESSAGES_DAY = "messages_day"
    MESSAGES_WEEK = "messages_week"
    MESSAGES_MONTH = "messages_month"
    NO_CONSENT = "no_consent"
    NOT_REQUESTED = "not_requested"
    MODE_BANNED = "mode_banned"
    ABANDONED = "abandoned"
    MACHINE_TODAY = "machine_today"
    # Of the gate itself, before any pack is asked.
    FACTS_UNREAD = "facts_unread"
    CONTACT_MISSING = "contact_missing"
    CONTACT_GONE = "contact_gone"
    NO_POINT = "no_point"
    PERSON_BUSY = "person_busy"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """`data` by the gaps of its sentence: names of purposes, channels and modes, numbers, times. As texts."""

    code: RefusalCode
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """What a kept sentence says. `reason` None: only `looser`, (pack, what was changed and by whom)."""

    reason: RefusalReason | None
    looser: tuple[str, str] | None


_C = RefusalCode
_HOURS = "{begins} to {ends} is allowed, and it is {time} in {zone}"
_SILENCE = "on {day}: no call for {days} days, that day included"
SENTENCES: Mapping[RefusalCode, str] = {
    _C.OBJECTED_BECAUSE: "do not contact ({scope}) since {day}: {why}",
    _C.OBJECTED: "do not contact ({scope}) since {day}",
    _C.REST_HOURS: f"on weekends and public holidays {_HOURS}",
    _C.HOURS: _HOURS,
    _C.CHOSEN_BEGINS: "the time they chose begins at {at} in {zone}",
    _C.CHOSEN_PASSED: "the time they chose has passed, it ended at {at} in {zone}",
    _C.CALLS_ABOUT_DEBT: "{calls} placed in {days} days about this debt",
    _C.CALLS_ABOUT_ANY_DEBT: "{calls} placed in {days} days about any debt",
    _C.SILENCE_ABOUT_DEBT: f"a conversation about this debt {_SILENCE}",
    _C.SILENCE_ABOUT_ANY_DEBT: f"a conversation about a debt {_SILENCE}",
    _C.CONVERSATIONS_DAY: "{conversations} today, {most} allowed",
    _C.CONVERSATIONS_WEEK: "{conversations} this week, {most} allowed",
    _C.CONVERSATIONS_MONTH: "{conversations} this month, {most} allowed",
    _C.MESSAGES_DAY: "{messages} today, {most} allowed",
    _C.MESSAGES_WEEK: "{messages} this week, {most} allowed",
    _C.MESSAGES_MONTH: "{messages} this month, {most} allowed",
    _C.NO_CONSENT: "no consent to {purpose} by {channel} is in force",
    _C.NOT_REQUESTED: "they neither asked for this contact nor consented to {purpose}",
    _C.MODE_BANNED: "{purpose} in {mode} mode is banned, consent or not",
    _C.ABANDONED: "a call was abandoned on {day}, less than {hours} hours ago",
    _C.MACHINE_TODAY: "a machine answered earlier today",
    _C.FACTS_UNREAD: "the facts cannot be read: {why}",
    _C.CONTACT_MISSING: "nobody is known whom it would reach: {why}",
    _C.CONTACT_GONE: "the contact is not there any more",
    _C.NO_POINT: "no point is known at which a {channel} would reach them",
    _C.PERSON_BUSY: "there is a call with them already",
    _C.FAULT: "a fault of the engine ({fault})",
}
# Gaps that are counted nouns: "1 call", "3 calls".
_NOUNS = {"calls": "call", "conversations": "conversation", "messages": "message"}
_SHAPES = {
    **{gap: rf"(?P<{gap}>\d+) {noun}s?" for gap, noun in _NOUNS.items()},
    **{gap: rf"(?P<{gap}>\d+)" for gap in ("days", "most", "hours")},
    **{gap: rf"(?P<{gap}>\d\d:\d\d)" for gap in ("begins", "ends", "time")},
    "day": r"(?P<day>\d{4}-\d\d-\d\d)",
    "at": r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d)",
    "zone": r"(?P<zone>\S+)",
    "why": r"(?P<why>.+)",
}
_LOOSER = re.compile(
    r"(?:^|(?P<reason>.*?) ?)\[(?P<pack>\S+) is looser than its source: (?P<changes>.*)\]", re.DOTALL
)


def sentence(code: RefusalCode, **data: object) -> str:
    """In English, without a full stop."""
    return SENTENCES[code].format(**{gap: _written(gap, value) for gap, value in data.items()})


def looser_note(pack: str, changes: str) -> str:
    """What is told behind every finding of a pack that was made looser."""
    return f"[{pack} is looser than its source: {changes}]"


def read(kept: str) -> Told | None:
    """What a sentence of `sentence`, with or without a `looser_note`, says. None: it is no such sentence."""
    noted = _LOOSER.fullmatch(kept)
    if noted is None:
        reason = _reason(kept)
        return None if reason is None else Told(reason, None)
    looser = noted["pack"], noted["changes"]
    if not noted["reason"]:
        return Told(None, looser)
    reason = _reason(noted["reason"])
    return None if reason is None else Told(reason, looser)


def code_of(kept: str | None) -> RefusalCode | None:
    told = read(kept) if kept else None
    return told.reason.code if told is not None and told.reason is not None else None


def _reason(kept: str) -> RefusalReason | None:
    for code, pattern in _patterns().items():
        if (found := pattern.fullmatch(kept)) is not None:
            return RefusalReason(code, found.groupdict())
    return None


def _written(gap: str, value: object) -> object:
    noun = _NOUNS.get(gap)
    return value if noun is None else f"{value} {noun}{'' if value == 1 else 's'}"


@cache
def _patterns() -> Mapping[RefusalCode, re.Pattern[str]]:
    return {code: re.compile(_pattern(template), re.DOTALL) for code, template in SENTENCES.items()}


def _pattern(template: str) -> str:
    parts = re.split(r"\{(\w+)\}", template)
    return "".join(
        _SHAPES.get(part, rf"(?P<{part}>[\w.]+)") if place % 2 else re.escape(part)
        for place, part in enumerate(parts)
    )
