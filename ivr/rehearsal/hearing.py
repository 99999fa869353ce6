"""A recogniser for rehearsals: it compares texts and makes no mistakes but those that a test asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from ivr.commands import Listen
from ivr.events import Heard
from ivr.rehearsal.script import Says
from wording.phrases import normalised

UTTERANCE_SECONDS = 1.0


@lru_cache(maxsize=256)
def _by_form(phrases: tuple[str, ...]) -> dict[str, str]:
    return {normalised(phrase): phrase for phrase in phrases}


def recognised(said: Says, ears: Listen, language: str | None) -> Heard:
    """What a recogniser that makes no mistakes would report."""
    wanted = normalised(said.text)
    for heard_in in [said.language] if said.language else ears.phrases:
        phrases = _by_form(ears.phrases.get(heard_in, ()))
        known = wanted in phrases or (ears.sequence and _made_of(wanted.split(), phrases))
        if wanted and (ears.free or known):
            text = phrases.get(wanted, wanted)
            return Heard(text, heard_in, said.confidence, said.margin, UTTERANCE_SECONDS)
    return Heard("", said.language or language or next(iter(ears.phrases), ""), 0.0, 0.0, UTTERANCE_SECONDS)


def _made_of(words: Sequence[str], phrases: Mapping[str, str]) -> bool:
    """Whether the words are phrases one after another."""
    reached = {0}
    for end in range(1, len(words) + 1):
        if any(start in reached and " ".join(words[start:end]) in phrases for start in range(end)):
            reached.add(end)
    return len(words) in reached
