"""What a forecast says in sentences, in the reader's language: its rules' and its notes."""

from __future__ import annotations

from console.campaigns.live_telling import cause_told
from console.gate_telling import gate_told
from console.words import Words
from engine.forecast_notes import ForecastNote, read

# Rules of the list's own plan and caps; behind it, the reason's code.
_OF_LIST = "list/"


def rule_told(rule: str, sentence: str, words: Words) -> str:
    """`sentence` is of the first lead that it refuses. The list's own are told without that lead's times."""
    if rule.startswith(_OF_LIST):
        return cause_told(rule.removeprefix(_OF_LIST), "", words)
    return gate_told(sentence, words)


def note_told(note: str, words: Words) -> str:
    """A note that cannot be read, of another release, stays as it is."""
    known = read(note)
    if known is None:
        return note
    code, gaps = known
    if code is ForecastNote.MODE:
        gaps = {"mode": words.get(f"campaign_mode_{gaps['mode']}", gaps["mode"])}
    return words(f"forecast_note_{code}", None, **gaps)
