"""A flow's page while a real call goes through it: where the call is, and afterwards that it was there."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest

from tests.hotline.shipped_flows import calling
from tests.house import take_ports
from tests.running import RunningHotline, running, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(150)]

FLOW = """\
flow: front
languages: [en]
use: {hours: [office]}
always: {agent: bye, trouble: bye}
start: question
steps:
  question:
    menu: {prompt: "Hello.", choices: {1: {hear: {en: [hours]}, next: opening}}, wait: 60s}
    otherwise: bye
  opening: {hours: office, open: bye, closed: night}
  night: {say: "Nobody is here.", next: bye}
  bye: {hangup: normal}
"""
UNKNOWN = """\
flow: unknown
languages: [en]
always: {agent: a, trouble: a}
start: a
steps:
  a: {hangup: normal}
"""


async def page(hotline: RunningHotline, path: str) -> str:
    async with (
        aiohttp.ClientSession(headers={"Accept-Language": "en"}) as session,
        session.get(f"{hotline.web}{path}") as answer,
    ):
        assert answer.status == 200
        return await answer.text()


async def test_a_call_is_seen_in_its_step_and_counted_afterwards(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "front.yaml").write_text(FLOW)
    (tmp_path / "flows" / "unknown.yaml").write_text(UNKNOWN)
    settings = {
        "flows": "flows",
        "numbers": {"100": "front"},
        "unknown_number": "unknown",
        "hours": {"office": {"mon-fri": "8:00-16:00"}},
    }
    with take_ports() as ports:
        async with running(tmp_path, ports, **settings) as hotline:
            async with calling(tmp_path, ports, "100", "+48220000011", hotline.log) as caller:

                async def there() -> bool:
                    return await page_has_dot(hotline)

                await until(there, "the call is drawn in its first step", 20, hotline.log)
                # A rehearsal beside it: on a Sunday the company is closed, by its own hours.
                version = re.search(r'data-version="(\w+)"', await page(hotline, "/flows/front"))
                assert version is not None
                body = {"version": version[1], "acts": [{"dials": "1"}], "at": "2026-03-22T12:00"}
                async with (
                    aiohttp.ClientSession() as session,
                    session.post(f"{hotline.web}/flows/front/rehearsal", json=body) as answer,
                ):
                    assert "Nobody is here." in await answer.text()
                await caller.party.press("1")
            await hotline.rows(1)

            async def counted() -> bool:
                return '<td class="number">0</td>\n    <td class="number">1</td>' in await page(
                    hotline, "/parts/flows"
                )

            await until(counted, "the call is among today's", 20, hotline.log)
            assert 'circle class="now"' not in await page(hotline, "/parts/flow/front")


async def page_has_dot(hotline: RunningHotline) -> bool:
    text = await page(hotline, "/parts/flow/front")
    question = text.partition('<g class="step" data-step="question">')[2].partition('<g class="step"')[0]
    return question.count('circle class="now"') == 1
