"""What a forecast notes of itself: a code with its data, and one English sentence in which both are.

The sentence is what is kept with the forecast. `read` finds the code and the data in it again, so that also
what was kept before can be told in another language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache


class ForecastNote(StrEnum):
    # Why no day was simulated.
    NO_HOUR = "no_hour"
    NO_LEADS = "no_leads"
    NOBODY = "nobody"
    MODE = "mode"
    # What the simulated days leave out, or take for granted.
    FEWER_DAYS = "fewer_days"
    WHOLE_LIST = "whole_list"
    FEW_CALLS = "few_calls"
    FEW_TALKS = "few_talks"
    WRAP_UP = "wrap_up"
    MACHINES_TO_AGENTS = "machines_to_agents"
    DETECTION_OFF = "detection_off"
    MACHINE_ERROR = "machine_error"
    MISSED_NONE = "missed_none"
    MISSED_SOME = "missed_some"
    FEW_VOICEMAILS = "few_voicemails"


_N = ForecastNote
SENTENCES: Mapping[ForecastNote, str] = {
    _N.NO_HOUR: "It has no hour in the next two weeks in which it may dial: look at its hours and days.",
    _N.NO_LEADS: "Its list is empty, or all of it is done: add leads.",
    _N.NOBODY: "Nobody of the list may be called in any hour of the plan: the rules tell why.",
    _N.MODE: "Only progressive and predictive dialling is simulated, not {mode}.",
    _N.FEWER_DAYS: "A day of so many hours and agents takes long: {made} of {asked} were simulated.",
    _N.WHOLE_LIST: "Each simulated day has the leads of the whole plan in all its hours, whatever hours suit "
    "each.",
    _N.FEW_CALLS: "How many answer is mostly the trade's experience: few calls of it are known yet.",
    _N.FEW_TALKS: "How long talks last is a default of two minutes: few talks of it are known yet.",
    _N.WRAP_UP: "How long agents work after a talk is a default of 20 s.",
    _N.MACHINES_TO_AGENTS: "Machines are given to agents as people are: a voicemail that answers costs an "
    "agent's seconds.",
    _N.DETECTION_OFF: "Detection is off: a voicemail that answers costs an agent's seconds.",
    _N.MACHINE_ERROR: "Of the people who answer, {share} count as taken for machines.",
    _N.MISSED_NONE: "No voicemail is taken to pass for a person: few of its voicemails are known yet.",
    _N.MISSED_SOME: "Of the voicemails, {share} pass for people, as agents said of past calls.",
    _N.FEW_VOICEMAILS: "How many calls a voicemail answers is a default: few calls of it are known yet.",
}


def sentence(note: ForecastNote, **data: object) -> str:
    return SENTENCES[note].format(**data)


def read(kept: str) -> tuple[ForecastNote, Mapping[str, str]] | None:
    """What a sentence of `sentence` says; None: it is no such sentence."""
    for note, pattern in _patterns().items():
        if (found := pattern.fullmatch(kept)) is not None:
            return note, found.groupdict()
    return None


@cache
def _patterns() -> Mapping[ForecastNote, re.Pattern[str]]:
    return {note: re.compile(_pattern(template)) for note, template in SENTENCES.items()}


def _pattern(template: str) -> str:
    parts = re.split(r"\{(\w+)\}", template)
    return "".join(rf"(?P<{part}>\S+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
