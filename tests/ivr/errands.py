"""For tests of steps that have work done: the work, what is logged of it, and another engine in between."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import get_args

from stage import Stage

from calls.events import CallEvent, CallEventKind
from ivr.commands import Command, Note, Record, Work
from ivr.dialogue import Dialogue
from ivr.events import Finished, Resumed

CALLER = "+48220000001"
FACTS = {"caller": CALLER, "dialled": "100"}


def works(commands: tuple[Command, ...] | list[Command]) -> list[Command]:
    """The work among the commands. Errands are in a union of their own."""
    kinds = tuple(kind for part in get_args(Work) for kind in (get_args(part) or (part,)))
    return [command for command in commands if isinstance(command, (*kinds, Record))]


def only_work(stage: Stage) -> Command:
    (work,) = works(stage.commands)
    return work


def finish(stage: Stage, outcome: str, values: Mapping[str, object] | None = None) -> tuple[Command, ...]:
    """The work that is waited for is over."""
    working = stage.dialogue.working
    assert working is not None
    return stage.tell(Finished(working, outcome, values or {}), 0.2)


def logged(stage: Stage) -> str:
    """All that reaches the log, the state that is kept, and so the history."""
    notes = [{"kind": c.kind, **c.data} for c in stage.commands if isinstance(c, Note)]
    return json.dumps([notes, stage.dialogue.state()], ensure_ascii=False)


def other_engine(stage: Stage, how: str) -> None:
    """Another engine takes the talk over: from its state, its log, or it is the same after a break."""
    if how == "state":
        state = json.loads(json.dumps(stage.dialogue.state()))
        stage.dialogue = Dialogue.restore(
            stage.flow, state, facts=stage.facts, surroundings=stage.surroundings
        )
    elif how == "log":
        at = datetime(2026, 1, 5, tzinfo=UTC)
        notes = [command for command in stage.commands if isinstance(command, Note)]
        events = [CallEvent("c", 1, at, CallEventKind.RECEIVED, stage.facts)]
        events += [CallEvent("c", n + 2, at, note.kind, note.data) for n, note in enumerate(notes)]
        stage.dialogue = Dialogue.resumed(stage.flow, events, surroundings=stage.surroundings)


def break_and_resume(stage: Stage, how: str) -> list[Command]:
    """Another engine says its sentence and begins the step anew: the work it begins."""
    before = len(stage.commands)
    other_engine(stage, how)
    stage.tell(Resumed(), 3)
    stage.spoken()
    return works(stage.commands[before:])


__all__ = ["CALLER", "FACTS", "break_and_resume", "finish", "logged", "only_work", "other_engine", "works"]
