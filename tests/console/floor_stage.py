"""A floor over a real store and real queues: who talks, who is away, who waits; supervision is staged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acd.agents import Agent, AgentStatus
from acd.events import StatusChanged, TalkFound
from acd.queues import Queue
from acd.talks.talk import PartyRole, PartyState, PartyView, TalkPhase, TalkView
from acd.work import Waiting
from engine.floor.changes import Floor, FloorRefused
from engine.floor.supervision import SupervisionMode, SupervisionRefused, SupervisionView
from engine.queues import AgentLine, Queues
from engine.registers.access import Role
from engine.registers.actor import Actor
from store.store import Store
from tests.console.offices import Office, open_office
from tests.console.stage import Stage, order_call

CALL = "c-live"


@dataclass
class FakeSupervision:
    refusal: SupervisionRefused | None = None
    asked: list[tuple[str, str, str, SupervisionMode]] = field(default_factory=list)
    mine: SupervisionView | None = None
    closed: list[tuple[str, str]] = field(default_factory=list)

    def views(self) -> tuple[SupervisionView, ...]:
        return (self.mine,) if self.mine else ()

    def of(self, supervisor: str) -> SupervisionView | None:
        return self.mine if self.mine and self.mine.supervisor == supervisor else None

    async def open_phone(self, supervisor: str, page: str) -> tuple[str, str]:
        return f"sup-{supervisor}", "a password"

    async def close_phone(self, supervisor: str, page: str) -> None:
        self.closed.append((supervisor, page))

    async def end(self, supervisor: str) -> None:
        self.mine = None

    async def supervise(
        self, actor: Actor, supervisor: str, call_id: str, agent: str, mode: SupervisionMode
    ) -> SupervisionView:
        if self.refusal:
            raise self.refusal
        self.asked.append((supervisor, call_id, agent, mode))
        self.mine = SupervisionView(supervisor, call_id, agent, mode, self.at())
        return self.mine

    at: Callable[[], datetime] = field(kw_only=True)


@dataclass
class FakeBoard:
    talk: TalkView | None = None
    hung_up: list[tuple[str, str]] = field(default_factory=list)

    def talk_of(self, call_id: str) -> TalkView | None:
        return self.talk if call_id == CALL else None

    def serves(self, call_id: str) -> bool:
        return call_id == CALL

    async def hang_up(self, call_id: str, by: str) -> bool:
        self.hung_up.append((call_id, by))
        return True


@dataclass
class Orders:
    queues: Queues
    done: list[tuple[str, ...]] = field(default_factory=list)
    refusal: str = ""

    async def set_status(self, agent: str, status: AgentStatus, reason: str, by: str) -> None:
        if self.refusal:
            raise FloorRefused("busy", self.refusal)
        self.done.append((agent, status.value, reason, by))
        self.queues.tell(StatusChanged(agent, status, reason))

    async def sign_out(self, agent: str, by: str) -> None:
        self.done.append((agent, "out", by))


@dataclass
class Hall:
    """Olga, a supervisor, is signed in; Anna talks, Jan is at lunch; one caller waits."""

    office: Office
    stage: Stage
    store: Store
    queues: Queues
    board: FakeBoard
    supervision: FakeSupervision
    orders: Orders
    csrf: str

    async def page(self, path: str, status: int = 200, **headers: str) -> str:
        answer = await self.office.page(path, **headers)
        assert answer.status == status, await answer.text()
        return await answer.text()

    async def send(self, path: str, answered: int = 303, **fields: str) -> str:
        answer = await self.office.post(path, {"csrf": self.csrf, **fields})
        text = await answer.text()
        assert answer.status == answered, text[-1500:]
        return answer.headers["Location"] if answered == 303 else text


@asynccontextmanager
async def open_hall(stage: Stage, store: Store) -> AsyncIterator[Hall]:
    """Olga, a supervisor, is signed in."""
    now = stage.clock.now()
    queues = Queues(
        [Queue("orders", service_level_seconds=20)],
        [
            AgentLine(Agent("anna", {"english": 4, "polish": 5}), browser=True),
            *(AgentLine(Agent(name, {"polish": 3}), browser=True) for name in ("jan", "ewa", "piotr")),
        ],
        clock=stage.clock,
    )
    board, supervision = FakeBoard(), FakeSupervision(at=stage.clock.now)
    orders = Orders(queues)
    stage.floor = Floor(
        queues,
        board,  # type: ignore[arg-type]
        supervision,  # type: ignore[arg-type]
        store.agents,
        store.accounts.audit,
        orders,
        stage.live,
        stage.clock,
        store.queue_days,
        lambda now: now.replace(hour=0, minute=0, second=0, microsecond=0),
        store.ratings,
    )
    call = stage.queries.add(order_call(CALL, start=now - timedelta(minutes=2), ended=False), None)
    stage.live.put(call)
    queues.tell(StatusChanged("anna", AgentStatus.AVAILABLE))
    queues.tell(TalkFound(CALL, "anna", "orders", now - timedelta(minutes=1)))
    queues.tell(StatusChanged("jan", AgentStatus.BREAK, "lunch"))
    queues.tell(StatusChanged("ewa", AgentStatus.TRAINING))
    queues.join(Waiting("c-waits", "orders", now - timedelta(seconds=45)), lambda command: None)
    board.talk = TalkView(
        CALL,
        "anna",
        "orders",
        TalkPhase.TALKING,
        (PartyView("leg", PartyRole.AGENT, "anna", PartyState.TALKING, now),),
        False,
        "off",
        now,
        0.0,
    )
    async with open_office(stage, store) as office:
        await office.add("Olga", Role.SUPERVISOR)
        assert (await office.sign_in("Olga")).status == 303
        yield Hall(office, stage, store, queues, board, supervision, orders, await office.csrf())
    queues.close()
