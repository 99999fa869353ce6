"""SQL statements of a routed call: queue, offer with screen-pop, talk, note, disposition and wrap-up.

The phases of a call are seconds apart and the ledger's groups a quarter of one, so each phase of a call that
is alone is a transaction of its own; of many calls at once, those of one moment share it. A page looks at its
desk after each of them. PostgreSQL takes all that a transaction writes as one statement.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from acd.agents import Agent, AgentStatus
from acd.events import AgentAnswered, Command, OfferCall, TalkEnded
from acd.queues import Queue
from acd.work import Waiting
from calls.control import PhoneChanged
from calls.events import CallEventKind as Kind
from engine.call_log import CallLog
from engine.changes import CallbackKept, InteractionAdded
from engine.clock import TimeOrderedIds
from engine.desk.desks import Desks
from engine.desk.settings import DeskSettings
from engine.queues import AgentLine
from history.callbacks import CallbackRequest, CallbackSource
from history.interaction import Channel, Interaction
from store.store import Store
from tests.conftest import HandClock
from tests.engine.desk_stage import FakeBoard, FakeManual, FakePhones
from tests.engine.stage import Stage
from tests.store.people import person
from tests.store.samples import START, form, number, until

CALLS = 10
# For each call, of so many calls in progress at once.
MOST_STATEMENTS = {
    "postgresql": {1: 12, CALLS: 4},
    "sqlite": {1: 34, CALLS: 6},
}
ROWS_BEFORE = 50
_WRITTEN = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) (?!SET)(\w+)")
_READ = re.compile(r"(?:FROM|JOIN) (\w+)")


@contextmanager
def asked() -> Iterator[list[str]]:
    """Statements of every engine, each by what it writes or else reads."""
    found: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
            written, read = _WRITTEN.findall(statement), _READ.findall(statement)
            found.append(f"writes {' '.join(written)}" if written else f"reads {' '.join(read)}")

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


class Office:
    """Desks over a real store, whose agents talk to callers all at once."""

    def __init__(self, store: Store, folder: Path, clock: HandClock, agents: int) -> None:
        self.agents = [f"a{n}" for n in range(agents)]
        self.store, self.clock = store, clock
        lines = [AgentLine(Agent(name), browser=True) for name in self.agents]
        self.stage = Stage(folder, queues=[Queue("orders", wrap_up_seconds=60)], agents=lines)
        self.queues = self.stage.exchange.queues
        self.queues._clock = clock
        exchange = replace(self.stage.exchange, ledger=store.ledger, clock=clock, ids=TimeOrderedIds(clock))
        self.board = FakeBoard()
        self.commands: list[Command] = []

        async def refresh() -> None:
            """Everybody is known."""

        self.desks = Desks(
            exchange,
            self.board,  # type: ignore[arg-type]
            FakePhones(),  # type: ignore[arg-type]
            store.queries,
            store.desk,
            store.agents,
            DeskSettings(region="PL"),
            manual=FakeManual(),
            refresh=refresh,
        )
        self.logs: dict[str, CallLog] = {}

    async def begin(self) -> None:
        await self.desks.start()
        for agent in self.agents:
            await self.desks.sign_in(agent, "page")
            self.queues.phone_changed(PhoneChanged(agent, True))
            await self.desks.set_status(agent, AgentStatus.AVAILABLE)
        await self.written()
        await self.looked_at()

    async def written(self) -> None:
        """The moment is over: what was said in it is in the database."""
        await self.desks._ordered._waiting.join()
        await self.store.ledger.commit((), durable=True)
        self.clock.pass_seconds(5)

    async def call(self, call_id: str) -> None:
        log = self.desks._exchange.call_log(call_id)
        self.logs[call_id] = self.board.logs[call_id] = log
        caller = number(int(call_id.removeprefix("call"))).value
        await log.begin({"caller": caller, "dialled": "100", "network_id": call_id, "node": "here"})
        await log.write(Kind.ANSWERED)
        await log.write(Kind.FLOW_STARTED, {"flow": "hotline", "version": "7"})

    async def queue(self, call_id: str) -> None:
        await self.logs[call_id].write(Kind.QUEUED, {"queue": "orders", "position": 1})
        self.queues.join(Waiting(call_id, "orders", self.clock.now()), self.commands.append)
        agent = self.agent_of(call_id)
        offered = {"queue": "orders", "agent": agent, "leg": f"{call_id}.leg.1"}
        await self.logs[call_id].write(Kind.AGENT_OFFERED, offered)

    def agent_of(self, call_id: str) -> str:
        return next(
            one.agent for one in self.commands if isinstance(one, OfferCall) and one.work_id == call_id
        )

    async def talk(self, call_id: str) -> None:
        self.queues.tell(AgentAnswered(call_id, self.agent_of(call_id)))
        connected = {"queue": "orders", "agent": self.agent_of(call_id), "waited_seconds": 5}
        await self.logs[call_id].write(Kind.AGENT_CONNECTED, connected)

    async def note(self, call_id: str) -> None:
        await self.desks.save_note(self.agent_of(call_id), call_id, "Wants a copy.", 1)

    async def end(self, call_id: str) -> None:
        self.queues.tell(TalkEnded(call_id, self.agent_of(call_id)))
        self.queues.leave(call_id)
        await self.logs[call_id].write(Kind.ENDED, {"by": "caller", "cause": 16, "outcome": "completed"})
        self.board.logs.pop(call_id)

    async def finish(self, call_id: str) -> None:
        await self.desks.dispose(self.agent_of(call_id), call_id, "sale")
        await self.desks.finish_wrap_up(self.agent_of(call_id))

    async def looked_at(self) -> None:
        """Each agent's page shows what it has been told of; who calls is read meanwhile."""

        async def shown() -> bool:
            views = [await self.desks.view(agent) for agent in self.agents]
            read = all(reading.done() for reading in self.desks._showing._reading.values())
            return read and not any(view.popup and view.popup.missing for view in views)

        await until(shown)

    async def wrapped_up(self) -> bool:
        await self.store.ledger.commit((), durable=True)
        return not self.desks._parts.all()

    async def close(self) -> None:
        await self.desks.close()
        await self.stage.switchboard.close()


