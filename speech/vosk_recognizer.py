"""The engine's Recognizer by Vosk: a model per language, shared by all callers, decoding in a few threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.ports import Utterance
from speech.decoding import Decoder
from speech.endpointing import EndpointingTimes
from speech.listening import CallerListening
from speech.overhearing import Overhearing
from speech.vosk_model import Ear, ModelFailed, VoskModel

log = logging.getLogger(__name__)

_SAMPLE_RATES = (8000, 16000)


class VoskRecognizer:
    """`models` maps a language to its model's folder. Not usable before `start`.

    A language whose model fails is left out, and `failures` tells why: its callers go by keys.
    """

    def __init__(
        self, models: Mapping[str, Path], *, threads: int = 2, longest_seconds: float = 30.0
    ) -> None:
        self._folders = dict(models)
        self._threads = threads
        self._longest_seconds = longest_seconds
        self._models: dict[str, VoskModel] = {}
        self._failures: dict[str, str] = {}
        self._executor: ThreadPoolExecutor | None = None
        self._said: set[str] = set()

    @property
    def failures(self) -> Mapping[str, str]:
        """A sentence for each language whose model could not be loaded."""
        return self._failures

    async def start(self) -> None:
        """Load the models. Each takes about half a second and 115 to 200 MB."""
        self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix="recognition")
        loop = asyncio.get_running_loop()
        loading = {
            language: loop.run_in_executor(self._executor, VoskModel, language, folder)
            for language, folder in self._folders.items()
        }
        for language, model in loading.items():
            try:
                self._models[language] = await model
            except ModelFailed as failure:
                self._failures[language] = str(failure)
                log.error("%s Callers go by keys in this language.", failure)

    async def close(self) -> None:
        """Idempotent. What is being listened to reports nothing more."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None
        self._models.clear()

    def languages(self) -> frozenset[str]:
        return frozenset(self._models)

    def unknown_words(self, language: str, phrases: Sequence[str]) -> Sequence[str]:
        """Empty for a language without a model: nothing is heard in it anyway."""
        model = self._models.get(language)
        return () if model is None else model.unknown_words(phrases)

    def listen(
        self,
        *,
        sample_rate: int,
        phrases: Mapping[str, Sequence[str]],
        free: bool,
        silence_seconds: float,
        sequence: bool = False,
        on_speech: Callable[[], None],
        on_utterance: Callable[[Utterance], None],
    ) -> CallerListening:
        """See the port. Without any model only `on_speech` and empty utterances are reported."""
        if sample_rate not in _SAMPLE_RATES:
            raise ValueError(f"A caller is heard at 8000 or 16000 Hz, not {sample_rate}.")
        return CallerListening(
            sample_rate=sample_rate,
            decoders=self._decoders(sample_rate, phrases, free=free, sequence=sequence),
            default_language=next(iter(phrases), ""),
            times=EndpointingTimes(silence_seconds, longest_seconds=self._longest_seconds),
            on_speech=on_speech,
            on_utterance=on_utterance,
            complain=self._complain,
        )

    def overhear(
        self, language: str, sample_rate: int, phrases: Sequence[str], on_words: Callable[[str], None]
    ) -> Overhearing:
        """Tell which of the phrases were said so far, every tenth of a second. KeyError without a model."""
        model = self._models[language]
        assert self._executor is not None, "it was started, as it has models"
        return Overhearing(model, sample_rate, phrases, self._executor, on_words)

    def _decoders(
        self, sample_rate: int, phrases: Mapping[str, Sequence[str]], *, free: bool, sequence: bool
    ) -> dict[str, Decoder]:
        if self._executor is None:
            return {}
        decoders = {}
        for language, may_be_said in phrases.items():
            model = self._models.get(language)
            if model is not None and (free or may_be_said):
                make = _ear_maker(model, sample_rate, tuple(may_be_said), free=free, sequence=sequence)
                decoders[language] = Decoder(self._executor, sample_rate, make)
        return decoders

    def _complain(self, problem: str) -> None:
        """Once each: a machine that is too slow would otherwise fill the log."""
        if problem not in self._said:
            self._said.add(problem)
            log.error("%s", problem)


def _ear_maker(
    model: VoskModel, sample_rate: int, phrases: Sequence[str], *, free: bool, sequence: bool
) -> Callable[[], Ear | None]:
    return lambda: model.ear(sample_rate, phrases, free=free, sequence=sequence)
