"""The engine's own chats at the desk and in the inbox: from the flow to an agent, on to another, and over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from html import unescape
from pathlib import Path

import pytest

from acd.agents import Agent
from console.floor.board import agent_row
from console.words import load_words
from engine.clock import SystemClock
from engine.floor.changes import FloorAgent, FloorView
from engine.registers.access import Role
from engine.registers.agents import AgentEventKind
from store.store import Store
from tests.chats.stage import ChatStage
from tests.console.desk_stage import StagedDesks
from tests.console.offices import Office, open_office
from tests.console.stage import Stage
from tests.patience import patient


@pytest.fixture
async def store_of_office(tmp_path: Path, make_store: Callable[..., Store]) -> Store:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    return store


@pytest.fixture
async def engine(stage: Stage, store_of_office: Store) -> AsyncIterator[ChatStage]:
    engine = ChatStage(agents=(Agent("anna"), Agent("ewa")), store=store_of_office.chats, clock=SystemClock())
    await engine.chats.start()
    stage.agent_chats = engine.desk
    yield engine
    await engine.close()


@pytest.fixture
async def office(
    stage: Stage, desks: StagedDesks, engine: ChatStage, store_of_office: Store
) -> AsyncIterator[Office]:
    desks.people = {"p-anna": "anna", "p-ewa": "ewa"}
    async with open_office(stage, store_of_office) as office:
        await office.add("Jan", Role.ADMIN)
        await office.add("Ewa", Role.SUPERVISOR)
        await office.add("Anna", Role.AGENT)
        yield office


async def shows(office: Office, path: str, *wanted: str) -> str:
    text = ""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patient(10)):
            while not text or not all(one in text for one in wanted):
                await asyncio.sleep(0.02)
                answer = await office.page(path)
                text = unescape(await answer.text())
                assert answer.status == 200, text
    assert [one for one in wanted if one not in text] == [], text
    return text


async def send(office: Office, path: str, status: int = 200, **fields: str) -> str:
    answer = await office.post(path, {"csrf": await office.csrf(), **fields}, {"Accept": "application/json"})
    text = unescape(await answer.text())
    assert answer.status == status, text
    return text


async def test_a_chat_goes_from_the_flow_to_an_agent_to_a_supervisor_and_is_over(
    office: Office, engine: ChatStage, store_of_office: Store
) -> None:
    engine.here("anna")
    visitor = await engine.waiting()
    key = visitor.id
    assert (await office.sign_in("Anna")).status == 303
    page = await shows(office, "/desk/chats", f'data-chat-offer="{key}"', "Agent please")
    assert "Not now" in page
    await send(office, "/desk/chat-take", chat=key)
    await shows(office, "/desk/chats", f'data-chat-panel="{key}"', "Now on", "shop.example.com/")

    # Both ways, each line once.
    await visitor.say("Where is my <parcel>?")
    await shows(office, "/desk/chats", "Where is my <parcel>?", "waits for you")
    for _ in range(2):
        await send(office, "/desk/chat-say", chat=key, text="It is near.", line="one")
    page = await shows(office, "/desk/chats", "It is near.")
    assert page.count("<p>It is near.</p>") == 1
    assert "waits for you" not in page
    assert "is not known of this person" in await send(
        office, "/desk/chat-say", 409, chat=key, text="Dear {name}"
    )
    view = engine.queues.agent_view("anna")
    assert view is not None
    floor = FloorView(view.state_since, (), (), {}, (), None, {})  # type: ignore[arg-type]
    row = agent_row(FloorAgent(view, "Anna", None, None, ()), floor, {}, load_words()["en"])
    assert row.word == "Chatting, 1"

    # A call is offered; who is not there takes nothing.
    await send(office, "/desk/chat-call", chat=key)
    await shows(office, "/desk/chats", "offered a call")
    assert "choose another" in await send(office, "/desk/chat-give", 409, chat=key, to="agent:ewa")

    # A supervisor sees it, and takes it over.
    engine.here("ewa")
    assert (await office.sign_in("Ewa")).status == 303
    await shows(office, "/inbox/chats", f"/inbox/chats/{key}", "It is near.", "Anna")
    await send(office, f"/inbox/chats/{key}/take", 303, reason="a complaint")
    await shows(office, "/desk/chats", f'data-chat-panel="{key}"')
    await send(office, "/desk/chat-say", chat=key, text="I take care of it.")
    await shows(office, f"/inbox/chats/{key}", "I take care of it.")

    # The visitor goes; the agent says what came of it.
    await engine.chats.end(visitor.id, visitor.secret)
    page = await shows(office, "/desk/chats", "The visitor has ended the chat.")
    await send(office, "/desk/chat-end", chat=key, disposition="sale")
    async with asyncio.timeout(patient(10)):
        while key in await (await office.page("/desk/chats")).text():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert await office.told(f"chat:{key}") == ["chat.taken_over"]
    await shows(office, f"/inbox/chats/{key}", "Where is my <parcel>?", "Over")

    # Both agents' logs have it.
    async with asyncio.timeout(patient(10)):
        while not (told := await _chatted(store_of_office, "ewa")):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert [one["answers"] for one in (*told, *await _chatted(store_of_office, "anna"))] == [1, 1]


async def _chatted(store: Store, agent: str) -> list[Mapping[str, object]]:
    events = await store.agents.events(agent, limit=10)
    return [one.data for one in events if one.kind is AgentEventKind.CHATTED]
