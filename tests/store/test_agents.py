"""Agents who sign in, their names, skills and log, on both databases."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text

from engine.agent_days import standing_of
from engine.changes import AgentEventsAppended
from engine.registers.access import Role
from engine.registers.accounts import Person
from engine.registers.actor import Actor, ActorKind
from engine.registers.agents import AgentDay, AgentEvent, AgentEventKind, AgentProfile, AgentStanding
from engine.registers.audit import AuditFilter
from engine.registers.refusals import Changed, Missing, Refused
from store.database import create_engine, database_url
from store.registers.agents import agent_name
from store.store import Store
from store.tables import agent_events
from tests.conftest import HandClock

SHELL = Actor(ActorKind.COMMAND, "root")


async def added(store: Store, clock: HandClock, name: str, role: Role = Role.AGENT) -> Person:
    person = Person(f"p-{name.lower()}", name, role, clock.now(), clock.now())
    return await store.accounts.people.add(SHELL, person, "hash")


async def actions(store: Store, subject: str) -> list[str]:
    entries = await store.accounts.audit.entries(AuditFilter(subject=subject), limit=10)
    return [entry.note.action for entry in reversed(entries)]


def did(number: int, agent: str, at: datetime, kind: AgentEventKind, **data: object) -> AgentEvent:
    return AgentEvent(f"{number:026}", agent, at, kind, data)


@pytest.mark.parametrize(
    ("person", "name"),
    [
        ("Anna Łąka", "anna-laka-3"),
        ("  Анна   Жукова ", "anna-zhukova"),
        ("O'Neill", "o-neill"),
        ("7 of 9", "agent-7-of-9"),
        ("—", "agent"),
        ("李", "li"),
        ("Sup Olga", "agent-sup-olga"),
        ("A" * 80, "a" * 32),
        ("Wolfeschlegelsteinhausenberger dorff", "wolfeschlegelsteinhausenberger-2"),
    ],
)
def test_names_of_agents_are_made_of_peoples(person: str, name: str) -> None:
    assert agent_name(person, {"anna-laka", "anna-laka-2", "wolfeschlegelsteinhausenberger-d"}) == name


async def test_a_person_has_a_name_that_stays(store: Store, clock: HandClock) -> None:
    store.agents.configure({"jan": None, "ola": "Olga"})
    anna, jan, olga = [await added(store, clock, name) for name in ("Anna", "Jan", "Olga")]
    mine = await store.agents.of_person(SHELL, anna.id)
    assert mine == AgentProfile("anna", anna.id, "Anna")
    assert await store.agents.of_person(SHELL, anna.id) == mine == await store.agents.get("anna")
    assert [one.name for one in await store.agents.profiles()] == ["anna", "jan-2", "ola"]
    assert await actions(store, "agent:anna") == ["agent.named"]
    # The configuration gives her another name later.
    store.agents.configure({"recepcja": "anna"})
    assert (await store.agents.of_person(SHELL, anna.id)).name == "recepcja"
    with pytest.raises(Missing, match="no agent anna"):
        await store.agents.get("anna")
    assert {one.person_id for one in await store.agents.profiles()} == {anna.id, jan.id, olga.id}
    with pytest.raises(Missing, match="no person p-9"):
        await store.agents.of_person(SHELL, "p-9")
    # Asterisk has an endpoint of that name.
    local = await added(store, clock, "Local")
    assert (await store.agents.of_person(SHELL, local.id)).name == "local-2"


async def test_people_who_are_named_at_once_have_names_of_their_own(store: Store, clock: HandClock) -> None:
    made = [await added(store, clock, name) for name in ("Anna Nowa", "Anna-Nowa", "Ánna Nowa", "ANNA.NOWA")]
    found = await asyncio.gather(*(store.agents.of_person(SHELL, one.id) for one in made for _ in range(2)))
    assert {one.name for one in found} == {"anna-nowa", "anna-nowa-2", "anna-nowa-3", "anna-nowa-4"}


async def test_a_disabled_person_is_no_agent(store: Store, clock: HandClock) -> None:
    anna = await added(store, clock, "Anna")
    await store.agents.of_person(SHELL, anna.id)
    await store.accounts.people.disable(SHELL, anna.id, clock.now())
    assert await store.agents.profiles() == []
    with pytest.raises(Missing):
        await store.agents.get("anna")
    with pytest.raises(Refused, match="Anna may not sign in"):
        await store.agents.of_person(SHELL, anna.id)


async def test_skills_and_capacity_are_changed_by_who_saw_the_newest(store: Store, clock: HandClock) -> None:
    anna = await added(store, clock, "Anna")
    await store.agents.of_person(SHELL, anna.id)
    changed = await store.agents.set_skills(SHELL, "anna", {"pl": 5, "en": 2}, "an exam", clock.now(), 1)
    assert (changed.skills, changed.version) == ({"pl": 5, "en": 2}, 2)
    with pytest.raises(Changed) as clash:
        await store.agents.set_capacity(SHELL, "anna", {"chat": 4}, "chats", clock.now(), 1)
    assert clash.value.version == 2
    changed = await store.agents.set_capacity(SHELL, "anna", {"chat": 4}, "chats", clock.now(), 2)
    assert changed == await store.agents.get("anna")
    assert (changed.capacity, changed.skills, changed.version) == ({"chat": 4}, {"pl": 5, "en": 2}, 3)
    of = {event.kind: event for event in await store.agents.events("anna", limit=10)}
    assert of.keys() == {AgentEventKind.SKILLS_CHANGED, AgentEventKind.CAPACITY_CHANGED}
    event = of[AgentEventKind.SKILLS_CHANGED]
    assert of[AgentEventKind.CAPACITY_CHANGED].data == {
        "capacity": {"chat": 4},
        "reason": "chats",
        "by": "root",
    }
    assert event.at == clock.now()
    assert event.data == {"skills": {"pl": 5, "en": 2}, "reason": "an exam", "by": "root"}
    with pytest.raises(Refused, match="work of kind 'calls'"):
        await store.agents.change(SHELL, "anna", {}, {"calls": 1}, "both", clock.now(), 3)
    assert await store.agents.get("anna") == changed, "both or none"
    changed = await store.agents.change(SHELL, "anna", {"pl": 1}, {"chat": 1}, "both", clock.now(), 3)
    assert (changed.skills, changed.capacity, changed.version) == ({"pl": 1}, {"chat": 1}, 4)
    assert await actions(store, "agent:anna") == ["agent.named", *3 * ["agent.changed"]]
    kinds = [one.kind.value for one in await store.agents.events("anna", limit=10)]
    assert sorted(kinds) == [*2 * ["capacity_changed"], *2 * ["skills_changed"]]


@pytest.mark.parametrize(
    ("skills", "says"),
    [
        ({"pl": 6}, "level of 'pl' is a whole number from 1 to 5"),
        ({"pl": True}, "level of 'pl'"),
        ({"PL": 1}, "'PL' is no name of a skill"),
        ({f"s{n}": 1 for n in range(51)}, "at most 50 skills"),
    ],
)
async def test_skills_that_cannot_be_are_refused(
    store: Store, clock: HandClock, skills: dict[str, int], says: str
) -> None:
    anna = await added(store, clock, "Anna")
    await store.agents.of_person(SHELL, anna.id)
    with pytest.raises(Refused, match=says):
        await store.agents.set_skills(SHELL, "anna", skills, "", clock.now())
    assert (await store.agents.get("anna")).version == 1


async def test_what_stands_in_the_configuration_is_changed_there(store: Store, clock: HandClock) -> None:
    store.agents.configure({"jan": None})
    with pytest.raises(Refused, match="change it there, then `infolinia reload`"):
        await store.agents.set_skills(SHELL, "jan", {"pl": 1}, "", clock.now())
    with pytest.raises(Missing, match="no agent ola"):
        await store.agents.set_skills(SHELL, "ola", {"pl": 1}, "", clock.now())
    with pytest.raises(Refused, match="work of kind 'calls'"):
        await store.agents.set_capacity(SHELL, "jan", {"calls": 1}, "", clock.now())


async def test_the_log_tells_the_day_the_standing_and_its_events(store: Store, clock: HandClock) -> None:
    start = clock.now()
    minute = timedelta(minutes=1)
    kind = AgentEventKind
    events = (
        did(1, "anna", start, kind.SIGNED_IN, telephone="browser"),
        did(2, "anna", start + minute, kind.STATUS_CHANGED, status="break", reason="lunch", by=""),
        did(3, "jan", start, kind.SIGNED_IN, telephone="browser"),
        did(4, "jan", start + minute, kind.SIGNED_OUT, why="agent"),
        did(5, "ola", start, kind.STATUS_CHANGED, status="available", reason="", by=""),
        did(6, "ola", start + minute, kind.TALKED, direction="inbound", seconds=61.5, held_seconds=1),
        did(
            7,
            "ola",
            start + 2 * minute,
            kind.STATE_CHANGED,
            state="wrap_up",
            work="c1",
            until=start + 3 * minute,
        ),
    )
    for _ in range(2):  # what was spooled may come again
        await store.ledger.commit([AgentEventsAppended(events)], durable=True)
    assert await store.agents.standings() == [
        AgentStanding("anna", "break", "lunch", start + minute),
        AgentStanding("ola", "available", "", start, "c1", start + 3 * minute),
    ]
    assert await store.agents.day("anna", start + 2 * minute, start + 4 * minute) == AgentDay(
        break_seconds=120.0, signed_in_seconds=120.0
    )
    assert await store.agents.day("ola", start, start + 2 * minute) == AgentDay(
        handled=1, talk_seconds=61.5, hold_seconds=1.0
    )
    newest = await store.agents.events("anna", limit=1)
    assert [event.id for event in newest] == [events[1].id]
    assert newest[0] == events[1]
    older = await store.agents.events("anna", limit=5, before=newest[0].id)
    assert [event.id for event in older] == [events[0].id]
    assert await store.agents.events("anna", limit=5, before=older[-1].id) == []


async def test_a_long_log_is_asked_by_its_indexes(url: str, store: Store, clock: HandClock) -> None:
    """Each question reads a few rows by index; none goes through the table."""
    plans: list[str] = []

    def explain(connection: Connection, sql: str) -> None:
        prefix = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        plans.extend(str(row[-1]) for row in connection.execute(text(prefix + sql)))

    engine = create_engine(database_url(url))
    kinds = list(AgentEventKind)
    rows: list[dict[str, Any]] = [
        {
            "id": f"{number:026}",
            "agent": f"agent-{number % 40}",
            "at": clock.now() + timedelta(seconds=number),
            "kind": kinds[number % 9 - 1].value,
            "data": {"status": "available"},
        }
        for number in range(1, 20_001)
    ]
    async with engine.begin() as connection:
        await connection.execute(insert(agent_events), rows)
        await connection.exec_driver_sql("ANALYZE agent_events" if "postgres" in url else "ANALYZE")
        for sql in (
            "SELECT * FROM agent_events WHERE agent = 'agent-7' AND at >= '2026-11-21 20:00:00' ORDER BY at",
            "SELECT * FROM agent_events WHERE agent = 'agent-7' ORDER BY at DESC, id DESC LIMIT 20",
            "SELECT id FROM agent_events WHERE kind IN ('signed_in', 'signed_out', 'status_changed') "
            "AND agent = 'agent-7' AND kind = 'signed_in' ORDER BY at DESC, id DESC LIMIT 1",
        ):
            await connection.run_sync(explain, sql)
    await engine.dispose()
    told = "\n".join(plans)
    assert "ix_agent_events_agent" in told
    assert "ix_agent_events_standing" in told
    assert "SCAN agent_events\n" not in f"{told}\n"
    assert "Seq Scan" not in told
    began = asyncio.get_running_loop().time()
    last: dict[str, dict[str, AgentEvent]] = {}
    for row in rows:
        event = AgentEvent(row["id"], row["agent"], row["at"], AgentEventKind(row["kind"]), row["data"])
        last.setdefault(event.agent, {})[event.kind] = event
    told_of = [standing_of(last[agent].values()) for agent in sorted(last)]
    assert await store.agents.standings() == [one for one in told_of if one is not None]
    assert (await store.agents.day("agent-7", clock.now(), clock.now() + timedelta(days=1))).missed
    assert asyncio.get_running_loop().time() - began < 1
