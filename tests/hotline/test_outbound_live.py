"""The hotline calls people: a real Asterisk, a carrier that is a telephone, orders over the API."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from engine.clock import SystemClock
from tests.house import Ports, take_ports
from tests.patience import patient
from tests.phone import SipPhone, sip_phone
from tests.running import WITH_PATIENT_CALLERS, RunningHotline, until

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("outbound"),
]
CALLFLOWS = Path(__file__).parents[2] / "callflows"
OURS = "+48220000010"
NEWS = """
flow: news
languages: [en]
always: {agent: bye, trouble: bye}
start: tell
steps:
  tell: {say: {text: {en: "Your parcel is here."}, interrupt: false}, next: what}
  what:
    menu:
      prompt: {en: "To keep it, press one."}
      choices:
        1: {next: thanks}
        2: {next: bye}
      attempts: 5
    otherwise: bye
  thanks: {say: {text: {en: "Thank you."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""


@dataclass
class House:
    """A hotline, the telephone that its carrier leads all calls to, and a token."""

    hotline: RunningHotline
    phone: SipPhone
    people: int = 0
    token: str = ""

    async def make_token(self) -> None:
        scopes = [part for scope in ("calls:read", "calls:write") for part in ("--scope", scope)]
        _, output, _ = await self.hotline.run("tokens", "add", "test", *scopes)
        self.token = output.strip()

    async def ask(self, method: str, path: str, json: object = None, **headers: str) -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                method,
                f"{self.hotline.web}/api/v1{path}",
                json=json,
                headers={"Authorization": f"Bearer {self.token}", **headers},
            ) as answer,
        ):
            return answer.status, await answer.json() if answer.content_length else None

    def new_order(self, **changes: Any) -> dict[str, Any]:
        """Of somebody new, who asked to be called now."""
        self.people += 1
        now = SystemClock().now()
        asked = {"at": now, "begins": now - timedelta(minutes=1), "ends": now + timedelta(hours=1)}
        return {
            "to": f"+48600000{self.people:03d}",
            "flow": "news",
            "purpose": "service",
            "ring_seconds": 15,
            "requested": {name: at.isoformat() for name, at in asked.items()},
            **changes,
        }

    async def order(self, **changes: Any) -> tuple[int, Any]:
        return await self.ask("POST", "/calls", self.new_order(**changes))

    async def call(self, **changes: Any) -> str:
        status, body = await self.order(**changes)
        assert status == 201, body
        return str(body["id"])

    async def state(self, call_id: str) -> Any:
        return (await self.ask("GET", f"/calls/{call_id}"))[1]

    async def over(self, call_id: str, limit_seconds: float = 30) -> Any:
        """The call once it has ended."""
        found: list[Any] = []

        async def ended() -> bool:
            found[:] = [await self.state(call_id)]
            return found[0] is not None and found[0]["ended_at"] is not None

        await until(ended, f"call {call_id} has ended", limit_seconds, self.hotline.log)
        return found[0]

    async def at(self, call_id: str, step: str) -> None:
        async def there() -> bool:
            return bool((await self.state(call_id))["path"][-1:] == [step])

        await until(there, f"{call_id} is at {step}", 15, self.hotline.log)

    async def rings(self, call_id: str) -> None:
        async def ringing() -> bool:
            return (await self.state(call_id))["ringing_at"] is not None

        await until(ringing, f"{call_id} rings", 10, self.hotline.log)

    async def row(self, call_id: str) -> dict[str, Any]:
        """The call's only row of the history."""
        found: list[dict[str, Any]] = []

        async def written() -> bool:
            found[:] = [row for row in await self.hotline.history() if row["subject_id"] == call_id]
            return bool(found)

        await until(written, f"{call_id} is in the history", 15, self.hotline.log)
        (row,) = found
        return row

    async def restart_after_kill(self) -> None:
        """kill -9 of the engine, while Asterisk goes on; then the next one."""
        await self.hotline.run("history", "--json")  # what was asked for is written by now
        self.hotline.kill()
        await self.hotline.ended()
        await self.hotline.start()


@asynccontextmanager
async def running_house(folder: Path, ports: Ports) -> AsyncIterator[House]:
    flows = folder / "flows"
    flows.mkdir()
    (flows / "news.yaml").write_text(NEWS)
    (flows / "unknown-number.yaml").write_text((CALLFLOWS / "unknown-number.yaml").read_text())
    carrier = {"name": "carrier", "hosts": [f"127.0.0.1:{ports.spare(5)}"], "codecs": ["alaw"]}
    settings = {
        "flows": str(flows),
        "numbers": {},
        "sip": {"trunks": [carrier]},
        "outbound": {"caller_id": OURS, "calls_per_second": 20, "flows": ["news"]},
    }
    async with sip_phone("carrier", "", ports.sip, ports.spare(5), log_in=False) as phone:
        house = House(RunningHotline(folder, ports, settings, program=WITH_PATIENT_CALLERS), phone)
        try:
            await house.hotline.start()
            await house.make_token()
            yield house
        finally:
            await house.hotline.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    with take_ports(21800, 22200) as ports:
        async with running_house(tmp_path_factory.mktemp("outbound"), ports) as house:
            yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(shared_house: House) -> House:
    shared_house.phone.calls.clear()
    shared_house.phone.manner = "answers"
    return shared_house


async def test_a_person_answers_hears_the_flow_and_presses_a_key(house: House) -> None:
    call_id = await house.call(debt="d1")
    await house.at(call_id, "what")
    await house.phone.party.press("1")
    call = await house.over(call_id)
    assert (call["direction"], call["caller"], call["outcome"]) == ("outbound", OURS, "completed")
    assert (call["heard"], call["path"]) == (["1"], ["tell", "what", "thanks", "bye"])
    assert call["started_at"] < call["ringing_at"] < call["answered_at"] < call["ended_at"]
    assert house.phone.calls == [OURS]
    assert house.phone.party.loud_seconds > 1.5
    row = await house.row(call_id)
    assert row["contact_points"] == [{"kind": "phone", "value": call["dialled"]}]
    assert (row["data"]["reached"], row["data"]["debt"]) == ("conversation", "d1")


async def test_a_person_hangs_up(house: House) -> None:
    call_id = await house.call()
    await house.at(call_id, "what")
    house.phone.hang_up()
    call = await house.over(call_id, 5)
    assert (call["outcome"], call["ended_by"], call["heard"]) == ("completed", "caller", [])
    assert (await house.row(call_id))["data"]["reached"] == "connection"


@pytest.mark.parametrize(
    ("manner", "outcome", "reached"),
    [
        ("busy", "busy", "failed"),
        ("declines", "refused", "attempt"),
        ("404 Not Found", "unallocated", "failed"),
        ("503 Service Unavailable", "congestion", "failed"),
    ],
)
async def test_the_network_says_why_nobody_answers(
    house: House, manner: str, outcome: str, reached: str
) -> None:
    house.phone.manner = manner
    call = await house.over(await house.call())
    assert (call["outcome"], call["ended_by"], call["answered_at"]) == (outcome, "network", None)
    assert (await house.row(call["id"]))["data"]["reached"] == reached


async def test_nobody_answers_in_time(house: House) -> None:
    house.phone.manner = "rings"
    call_id = await house.call(ring_seconds=15)
    call = await house.over(call_id)
    assert call["outcome"] == "no_answer"
    assert 14 < call["duration_seconds"] < patient(17)
    assert (await house.row(call_id))["data"]["reached"] == "attempt"
    assert not house.phone.ringing


async def test_hanging_up_while_it_rings_and_while_they_listen(house: House) -> None:
    house.phone.manner = "rings"
    ringing = await house.call()
    await house.rings(ringing)
    assert (await house.ask("POST", f"/calls/{ringing}/hang_up"))[0] == 202
    call = await house.over(ringing, 5)
    assert (call["outcome"], call["ended_by"]) == ("no_answer", "api")
    await house.phone.until(lambda: not house.phone.ringing)
    house.phone.manner = "answers"
    listening = await house.call()
    await house.at(listening, "what")
    assert (await house.ask("POST", f"/calls/{listening}/hang_up"))[0] == 202
    call = await house.over(listening, 5)
    assert (call["outcome"], call["ended_by"]) == ("completed", "api")
    await house.phone.until(lambda: not house.phone.talking)


async def test_what_a_rule_forbids_is_not_dialled(house: House) -> None:
    status, problem = await house.order(purpose="marketing", requested=None)
    assert (status, problem["type"]) == (409, "/api/problems/forbidden-by-rule"), problem
    assert problem["reason"]
    allowed = await house.call()  # whatever was dialled before it has come by now
    await house.at(allowed, "what")
    assert len(house.phone.calls) == 1
    house.phone.hang_up()
    await house.over(allowed)


async def test_two_at_once_with_one_key_are_one_call(house: House) -> None:
    order, key = house.new_order(), {"Idempotency-Key": "twins"}
    answers = await asyncio.gather(*(house.ask("POST", "/calls", order, **key) for _ in range(2)))
    assert {status for status, _ in answers} <= {201, 409}
    (call_id,) = {body["id"] for status, body in answers if status == 201}
    await house.at(call_id, "what")
    house.phone.hang_up()
    await house.over(call_id)
    assert len(house.phone.calls) == 1


# --- what dies meanwhile: last, as they share the hotline -------------------------------------------------


async def test_the_engine_is_killed_while_it_rings(house: House) -> None:
    house.phone.manner = "rings"
    call_id = await house.call(ring_seconds=60)
    await house.rings(call_id)
    await house.restart_after_kill()
    assert house.phone.ringing
    house.phone.answer()
    await house.at(call_id, "what")
    await house.phone.party.press("1")
    call = await house.over(call_id)
    assert (call["outcome"], call["heard"]) == ("completed", ["1"])
    assert len(house.phone.calls) == 1
    assert (await house.row(call_id))["data"]["reached"] == "conversation"


async def test_the_engine_is_killed_while_they_talk(house: House) -> None:
    call_id = await house.call()
    await house.at(call_id, "what")
    await house.restart_after_kill()
    await house.at(call_id, "what")
    assert house.phone.talking
    await house.phone.party.press("1")
    call = await house.over(call_id)
    assert (call["outcome"], call["heard"]) == ("completed", ["1"])
    assert len(house.phone.calls) == 1


async def test_a_person_hangs_up_while_no_engine_is_there(house: House) -> None:
    call_id = await house.call()
    await house.at(call_id, "what")
    house.hotline.kill()
    await house.hotline.ended()
    house.phone.hang_up()
    await house.hotline.start()
    call = await house.over(call_id)
    assert (call["outcome"], call["ended_by"]) == ("lost", "network")
    assert len(house.phone.calls) == 1
    assert (await house.row(call_id))["data"]["reached"] == "connection"


async def test_asterisk_is_killed_while_they_talk(house: House) -> None:
    call_id = await house.call()
    await house.at(call_id, "what")
    os.kill(house.hotline.asterisk_pid, signal.SIGKILL)
    call = await house.over(call_id)
    assert (call["outcome"], call["ended_by"]) == ("lost", "network")
    assert len(house.phone.calls) == 1
