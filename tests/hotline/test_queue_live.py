"""A queue on a real Asterisk: SIP callers, agents' telephones, music, talk, and an engine that dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.house import Ports, take_ports
from tests.patience import patient
from tests.phone import SipPhone, sip_phone
from tests.rtp import RtpParty, Samples, rtp_party
from tests.running import WITH_PATIENT_CALLERS, RunningHotline, until
from tests.sipp import SippResult, run_sipp

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]

FLOW = """
flow: line
languages: [en]
always: {agent: agents, trouble: bye}
use: {queues: [orders], campaigns: [callbacks]}
start: agents
steps:
  agents:
    queue: {name: orders, max_wait: MAX_WAIT, offer: {after: 5s, key: 1, next: call_back}}
    next: thanks
    timeout: late
    closed: late
    full: late
    nobody: nobody
  call_back: {callback: {campaign: callbacks, within: 4h}, next: bye, unreachable: bye}
  thanks: {say: {text: "Thank you.", interrupt: false}, next: bye}
  late: {say: {text: "Nobody had time.", interrupt: false}, next: bye}
  nobody: {say: {text: "Nobody is here.", interrupt: false}, next: bye}
  bye: {hangup: normal}
"""
UNKNOWN = """
flow: unknown-number
languages: [en]
always: {agent: bye, trouble: bye}
start: bye
steps:
  bye: {hangup: normal}
"""
PASSWORDS = {"anna": "a password of hers", "jan": "another password"}


@dataclass
class Floor:
    """A hotline with a queue and two agents, whose telephones are logged in one by one."""

    hotline: RunningHotline
    ports: Ports
    stack: AsyncExitStack
    callers: list[asyncio.Task[SippResult]] = field(default_factory=list)

    async def phone(self, name: str, manner: str = "answers") -> SipPhone:
        """Logged in, which the hotline knows; whoever comes first is offered calls first."""
        port = self.ports.spare(10 + 2 * list(PASSWORDS).index(name))
        before = await self.hotline.free_agents()
        phone = await self.stack.enter_async_context(sip_phone(name, PASSWORDS[name], self.ports.sip, port))
        phone.manner = manner

        async def known() -> bool:
            return await self.hotline.free_agents() > before

        await until(known, f"{name}'s telephone is there", 15, self.hotline.log)
        return phone

    async def caller(self, number: int = 0, scenario: str = "patient", stay_seconds: float = 1.0) -> RtpParty:
        """A SIP caller who calls now; their audio. 0 to 1."""
        first = 5 * number
        party = await self.stack.enter_async_context(rtp_party(self.ports.spare(first + 2)))
        self.callers.append(
            asyncio.create_task(
                run_sipp(
                    scenario,
                    folder=self.hotline.folder,
                    sip_port=self.ports.sip,
                    local_port=self.ports.spare(first),
                    audio_port=self.ports.spare(first + 2),
                    caller=f"4822000001{number}",
                    stay_seconds=stay_seconds,
                    limit_seconds=60,
                )
            )
        )
        return party

    async def served(self, count: int) -> list[dict[str, Any]]:
        """All callers have hung up; the rows of their calls, newest first."""
        for result in await asyncio.gather(*self.callers):
            assert result.ok, result.output
        self.callers.clear()
        found: list[dict[str, Any]] = []

        async def enough() -> bool:
            found[:] = [row for row in await self.hotline.history() if row["channel"] != "talk"]
            return len(found) >= count

        await until(enough, f"{count} calls in the history", 30, self.hotline.log)
        return found


@asynccontextmanager
async def floor(folder: Path, max_wait: str = "2m") -> AsyncIterator[Floor]:
    flows = folder / "flows"
    flows.mkdir()
    (flows / "line.yaml").write_text(FLOW.replace("MAX_WAIT", max_wait))
    (flows / "unknown-number.yaml").write_text(UNKNOWN)
    changes = {
        "flows": "flows",
        "numbers": {"100": "line"},
        "campaigns": ["callbacks"],
        "agents": {name: {"sip": {"password": password}} for name, password in PASSWORDS.items()},
        "queues": {"orders": {"agents": list(PASSWORDS), "ring": "20s", "wrap_up": "1s"}},
    }
    with take_ports() as ports:
        hotline = RunningHotline(folder, ports, changes, program=WITH_PATIENT_CALLERS)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(hotline.stop)
            await hotline.start()
            floor = Floor(hotline, ports, stack)
            try:
                yield floor
            finally:
                for caller in floor.callers:
                    caller.cancel()
                await asyncio.gather(*floor.callers, return_exceptions=True)


def tone(hertz: float, seconds: float = 1.5) -> Samples:
    times = np.arange(int(8000 * seconds)) / 8000
    return (8000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16)


def hears(party: RtpParty, hertz: float) -> bool:
    """Whether the last half second is mostly this tone."""
    return is_tone(party.heard[-4000:], hertz)


def is_tone(samples: Samples, hertz: float) -> bool:
    """Whether half a second is mostly this tone."""
    heard = samples.astype(np.float64)
    if len(heard) < 4000 or np.abs(heard).mean() < 100:
        return False
    power = np.abs(np.fft.rfft(heard * np.hanning(4000))) ** 2
    around = round(hertz / 2)  # a bin is 2 Hz
    return bool(power[around - 3 : around + 4].sum() > 0.8 * power.sum())


async def heard(party: RtpParty, hertz: float) -> None:
    async def now() -> bool:
        return hears(party, hertz)

    await until(now, f"a tone of {hertz} Hz is heard", 5)


async def hear_each_other(caller: RtpParty, agent: SipPhone) -> None:
    await asyncio.gather(
        speaks_until_heard(caller, 600, agent.party), speaks_until_heard(agent.party, 1000, caller)
    )


async def speaks_until_heard(speaker: RtpParty, hertz: float, listener: RtpParty) -> None:
    """For a tone's length at least, and again until the other has heard it."""
    hearing = asyncio.create_task(heard(listener, hertz))
    try:
        await speaker.say(tone(hertz))
        while not hearing.done():
            await speaker.say(tone(hertz))
    finally:
        hearing.cancel()
        await asyncio.wait([hearing])
    await hearing


