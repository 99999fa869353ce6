"""Who an agent chats with, as the desk shows whoever calls."""

from __future__ import annotations

from dataclasses import replace

from console.accounts.people import People
from engine.chat.sides import AgentSide
from engine.desk.popup import TIMELINE_ROWS
from engine.desk.view import Popup
from engine.registers.callbacks import CallbackFilter
from engine.registers.chats import ChatRow
from engine.registers.permissions import ObjectionFilter
from engine.registers.refusals import Missing
from engine.registers.timeline import TimelineFilter
from history.callbacks import STANDING
from history.interaction import Channel, PointKind
from history.permissions import Scope
from messaging.chat import ChatPhase

MOST_COMING = 10
# How the popup of a chat is named, where a call has its id.
OF_CHAT = "chat:"
MOST_CONSENTS = 100


class ChatCustomers:
    """`people` None: only what the chat itself tells is known."""

    def __init__(self, chats: AgentSide, people: People | None) -> None:
        self._chats = chats
        self._people = people

    async def popup(self, agent: str, id: str) -> Popup | None:
        """Of a chat that the agent has, is offered or wraps up; None of another. Raises StoreUnavailable."""
        try:
            item = await self._chats.item(id, agent)
        except Missing:
            return None
        chat, offered = item.row.chat, item.offer is not None and item.offer.agent == agent
        at_work = chat.phase is ChatPhase.TALKING or item.wrap_up_until is not None
        return await self._popup(item.row) if offered or (chat.agent == agent and at_work) else None

    async def _popup(self, row: ChatRow) -> Popup:
        chat, contact, point = row.chat, row.contact, row.chat.point
        bare = Popup(
            call_id=f"{OF_CHAT}{chat.id}",
            direction="inbound",
            number=point.value if point is not None and point.kind is PointKind.PHONE else "",
            point=point,
            arrived_at=chat.opened_at,
            flow=chat.flow,
            language=chat.language,
            queue=chat.queue or None,
            queued_at=None,
            waited_seconds=chat.waited_seconds,
            contact=contact,
        )
        if contact is None or self._people is None:
            return bare
        people, timeline = self._people, self._people.history.timeline
        promised, asked = (
            TimelineFilter(channel=Channel.PROMISE),
            CallbackFilter(states=STANDING, contact_id=contact.id),
        )
        try:
            rows = await timeline.of(contact.id, TimelineFilter(), limit=TIMELINE_ROWS)
            promises = await timeline.of(contact.id, promised, limit=MOST_COMING)
        except Missing:  # erased meanwhile
            return replace(bare, contact=None)
        objected = ObjectionFilter(Scope.PERSON, contact.id)
        return replace(
            bare,
            timeline=tuple(rows.items),
            promises=tuple(promises.items),
            callbacks=tuple((await people.callbacks.list(asked, limit=MOST_COMING)).items),
            consents=tuple(await people.permissions.consents_of(contact.id, limit=MOST_CONSENTS)),
            objections=tuple(await people.permissions.objections(objected)),
        )
