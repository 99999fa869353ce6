"""`infolinia` with recognition off: callers are listened to as ever, and nothing is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.ports import Utterance
from infolinia.assembly import speech as assembly
from infolinia.command import main


class DeafListening:
    def feed(self, audio: bytes) -> None:
        pass

    def close(self) -> None:
        pass


class DeafRecognizer:
    """Claims to understand English, so that the caller's audio is asked for."""

    failures: Mapping[str, str] = {}

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    def languages(self) -> frozenset[str]:
        return frozenset({"en"})

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
    ) -> DeafListening:
        return DeafListening()


def _deaf(*_: object) -> DeafRecognizer:
    return DeafRecognizer()


if __name__ == "__main__":
    assembly.make_recognizer = _deaf  # type: ignore[assignment]
    main()
