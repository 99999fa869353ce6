"""The gate as the engine asks it: before anybody is contacted, whatever the channel.

    facts of the person -> packs -> compliance.gate.decide -> a row of the decision log -> the answer

The row is in the database before the contact is made. Without a database nobody is contacted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from compliance.decision import Decision
from compliance.facts import Channel, Mode, Purpose, Requested
from history.interaction import ContactPoint


@dataclass(frozen=True, slots=True)
class ContactRequest:
    """A contact that is about to be made. `subject` names it: "call:ID", "message:ID", "lead:ID"…

    `point` is where the person is reached; `contact_id` may be given with it. Of a contact alone, the point
    of the channel that came first is taken. `packs` are asked beside those that apply anyway.
    """

    subject: str
    channel: Channel
    purpose: Purpose
    mode: Mode
    point: ContactPoint | None = None
    contact_id: str | None = None
    debt: str | None = None
    requested: Requested | None = None
    campaign: str | None = None
    packs: tuple[str, ...] = ()


class Gate(Protocol):
    """What those who contact people need of the gatekeeper."""

    async def ask(self, request: ContactRequest) -> Decision:
        """May it be made now? The decision is logged first. Never raises: what is not known is refused."""

    async def would_be(self, request: ContactRequest, at: datetime | None = None) -> Decision:
        """The same without a trace in the log, now or at another time. Raises StoreUnavailable, Missing."""
