"""An engine's chats: queues, flows and clock as they are, the store in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from acd.agents import Agent, AgentStatus
from acd.events import StatusChanged
from acd.queues import Queue
from calls.control import PhoneChanged
from engine.changes import Change
from engine.chat.carried_calls import CarriedCalls
from engine.chat.desk_chats import DeskChats
from engine.chat.live_chats import LiveChats
from engine.chat.means import ChatMeans
from engine.chat.sides import Arrival, ChatNews, Opened, PageSeen
from engine.desk.settings import DeskSettings, QueueDesk
from engine.errands import Desk
from engine.flows import FlowShelf
from engine.ports import Clock, Ledger, StoreUnavailable
from engine.queues import AgentLine, Queues
from engine.registers.agents import AgentEvent
from engine.registers.chats import ChatFilter, ChatRow, Chats
from engine.registers.pages import Page
from engine.registers.refusals import Missing, Refused
from history.callbacks import CallbackRequest
from history.interaction import ContactPoint, PointKind
from infolinia.flows.files import read_flow
from ivr.flow import Flow
from ivr.reading.loader import load_flow
from ivr.surroundings import Surroundings
from messaging.chat import Chat, ChatLine
from messaging.chat_site import ChatSite
from tests.engine.errand_desk import ErrandDesk
from tests.engine.fake_desk import CountedIds
from tests.engine.fake_store import MemoryLedger
from tests.virtual_time import VirtualClock

NODE = "here"
ROOT = Path(__file__).parents[2]
SHOP = "https://shop.example.com"
ORDERS = Queue("orders", ring_seconds=20.0, wrap_up_seconds=15.0, capacity=3)
DESK = Queue("desk", agents=frozenset({"jan"}), ring_seconds=20.0, wrap_up_seconds=0.0)
CLOSED = Queue("closed", hours="never")
FLOW = """\
flow: shop
languages: [en, pl]
always: {agent: agents, trouble: trouble}
start: main
steps:
  main:
    menu:
      prompt: {en: "How can we help?", pl: "W czym pomóc?"}
      choices:
        1: {hear: {en: [an order, order], pl: [zamówienie]}, next: number}
        2: {hear: {en: [a message], pl: [wiadomość]}, next: message}
        3: {hear: {en: [a code], pl: [kod]}, next: pin}
        4: {hear: {en: [closed], pl: [zamknięte]}, next: shut}
        5: {hear: {en: [telephone], pl: [telefon]}, next: telephone}
        9: {hear: {en: [agent please], pl: [człowiek]}, next: agents}
    otherwise: agents
  number:
    ask: {into: order, digits: 6, prompt: {en: "The number?", pl: "Numer?"}, confirm: true}
    next: there
    otherwise: agents
  there: {say: {en: "It is at {order}.", pl: "Jest {order}."}, next: main}
  message:
    voicemail: {box: shop, prompt: {en: "Leave us a message.", pl: "Zostaw wiadomość."}}
    next: bye
    empty: bye
  pin:
    ask: {into: pin, digits: 4, secret: true, prompt: {en: "Your PIN?", pl: "PIN?"}}
    next: known
    otherwise: bye
  known: {say: {en: "PIN {pin} taken.", pl: "PIN {pin}."}, next: bye}
  shut: {queue: {name: closed}, next: bye, timeout: bye, closed: is_shut, full: bye, nobody: bye}
  is_shut: {say: {en: "We are closed.", pl: "Zamknięte."}, next: main}
  telephone:
    transfer: {to: "+48220000001"}
    next: bye
    busy: bye
    no_answer: bye
    refused: bye
    failed: main
  agents:
    queue: {name: orders, max_wait: 2m, announce: {position: 30s}}
    next: grade
    timeout: nobody
    closed: nobody
    full: full
    nobody: nobody
  full: {say: {en: "All are busy.", pl: "Zajęte."}, next: bye}
  nobody: {say: {en: "Nobody is here.", pl: "Nikogo nie ma."}, next: bye}
  trouble: {say: {en: "Trouble.", pl: "Kłopot."}, next: bye}
  grade:
    rate: {into: grade, from: 1, to: 5, prompt: {en: "A grade?", pl: "Ocena?"}}
    next: bye
    declined: bye
  bye: {say: {en: "Goodbye.", pl: "Do widzenia."}, next: end}
  end: {hangup: normal}
