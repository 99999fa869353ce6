"""Dialogues as they are kept: who writes to us, who is to answer, and how long people waited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.registers.actor import Actor
from engine.registers.messages import Message
from engine.registers.pages import Page
from history.contact import Contact
from messaging.dialogue import Dialogue, DialogueState

# The queue that a message that came in waits in, "" for none; None: nobody has to read it.
Route = Callable[[Message], str | None]


@dataclass(frozen=True, slots=True)
class DialogueFilter:
    """None: any. `owed`: only those in which an answer is owed. `agent` "": those whom no agent has."""

    state: DialogueState | None = DialogueState.OPEN
    queue: str | None = None
    agent: str | None = None
    owed: bool = False


@dataclass(frozen=True, slots=True)
class DialogueRow:
    """`contact` None: erased. Whoever has no name there is not known to us."""

    dialogue: Dialogue
    contact: Contact | None


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """Of a time: answers, and how long people waited for the first of a dialogue and for each; None: none."""

    answers: int = 0
    first_answers: int = 0
    first_seconds: float | None = None
    each_seconds: float | None = None


class Dialogues(Protocol):
    """Every method raises StoreUnavailable; changes raise Missing and Refused.

    With an `actor` the change stands in the audit log, with its reason.
    """

    async def take_in(self, route: Route, *, limit: int = 200) -> Sequence[Dialogue]:
        """Look at what came in, each message once: those dialogues that it opened or went on with."""

    async def owed(self, node: str) -> Sequence[Dialogue]:
        """Open ones in which an answer is owed and that no other engine's agent has in hand; oldest first.

        Of those that nobody has in hand, the oldest of each queue and language.
        """

    async def get(self, id: str) -> Dialogue: ...

    async def row(self, id: str) -> DialogueRow: ...

    async def of_agent(self, agent: str) -> Sequence[DialogueRow]:
        """Open ones that the agent is to answer, or has answered; those owed for longest first."""

    async def list(
        self, wanted: DialogueFilter, *, limit: int = 50, after: tuple[str, ...] | None = None
    ) -> Page[DialogueRow]:
        """Those with the newest message first."""

    async def counts(self) -> tuple[int, int, datetime | None]:
        """Of open ones: how many, in how many an answer is owed, and since when at the longest."""

    async def messages(self, dialogue: Dialogue, *, limit: int = 60) -> Sequence[Message]:
        """The last ones with this person by this channel and number, both ways, oldest first."""

    async def hold(
        self,
        id: str,
        agent: str,
        node: str,
        until: datetime,
        *,
        actor: Actor | None = None,
        reason: str = "",
    ) -> Dialogue:
        """The agent has it open in this engine. Refused when another engine's has, or when it is closed."""

    async def keep_held(self, ids: Sequence[str], node: str, until: datetime) -> None:
        """They are still open there."""

    async def answer(self, id: str, agent: str, message: Message, *, after: int | None = None) -> Dialogue:
        """Queue the message, which answers what is owed; how long they waited stands in the agent's log.

        `after`: how many answers there were when it was written: the same words of the same agent are not
        sent twice. Refused for another agent's, a closed one, or when another agent has answered meanwhile.
        """

    async def give(
        self,
        id: str,
        *,
        agent: str | None,
        queue: str | None = None,
        actor: Actor | None = None,
        reason: str = "",
        left_seconds: float | None = None,
    ) -> Dialogue:
        """To an agent (None: whoever is free), in this queue or another; nobody has it in hand then.

        `left_seconds`: for so long its agent did nothing about it, which stands in their log.
        """

    async def close(
        self, id: str, disposition: str | None, *, actor: Actor | None = None, reason: str = ""
    ) -> Dialogue:
        """Over, with a row of the history: who had it, what came of it, how long they waited for answers."""

    async def figures(self, since: datetime, agent: str | None = None) -> AnswerFigures:
        """Of answers since then, of one agent or of all."""
