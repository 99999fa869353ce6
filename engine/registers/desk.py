"""What the desk reads: the parts of calls that are not wrapped up, and who a caller is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from history.callbacks import CallbackRequest
from history.contact import Contact
from history.interaction import ContactPoint, Interaction
from history.permissions import Consent, Objection


@dataclass(frozen=True, slots=True)
class CallPart:
    """An agent's part of a call, from the talk to the end of its wrap-up; then it is a row of the history.

    `version` counts its changes, `note_seq` the savings of the note. `queue` is "" for our own call.
    `connected_at` None: nobody was spoken to yet. `ended_at`: the talk is over. `callback_id` is the callback
    that was arranged, `messages` how many were sent.
    """

    id: str
    call_id: str
    agent: str
    queue: str
    began_at: datetime
    version: int = 1
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    held_since: datetime | None = None
    held_seconds: float = 0.0
    outcome: str | None = None
    recording: str | None = None
    note: str = ""
    note_seq: int = 0
    noted_at: datetime | None = None
    disposition: str | None = None
    callback_id: str | None = None
    promised: bool = False
    stopped: bool = False
    messages: int = 0


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """What is kept of whoever has a point; all empty for somebody new.

    The newest come first. `callbacks` are those that stand, `promises` those made, due or not.
    """

    contact: Contact | None = None
    timeline: Sequence[Interaction] = ()
    promises: Sequence[Interaction] = ()
    callbacks: Sequence[CallbackRequest] = ()
    consents: Sequence[Consent] = ()
    objections: Sequence[Objection] = ()


class DeskRegister(Protocol):
    """Every method raises StoreUnavailable."""

    async def parts(self) -> Sequence[CallPart]:
        """Those that are not wrapped up, oldest first."""

    async def caller(self, point: ContactPoint, *, timeline: int) -> KnownCaller:
        """At most so many rows of the timeline."""
