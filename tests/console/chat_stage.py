"""Chats behind staged desks: held in memory, with the visitor's side in the test's hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from engine.chat.sides import ChatItem, ChatOffer, PageSeen
from engine.desk.refusals import DeskRefused
from engine.registers.chats import ChatRow
from engine.registers.refusals import Missing
from history.contact import Contact
from history.dispositions import TRADE
from history.interaction import ContactPoint, PointKind
from messaging.chat import Button, Chat, ChatLine, ChatPhase, LineKind, Speaker

ANSWERS = (
    ("on_its_way", "It is on its way, says Anna."),
    ("opening_hours", "We are open from 8 to 18."),
)


@dataclass
class HandChats:
    """Implements engine.chat.sides.AgentSide. `tell(agent)`: their page is old."""

    now: Callable[[], datetime]
    tell: Callable[[str], None]
    items: dict[str, ChatItem] = field(default_factory=dict)
    typed: list[tuple[str, str]] = field(default_factory=list)
    required: bool = False
    refuse: DeskRefused | None = None

    # --- the visitor's side ---

    def opens(self, id: str, *, to: str, contact: Contact | None = None, queue: str = "deliveries") -> None:
        """A visitor has come through the flow, and is offered to this agent."""
        now = self.now()
        chat = Chat(
            id,
            "shop",
            ContactPoint(PointKind.VISITOR, f"v-{id}"),
            "",
            now - timedelta(seconds=70),
            "here",
            "hotline",
            ChatPhase.WAITING,
            contact_id=None if contact is None else contact.id,
            language="en",
            page="https://shop.example.com/pricing?plan=2",
            queue=queue,
            since=now - timedelta(seconds=48),
        )
        path = (
            PageSeen(now - timedelta(seconds=90), "https://shop.example.com/", "The shop"),
            PageSeen(now - timedelta(seconds=75), "javascript:alert(1)", "<b>Trick</b>"),
            PageSeen(now - timedelta(seconds=71), chat.page, "Prices"),
        )
        self.items[id] = ChatItem(
            ChatRow(chat, contact), path=path, answers=ANSWERS, dispositions=tuple(TRADE.values())
        )
        buttons = (Button("delivery", "Delivery"), Button("order", "Order"))
        self._add(id, Speaker.FLOW, LineKind.TEXT, "What is it about?", buttons=buttons)
        self._add(id, Speaker.VISITOR, LineKind.CHOICE, "Delivery")
        self.offer(id, to)

    def offer(self, id: str, agent: str) -> None:
        offer = ChatOffer(id, agent, self.now() + timedelta(minutes=10))
        self._change(id, offer=offer)
        self.tell(agent)

    def says(self, id: str, text: str) -> None:
        self._add(id, Speaker.VISITOR, LineKind.TEXT, text)
        chat = self.items[id].row.chat
        self._row(id, owed_since=chat.owed_since or self.now())
        self.tell(chat.agent or "")

    def moves(self, id: str, address: str, title: str = "") -> None:
        seen = PageSeen(self.now(), address, title)
        self._add(id, Speaker.VISITOR, LineKind.PAGE, address, data={"title": title})
        self._row(id, page=address)
        self._change(id, path=(*self.items[id].path, seen))
        self.tell(self.items[id].row.chat.agent or "")

    def is_there(self, id: str, *, present: bool = True, typing: bool = False) -> None:
        self._change(id, present=present, typing=typing)
        self.tell(self.items[id].row.chat.agent or "")

    def leaves(self, id: str) -> None:
        """Ended by the visitor: the agent may still say what came of it."""
        self._row(id, phase=ChatPhase.CLOSED, closed_at=self.now(), ended_by="visitor")
        self._change(id, wrap_up_until=self.now() + timedelta(minutes=10))
        self.tell(self.items[id].row.chat.agent or "")

    def said(self, id: str) -> list[str]:
        return [one.text for one in self.items[id].lines if one.kind is LineKind.TEXT]

    # --- AgentSide ---

    async def desk(self, agent: str) -> Sequence[ChatItem]:
        return [item for item in self.items.values() if self._is_of(item, agent)]

    async def item(self, id: str, agent: str = "") -> ChatItem:
        if id not in self.items:
            raise Missing(f"There is no chat {id[:60]}.")
        return self.items[id]

    async def open_now(self) -> Sequence[ChatItem]:
        return [item for item in self.items.values() if item.row.chat.is_open]

    async def take(self, agent: str, id: str) -> None:
        item = self.items.get(id)
        if item is None or item.offer is None or item.offer.agent != agent:
            raise DeskRefused("chat_gone", "This chat is offered to somebody else by now, or is over.")
        self._talks(id, agent)

    def decline(self, agent: str, id: str) -> None:
        self._change(id, offer=None)
        self.tell(agent)

    async def say(self, agent: str, id: str, text: str, client_id: str = "") -> None:
        if self.refuse is not None:
            refused, self.refuse = self.refuse, None
            raise refused
        self._own(agent, id)
        self._add(id, Speaker.AGENT, LineKind.TEXT, text, agent=agent, client_id=client_id)
        self._row(id, owed_since=None)
        self.tell(agent)

    def typing(self, agent: str, id: str) -> None:
        self.typed.append((agent, id))

    async def pass_on(self, agent: str, id: str, *, to: str | None, queue: str | None) -> None:
        if to not in ("anna", "ewa", None):
            raise DeskRefused("chat_target", "There is no such agent or queue any more: choose another.")
        if agent:
            self._own(agent, id)
        before = self.items[id].row.chat.agent or ""
        self._add(id, Speaker.AGENT, LineKind.MOVED, "", agent=agent or None)
        self._row(
            id, phase=ChatPhase.WAITING, agent=None, queue=queue or self.items[id].row.chat.queue,
            since=self.now(),
        )  # fmt: skip
        self.tell(before)
        if to is not None:
            self.offer(id, to)

    async def end(self, agent: str, id: str, disposition: str) -> None:
        if agent:
            self._own(agent, id)
            if self.required and not disposition:
                raise DeskRefused("disposition", "This queue wants an outcome: choose one first.")
        self._row(id, phase=ChatPhase.CLOSED, disposition=disposition or None, closed_at=self.now())
        self._change(id, wrap_up_until=None)
        self.tell(self.items[id].row.chat.agent or "")

    async def take_over(self, agent: str, id: str) -> None:
        before = self.items[id].row.chat.agent or ""
        self._talks(id, agent)
        self.tell(before)

    async def offer_call(self, agent: str, id: str) -> None:
        self._own(agent, id)
        self._add(id, Speaker.AGENT, LineKind.CALL, "", agent=agent)
        self.tell(agent)

    # --- inside ---

    def _is_of(self, item: ChatItem, agent: str) -> bool:
        if item.offer is not None:
            return item.offer.agent == agent
        mine = item.row.chat.agent == agent
        return mine and (item.row.chat.phase is ChatPhase.TALKING or item.wrap_up_until is not None)

    def _talks(self, id: str, agent: str) -> None:
        self._change(id, offer=None)
        self._row(id, phase=ChatPhase.TALKING, agent=agent, waited_seconds=48.0, owed_since=self.now())
        self._add(id, Speaker.AGENT, LineKind.JOINED, "", agent=agent)
        self.tell(agent)

    def _own(self, agent: str, id: str) -> None:
        if self.items[id].row.chat.agent != agent:
            raise DeskRefused("chat_held", "Somebody else has this chat now.")

    def _add(
        self,
        id: str,
        speaker: Speaker,
        kind: LineKind,
        text: str,
        *,
        agent: str | None = None,
        buttons: tuple[Button, ...] = (),
        client_id: str | None = None,
        data: dict[str, object] | None = None,
    ) -> None:
        lines = self.items[id].lines
        line = ChatLine(
            len(lines) + 1, self.now(), speaker, kind, text, agent, buttons, client_id, data or {}
        )
        self._change(id, lines=(*lines, line))
        self._row(id, last_seq=line.seq, last_at=line.at)

    def _row(self, id: str, **changes: object) -> None:
        row = self.items[id].row
        self._change(id, row=replace(row, chat=replace(row.chat, **changes)))  # type: ignore[arg-type]

    def _change(self, id: str, **changes: object) -> None:
        self.items[id] = replace(self.items[id], **changes)  # type: ignore[arg-type]
