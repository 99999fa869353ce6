"""Calls from the browser that carry a chat along: the call is the visitor's, and goes to whom they know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from engine.chat.chat_in_progress import ChatInProgress
from engine.ports import StoreUnavailable
from engine.registers.actor import ENGINE
from engine.registers.contacts import Contacts
from engine.registers.refusals import Changed, Missing, Refused
from history.interaction import ContactPoint, PointKind

STORE_SECONDS = 3.0
# No more calls of browsers are under way than this.
MOST = 1000

log = structlog.get_logger("chats")


class CarriedCalls:
    """`network_id_of`: what the network calls the line of a browser's call."""

    def __init__(self, contacts: Contacts, network_id_of: Callable[[str], str] = str) -> None:
        self._contacts = contacts
        self._network_id_of = network_id_of
        self._agents: dict[str, str] = {}  # network id -> agent

    async def carry(self, visitor_call: str, chat: ChatInProgress) -> None:
        """The call's person is the chat's, so that its agent sees what was written."""
        network_id = self._network_id_of(visitor_call)
        agent, contact_id = chat.chat.agent, chat.chat.contact_id
        if agent is not None:
            self._agents[network_id] = agent
            while len(self._agents) > MOST:
                del self._agents[next(iter(self._agents))]
        if contact_id is None:
            return
        point = ContactPoint(PointKind.VISITOR, network_id)
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self._contacts.add_point(ENGINE, contact_id, point, move=True)
        except (StoreUnavailable, TimeoutError, Missing, Changed, Refused) as away:
            log.warning("a call from a chat is not joined to it", chat=chat.id, why=str(away))

    def agent_of(self, network_id: str) -> str:
        """Who is asked for first; "" for any."""
        return self._agents.get(network_id, "")
