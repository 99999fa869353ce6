"""The visitor's page with the engine's own chats behind it: flow, queue, agent, end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp.test_utils import TestServer

from engine.clock import SystemClock
from store.store import Store
from tests.chats.stage import ChatStage
from tests.conftest import HandClock
from tests.console.web_chat_stage import Browser, Offers, chat_application, web_chat
from tests.patience import patient


@dataclass
class Room:
    engine: ChatStage
    browser: Browser
    clock: HandClock

    async def chat(self) -> dict[str, str]:
        page = await (await self.browser.get("/chat/shop?language=en")).text()
        found = re.search(r'data-stamp="([^"]+)"', page)
        assert found is not None
        self.clock.pass_seconds(3)
        status, opened = await self.browser.post("open", self.browser.opening(found[1], consent=""))
        assert status == 201, opened
        return dict(opened)

    async def events(self, chat: dict[str, str]) -> AsyncGenerator[dict[str, Any], None]:
        """What the page is told, within a limit."""
        headers = {"X-Chat": chat["chat"], "X-Chat-Secret": chat["secret"]}
        answer = await self.browser.get("/chat/shop/events", **headers)
        assert answer.status == 200
        async with asyncio.timeout(patient(10)), answer:
            while event := await answer.content.readuntil(b"\n\n"):
                if found := re.fullmatch(rb"event: news\nid: \d+\ndata: (.*)\n\n", event):
                    yield orjson.loads(found[1])


@pytest.fixture
async def room(tmp_path: Path, clock: HandClock, make_store: Callable[..., Store]) -> AsyncIterator[Room]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    engine = ChatStage(clock=SystemClock())
    await engine.chats.start()
    chat = web_chat({"shop": engine.site}, engine.chats, store, clock, Offers())
    server = TestServer(chat_application(chat), host="127.0.0.1")
    await server.start_server()
    session = aiohttp.ClientSession()
    yield Room(engine, Browser(server, session), clock)
    await session.close()
    await server.close()
    await engine.close()


async def test_a_visitor_is_led_to_an_agent_and_back_out(room: Room) -> None:
    room.engine.here("anna")
    chat = await room.chat()
    own = iter(f"{n:016}" for n in range(9))
    seen: list[dict[str, Any]] = []

    async def until(news: AsyncIterator[dict[str, Any]], wanted: Callable[[dict[str, Any]], bool]) -> None:
        async for one in news:
            seen.append(one)
            if wanted(one):
                return
        pytest.fail(f"never told: {seen}")

    async with aclosing(room.events(chat)) as news:
        await until(news, lambda one: bool(one["buttons"]))
        values = [button["value"] for button in seen[-1]["buttons"]]
        press = {**chat, "value": "9", "client_id": next(own)}
        assert "9" in values
        assert (await room.browser.post("press", press))[0] == 200
        await until(news, lambda one: one["phase"] == "waiting")
        status, refused = await room.browser.post("press", {**press, "client_id": next(own)})
        assert (status, refused["code"]) == (409, "choice")
        await room.engine.desk.take("anna", chat["chat"])
        await until(news, lambda one: one["phase"] == "talking")
        said = {**chat, "text": "Hello", "client_id": next(own)}
        assert (await room.browser.post("say", said))[0] == 200
        await room.engine.desk.say("anna", chat["chat"], "Good day")
        await until(news, lambda one: any(line["text"] == "Good day" for line in one["lines"]))
        assert (await room.browser.post("end", chat))[0] == 204
        await until(news, lambda one: one["phase"] == "closed")
    lines = [line for one in seen for line in one["lines"]]
    assert [line["seq"] for line in lines] == sorted({line["seq"] for line in lines})
    assert {line["kind"] for line in lines} >= {"text", "choice", "joined", "closed"}
    assert next(line for line in lines if line["text"] == "Good day")["name"] == "Anna"
    status, refused = await room.browser.post("say", {**said, "client_id": next(own)})
    assert (status, refused["code"]) in {(409, "closed"), (404, "gone")}
    async with aclosing(room.events(chat)) as news:  # the page is loaded anew when all is over
        assert (await anext(news))["phase"] == "closed"
