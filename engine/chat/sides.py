"""A chat from its two sides: what a visitor's page and what an agent's desk may ask of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from engine.registers.chats import ChatRow
from history.dispositions import Disposition
from messaging.chat import Button, Chat, ChatLine


class ChatRefused(Exception):
    """`code` is a word that a page translates, the message one sentence with the remedy.

    Codes: "gone" (no such chat, or not theirs), "closed", "full" (too many chats are open), "too_long",
    "too_fast", "empty", "away" (the store does not answer), "site" (no such site), "number" (it is none),
    "again" (a button that is not offered any more).
    """

    def __init__(self, code: str, sentence: str, **values: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True)
class PageSeen:
    """A page that the visitor was on, by its address without its fragment, and its title."""

    at: datetime
    address: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who opens a chat. `visitor`: the browser's own lasting random id, which is the contact's point.

    `consent`: the text that they agreed to, as it was shown; "" where the site shows none. `invited`: the
    invitation that they followed. `remote`: what one subscriber's addresses have in common.
    """

    site: str
    visitor: str
    language: str | None
    path: tuple[PageSeen, ...] = ()
    name: str = ""
    phone: str | None = None
    consent: str = ""
    invited: str = ""
    remote: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """`secret` is told once: whoever has it is the visitor."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChatNews:
    """What a page that follows a chat is told. `lines`: new ones, in order. `typing`: the other side writes.

    `chat`: as it is now. `position`: in the queue, from 1; None when it is not known, or nobody waits.
    `agent_shown`: the agent's name as a visitor may read it.
    """

    chat: Chat
    lines: Sequence[ChatLine] = ()
    typing: bool = False
    position: int | None = None
    wait_seconds: float | None = None
    agent_shown: str = ""
    buttons: tuple[Button, ...] = ()  # that may be pressed now
    free_text: bool = True  # whether words are understood now


class VisitorSide(Protocol):
    """Everything raises ChatRefused. Nothing here waits for more than a few seconds but `follow`."""

    async def open(self, arrival: Arrival) -> Opened: ...

    def can_open(self, site: str) -> bool:
        """Whether a person could answer now: the site's queues are open and somebody is signed in."""

    async def say(self, id: str, secret: str, text: str, client_id: str) -> int:
        """Words; the number of their line. The same `client_id` again is the same line."""

    async def press(self, id: str, secret: str, value: str, client_id: str) -> int:
        """A button that is offered now."""

    async def seen(self, id: str, secret: str, page: PageSeen) -> None: ...

    async def typing(self, id: str, secret: str) -> None: ...

    def follow(self, id: str, secret: str, after: int) -> AsyncIterator[ChatNews]:
        """All lines after `after`, then whatever comes, until the chat is closed or the caller stops.

        Page and note lines are not among them. While anybody follows, the visitor counts as present.
        """

    async def end(self, id: str, secret: str) -> None: ...

    async def wants_call(self, id: str, secret: str, number: str) -> str:
        """*Call me*: a callback to this number is requested, which carries the chat along. Its sentence.

        Returns the number in E.164; ChatRefused("number") when it is none.
        """

    async def calls(self, id: str, secret: str, visitor_call: str) -> None:
        """*Call from the browser*: that WebRTC visitor's call carries the chat along."""

    async def check(self, id: str, secret: str) -> Chat:
        """The chat, if the secret is its own."""


@dataclass(frozen=True, slots=True)
class ChatOffer:
    chat_id: str
    agent: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ChatItem:
    """A chat at an agent's desk. `present`: the visitor's page is there. `path`: pages, oldest first.

    `answers`: canned ones, name and text, filled in. `required`: its queue wants an outcome. `wrap_up_until`:
    the visitor has ended it, and until then its last agent may say what came of it (`end`); else None.
    """

    row: ChatRow
    lines: Sequence[ChatLine] = ()
    offer: ChatOffer | None = None
    present: bool = True
    typing: bool = False
    path: Sequence[PageSeen] = ()
    answers: Sequence[tuple[str, str]] = ()
    dispositions: Sequence[Disposition] = ()
    required: bool = False
    wrap_up_until: datetime | None = None


class AgentSide(Protocol):
    """Deeds raise engine.desk.refusals.DeskRefused; what is read raises StoreUnavailable.

    `agent` "" of `pass_on` and `end`: for a supervisor, whoever has it; no outcome is wanted of them then.
    Why they did it is noted before by engine.chat.supervising. Whatever changes what `desk` would answer,
    also a line and the visitor's typing, is told to the agent's page as DeskPart.CHATS.
    """

    async def desk(self, agent: str) -> Sequence[ChatItem]:
        """What is offered to the agent, what they have, and what they wrap up; oldest first. With lines."""

    async def item(self, id: str, agent: str = "") -> ChatItem:
        """One chat with its lines, open or closed, for whoever looks on. Raises Missing."""

    async def open_now(self) -> Sequence[ChatItem]:
        """All open chats, for supervisors; of the lines only the last that was said."""

    async def take(self, agent: str, id: str) -> None: ...

    def decline(self, agent: str, id: str) -> None: ...

    async def say(self, agent: str, id: str, text: str, client_id: str = "") -> None: ...

    def typing(self, agent: str, id: str) -> None: ...

    async def pass_on(self, agent: str, id: str, *, to: str | None, queue: str | None) -> None:
        """To an agent, or to whoever is free of a queue."""

    async def end(self, agent: str, id: str, disposition: str) -> None:
        """Close it with its outcome, "" for none; or say what came of one that the visitor has ended."""

    async def take_over(self, agent: str, id: str) -> None:
        """A supervisor's agent talks from now on, whoever had it, and whether it waited or was led."""

    async def offer_call(self, agent: str, id: str) -> None:
        """Ask the visitor to call from the browser: a line with that button."""
