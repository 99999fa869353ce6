"""A Vosk model of one language, loaded once and shared by all callers."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from speech.narrowband import NARROWBAND_HZ, Folding, model_sample_rate
from speech.phrases import UNKNOWN, PhraseBook, Reading, Understood, free_text, vocabulary_form, words_of

# The small models come with beams so narrow that a short word over the telephone is often lost to silence
# before it is complete, and that few alternatives survive. Wider ones cost a third more time.
_BEAMS = {"--beam": "13.0", "--lattice-beam": "6.0"}
_ALTERNATIVES = 8


class ModelFailed(Exception):
    """A model that cannot be used; the message says why and what to do."""


class _Kaldi(Protocol):
    """What is used of vosk.KaldiRecognizer, which has no types."""

    def AcceptWaveform(self, data: bytes) -> int: ...

    def Result(self) -> str: ...

    def PartialResult(self) -> str: ...

    def FinalResult(self) -> str: ...

    def SetWords(self, enable: bool) -> None: ...

    def SetMaxAlternatives(self, number: int) -> None: ...


class VoskModel:
    """Loading takes about half a second; every method may be called from any thread."""

    def __init__(self, language: str, folder: Path) -> None:
        """Raises ModelFailed."""
        try:
            import vosk
        except (ImportError, OSError) as error:
            raise ModelFailed(f"Speech recognition needs vosk, which does not load: {error}") from error
        if not any((folder / place).is_file() for place in ("am/final.mdl", "final.mdl")):
            raise ModelFailed(f'The {language} model "{folder}" is no Vosk model: it has no final.mdl.')
        vosk.SetLogLevel(-1)
        self.language = language
        self.sample_rate = model_sample_rate(folder)
        self._vosk = vosk
        with tempfile.TemporaryDirectory(prefix="infolinia-model-") as place:
            try:
                self._model = vosk.Model(str(_with_wider_beams(folder, Path(place))))
            except Exception as error:  # vosk raises nothing narrower
                raise ModelFailed(f'The {language} model "{folder}" cannot be loaded: {error}') from error

    def has_word(self, word: str) -> bool:
        return int(self._model.vosk_model_find_word(word)) >= 0

    def unknown_words(self, phrases: Sequence[str]) -> list[str]:
        """In the order of their first appearance, each once."""
        words = dict.fromkeys(word for phrase in phrases for word in words_of(phrase))
        return [word for word in words if vocabulary_form(word, self.has_word) is None]

    def ear(self, sample_rate: int, phrases: Sequence[str], *, free: bool, sequence: bool) -> Ear | None:
        """For audio at `sample_rate`; None when no phrase has a word that the model knows."""
        book = None if free else PhraseBook(phrases, self.has_word)
        if book is not None and not book:
            return None
        folds = sample_rate == NARROWBAND_HZ and self.sample_rate > NARROWBAND_HZ
        arguments: list[object] = [self._model, float(2 * sample_rate if folds else sample_rate)]
        if book is not None:
            arguments.append(json.dumps(book.grammar(), ensure_ascii=False))
        kaldi: _Kaldi = self._vosk.KaldiRecognizer(*arguments)
        kaldi.SetWords(True)
        if book is not None and not sequence:
            kaldi.SetMaxAlternatives(_ALTERNATIVES)
        return Ear(kaldi, book, folds=folds, sequence=sequence)


class Ear:
    """Hears one utterance after another in one language. Used by one thread at a time."""

    def __init__(self, kaldi: _Kaldi, book: PhraseBook | None, *, folds: bool, sequence: bool) -> None:
        self.kaldi = kaldi
        self.folds = folds
        self._book = book
        self._sequence = sequence
        self._folding = Folding()

    def hear(self, audio: bytes) -> None:
        self.kaldi.AcceptWaveform(self._folding.widen(audio) if self.folds else audio)

    def understand(self, spoken_seconds: float) -> Understood:
        """What the utterance was, of which so long was speech; the next audio begins another."""
        result: dict[str, Any] = json.loads(self.kaldi.FinalResult())
        self._folding = Folding()
        if self._book is not None and not self._sequence:
            return self._book.closest(
                [
                    Reading(a["text"], float(a["confidence"]), _seconds(a.get("result", ())))
                    for a in result["alternatives"]
                ],
                spoken_seconds,
            )
        words = [(str(w["word"]), float(w["conf"])) for w in result.get("result", ())]
        if self._book is not None:
            return self._book.sequence(words)
        return free_text(words)


@dataclass(frozen=True, slots=True)
class HeardWord:
    """`start` and `end` in seconds from the beginning of what was heard."""

    text: str
    start: float
    end: float
    confidence: float


class Dictation:
    """Writes down one voice from its beginning to its end. Used by one thread at a time.

    With `phrases` it listens for nothing else, at a tenth of the work. Raises ModelFailed when the model has
    no word of them.
    """

    def __init__(self, model: VoskModel, sample_rate: int, phrases: Sequence[str] = ()) -> None:
        ear = model.ear(sample_rate, phrases, free=not phrases, sequence=bool(phrases))
        if ear is None:
            raise ModelFailed(f"The {model.language} model has no word of what is listened for.")
        self._kaldi = ear.kaldi
        self._folding = Folding() if ear.folds else None

    def hear(self, audio: bytes) -> list[HeardWord]:
        """What was said up to a silence that has come now; mostly nothing."""
        wide = audio if self._folding is None else self._folding.widen(audio)
        return _heard(self._kaldi.Result()) if self._kaldi.AcceptWaveform(wide) else []

    def so_far(self) -> str:
        """The words of the sentence that goes on, which may still change."""
        # Right after a sentence it has no such member.
        return str(json.loads(self._kaldi.PartialResult()).get("partial", ""))

    def rest(self) -> list[HeardWord]:
        return _heard(self._kaldi.FinalResult())


def _heard(result: str) -> list[HeardWord]:
    return [
        HeardWord(str(w["word"]), round(float(w["start"]), 2), round(float(w["end"]), 2), round(w["conf"], 2))
        for w in json.loads(result).get("result", ())
    ]


def _seconds(words: Sequence[dict[str, Any]]) -> float:
    return sum(float(word["end"]) - float(word["start"]) for word in words if word["word"] != UNKNOWN)


def _with_wider_beams(folder: Path, place: Path) -> Path:
    """A stand-in folder of links, with our own copy of the decoder's settings; needed only while loading."""
    settings = folder / "conf" / "model.conf"
    if not settings.is_file():
        return folder
    lines = settings.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.split("=")[0].strip() not in _BEAMS]
    for entry in folder.iterdir():
        if entry.name != "conf":
            (place / entry.name).symlink_to(entry.absolute())
    shutil.copytree(folder / "conf", place / "conf")
    wider = [f"{option}={value}" for option, value in _BEAMS.items()]
    (place / "conf" / "model.conf").write_text("\n".join([*kept, *wider]) + "\n", encoding="utf-8")
    return place
