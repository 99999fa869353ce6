"""A visitor of a real hotline's chat: led by a flow over HTTP, over kill -9, to the row of the history."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from console.web_chat.stamps import LEAST_SECONDS
from tests.house import take_ports
from tests.patience import patient
from tests.running import RunningHotline, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]

FLOW = """
flow: front
languages: [pl, en]
always: {agent: bye, trouble: bye}
start: main
steps:
  main:
    menu:
      prompt: {pl: "W czym pomóc?", en: "How can we help?"}
      choices:
        1: {hear: {pl: [zamówienie], en: [an order]}, next: number}
    otherwise: bye
  number:
    ask: {into: order, digits: 6, prompt: {pl: "Numer?", en: "The number?"}, confirm: true}
    next: there
    otherwise: bye
  there: {say: {pl: "Jest w drodze.", en: "It is on its way."}, next: bye}
  bye: {hangup: normal}
"""
SETTINGS = {
    "flows": "flows",
    "numbers": {"100": "front"},
    "unknown_number": "front",
    "chats": {
        "shop": {
            "origins": ["https://shop.example.com"],
            "flow": "front",
            "consent": {"pl": "Zgadzam się.", "en": "I agree."},
        }
    },
}


class Page:
    """What the script of the page in the frame does."""

    def __init__(self, hotline: RunningHotline, session: aiohttp.ClientSession) -> None:
        self.hotline = hotline
        self._session = session
        self._own: dict[str, str] = {}

    async def opens(self) -> None:
        async with self._session.get(f"{self.hotline.web}/chat/shop?language=en") as answer:
            found = re.search(r'data-stamp="([^"]+)"', await answer.text())
        assert found is not None
        await asyncio.sleep(LEAST_SECONDS + 0.2)  # who is quicker is a robot
        path = [{"address": "https://shop.example.com/kettles", "title": "Kettles", "ago": 30}]
        asked = {"stamp": found[1], "visitor": secrets.token_hex(16), "consent": "I agree.", "path": path}
        opened = await self.sends("open", status=201, language="en", **asked)
        self._own = {"chat": opened["chat"], "secret": opened["secret"]}

    async def sends(self, deed: str, *, status: int = 200, language: str = "", **body: Any) -> Any:
        url = f"{self.hotline.web}/chat/shop/{deed}" + (f"?language={language}" if language else "")
        headers = {"Origin": self.hotline.web, "Sec-Fetch-Site": "same-origin"}
        async with self._session.post(url, json={**self._own, **body}, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == status, f"{answer.status} {text}\n{self.hotline.log()}"
            return json.loads(text) if text else None

    async def reads(self, until_text: str) -> list[dict[str, Any]]:
        """Lines from the first on, until there is one with this text, or of this kind."""
        headers = {"X-Chat": self._own["chat"], "X-Chat-Secret": self._own["secret"]}
        lines: list[dict[str, Any]] = []
        async with (
            asyncio.timeout(patient(20)),
            self._session.get(f"{self.hotline.web}/chat/shop/events", headers=headers) as answer,
        ):
            assert answer.status == 200, await answer.text()
            async for row in answer.content:
                if row.startswith(b"data: {"):
                    lines += json.loads(row[6:])["lines"]
                    if any(until_text in (line["text"], line["kind"]) for line in lines):
                        return lines
        raise AssertionError(f"{until_text!r} is not in {lines}")


async def test_a_visitor_is_led_over_a_crash_to_the_history(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "front.yaml").write_text(FLOW)
    with take_ports() as ports:
        hotline = RunningHotline(tmp_path, ports, SETTINGS)
        try:
            async with aiohttp.ClientSession() as session:
                await hotline.start()
                page = Page(hotline, session)
                await page.opens()
                assert [line["text"] for line in await page.reads("How can we help?")] == ["How can we help?"]
                await page.sends("press", value="1", client_id=secrets.token_hex(8))
                await page.reads("The number?")
                hotline.kill()
                await hotline.ended()
                await hotline.start()
                lines = await page.reads("Sorry for the short break.")
                assert [line["seq"] for line in lines] == sorted({line["seq"] for line in lines})
                await page.sends("say", text="123 456", client_id=secrets.token_hex(8))
                await page.sends("say", text="yes", client_id=secrets.token_hex(8))
                lines = await page.reads("closed")
                assert [line["text"] for line in lines if line["text"]][-2:] == ["yes", "It is on its way."]

                async def told() -> bool:
                    return any(row["channel"] == "chat" for row in await hotline.history())

                await until(told, "the chat is in the history", 20, hotline.log)
                (row,) = [row for row in await hotline.history() if row["channel"] == "chat"]
                assert (row["outcome"], row["flow"], row["to"]) == ("self_served", "front", "shop")
                assert row["data"]["pages"] == ["https://shop.example.com/kettles"]
        finally:
            await hotline.stop()
