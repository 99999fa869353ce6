"""`infolinia agents`, `queues`, `desk` and `reload`, with a hotline's control socket and without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from acd.agents import AgentStatus
from acd.events import StatusChanged
from acd.queues import Waiting
from engine.clock import SystemClock
from engine.queues import Queues
from engine.registers.access import Role
from engine.registers.accounts import Person
from infolinia.assembly.speech import make_voices
from infolinia.assembly.staff import staff_anew, staffed_queues
from infolinia.configuration import load_configuration
from infolinia.flows.control_socket import serve_control, socket_path
from infolinia.flows.files import load_flows
from infolinia.flows.reload import FlowReloader
from infolinia.reloading import ConfigurationReloader
from infolinia.setup.inventory import find_parts
from ivr.surroundings import Surroundings
from speech.vosk_recognizer import VoskRecognizer
from store.store import Store, open_store
from tests.commands import Program, Ran, loaded_program
from tests.store.people import WE

FLOW = """\
flow: {name}
languages: [en]
always: {{agent: a, trouble: a}}
start: a
steps:
  a: {{hangup: normal}}
"""
SETTINGS = """\
flows: .
numbers: {}
unknown_number: unknown
agents: {jan: {number: "+48220000021", skills: {en: 2}}}
queues: {orders: {}, service: {agents: [jan]}}
desk: {templates: {opening: {en: "We are open on weekdays."}}}
"""


@dataclass
class Office:
    """A folder with a configuration and a database, in which Anna may sign in."""

    file: Path
    store: Store
    program: Program

    async def says(self, *arguments: str) -> Ran:
        return await asyncio.to_thread(self.program.run, self.file.parent, *arguments)

    async def tells(self, *arguments: str) -> list[Any]:
        said = await self.says(*arguments, "--json")
        assert said.code == 0, said.errors
        return [json.loads(line) for line in said.output.splitlines()]

    async def refuses(self, *arguments: str) -> str:
        return (await self.says(*arguments)).sentence


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


@pytest.fixture
async def office(tmp_path: Path, program: Program) -> AsyncIterator[Office]:
    file = tmp_path / "infolinia.yaml"
    file.write_text(SETTINGS)
    (tmp_path / "unknown.yaml").write_text(FLOW.format(name="unknown"))
    clock = SystemClock()
    (tmp_path / "var").mkdir()
    store = open_store(load_configuration(file).database_url, tmp_path / "var" / "spool", clock=clock)
    await store.start()
    now = clock.now()
    await store.accounts.people.add(WE, Person("p1", "Anna Nowa", Role.AGENT, now, now), "hash")
    yield Office(file, store, program)
    await store.close()


class NoCampaigns:
    def explain(self, campaign_id: str) -> dict[str, Any] | None:
        return None

    def refresh_soon(self) -> None:
        pass


@dataclass
class Running:
    queues: Queues
    reloader: ConfigurationReloader


@pytest.fixture
async def hotline(office: Office) -> AsyncIterator[Running]:
    """What of a running hotline answers on the control socket."""
    configuration = load_configuration(office.file)
    async with AsyncExitStack() as stack:
        queues, roster = await staffed_queues(configuration, office.store, SystemClock(), Surroundings())
        voices = make_voices(configuration, find_parts())
        stack.push_async_callback(voices.close)
        shelf = load_flows(configuration)
        flows = FlowReloader(configuration, shelf, voices, VoskRecognizer({}), lambda: None)
        reloader = ConfigurationReloader(configuration, flows)
        reloader.appliers.append(lambda new: staff_anew(new, office.store, roster))
        await serve_control(socket_path(configuration), flows, reloader, roster, queues, NoCampaigns(), stack)
        yield Running(queues, reloader)
        queues.close()


async def test_skills_are_given_and_taken(office: Office) -> None:
    assert [one["name"] for one in await office.tells("agents", "list")] == ["anna-nowa", "jan"]
    said = await office.says("agents", "skills", "anna-nowa", "+pl=5", "en=2", "--reason", "an exam")
    assert said.output == "anna-nowa: en 2, pl 5\n"
    await office.says("agents", "skills", "anna-nowa", "--reason", "no more", "-en")
    await office.says("agents", "capacity", "anna-nowa", "chat=2", "--reason", "chats")
    (shown,) = await office.tells("agents", "show", "anna-nowa")
    assert (shown["person"], shown["telephone"]) == ("Anna Nowa", "browser")
    assert (shown["skills"], shown["capacity"], shown["status"]) == ({"pl": 5}, {"chat": 2}, None)
    assert shown["day"]["handled"] == 0
    events = await office.store.agents.events("anna-nowa", limit=5)
    assert [event.data["reason"] for event in events] == ["chats", "no more", "an exam"]


async def test_mistakes_are_told_in_a_sentence(office: Office) -> None:
    for arguments, said in (
        (("skills", "anna-nowa", "+pl=6", "--reason", "x"), "'+pl=6' is no change of a skill"),
        (("skills", "anna-nowa", "-pl", "--reason", "x"), "anna-nowa has no skill pl"),
        (("skills", "ola", "+pl=5", "--reason", "x"), "There is no agent ola: `infolinia agents list`"),
        (("skills", "jan", "+pl=5", "--reason", "x"), "change it there, then `infolinia reload`"),
        (("capacity", "anna-nowa", "calls=1", "--reason", "chats"), "'calls=1' is no capacity"),
        (("capacity", "anna-nowa", "call=11", "--reason", "chats"), "a whole number from 0 to 10"),
    ):
        assert said in await office.refuses("agents", *arguments)


async def test_queues_and_desks_are_told_from_the_configuration(office: Office) -> None:
    assert [(one["name"], one["waiting"]) for one in await office.tells("queues", "list")] == [
        ("orders", None),
        ("service", None),
    ]
    (shown,) = await office.tells("queues", "show", "service")
    assert (shown["settings"]["agents"], shown["settings"]["service_level"]) == (["jan"], 20.0)
    assert "There is no queue post" in await office.refuses("queues", "show", "post")
    assert "the hotline does not run" in (await office.says("queues", "list")).output
    assert [one["name"] for one in await office.tells("desk", "breaks")] == ["break", "lunch"]
    dispositions = await office.tells("desk", "dispositions")
    assert ("busy", 1800.0) in [(one["name"], one["retry_seconds"]) for one in dispositions]
    assert await office.tells("desk", "templates") == [
        {"name": "opening", "words": {"en": "We are open on weekdays."}}
    ]
    assert "No hotline runs" in await office.refuses("reload")


async def test_a_running_hotline_tells_who_waits_and_takes_changes_at_once(
    office: Office, hotline: Running
) -> None:
    hotline.queues.tell(StatusChanged("jan", AgentStatus.BREAK, "lunch"))
    hotline.queues.join(Waiting("c1", "orders", SystemClock().now()), lambda command: None)
    agents = {one["name"]: one for one in await office.tells("agents", "list")}
    assert (agents["jan"]["status"], agents["jan"]["reason"]) == ("break", "lunch")
    assert "break (lunch), idle" in (await office.says("agents", "list")).output
    queues = {one["name"]: one for one in await office.tells("queues", "list")}
    assert (queues["orders"]["waiting"], queues["orders"]["free"]) == (1, 0)
    assert "open, 1 wait, the longest for" in (await office.says("queues", "show", "orders")).output
    await office.says("agents", "skills", "anna-nowa", "+pl=5", "--reason", "an exam")
    assert hotline.queues.agent_views()["anna-nowa"].skills == {"pl": 5}

    office.file.write_text(
        SETTINGS.replace("orders: {}", "orders: {capacity: 5}, post: {agents: [jan, ola]}") + "node: other\n"
    )
    said = await office.says("reload")
    assert said.output.splitlines() == [
        "Changed: queues.orders.capacity, queues.post.",
        "warning: queues.post.agents: nobody is known as ola; add them under `agents` or with "
        "`infolinia people add`, or correct the name.",
        "Only a restart of the hotline takes over: node.",
    ]
    assert "post" in hotline.queues
    assert hotline.queues.waiting() == {"orders": 1}, "who waits is kept"

    office.file.write_text(SETTINGS)
    (office.file.parent / "unknown.yaml").write_text(
        FLOW.format(name="unknown").replace("start: a", "start: b")
    )
    wrong, told = (await office.says("reload")).sentences
    assert "unknown.yaml:4:8" in wrong
    assert told == "Nothing was changed."
    assert "post" in hotline.queues
    hotline.queues.leave("c1")
