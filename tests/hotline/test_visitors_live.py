"""A browser's peer calls a whole hotline over HTTP and WebRTC, through a real Asterisk."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from tests.asterisk.visitor_browser import Browser
from tests.asterisk.visitor_browser import until as until_heard
from tests.house import take_ports
from tests.running import running

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]
LOUD = 1500


def loud_seconds(pcm: bytes) -> float:
    """How much of 16 kHz audio is speech rather than silence, in 20 ms frames."""
    frames = [memoryview(pcm)[i : i + 640].cast("h") for i in range(0, len(pcm) - 639, 640)]
    return 0.02 * sum(max(abs(sample) for sample in frame) > LOUD for frame in frames)


@pytest.mark.parametrize("codec", ["g722", "pcmu"])
async def test_a_browser_is_spoken_to_and_its_keys_lead_the_flow(tmp_path: Path, codec: str) -> None:
    browser = Browser(hertz=None)
    with take_ports() as ports:
        async with running(tmp_path, ports) as hotline, aiohttp.ClientSession(hotline.web) as session:
            try:
                offer = {"sdp": await browser.offer(codec)}
                async with session.post("/visitor/offer", json=offer) as response:
                    answer = await response.json()
                    assert response.status == 200, answer
                await browser.answered(answer["sdp"])
                visitor = answer["visitor"]
                await until_heard(lambda: loud_seconds(bytes(browser.heard)) > 0.8, "the greeting")
                assert await hotline.calls_in_progress() == 1
                await session.post(f"/visitor/{visitor}/keys", json={"keys": "2"})
                browser.heard.clear()
                await until_heard(lambda: loud_seconds(bytes(browser.heard)) > 1.5, "the menu in English")
                await session.post(f"/visitor/{visitor}/keys", json={"keys": "2"})
                browser.heard.clear()
                await until_heard(lambda: loud_seconds(bytes(browser.heard)) > 1.5, "the hours")
                async with session.delete(f"/visitor/{visitor}") as response:
                    assert response.status == 204
                (row,) = await hotline.rows(1)
            finally:
                await browser.close()
    assert row["path"][:3] == ["language", "main", "hours"]
    assert row["heard"] == ["2", "2"]
    assert row["language"] == "en"
    assert row["data"]["ended_by"] == "caller"


async def test_a_browser_that_vanishes_ends_its_call(tmp_path: Path) -> None:
    browser = Browser(hertz=None)
    with take_ports() as ports:
        async with running(tmp_path, ports) as hotline, aiohttp.ClientSession(hotline.web) as session:
            try:
                async with session.post(
                    "/visitor/offer", json={"sdp": await browser.offer("g722")}
                ) as response:
                    answer = await response.json()
                await browser.answered(answer["sdp"])
                await until_heard(lambda: loud_seconds(bytes(browser.heard)) > 0.5, "the greeting")
            finally:
                await browser.close()
            (row,) = await hotline.rows(1)
    assert row["outcome"] in ("abandoned", "completed")
    assert row["data"]["ended_by"] == "caller"
