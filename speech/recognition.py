"""Recognition of files, by the very path that a caller's voice takes: frames, endpointing, decoding."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from engine.ports import Utterance
from speech.listening import CallerListening
from speech.narrowband import NARROWBAND_HZ, WIDEBAND_HZ
from speech.sound_files import SoundUnreadable, read_wav, resampled, to_pcm
from speech.vosk_recognizer import VoskRecognizer

# What is read out has longer pauses than an answer to a menu.
SILENCE_SECONDS = 0.8
_PIECE_SECONDS = 0.1
_FURTHEST_BEHIND_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.005


class RecognitionFailed(Exception):
    """A file cannot be read, or the language has no model; the message says which, and the remedy."""


async def recognize(
    recognizer: VoskRecognizer,
    files: Sequence[Path],
    language: str,
    phrases: Sequence[str] | None,
    *,
    silence_seconds: float = SILENCE_SECONDS,
) -> AsyncIterator[dict[str, object]]:
    """For each file {"file", "text", "confidence", "seconds", "cpu_seconds"}. Raises RecognitionFailed."""
    for file in files:
        yield await recognize_file(recognizer, file, language, phrases, silence_seconds=silence_seconds)


async def recognize_file(
    recognizer: VoskRecognizer,
    file: Path,
    language: str,
    phrases: Sequence[str] | None,
    *,
    silence_seconds: float = SILENCE_SECONDS,
) -> dict[str, object]:
    """`text` is one of the phrases or empty; without phrases, any words.

    A file may hold several utterances: of phrases the most confident one counts, other words are joined.
    A file of up to 8 kHz is treated as telephone audio, any other as wideband. `seconds` is the file's
    length; `cpu_seconds` is what this process used meanwhile. Raises RecognitionFailed.
    """
    if language not in recognizer.languages():
        known = ", ".join(sorted(recognizer.languages())) or "none"
        raise RecognitionFailed(
            f'There is no recognition model for "{language}" (installed: {known}): '
            f"name the folder of one in `speech.models`."
        )
    try:
        samples, rate = await asyncio.to_thread(read_wav, file)
    except SoundUnreadable as problem:
        raise RecognitionFailed(str(problem)) from problem
    began = time.process_time()
    line_rate = NARROWBAND_HZ if rate <= NARROWBAND_HZ else WIDEBAND_HZ
    audio = to_pcm(resampled(samples, rate, line_rate))
    utterances = await hear(recognizer, audio, line_rate, language, phrases, silence_seconds)
    text, confidence = _best(utterances) if phrases is not None else _joined(utterances)
    return {
        "file": str(file),
        "text": text,
        "confidence": round(confidence, 3),
        "seconds": round(len(samples) / rate, 3),
        "cpu_seconds": round(time.process_time() - began, 3),
    }


async def hear(
    recognizer: VoskRecognizer,
    audio: bytes,
    sample_rate: int,
    language: str,
    phrases: Sequence[str] | None,
    silence_seconds: float,
) -> list[Utterance]:
    """What a caller whose line carries `audio` (s16le), and quiet before and after it, says."""
    quiet = bytes(2 * sample_rate)
    audio = quiet[: sample_rate // 2] + audio + quiet * math.ceil(silence_seconds + 0.5)
    utterances: list[Utterance] = []
    listening = recognizer.listen(
        sample_rate=sample_rate,
        phrases={language: phrases or ()},
        free=phrases is None,
        silence_seconds=silence_seconds,
        on_speech=lambda: None,
        on_utterance=utterances.append,
    )
    listening.live = False
    try:
        piece_bytes = round(sample_rate * _PIECE_SECONDS) * 2
        for at in range(0, len(audio), piece_bytes):
            listening.feed(audio[at : at + piece_bytes])
            await _caught_up(listening, _FURTHEST_BEHIND_SECONDS)
        await _caught_up(listening, 0.0)
    finally:
        listening.close()
    return utterances


async def _caught_up(listening: CallerListening, seconds: float) -> None:
    """A file comes faster than a caller speaks: wait for the decoder, as no caller would."""
    async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
        while listening.backlog_seconds > seconds or (seconds == 0.0 and not listening.idle):  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)


def _best(utterances: Sequence[Utterance]) -> tuple[str, float]:
    best = max(utterances, key=lambda utterance: utterance.confidence, default=None)
    return (best.text, best.confidence) if best is not None else ("", 0.0)


def _joined(utterances: Sequence[Utterance]) -> tuple[str, float]:
    """The confidence is the mean over the words."""
    words = sum(len(utterance.text.split()) for utterance in utterances)
    weighed = sum(utterance.confidence * len(utterance.text.split()) for utterance in utterances)
    text = " ".join(utterance.text for utterance in utterances if utterance.text)
    return text, (weighed / words if words else 0.0)
