"""Speech that is injected, not recognised: a Recognizer that reports the texts a test gives it.

It takes the place of the models of languages that have none here. What it proves is what the engine and the
flow do with words, not how well anybody's speech is understood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.ports import Utterance
from tests.running import until
from wording.phrases import normalised

LISTENS_WITHIN_SECONDS = 30.0


@dataclass(eq=False)
class InjectedListening:
    phrases: Mapping[str, Sequence[str]]
    free: bool
    sequence: bool
    on_speech: Callable[[], None]
    on_utterance: Callable[[Utterance], None]
    closed: bool = False

    def feed(self, audio: bytes) -> None:
        """What the caller's line carries is not listened to."""

    def close(self) -> None:
        self.closed = True

    def may_hear(self, text: str, language: str) -> bool:
        """Whether a recogniser with these phrases could report the text."""
        phrases = {normalised(phrase) for phrase in self.phrases.get(language, ())}
        words = {word for phrase in phrases for word in phrase.split()}
        return (
            self.free
            or normalised(text) in phrases
            or (self.sequence and set(normalised(text).split()) <= words)
        )


class InjectedRecognizer:
    """In the place of a VoskRecognizer."""

    failures: Mapping[str, str] = {}

    def __init__(self, *languages: str) -> None:
        self._languages = frozenset(languages)
        self._listening: list[InjectedListening] = []
        self._used: InjectedListening | None = None

    async def start(self) -> None: ...

    async def close(self) -> None: ...

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
    ) -> InjectedListening:
        listening = InjectedListening(phrases, free, sequence, on_speech, on_utterance)
        self._listening.append(listening)
        return listening

    async def inject(self, text: str, language: str) -> None:
        """As soon as a caller is listened to anew, report this text of theirs."""

        async def listened() -> bool:
            last = self._listening[-1] if self._listening else None
            return last is not None and not last.closed and last is not self._used

        await until(listened, f"somebody listens to {text!r}", LISTENS_WITHIN_SECONDS)
        ear = self._used = self._listening[-1]
        assert ear.may_hear(text, language), f"{text!r} is not among {ear.phrases.get(language)}"
        ear.on_speech()
        ear.on_utterance(Utterance(normalised(text), language, 1.0, 1.0, 1.0))
