"""What errands need of the log of whom they are done for: a call's, or a chat's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from calls.call import Call
from calls.events import CallEvent, CallEventKind
from calls.queue_stay import QueueStay
from engine.changes import Change
from history.interaction import ContactPoint


class ErrandLog(Protocol):
    """Implemented by engine.call_log.CallLog and engine.chat.errand_notes.ChatNotes; see there."""

    id: str

    @property
    def call(self) -> Call: ...

    @property
    def point(self) -> ContactPoint | None: ...

    @property
    def queue_stay(self) -> QueueStay | None: ...

    @property
    def events(self) -> Sequence[CallEvent]: ...

    async def write(self, kind: CallEventKind, data: Mapping[str, object] | None = None) -> None: ...

    async def keep(self, kind: CallEventKind, data: Mapping[str, object], *changes: Change) -> None:
        """Raises LedgerUnavailable."""

    async def add(
        self, kind: CallEventKind, data: Mapping[str, object], *changes: Change, durable: bool
    ) -> None: ...
