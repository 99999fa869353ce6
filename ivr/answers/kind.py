"""What a kind of answer has to be able to do, and the table of kinds."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Progress(StrEnum):
    """How far the answer is."""

    PARTIAL = "partial"  # more must come
    ENOUGH = "enough"  # more may come
    COMPLETE = "complete"  # no more can come
    WRONG = "wrong"


class AnswerKind(Protocol):
    """`silence_seconds` of quiet end an utterance; `sequence`: phrases may follow one another in it."""

    @property
    def silence_seconds(self) -> float: ...

    @property
    def sequence(self) -> bool: ...

    def phrases(self, language: str) -> tuple[str, ...]:
        """What is listened for."""

    def words(self, text: str, language: str) -> str | None:
        """What an utterance adds to the answer; None when it means nothing."""

    def progress(self, answer: str) -> Progress: ...
