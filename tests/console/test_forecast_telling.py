"""What a forecast notes, and why its rules refuse, is told in every language of the pages."""

from __future__ import annotations

import re
import string

import pytest

from compliance.refusal_reasons import RefusalCode
from compliance.refusal_reasons import sentence as refused
from console.campaigns.forecast_telling import note_told, rule_told
from console.words import LANGUAGES, load_words
from dialer.reasons import ReasonCode
from engine.forecast_notes import SENTENCES, ForecastNote, read, sentence

WORDS = load_words()
DATA = {"mode": "preview", "made": 12, "asked": 30, "share": "1.9%"}
# Of the list's own plan and caps: what holds a lead until a time, and what ends it.
OF_LIST = [
    *(ReasonCode.RETRY, ReasonCode.CALLBACK, ReasonCode.DAY_CAP, ReasonCode.GAP, ReasonCode.BEST_TIME),
    *(ReasonCode.REDIAL_LOCK, ReasonCode.INTERRUPTED, ReasonCode.NETWORK_TROUBLE, ReasonCode.AGENT_AWAY),
    *(ReasonCode.PERSON_BUSY, ReasonCode.SKIPPED, ReasonCode.PROMISE, ReasonCode.GATE),
    *(ReasonCode.LEAD_CAP, ReasonCode.NO_NUMBER),
]


def kept(note: ForecastNote) -> str:
    gaps = [name for _, name, _, _ in string.Formatter().parse(SENTENCES[note]) if name]
    return sentence(note, **{gap: DATA[gap] for gap in gaps})


@pytest.mark.parametrize("note", ForecastNote)
def test_every_note_is_read_again_and_told_in_every_language(note: ForecastNote) -> None:
    written = kept(note)
    found = read(written)
    assert found is not None
    assert found[0] is note
    assert found[1] == {gap: str(DATA[gap]) for gap in found[1]}
    told = {language: note_told(written, WORDS[language]) for language in LANGUAGES}
    assert len(set(told.values())) == len(LANGUAGES)
    for text in told.values():
        assert "{" not in text
        assert re.findall(r"\d+\.\d%|30|12", text) == re.findall(r"\d+\.\d%|30|12", written)
    assert re.search("[а-я]{3}", told["ru"])


def test_a_note_of_another_release_stays_as_it_is() -> None:
    assert note_told("The moon was full.", WORDS["pl"]) == "The moon was full."


def test_a_mode_is_named_in_the_readers_language() -> None:
    assert "podgląd" in note_told(kept(ForecastNote.MODE), WORDS["pl"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_rules_refuse_is_told_in_the_readers_language(language: str) -> None:
    words = WORDS[language]
    for code in OF_LIST:
        told = rule_told(f"list/{code}", "In English.", words)
        assert told == words.table[f"live_refused_{code}"]
        assert "?" not in told
    gone = refused(RefusalCode.CONTACT_GONE)
    assert (rule_told("gate/contact", gone, words) == gone) is (language == "en")
    consent = refused(RefusalCode.NO_CONSENT, purpose="marketing", channel="call")
    assert (rule_told("pl-pke/consent", consent, words) == consent) is (language == "en")
