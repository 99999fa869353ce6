"""A recogniser for rehearsals: it compares texts and makes no mistakes but those that a test asks for."""

from __future__ import annotations

from dataclasses import replace

from ivr.commands import Listen
from ivr.events import Heard
from ivr.rehearsal.script import Says
from ivr.typed_answers import found_phrase

UTTERANCE_SECONDS = 1.0


def recognised(said: Says, ears: Listen, language: str | None) -> Heard:
    """What a recogniser that makes no mistakes would report."""
    found = found_phrase(said.text, ears, [said.language] if said.language else ears.phrases)
    if found is None:
        spoken = said.language or language or next(iter(ears.phrases), "")
        return Heard("", spoken, 0.0, 0.0, UTTERANCE_SECONDS)
    return replace(found, confidence=said.confidence, margin=said.margin, seconds=UTTERANCE_SECONDS)
