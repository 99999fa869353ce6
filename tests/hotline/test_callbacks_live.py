"""Callers who give up in a queue of a real hotline, a form of the site, and the one request of them all."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from engine.clock import SystemClock
from engine.registers.callbacks import CallbackFilter
from history.callback_news import callback_form
from store.opening import open_callbacks
from tests.house import Ports, take_ports
from tests.phone import sip_phone
from tests.running import RunningHotline, until
from tests.sipp import SippResult, run_sipp

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]

FLOW = """
flow: line
languages: [en]
always: {agent: bye, trouble: bye}
use: {queues: [orders]}
start: agents
steps:
  agents: {queue: {name: orders, max_wait: 2m}, next: bye, timeout: bye, closed: bye, full: bye, nobody: bye}
  bye: {hangup: normal}
"""
UNKNOWN = FLOW.replace("flow: line", "flow: unknown-number")
PASSWORD = "a password of hers"
SECRET = "a secret of our web server"
SETTINGS = {
    "flows": "flows",
    "numbers": {"100": "line"},
    "agents": {"anna": {"sip": {"password": PASSWORD}}},
    "queues": {"orders": {"agents": ["anna"], "ring": "20s", "wrap_up": "1s"}},
    "callbacks": {"missed": {"numbers": ["100"], "shortest_wait": "3s"}},
    "forms": {"contact": {"secret": "${CONTACT_FORM_SECRET}", "topic": "missed"}},
}


async def call(hotline: RunningHotline, ports: Ports, scenario: str, stay_seconds: float) -> SippResult:
    result = await run_sipp(
        scenario,
        folder=hotline.folder,
        sip_port=ports.sip,
        local_port=ports.spare(0),
        audio_port=ports.spare(2),
        caller="48220000011",
        stay_seconds=stay_seconds,
        limit_seconds=60,
    )
    assert result.ok, result.output
    return result


async def callbacks(hotline: RunningHotline) -> list[dict[str, Any]]:
    """Newest first, as the API shows them."""
    url = f"sqlite:///{hotline.folder}/v/infolinia.db"
    async with open_callbacks(url, SystemClock()) as register:
        return [callback_form(one) for one in (await register.list(CallbackFilter())).items]


async def callback(hotline: RunningHotline, **told: Any) -> dict[str, Any]:
    """The newest, once this is told of it."""
    found: list[dict[str, Any]] = []

    async def so() -> bool:
        found[:] = (await callbacks(hotline))[:1]
        return bool(found) and all(found[0][name] == value for name, value in told.items())

    await until(so, f"a callback is {told}", 20, lambda: f"{found}\n{hotline.log()}")
    return found[0]


def talks(hotline: RunningHotline) -> int:
    with closing(sqlite3.connect(hotline.folder / "v" / "infolinia.db", timeout=5)) as database:
        query = "SELECT count(*) FROM call_events WHERE kind = 'agent_connected'"
        return int(database.execute(query).fetchone()[0])


async def ask_by_form(hotline: RunningHotline, secret: str = SECRET) -> int:
    body = b'{"number": "+48220000011", "consent_text": "Call me."}'
    sent = str(int(SystemClock().now().timestamp()))
    signed = hmac.new(secret.encode(), sent.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {
        "X-Infolinia-Signature": f"t={sent},v1={signed}",
        "Content-Type": "application/json",
        "Host": "hotline.example.com",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{hotline.web}/forms/contact/callback", data=body, headers=headers) as answer,
    ):
        return answer.status


async def test_whoever_gives_up_is_called_back_until_they_are_spoken_to(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "line.yaml").write_text(FLOW)
    (flows / "unknown-number.yaml").write_text(UNKNOWN)
    with take_ports() as ports:
        hotline = RunningHotline(tmp_path, ports, SETTINGS, environment={"CONTACT_FORM_SECRET": SECRET})
        try:
            await hotline.start()
            async with sip_phone("anna", PASSWORD, ports.sip, ports.spare(10)) as anna:
                anna.manner = "rings"

                async def known() -> bool:
                    return await hotline.free_agents() == 1

                await until(known, "Anna's telephone is there", 15, hotline.log)
                await call(hotline, ports, "caller", 1.0)
                await hotline.rows(1)
                assert await callbacks(hotline) == [], "too short a wait"
                for _ in range(2):
                    await call(hotline, ports, "caller", 6.0)
                rows = await hotline.rows(3)
                missed = await callback(hotline, state="open", requests=2, sources=["missed"])
                assert len(await callbacks(hotline)) == 1
                assert missed["point"] == {"kind": "phone", "value": "+48220000011"}
                assert missed["contact_id"] == rows[0]["contact_id"]
                assert (missed["queue"], missed["topic"]) == ("orders", "missed")

                anna.manner = "answers"
                caller = asyncio.create_task(call(hotline, ports, "patient", 1.0))
                await anna.until(lambda: anna.talking)

                async def connected() -> bool:
                    return talks(hotline) == 1

                await until(connected, "they talk", 20, hotline.log)
                anna.hang_up()
                await caller
                await hotline.rows(4)
                await callback(hotline, state="kept", ended_reason="they called themselves")
                assert len(await callbacks(hotline)) == 1

            assert await ask_by_form(hotline, "another secret of theirs") == 401
            assert await ask_by_form(hotline) == 202
            assert [one["state"] for one in await callbacks(hotline)] == ["open", "kept"]

            async def counted() -> bool:
                async with (
                    aiohttp.ClientSession() as session,
                    session.get(f"{hotline.web}/metrics") as answer,
                ):
                    return 'infolinia_callbacks{state="open"} 1.0' in await answer.text()

            await until(counted, "the request is counted", 20, hotline.log)
            hotline.kill()
            await hotline.ended()
            await call(hotline, ports, "caller", 4.0)
            await hotline.start()
            await hotline.rows(5)
            await callback(hotline, requests=2)
            _, listed, _ = await hotline.run("callbacks", "--state", "open", "--json")
            again = json.loads(listed)
            assert (again["requests"], again["sources"]) == (2, ["form", "missed"]), "nobody was there"
        finally:
            await hotline.stop()
