"""A Dialogue with a performer that does only what a test tells it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ivr.commands import Command, Listen, Note, Say, StopListening, StopSaying, Text
from ivr.dialogue import Dialogue
from ivr.events import Event, Heard, KeyPressed, SpeechBegan, Spoken, TimePassed
from ivr.flow import Flow
from ivr.surroundings import NOWHERE, Surroundings

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class Stage:
    """`said`: what is being said now or was said last; `ears`: what is listened for now."""

    def __init__(
        self, flow: Flow, facts: Mapping[str, object] | None = None, surroundings: Surroundings = NOWHERE
    ) -> None:
        self.flow, self.facts, self.surroundings = flow, facts or {}, surroundings
        self.dialogue = Dialogue(flow, facts=facts, surroundings=surroundings)
        self.now = START
        self.commands: list[Command] = []
        self.say: Say | None = None
        self.ears: Listen | None = None
        self._took(self.dialogue.start(self.now))

    @property
    def said(self) -> str:
        assert self.say is not None
        return " ".join(p.text if isinstance(p, Text) else f"[{p.name}]" for p in self.say.parts)

    def tell(self, event: Event, after: float = 0.0) -> tuple[Command, ...]:
        self.now += timedelta(seconds=after)
        return self._took(self.dialogue.handle(event, self.now))

    def spoken(self, after: float = 1.0) -> tuple[Command, ...]:
        assert self.say is not None
        return self.tell(Spoken(self.say.say_id), after)

    def keys(self, keys: str) -> tuple[Command, ...]:
        commands: tuple[Command, ...] = ()
        for key in keys:
            commands += self.tell(KeyPressed(key), 0.1)
        return commands

    def hear(
        self, text: str, *, confidence: float = 1.0, margin: float = 1.0, lang: str = "en"
    ) -> tuple[Command, ...]:
        began = self.tell(SpeechBegan(), 0.1)
        return began + self.tell(Heard(text, lang, confidence, margin, 1.0), 1.0)

    def due(self) -> float:
        """Seconds until the deadline."""
        deadline = self.dialogue.next_deadline()
        assert deadline is not None
        return (deadline - self.now).total_seconds()

    def time_out(self) -> tuple[Command, ...]:
        return self.tell(TimePassed(), self.due())

    def notes(self, kind: str) -> list[dict[str, object]]:
        return [dict(n.data) for n in self.commands if isinstance(n, Note) and n.kind.value == kind]

    @property
    def path(self) -> list[object]:
        return [note["step"] for note in self.notes("step_entered")]

    def _took(self, commands: tuple[Command, ...]) -> tuple[Command, ...]:
        self.commands += commands
        for command in commands:
            match command:
                case Say():
                    self.say = command
                case Listen():
                    self.ears = command
                case StopListening():
                    self.ears = None
        return commands


def kinds(commands: tuple[Command, ...]) -> list[type[Command]]:
    """What was commanded, notes left out."""
    return [type(command) for command in commands if not isinstance(command, Note)]


__all__ = ["START", "Stage", "StopSaying", "kinds"]
