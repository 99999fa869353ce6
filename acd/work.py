"""Work: what comes to agents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class WorkKind(StrEnum):
    CALL = "call"
    CHAT = "chat"
    TASK = "task"

    @property
    def patient(self) -> bool:
        """Whoever wrote holds no line: their work waits until somebody is there, and is never sent away."""
        return self is WorkKind.TASK


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that waits in a queue; a call's `work_id` is that of the call.

    `skills`: the agent must have all of them, at whatever level, beside those of the queue. `priority` is
    added to that of the queue. `preferred`: an agent to whom alone it is offered for `preferred_seconds`.
    """

    work_id: str
    queue: str
    since: datetime
    skills: tuple[str, ...] = ()
    priority: int = 0
    max_wait_seconds: float = 600.0
    kind: WorkKind = WorkKind.CALL
    preferred: str = ""
    preferred_seconds: float = 30.0

    @property
    def deadline(self) -> datetime:
        return self.since + timedelta(seconds=self.max_wait_seconds)