async def music(party: RtpParty) -> None:
    async def loud() -> bool:
        return party.loud_seconds > 0.5

    await until(loud, "music is heard", 8)


def kinds(row: dict[str, Any]) -> list[str]:
    return [event["kind"] for event in row["events"]]


def one(row: dict[str, Any], kind: str) -> dict[str, Any]:
    (data,) = [event["data"] for event in row["events"] if event["kind"] == kind]
    return dict(data)


async def test_music_then_an_agent_and_both_hear_each_other_then_the_flow_goes_on(tmp_path: Path) -> None:
    async with floor(tmp_path) as house:
        nobody_yet = await house.caller()
        (row,) = await house.served(1)
        assert row["path"] == ["agents", "nobody", "bye"]
        assert nobody_yet.loud_seconds > 0.3, "Nobody is here."
        anna = await house.phone("anna", "rings")
        caller = await house.caller(1)
        await music(caller)
        await anna.until(lambda: anna.ringing)
        assert anna.calls == ["+48220000011"]
        anna.answer()
        await anna.until(lambda: anna.talking)
        await hear_each_other(caller, anna)
        anna.hang_up()
        row, _ = await house.served(2)
    assert (row["path"], row["outcome"]) == (["agents", "thanks", "bye"], "completed")
    assert one(row, "agent_connected")["agent"] == "anna"
    assert one(row, "queue_left")["talked_seconds"] > 1
    assert (
        kinds(row).index("queued") < kinds(row).index("agent_offered") < kinds(row).index("agent_connected")
    )


async def test_a_busy_agent_then_the_next_and_a_caller_who_hangs_up_while_it_rings(tmp_path: Path) -> None:
    async with floor(tmp_path, "14s") as house:
        anna = await house.phone("anna", "busy")
        jan = await house.phone("jan", "rings")
        await house.caller(scenario="caller", stay_seconds=6)
        await jan.until(lambda: jan.ringing)
        assert len(anna.calls) == 1
        await jan.until(lambda: jan.cancelled == 1)
        (row,) = await house.served(1)
        assert row["outcome"] == "abandoned"
        assert one(row, "queue_left")["outcome"] == "abandoned"
        assert one(row, "agent_missed")["outcome"] == "busy"
        late = await house.caller(1)  # Jan's telephone rings, and nobody takes it
        await jan.until(lambda: len(jan.calls) == 2)
        row, _ = await house.served(2)
        assert jan.cancelled == 2
        assert late.loud_seconds > 8
    assert row["path"] == ["agents", "late", "bye"]
    assert 13.5 < one(row, "queue_left")["waited_seconds"] < patient(16)


async def test_two_callers_are_taken_in_order_and_one_chooses_to_be_called_back(tmp_path: Path) -> None:
    async with floor(tmp_path) as house:
        anna = await house.phone("anna", "rings")
        first = await house.caller()
        await anna.until(lambda: anna.calls == ["+48220000010"])
        second = await house.caller(1)
        await music(second)
        anna.answer()
        await anna.until(lambda: anna.talking)
        await hear_each_other(first, anna)
        script = "wait 7; press 1"
        _, transcript, _ = await house.hotline.run("call", "--script", script, limit_seconds=60)
        anna.hang_up()
        anna.manner = "answers"
        await anna.until(lambda: anna.calls == ["+48220000010", "+48220000011"])
        await anna.until(lambda: anna.talking)
        await hear_each_other(second, anna)
        anna.hang_up()
        rows = await house.served(3)
    by_caller = {row["point"]["value"]: row for row in rows}
    chooser = by_caller["+48220000001"]
    assert chooser["path"] == ["agents", "call_back", "bye"], transcript
    assert one(chooser, "queue_left")["outcome"] == "left"
    assert one(chooser, "callback_requested")["number"] == "+48220000001"
    assert one(chooser, "queued")["position"] == 2
    for number in ("+48220000010", "+48220000011"):
        assert by_caller[number]["path"] == ["agents", "thanks", "bye"]


async def test_the_engine_is_killed_while_they_talk_and_they_go_on(tmp_path: Path) -> None:
    async with floor(tmp_path) as house:
        anna = await house.phone("anna")
        caller = await house.caller()
        await anna.until(lambda: anna.talking)
        waiter = await house.caller(1)
        await music(waiter)
        await hear_each_other(caller, anna)  # longer than the log is held back for
        house.hotline.kill()
        await house.hotline.ended()
        await hear_each_other(caller, anna)
        await house.hotline.start()
        await hear_each_other(caller, anna)
        anna.hang_up()
        await anna.until(lambda: anna.calls == ["+48220000010", "+48220000011"], 20)
        await anna.until(lambda: anna.talking)
        await hear_each_other(waiter, anna)
        anna.hang_up()
        rows = await house.served(2)
    for row in rows:
        assert (row["path"], row["outcome"], row["agent"]) == (
            ["agents", "thanks", "bye"],
            "completed",
            "anna",
        )
        assert kinds(row).count("queued") == kinds(row).count("agent_offered") == 1
        assert kinds(row).count("queue_left") == 1
        assert "resumed" in kinds(row)
