"""From what a recogniser heard to one of the phrases a caller may say. Pure.

A grammar recogniser hears words of the phrases in any order ("press to two"), and lists several readings
of the same sound, each with a likelihood. Every reading is given to the phrase it resembles most; a
phrase's confidence is the likelihood it collects, weighed by how much its readings resemble it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

UNKNOWN = "[unk]"

# A reading less like any phrase than this is none of them. Measured (bench/speech_accuracy.py).
LEAST_RESEMBLANCE = 0.75
# Recognisers are too sure of themselves: differences of log likelihood are divided by this.
_TEMPERATURE = 3.0
# Then confidences are drawn up, so that 0.4 parts most misunderstandings from most understandings, and 0.6
# nearly all of them.
_CALIBRATION = 0.5
_UNKNOWN_WORD_PENALTY = 0.25
# Of the speech; breath, hesitation and the detector's slowness are the rest.
_FULL_COVERAGE = 0.8

_NOT_A_WORD = re.compile(r"[^\w']+|_")
# Letters that do not decompose into a base letter and a mark.
_BASE_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae"})


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the sound; `log_likelihood` is only comparable with its alternatives'.

    `seconds` of the sound are covered by its words.
    """

    text: str
    log_likelihood: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Understood:
    """`text` is empty when nothing was; `confidence` and `margin` (to the next best) are in 0..1."""

    text: str
    confidence: float
    margin: float


NOTHING = Understood("", 0.0, 0.0)


def words_of(phrase: str) -> list[str]:
    """The words as a recogniser's vocabulary has them: lower case, no punctuation but the apostrophe."""
    text = unicodedata.normalize("NFC", phrase).lower().replace("’", "'")
    return [word for word in (raw.strip("'") for raw in _NOT_A_WORD.split(text)) if word]


class PhraseBook:
    """The phrases that may be said in one language, as its model can hear them.

    `in_vocabulary` tells whether the model has a word. A phrase none of whose words it has is left out; of
    the others the unknown words are left out, so that the rest of such a phrase is still understood.
    """

    def __init__(self, phrases: Iterable[str], in_vocabulary: Callable[[str], bool]) -> None:
        self._phrases: dict[tuple[str, ...], str] = {}
        self._grammar: list[str] = []
        for phrase in phrases:
            heard = [form for form in (vocabulary_form(w, in_vocabulary) for w in words_of(phrase)) if form]
            key = tuple(_plain(word) for word in heard)
            if key and key not in self._phrases:
                self._phrases[key] = phrase
                self._grammar.append(" ".join(heard))

    def __bool__(self) -> bool:
        return bool(self._phrases)

    def grammar(self) -> list[str]:
        return [*self._grammar, UNKNOWN]

    def closest(self, readings: Sequence[Reading], spoken_seconds: float) -> Understood:
        """The phrase that the readings speak for most; `spoken_seconds` is how long the speech was."""
        if not readings or not self._phrases:
            return NOTHING
        best = max(reading.log_likelihood for reading in readings)
        weights = [math.exp((reading.log_likelihood - best) / _TEMPERATURE) for reading in readings]
        scores: dict[str, float] = {}
        for reading, weight in zip(readings, weights, strict=True):
            resemblance, phrase = self._most_like(reading.text)
            if resemblance >= LEAST_RESEMBLANCE:
                share = resemblance * _coverage(reading.seconds, spoken_seconds) * weight / sum(weights)
                scores[phrase] = scores.get(phrase, 0.0) + share
        if not scores:
            return NOTHING
        (text, first), (_, second), *_ = [*sorted(scores.items(), key=lambda item: -item[1]), ("", 0.0)]
        confidence = min(first, 1.0) ** _CALIBRATION
        return Understood(text, confidence, confidence - min(second, 1.0) ** _CALIBRATION)

    def sequence(self, words: Sequence[tuple[str, float]]) -> Understood:
        """Phrases one after another, from words with their confidences. What fits no phrase is passed over.

        The margin is the confidence of the least certain word: a run of digits is as good as its worst. It is
        0 when a word was said that is not known: "[unk] hundred and five" is no 105.
        """
        heard = [(_plain(word), confidence) for word, confidence in words if word != UNKNOWN]
        missed = len(heard) < len(words)
        plain = [word for word, _ in heard]
        said: list[str] = []
        sure: list[float] = []
        at = 0
        longest = max(map(len, self._phrases), default=0)
        while at < len(plain):
            for length in range(min(longest, len(plain) - at), 0, -1):
                phrase = self._phrases.get(tuple(plain[at : at + length]))
                if phrase is not None:
                    said.append(phrase)
                    sure += [confidence for _, confidence in heard[at : at + length]]
                    at += length
                    break
            else:
                sure.append(0.0)
                at += 1
        if not said:
            return NOTHING
        return Understood(" ".join(said), sum(sure) / len(sure), 0.0 if missed else min(sure))

    def _most_like(self, text: str) -> tuple[float, str]:
        raw = text.split()
        words = [_plain(word) for word in raw if word != UNKNOWN]
        if not words:
            return 0.0, ""
        unknown = len(raw) - len(words)
        certainty = len(words) / (len(words) + _UNKNOWN_WORD_PENALTY * unknown)
        exact = self._phrases.get(tuple(words))
        if exact is not None:
            return certainty, exact
        return max((_resemblance(words, key) * certainty, phrase) for key, phrase in self._phrases.items())


def free_text(words: Sequence[tuple[str, float]]) -> Understood:
    """Any words, from words with their confidences; the margin is the least certain word's confidence."""
    known = [(word, confidence) for word, confidence in words if word != UNKNOWN]
    if not known:
        return NOTHING
    sure = [confidence for _, confidence in known]
    return Understood(" ".join(word for word, _ in known), sum(sure) / len(sure), min(sure))


def _coverage(word_seconds: float, spoken_seconds: float) -> float:
    """0..1: whoever talks for three seconds has not said "operator"."""
    return min(1.0, word_seconds / max(0.01, spoken_seconds) / _FULL_COVERAGE)


def _resemblance(heard: Sequence[str], phrase: Sequence[str]) -> float:
    """0..1: half by whole words, half by letters, so that neither endings nor short words decide alone."""
    by_words: float = Levenshtein.normalized_similarity(heard, phrase)
    by_letters: float = Levenshtein.normalized_similarity(" ".join(heard), " ".join(phrase))
    return (by_words + by_letters) / 2


def vocabulary_form(word: str, in_vocabulary: Callable[[str], bool]) -> str | None:
    """The word as the model spells it: Russian models differ in whether they write ё."""
    for form in (word, word.replace("ё", "е")):
        if in_vocabulary(form):
            return form
    return None


def _plain(word: str) -> str:
    """Without case and marks, for comparing only."""
    letters = unicodedata.normalize("NFD", word.lower())
    return "".join(c for c in letters if not unicodedata.combining(c)).translate(_BASE_LETTERS)
