"""Chats as they are kept: the row, its lines, and the history's row at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.changes import Change
from engine.registers.pages import Page
from history.contact import Contact
from messaging.chat import Chat, ChatLine, ChatPhase


@dataclass(frozen=True, slots=True)
class ChatFilter:
    """None and empty: any. `contact_id`: of all contacts merged into the person."""

    phases: Sequence[ChatPhase] = ()
    site: str | None = None
    queue: str | None = None
    agent: str | None = None
    contact_id: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChatRow:
    """`contact` None: erased, or not known yet."""

    chat: Chat
    contact: Contact | None


class Chats(Protocol):
    """Every method raises StoreUnavailable; those that take the id of a chat, but `lines`, also Missing.

    What is longer than messaging.chat lets it be is refused: Refused, its `field` says which.
    """

    async def open(self, chat: Chat, lines: Sequence[ChatLine]) -> Chat:
        """A new one; its contact is found by its point, or made. Returns it with its contact_id.

        One that is there already is returned as it is.
        """

    async def keep(self, chat: Chat, lines: Sequence[ChatLine], changes: Sequence[Change] = ()) -> Chat:
        """The row as it is now with its new lines, and `changes` (history, outbox), in one transaction.

        Lines that are there already (by seq) are left. `chat.version` is that of before; Refused with the
        field "version" when another has written since. Returns it with the next version: also when this very
        chat was kept already and its answer was lost. Whose it is (`point`, `contact_id`) `keep` leaves.
        Missing also when it was erased.
        """

    async def get(self, id: str) -> Chat: ...

    async def row(self, id: str) -> ChatRow: ...

    async def lines(self, id: str, *, after: int = 0, limit: int = 500) -> Sequence[ChatLine]:
        """In order, from the one after `after`."""

    async def unfinished(self, node: str) -> Sequence[Chat]:
        """Open ones of this engine, oldest first."""

    async def list(
        self, wanted: ChatFilter, *, limit: int = 50, after: tuple[str, ...] | None = None
    ) -> Page[ChatRow]:
        """Those with the newest line first. Refused when `after` is none of a page."""

    async def join(self, id: str, phone: str) -> Chat:
        """The visitor gave this number (E.164): they and the chat are that contact from now on.

        A visitor of whom nothing else is known is merged into it, so that their chats are in its timeline.
        One who is known otherwise stays who they are, since a browser may be used by several people: then
        the chat alone is that contact's. Returns the chat with the next version.
        """
