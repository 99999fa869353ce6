"""Agents and queues over the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from acd.agents import Agent, AgentStatus
from acd.events import StatusChanged
from acd.queues import Queue, Waiting
from engine.changes import AgentEventsAppended
from engine.clock import SystemClock
from engine.floor.changes import FloorRefused
from engine.queues import AgentLine, Queues
from engine.registers.access import Role
from engine.registers.accounts import Person
from engine.registers.actor import Actor, ActorKind
from engine.registers.agents import AgentEvent, AgentEventKind
from engine.registers.audit import AuditFilter
from engine.roster import Roster, Staff
from tests.api.serving import RunningApi, both_databases, problem, running_api

SHELL = Actor(ActorKind.COMMAND, "root")


class Orders:
    """Stands for the floor: what is asked of it is kept."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.refuses = ""

    async def set_status(
        self, actor: Actor, by: str, agent: str, status: AgentStatus, reason: str, why: str
    ) -> None:
        if self.refuses:
            raise FloorRefused("over", self.refuses)
        self.asked.append((by, agent, status, reason, why))


@dataclass
class Office:
    api: RunningApi
    queues: Queues
    orders: Orders


@pytest.fixture
async def office(api_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    """Anna signs in, jan is a telephone of the configuration."""
    clock = SystemClock()
    staff = Staff(
        (Queue("orders"), Queue("service", agents=frozenset({"jan"}))),
        (AgentLine(Agent("jan", {"en": 2}), "+48220000021"),),
    )
    queues = Queues(staff.queues, staff.lines, clock=clock)
    orders = Orders()
    async with running_api(api_url, tmp_path, queues=queues, floor=orders) as api:
        api.store.agents.configure({"jan": None})
        anna = Person("p-anna", "Anna Nowa", Role.AGENT, clock.now(), clock.now())
        await api.store.accounts.people.add(SHELL, anna, "hash")
        roster = Roster(api.store.agents, queues, staff)
        await roster.refresh()
        object.__setattr__(api.parts, "refresh_agents", roster.refresh)
        yield Office(api, queues, orders)
    queues.close()


async def test_agents_are_listed_with_what_they_are_at(office: Office) -> None:
    office.queues.tell(StatusChanged("anna-nowa", AgentStatus.BREAK, "lunch"))
    listed = (await office.api.token("agents:read").get("/agents")).json["items"]
    assert [(one["name"], one["person"], one["status"], one["reason"]) for one in listed] == [
        ("anna-nowa", "Anna Nowa", "break", "lunch"),
        ("jan", None, "available", ""),
    ]
    assert listed[1]["skills"] == {"en": 2}
    assert (listed[1]["state"], listed[1]["work"], listed[1]["queue"]) == ("idle", None, None)


@both_databases
async def test_an_agent_is_shown_with_their_day(office: Office) -> None:
    now = office.api.parts.clock.now()
    events = (
        AgentEvent("e1", "anna-nowa", now, AgentEventKind.SIGNED_IN, {"telephone": "browser"}),
        AgentEvent(
            "e2", "anna-nowa", now + timedelta(microseconds=1), AgentEventKind.CHATTED, {"seconds": 9}
        ),
        AgentEvent(
            "e3",
            "anna-nowa",
            now + timedelta(microseconds=2),
            AgentEventKind.TALKED,
            {"direction": "inbound", "seconds": 61.5, "held_seconds": 1.5},
        ),
    )
    await office.api.store.ledger.commit([AgentEventsAppended(events)], durable=True)
    reader = office.api.person("supervisor")
    shown = (await reader.get("/agents/anna-nowa")).json
    assert shown["day"]["chats"] == 1
    assert (shown["day"]["handled"], shown["day"]["talk_seconds"], shown["day"]["hold_seconds"]) == (
        1,
        61.5,
        1.5,
    )
    assert (shown["version"], shown["capacity"]) == (1, {"call": None, "chat": None, "task": None})
    later = {"since": (now + timedelta(hours=1)).isoformat()}
    assert (await reader.get("/agents/anna-nowa", params=later)).json["day"]["handled"] == 0
    long_ago = {"since": (now - timedelta(days=32)).isoformat()}
    assert "31 days" in str(problem(await reader.get("/agents/anna-nowa", params=long_ago), 400, "invalid"))
    assert (await reader.get("/agents/jan")).json["version"] is None
    page = (await reader.get("/agents/anna-nowa/events", params={"limit": 1})).json
    assert [one["kind"] for one in page["items"]] == ["talked"]
    page = (await reader.get("/agents/anna-nowa/events", params={"cursor": page["next"]})).json
    assert ([one["kind"] for one in page["items"]], page["next"]) == (["chatted", "signed_in"], None)
    for path in ("/agents/ola", "/agents/ola/events"):
        problem(await reader.get(path), 404, "not-found")


@both_databases
async def test_skills_and_capacity_are_changed_with_a_reason(office: Office) -> None:
    boss = office.api.person("supervisor")
    before = await boss.get("/agents/anna-nowa")
    patch: dict[str, Any] = {"skills": {"pl": 5}, "capacity": {"chat": 2}, "reason": "an exam"}
    changed = await boss.patch("/agents/anna-nowa", patch, before.etag)
    assert changed.status == 200, changed.raw
    assert (changed.json["skills"], changed.json["capacity"]["chat"]) == ({"pl": 5}, 2)
    assert changed.json["version"] == 2
    assert office.queues.agent_views()["anna-nowa"].skills == {"pl": 5}, "at once"
    events = (await boss.get("/agents/anna-nowa/events")).json["items"]
    assert {event["kind"] for event in events} == {"skills_changed", "capacity_changed"}
    assert {event["data"]["reason"] for event in events} == {"an exam"}
    audit = await office.api.store.accounts.audit.entries(AuditFilter(subject="agent:anna-nowa"), limit=1)
    assert [entry.note.data["reason"] for entry in audit] == ["an exam"]
    problem(await boss.patch("/agents/anna-nowa", patch, before.etag), 412, "changed")
    assert (await boss.patch("/agents/anna-nowa", {"reason": "x"}, changed.etag)).status == 422
    wrong = await boss.patch("/agents/anna-nowa", {**patch, "skills": {"pl": 9}}, changed.etag)
    assert wrong.status == 422
    told = problem(await boss.patch("/agents/jan", patch, '"1"'), 422, "refused")
    assert "infolinia reload" in str(told)


async def test_a_supervisor_chooses_a_status_for_an_agent(office: Office) -> None:
    boss = office.api.person("supervisor")
    asked = {"status": "break", "break_reason": "lunch", "reason": "forgot it"}
    answer = await boss.post("/agents/anna-nowa/status", asked, key="k1")
    assert answer.status == 200, answer.raw
    ((by, *rest),) = office.orders.asked
    assert rest == ["anna-nowa", AgentStatus.BREAK, "lunch", "forgot it"]
    assert by
    again = await boss.post("/agents/anna-nowa/status", asked, key="k1")
    assert (again.status, len(office.orders.asked)) == (200, 1)
    office.orders.refuses = "Anna does not sit at a desk."
    problem(await boss.post("/agents/anna-nowa/status", asked), 409, "refused")
    problem(await boss.post("/agents/ola/status", asked), 404, "not-found")
    assert (await boss.post("/agents/anna-nowa/status", {**asked, "status": "missed"})).status == 422
    problem(await office.api.person("agent").post("/agents/anna-nowa/status", asked), 403, "forbidden")


async def test_queues_are_shown_as_they_are_now(office: Office) -> None:
    since = office.api.parts.clock.now()
    office.queues.tell(StatusChanged("jan", AgentStatus.BREAK, "lunch"))
    office.queues.join(Waiting("c1", "orders", since), lambda command: None)
    listed = (await office.api.person("agent").get("/queues")).json["items"]
    assert [(one["name"], one["waiting"]) for one in listed] == [("orders", 1), ("service", 0)]
    shown = (await office.api.token("queues:read").get("/queues/orders")).json
    assert shown == listed[0]
    assert shown["longest_wait_since"].startswith(since.strftime("%Y-%m-%dT%H:%M:%S"))
    assert (shown["free"], shown["open"], shown["service_level_seconds"]) == (0, True, 20.0)
    problem(await office.api.token("queues:read").get("/queues/nobody"), 404, "not-found")
    office.queues.join(Waiting("c2", "orders", since, ("en",), priority=5), lambda command: None)
    boss = office.api.person("supervisor")
    waiting = (await boss.get("/queues/orders/waiting")).json["items"]
    assert [(one["call_id"], one["position"], one["offered_to"]) for one in waiting] == [
        ("c2", 1, None),
        ("c1", 2, None),
    ]
    assert (waiting[0]["skills"], waiting[0]["priority"]) == (["en"], 5)
    problem(await office.api.person("agent").get("/queues/orders/waiting"), 403, "forbidden")
    problem(await boss.get("/queues/nobody/waiting"), 404, "not-found")
    for call_id in ("c1", "c2"):
        office.queues.leave(call_id)
