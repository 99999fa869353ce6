"""What supervisors do about chats: first it is noted who does it and why, then it is done."""

from __future__ import annotations

from collections.abc import Sequence

from engine.chat.sides import AgentSide, ChatItem
from engine.desk.refusals import store_away
from engine.ports import Clock, StoreUnavailable
from engine.registers.actor import Actor
from engine.registers.audit import AuditLog, AuditNote


class SupervisedChats:
    """Deeds raise DeskRefused; while the database is away none of them is done. What is read raises
    StoreUnavailable, and `item` Missing."""

    def __init__(self, chats: AgentSide, audit: AuditLog, clock: Clock) -> None:
        self._chats = chats
        self._audit = audit
        self._clock = clock

    async def open_now(self) -> Sequence[ChatItem]:
        return await self._chats.open_now()

    async def item(self, id: str) -> ChatItem:
        return await self._chats.item(id)

    async def take_over(self, actor: Actor, agent: str, id: str, why: str) -> None:
        await self._note(actor, "chat.taken_over", id, {"agent": agent, "reason": why})
        await self._chats.take_over(agent, id)

    async def pass_on(self, actor: Actor, id: str, why: str, *, to: str | None, queue: str | None) -> None:
        await self._note(actor, "chat.given", id, {"agent": to, "queue": queue, "reason": why})
        await self._chats.pass_on("", id, to=to, queue=queue)

    async def end(self, actor: Actor, id: str, disposition: str, why: str) -> None:
        await self._note(actor, "chat.closed", id, {"disposition": disposition or None, "reason": why})
        await self._chats.end("", id, disposition)

    async def _note(self, actor: Actor, action: str, id: str, data: dict[str, object]) -> None:
        note = AuditNote(self._clock.now(), actor, action, f"chat:{id}", data)
        try:
            await self._audit.add((note,))
        except StoreUnavailable as away:
            raise store_away() from away