"""


class MemoryChats:
    """engine.registers.chats.Chats. `away`: it does not answer."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger
        self.chats: dict[str, Chat] = {}
        self.kept: dict[str, dict[int, ChatLine]] = {}
        self.away = False

    async def open(self, chat: Chat, lines: Sequence[ChatLine]) -> Chat:
        self._answer()
        contact = None if chat.point is None else f"contact of {chat.point.value}"
        self.chats[chat.id] = opened = replace(chat, contact_id=contact)
        self.kept[chat.id] = {line.seq: line for line in lines}
        return opened

    async def keep(self, chat: Chat, lines: Sequence[ChatLine], changes: Sequence[Change] = ()) -> Chat:
        self._answer()
        before = await self.get(chat.id)
        if before.version != chat.version:
            raise Refused("Another has written.", "version")
        own = {"point": before.point, "contact_id": before.contact_id}
        after = replace(chat, version=chat.version + 1, **own)  # type: ignore[arg-type]
        self.chats[chat.id] = after
        for line in lines:
            self.kept[chat.id].setdefault(line.seq, line)
        await self._ledger.commit(changes)
        return after

    async def get(self, id: str) -> Chat:
        self._answer()
        if id not in self.chats:
            raise Missing("There is no such chat.")
        return self.chats[id]

    async def row(self, id: str) -> ChatRow:
        return ChatRow(await self.get(id), None)

    async def lines(self, id: str, *, after: int = 0, limit: int = 500) -> Sequence[ChatLine]:
        self._answer()
        return [line for seq, line in sorted(self.kept[id].items()) if seq > after][:limit]

    async def unfinished(self, node: str) -> Sequence[Chat]:
        self._answer()
        return [chat for chat in self.chats.values() if chat.is_open and chat.node == node]

    async def list(
        self, wanted: ChatFilter, *, limit: int = 50, after: tuple[str, ...] | None = None
    ) -> Page[ChatRow]:
        self._answer()
        found = [one for one in self.chats.values() if one.contact_id == wanted.contact_id]
        return Page(tuple(ChatRow(one, None) for one in reversed(found)))

    async def join(self, id: str, phone: str) -> Chat:
        before = await self.get(id)
        point = ContactPoint(PointKind.PHONE, phone)
        joined = replace(before, point=point, contact_id=f"contact of {phone}", version=before.version + 1)
        self.chats[id] = joined
        return joined

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailable("The database is away.")


class Asked:
    """What is asked of the register of callbacks."""

    def __init__(self) -> None:
        self.requests: list[CallbackRequest] = []

    async def request(self, actor: object, request: CallbackRequest, **more: object) -> None:
        self.requests.append(request)


