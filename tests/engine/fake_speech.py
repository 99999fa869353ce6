"""Ears and voices by hand, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.ports import Prompt, Utterance, VoiceFailed

SECONDS_PER_LETTER = 0.05


@dataclass(slots=True)
class FakeListening:
    """An ear. `hears` is the caller speaking into it."""

    phrases: Mapping[str, Sequence[str]]
    free: bool
    sequence: bool
    on_speech: Callable[[], None]
    on_utterance: Callable[[Utterance], None]
    closed: bool = False

    def feed(self, audio: bytes) -> None:
        assert not self.closed, "audio for a closed ear"

    def close(self) -> None:
        self.closed = True

    def hears(self, text: str, confidence: float = 0.95, seconds: float = 0.8) -> None:
        self.begins()
        self.ends(text, confidence, seconds)

    def begins(self) -> None:
        assert not self.closed, "spoke to a closed ear"
        self.on_speech()

    def ends(self, text: str, confidence: float = 0.95, seconds: float = 0.8) -> None:
        assert not self.closed, "spoke to a closed ear"
        self.on_utterance(Utterance(text, "en", confidence, 0.5, seconds))


class FakeRecognizer:
    def __init__(self, *languages: str) -> None:
        self._languages = frozenset(languages)
        self.ears: list[FakeListening] = []

    @property
    def ear(self) -> FakeListening:
        return self.ears[-1]

    def languages(self) -> frozenset[str]:
        return self._languages

    def unknown_words(self, language: str, phrases: Sequence[str]) -> Sequence[str]:
        return ()

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
    ) -> FakeListening:
        listening = FakeListening(phrases, free, sequence, on_speech, on_utterance)
        self.ears.append(listening)
        return listening


class FakeSynthesizer:
    """A prompt's audio is its words followed by silence, as long as they would take to say."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.fault: VoiceFailed | None = None
        self.kept: set[str] = set()  # the texts whose sound may stay for later calls
        self.passing: set[str] = set()

    async def speak(self, text: str, language: str, *, passing: bool = False) -> Prompt:
        if self.fault is not None:
            raise self.fault
        (self.passing if passing else self.kept).add(text)
        seconds = round(len(text) * SECONDS_PER_LETTER, 2)
        path = self._folder / f"{abs(hash((text, language)))}"
        for rate, kind in ((8000, "sln"), (16000, "sln16")):
            path.with_suffix(f".{kind}").write_bytes(text.encode().ljust(int(seconds * rate) * 2, b"\0"))
        return Prompt(str(path), seconds)

    def recording(self, name: str, language: str) -> Prompt:
        raise VoiceFailed(f"no recording {name}")

    async def warm(self, texts: Sequence[tuple[str, str]]) -> None: ...
