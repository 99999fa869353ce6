"""What came of a rehearsal: the transcript, the event log, what failed and what was reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ivr.commands import Command, Note


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript. `who`: "we", "caller" or "call"; `at` in seconds from the start."""

    at: float
    who: str
    text: str


@dataclass(slots=True)
class Rehearsed:
    """What came of it. `failures` name what was expected and did not come; `notes` are the event log.

    `ways`: (step, way out of it) taken. `said_in`: (step, languages) of what was said.
    """

    began: datetime
    happened: list[tuple[datetime, str, str | tuple[str, ...]]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    failed_act: int | None = None  # its place in the script
    ended: str | None = None  # the reason of the hangup, or "caller"
    seconds: float = 0.0
    ways: Sequence[tuple[str, str]] = ()
    said_in: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)
    path: list[str] = field(default_factory=list)  # the steps entered, in order
    troubles: list[str] = field(default_factory=list)

    @property
    def notes(self) -> list[Note]:
        return [command for command in self.commands if isinstance(command, Note)]

    @property
    def lines(self) -> list[Line]:
        return [
            Line((at - self.began).total_seconds(), who, text)
            for at, who, texts in self.happened
            for text in ([texts] if isinstance(texts, str) else texts)
        ]

    @property
    def transcript(self) -> str:
        return "\n".join(f"{line.at:7.1f}  {line.who:6}  {line.text}" for line in self.lines)
