"""Phrases while they are said: for who must be known before their sentence ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from speech.decoding import BYTES_PER_SAMPLE, Strand
from speech.vosk_model import Dictation, VoskModel

log = logging.getLogger(__name__)

_CHUNK_SECONDS = 0.1


class Overhearing:
    """Implements the engine's Listening. Made in the loop in which `on_words` is called."""

    def __init__(
        self,
        model: VoskModel,
        sample_rate: int,
        phrases: Sequence[str],
        executor: Executor,
        on_words: Callable[[str], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._strand = Strand(executor)
        self._chunk_bytes = round(sample_rate * _CHUNK_SECONDS) * BYTES_PER_SAMPLE
        self._on_words = on_words
        self._waiting = b""
        self._dictation: Dictation | None = None
        self._before = ""  # sentences that have ended
        self._closed = False
        self._strand.do(lambda: self._begin(model, sample_rate, phrases))

    def feed(self, audio: bytes) -> None:
        if self._closed:
            return
        self._waiting += audio
        if len(self._waiting) >= self._chunk_bytes:
            chunk, self._waiting = self._waiting, b""
            self._strand.do(lambda: self._hear(chunk))

    def close(self) -> None:
        self._closed = True
        self._strand.forget()

    # --- on a decoding thread -----------------------------------------------------------------------------

    def _begin(self, model: VoskModel, sample_rate: int, phrases: Sequence[str]) -> None:
        try:
            self._dictation = Dictation(model, sample_rate, phrases)
        except Exception as error:  # whatever the library raises must not end the thread
            log.error("the first words of a call are not recognised: %r", error)

    def _hear(self, audio: bytes) -> None:
        if self._dictation is None:
            return
        try:
            ended = self._dictation.hear(audio)
            going_on = self._dictation.so_far()
        except Exception as error:
            log.error("the first words of a call are not recognised further: %r", error)
            self._dictation = None
            return
        self._before = " ".join((self._before, *(word.text for word in ended))).strip()
        words = f"{self._before} {going_on}".strip()
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is listening
            self._loop.call_soon_threadsafe(self._tell, words)

    def _tell(self, words: str) -> None:
        if not self._closed:
            self._on_words(words)
