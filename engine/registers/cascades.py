"""Runs of cascades as they are kept: one for each person's notice.

Every method raises StoreUnavailable; what is not there, Missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from engine.registers.messages import Message
from engine.registers.pages import Page
from history.contact import Contact
from messaging.cascade import CascadeRun, Ending, Event
from messaging.links import ShortLink
from messaging.states import MessageState


@dataclass(frozen=True, slots=True)
class KeptRun:
    """`run.cascade` is the plan as it was begun; a file that is changed later changes nothing of it.

    `late`: what was told of steps that it had left, (step, state). `notes`: why steps had no words.
    """

    id: str
    run: CascadeRun
    contact_id: str
    created_at: datetime
    values: Mapping[str, str] = field(default_factory=dict)
    mailing: str | None = None
    campaign: str | None = None
    language: str | None = None
    late: tuple[tuple[int, MessageState], ...] = ()
    notes: tuple[str, ...] = ()
    over_at: datetime | None = None
    version: int = 1

    def message_id(self, step: int) -> str:
        """Of the one message that a step sends."""
        return f"{self.id}-{step + 1}"


@dataclass(frozen=True, slots=True)
class RunNews:
    """Something that happened to a run, until it has been told to it."""

    id: str
    run_id: str
    event: Event
    at: datetime


@dataclass(frozen=True, slots=True)
class RunAndPerson:
    """`contact` None: erased."""

    kept: KeptRun
    contact: Contact | None
    news: tuple[RunNews, ...] = ()


@dataclass(frozen=True, slots=True)
class Advance:
    """A run as it is now. `kept.version` is the one that was read; `news`: ids that are told by this."""

    kept: KeptRun
    messages: tuple[Message, ...] = ()
    links: tuple[ShortLink, ...] = ()
    withdrawn: tuple[int, ...] = ()
    news: tuple[str, ...] = ()


class Cascades(Protocol):
    async def begin(self, advance: Advance) -> bool:
        """Keep a new run with its first message; False when the id is there already."""

    async def get(self, id: str) -> KeptRun: ...

    async def list(
        self,
        *,
        mailing: str | None = None,
        ending: Ending | None = None,
        limit: int = 50,
        after: Sequence[str] | None = None,
    ) -> Page[KeptRun]:
        """Newest first."""

    async def happened(self, contact_id: str, event: str, *, key: str | None = None) -> int:
        """Tell it to the person's runs that go on; those that list it end. The same `key` is told once.

        Returns how many runs list it; nobody's, when there is no such contact any more.
        """

    async def stop(self, id: str) -> None: ...

    async def awaited(self) -> bool:
        """Whether any run goes on."""

    async def pending(self, *, limit: int, without: Collection[str] = ()) -> Sequence[RunAndPerson]:
        """Runs that have news, or whose deadline has come, with all news of each; not those of `without`."""

    async def keep(self, advances: Sequence[Advance]) -> int:
        """All in one transaction. A run that was changed meanwhile is left, with its news, for next time."""