class ChatStage:
    """One engine's chats. Another one made with `after` shares its store: a restart."""

    def __init__(
        self,
        *,
        after: ChatStage | None = None,
        flow: Flow | None = None,
        agents: Sequence[Agent] = (Agent("anna"), Agent("jan")),
        store: Chats | None = None,
        clock: Clock | None = None,
        ledger: Ledger | None = None,
        names: str = "",
    ) -> None:
        """`store`, `clock`, `ledger`: real ones in place of those in memory; `names`: how ids begin."""
        self.clock = clock or VirtualClock()
        self.ledger: MemoryLedger = after.ledger if after else MemoryLedger()
        self.store: MemoryChats = after.store if after else MemoryChats(self.ledger)
        self.flow = flow or load_flow(FLOW.encode(), "shop.yaml")
        self.site = ChatSite("shop", frozenset({SHOP}), self.flow.name, self.flow.languages, number="100")
        self.asked = Asked()
        self.told: list[str] = []
        self.noted: list[AgentEvent] = []
        self.visitors: list[Visitor] = []
        self.queues = Queues(
            [ORDERS, DESK, CLOSED],
            [AgentLine(agent, browser=True) for agent in agents],
            clock=self.clock,
            opening=lambda hours, now: "closed",
        )
        desk = Desk(
            **{
                **{name: getattr(ErrandDesk().desk, name) for name in Desk.__dataclass_fields__},
                "ledger": ledger or self.ledger,
                "profiles": self.ledger,
                "clock": self.clock,
            }
        )
        self.means = ChatMeans(
            register=store or self.store,
            callbacks=cast(Any, self.asked),
            queues=self.queues,
            desk=desk,
            flows=FlowShelf({self.flow.name: self.flow}, {}, unknown=self.flow, region="PL"),
            clock=self.clock,
            ids=CountedIds(names or ("second" if after else "id")),
            node=NODE,
            region="PL",
            surroundings=Surroundings(),
            sites=lambda: {"shop": self.site},
            settings=lambda: DeskSettings("PL", queues={"strict": QueueDesk(disposition_required=True)}),
            tell=self.told.append,
            shown=str.title,
            noted=self.noted.append,
        )
        self.carried = CarriedCalls(cast(Any, SimpleNamespace(add_point=self._add_point)))
        self.points: list[tuple[str, ContactPoint]] = []
        self.chats = LiveChats(self.means, self.carried)
        self.desk = DeskChats(self.chats, self.means)

    async def _add_point(self, actor: object, contact_id: str, point: ContactPoint, **more: object) -> None:
        self.points.append((contact_id, point))

    async def close(self) -> None:
        for visitor in self.visitors:
            await visitor.leave()
        await self.chats.close()
        self.queues.close()

    async def crash(self) -> None:
        """Nothing more is kept, timed or told by this engine."""
        for visitor in self.visitors:
            await visitor.leave()
        for chat in self.chats.all():
            chat.deadlines.cancel()
            for task in [*chat.closing._tasks, chat._keeper._task]:
                if task is not None:
                    task.cancel()
        self.chats._chats.clear()
        await self.close()
        await asyncio.sleep(0)

    # --- agents ---------------------------------------------------------------------------------------------

    def here(self, *agents: str) -> None:
        """At an open desk, and available."""
        for agent in agents:
            self.queues.phone_changed(PhoneChanged(agent, True))
            self.queues.desk_present(agent, True)
            self.queues.tell(StatusChanged(agent, AgentStatus.AVAILABLE))

    def gone(self, agent: str) -> None:
        self.queues.tell(StatusChanged(agent, AgentStatus.OFFLINE))

    def offered_to(self, id: str) -> str:
        chat = self.chats.get(id)
        assert chat is not None
        return "" if chat.queueing.offer is None else chat.queueing.offer.agent

    # --- visitors -------------------------------------------------------------------------------------------

    async def visitor(self, visitor: str = "v1", language: str | None = "en") -> Visitor:
        """One whose page follows the chat."""
        path = (PageSeen(self.clock.now(), f"{SHOP}/", "The shop"),)
        opened = await self.chats.open(Arrival("shop", visitor, language, path, consent="I agree."))
        self.visitors.append(Visitor(self, opened))
        return await self.visitors[-1].come()

    async def waiting(self, visitor: str = "v1") -> Visitor:
        """One who waits for an agent."""
        one = await self.visitor(visitor)
        await one.press("9")
        return one

    async def talking(self, agent: str = "anna", visitor: str = "v1") -> Visitor:
        one = await self.waiting(visitor)
        await self.desk.take(agent, one.id)
        return one


class Visitor:
    """A page that follows a chat, and what it was told."""

    def __init__(self, stage: ChatStage, opened: Opened) -> None:
        self.stage = stage
        self.id, self.secret = opened.id, opened.secret
        self.news: list[ChatNews] = []
        self._task: asyncio.Task[None] | None = None
        self._sent = 0

    async def come(self) -> Visitor:
        self._task = asyncio.create_task(self._follow())
        await asyncio.sleep(0.1)
        return self

    async def leave(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        after = max((line.seq for line in self.lines), default=0)
        async with aclosing(cast(Any, self.stage.chats.follow(self.id, self.secret, after))) as stream:
            async for news in stream:
                self.news.append(news)

    async def say(self, text: str, client_id: str = "") -> int:
        self._sent += 1
        own = client_id or f"line{self._sent}"
        seq = await self.stage.chats.say(self.id, self.secret, text, own)
        await asyncio.sleep(0.1)
        return seq

    async def press(self, value: str) -> int:
        self._sent += 1
        seq = await self.stage.chats.press(self.id, self.secret, value, f"line{self._sent}")
        await asyncio.sleep(0.1)
        return seq

    @property
    def now(self) -> ChatNews:
        return self.news[-1]

    @property
    def lines(self) -> list[ChatLine]:
        return [line for news in self.news for line in news.lines]

    @property
    def read(self) -> list[str]:
        """What the flow and agents wrote, and what else is to be seen, as its kind."""
        return [line.text or line.kind.value for line in self.lines if line.speaker.value != "visitor"]

    @property
    def chat(self) -> Chat:
        return self.now.chat


def shipped(name: str) -> Flow:
    return read_flow(ROOT / "callflows" / f"{name}.yaml")