async def known(store: Store, n: int) -> None:
    """Somebody with a profile, a history, a callback that is still open and a promise."""
    await person(store, number(n), name="Anna", tags=frozenset({"vip"}), attributes={"hour": "12"})
    rows = [form(f"{n}-{row}", number(n)) for row in range(ROWS_BEFORE)]
    promise = Interaction(
        f"{n}-promise", START, Channel.PROMISE, "inbound", "x", number(n), data={"due": "2026-12-01"}
    )
    asked = CallbackRequest(f"cb{n}", number(n), "orders", CallbackSource.AGENT, START)
    await store.ledger.commit(
        [*rows, InteractionAdded(promise, "new"), CallbackKept(asked, "new")], durable=True
    )


@pytest.mark.parametrize("caller", ["new", "known"])
@pytest.mark.parametrize("calls", [1, CALLS])
async def test_a_routed_call_takes_few_statements(
    url: str, make_store: Callable[..., Store], tmp_path: Path, clock: HandClock, calls: int, caller: str
) -> None:
    store = make_store(url, flush_seconds=60)
    await store.start()
    if caller == "known":
        for n in range(calls):
            await known(store, n)
    office = Office(store, tmp_path, clock, calls)
    await office.begin()
    ids = [f"call{n}" for n in range(calls)]
    phases = (office.call, office.queue, office.talk, office.note, office.end, office.finish)
    with asked() as statements:
        for phase in phases:
            await asyncio.gather(*(phase(call_id) for call_id in ids))
            await office.written()
            await office.looked_at()
        await until(office.wrapped_up)
    rows = [row for row in await store.queries.history() if row.interaction.disposition == "sale"]
    assert len(rows) == calls
    await office.close()
    assert any("call_events" in one for one in statements)
    assert len(statements) <= MOST_STATEMENTS[url.partition(":")[0]][calls] * calls, "\n".join(statements)
