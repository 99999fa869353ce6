"""make bench-conversations: agents and callers who talk at once, beside as many in plain dialplan.

Callers and agents are SIPp, and each side says something of its own all the time. Some of both listen: what
the other side says is sought in what they hear. When so many are too many for the machine, fewer are tried,
until the audio is intact.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench import baselines, hotline, report
from bench.cpu import busy_seconds, cpu_seconds
from bench.load import Load, place
from infolinia.setup.inventory import find_parts
from tests.desk.correlation import find_within
from tests.desk.voices import voice
from tests.house import Ports
from tests.phone import SipPhone, sip_phone
from tests.rtp import RtpParty, Samples, encode_alaw, rtp_party
from tests.running import RunningHotline
from tests.sipp import run_sipp

QUEUE, PLAIN = "orders", "705"
LISTENERS = 3
LISTENED_SECONDS = 8.0
CALLS_PER_SECOND = 10
# What is found again of a listener's speech, at the least, for the audio to count as intact.
INTACT_SHARE = 0.9
SETTLE_SECONDS = 4.0
# What is tried next, when so many were too many.
FEWER = 0.75
MOST_TRIES = 4
_FLOW = f"""\
flow: {QUEUE}
languages: [en]
always: {{agent: agents, trouble: bye}}
use: {{queues: [{QUEUE}]}}
start: agents
steps:
  agents:
    queue: {{name: {QUEUE}, max_wait: 2m}}
    next: bye
    timeout: bye
    closed: bye
    full: bye
    nobody: bye
  bye: {{hangup: normal}}
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """CPU in milliseconds a second of one conversation. `heard`: the share found, of the worst ear.

    `waiting`: callers who had nobody to talk with at the end. `ours` and `others`: cores that all parts
    of the bench, SIPp too, kept busy, and everybody else on the machine.
    """

    name: str
    conversations: int
    seconds: float
    failed: int
    waiting: int
    asterisk_ms: float
    python_ms: float | None
    heard: float
    ours: float
    others: float

    @property
    def intact(self) -> bool:
        return self.failed == 0 and self.waiting == 0 and self.heard >= INTACT_SHARE


@dataclass(frozen=True, slots=True)
class Plan:
    seconds: float
    first_port: int
    rtp: str
    sipp_media: int


async def run(plan: Plan, conversations: int) -> list[Figures]:
    """The engine's and the dialplan's, with fewer and fewer until the engine's audio is intact."""
    found: list[Figures] = []
    while True:
        pair = await _round(plan, conversations)
        found += pair
        if pair[0].intact or len(found) >= 2 * MOST_TRIES:
            return found
        conversations = round(conversations * FEWER)


async def _round(plan: Plan, conversations: int) -> list[Figures]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, ports = Path(name), Ports(plan.first_port)
        async with _hotline(plan, folder, ports, conversations) as engine, _agents(folder, ports):
            await baselines.load_module(engine.asterisk, "app_dial.so")
            await baselines.add_extensions(
                engine.asterisk, {PLAIN: (f"Dial(PJSIP/1000@{AGENTS_TRUNK})", "Hangup()")}
            )
            plain = await _talk(
                plan, engine, PLAIN, "two in plain dialplan", conversations, through_engine=False
            )
            async with _ears(engine) as ears:
                through = await _talk(
                    plan, engine, QUEUE, "queue, agent, talk", conversations, through_engine=True
                )
                # One that was not rung has nothing to tell.
                heard = [await _share(CALLERS_SAY, ear.party) for ear in ears if ear.calls]
            through = replace(through, heard=min(through.heard, *heard))
    for one in (through, plain):
        print(_line(one), file=sys.stderr, flush=True)
    return [through, plain]


AGENTS_TRUNK = "agents"
AGENTS_MEDIA = 32000
PASSWORD = "a password of the bench"
# Agents with telephones that listen, beside those of SIPp.
EARS = ("ear1", "ear2", "ear3")
CALLERS_SAY = voice("caller")
AGENTS_SAY = voice("anna")


@asynccontextmanager
async def _hotline(
    plan: Plan, folder: Path, ports: Ports, conversations: int
) -> AsyncIterator[RunningHotline]:
    """Each agent has a number of the trunk at whose other end SIPp answers."""
    agents: dict[str, dict[str, Any]] = {
        f"a{number}": {"number": str(1000 + number)} for number in range(conversations - len(EARS))
    }
    agents |= {name: {"sip": {"password": PASSWORD}} for name in EARS}
    trunk = {"name": AGENTS_TRUNK, "hosts": [f"127.0.0.1:{ports.spare(19)}"], "codecs": ["alaw"]}
    changes = {
        "agents": agents,
        "queues": {QUEUE: {"agents": list(agents), "wrap_up": "0s", "capacity": 1000, "record": "never"}},
        "sip": {"rtp": plan.rtp, "trunks": [trunk]},
    }
    async with hotline.ready_hotline(folder, ports, plan.rtp, {QUEUE: _FLOW}, more=changes) as engine:
        yield engine


@asynccontextmanager
async def _agents(folder: Path, ports: Ports) -> AsyncIterator[None]:
    """All agents' telephones but the listeners': one SIPp that answers and speaks."""
    scenario = shutil.copy(Path(__file__).parent / "sipp" / "answering.xml", folder)
    (folder / "audio.alaw").write_bytes(encode_alaw(AGENTS_SAY))
    process = await asyncio.create_subprocess_exec(
        *find_parts().sipp_argv,
        *("-sf", str(scenario), "-i", "127.0.0.1", "-p", str(ports.spare(19)), "-mi", "127.0.0.1"),
        *("-min_rtp_port", str(AGENTS_MEDIA), "-max_rtp_port", str(AGENTS_MEDIA + 1999)),
        *("-nostdin", "-trace_err"),
        *("-error_file", str(folder / "agents.errors")),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=folder,
    )
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _talk(
    plan: Plan, engine: RunningHotline, number: str, name: str, conversations: int, *, through_engine: bool
) -> Figures:
    """So many at once for so long; CPU is counted from the last one's answer to the first one's end."""
    coming = conversations / CALLS_PER_SECOND
    stay = coming + SETTLE_SECONDS + plan.seconds
    load = Load("talking", number, conversations - LISTENERS, CALLS_PER_SECOND, stay)
    audio = encode_alaw(CALLERS_SAY)
    ports = engine.ports
    callers = asyncio.create_task(
        place(load, sip_port=ports.sip, local_port=ports.spare(0), media_port=plan.sipp_media, audio=audio)
    )
    try:
        await asyncio.sleep(coming + SETTLE_SECONDS / 2)
        listeners = [
            asyncio.create_task(_listener(engine, number, one, plan.seconds + 1)) for one in range(LISTENERS)
        ]
        await asyncio.sleep(SETTLE_SECONDS / 2)
        before = _spent(engine)
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(plan.seconds - SETTLE_SECONDS / 2)
        took = asyncio.get_running_loop().time() - began
        after = _spent(engine)
        waiting = 2 * conversations - await baselines.channels(engine.asterisk)
        heard = await asyncio.gather(*listeners)
        result = await callers
    finally:
        callers.cancel()
    each = 1000 / took / conversations
    ours = (after.ours - before.ours) / took
    return Figures(
        name,
        conversations,
        round(took, 1),
        result.failed + sum(share is None for share in heard),
        waiting,
        (after.asterisk - before.asterisk) * each,
        (after.python - before.python) * each if through_engine else None,
        min(share or 0.0 for share in heard),
        ours,
        max(0.0, (after.machine - before.machine) / took - ours),
    )


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of CPU so far: of Asterisk, of the engine, of the whole bench, of the machine."""

    asterisk: float
    python: float
    ours: float
    machine: float


def _spent(engine: RunningHotline) -> Spent:
    """Asterisk is a child of the engine, as that is of the bench."""
    asterisk = engine.asterisk_pid
    assert engine.process is not None
    python = cpu_seconds(engine.process.pid, (asterisk,))
    return Spent(cpu_seconds(asterisk), python, cpu_seconds(os.getpid()), busy_seconds())


async def _listener(engine: RunningHotline, number: str, place_of: int, seconds: float) -> float | None:
    """A caller who talks: the share of what came back that an agent has said; None: no call."""
    ports = engine.ports
    async with rtp_party(ports.spare(5 + 5 * place_of)) as party:
        call = asyncio.create_task(
            run_sipp(
                "caller",
                folder=engine.folder,
                sip_port=ports.sip,
                local_port=ports.spare(3 + 5 * place_of),
                audio_port=ports.spare(5 + 5 * place_of),
                number=number,
                caller=f"4822000005{place_of}",
                stay_seconds=seconds,
                limit_seconds=seconds + 20,
            )
        )

        async def speak() -> None:
            while True:
                await party.say(CALLERS_SAY)

        mouth = asyncio.create_task(speak())
        try:
            result = await call
        finally:
            mouth.cancel()
            with suppress(asyncio.CancelledError, TimeoutError):
                await mouth
        if not result.ok:
            return None
        return await _share(AGENTS_SAY, party)


@asynccontextmanager
async def _ears(engine: RunningHotline) -> AsyncIterator[list[SipPhone]]:
    """Agents who answer, speak, and listen."""
    ports = engine.ports
    async with AsyncExitStack() as stack:
        phones = [
            await stack.enter_async_context(
                sip_phone(name, PASSWORD, ports.sip, ports.spare(20 + 3 * number))
            )
            for number, name in enumerate(EARS)
        ]

        async def speak(phone: SipPhone) -> None:
            while True:
                with suppress(TimeoutError):
                    await phone.party.say(AGENTS_SAY)

        mouths = [asyncio.create_task(speak(phone)) for phone in phones]
        try:
            yield phones
        finally:
            for mouth in mouths:
                mouth.cancel()
            await asyncio.gather(*mouths, return_exceptions=True)


async def _share(said: Samples, party: RtpParty) -> float:
    """How much of the last seconds of a talk is what the other side said."""
    sound = party.heard[-round(LISTENED_SECONDS * 8000) :]
    if len(sound) < 8000 or not np.any(sound):
        return 0.0
    return (await asyncio.to_thread(find_within, np.concatenate((said, said[:4000])), sound)).share


def _line(one: Figures) -> str:
    python = "" if one.python_ms is None else f", Python {one.python_ms:.2f}"
    return (
        f"{one.conversations} conversations, {one.name}: {one.failed} failed, {one.waiting} wait, "
        f"{one.heard:.0%} heard, "
        f"Asterisk {one.asterisk_ms:.2f} ms a second of each{python}, "
        f"busy cores: {one.ours:.2f} of ours, {one.others:.2f} of others"
    )


def _text(found: list[Figures], facts: Mapping[str, object]) -> str:
    head = (
        "conversations at once",
        "",
        "for, s",
        "failed",
        "with nobody",
        "speech found",
        "Asterisk ms/s",
        "Python ms/s",
        "cores of the bench",
        "of others",
    )
    lines = [
        (
            str(one.conversations),
            one.name,
            f"{one.seconds:g}",
            str(one.failed),
            str(one.waiting),
            f"{one.heard:.0%}",
            f"{one.asterisk_ms:.2f}",
            "–" if one.python_ms is None else f"{one.python_ms:.2f}",
            f"{one.ours:.2f}",
            f"{one.others:.2f}",
        )
        for one in found
    ]
    return (
        f"{report.machine_line(dict(facts))} "
        f"Callers and agents are SIPp on the same cores, with A-law; "
        f"CPU is of one conversation, in milliseconds a second.\n\n{report.table(head, lines)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long all talk at once")
    parser.add_argument("--quick", action="store_true", help="20 conversations for 12 s")
    parser.add_argument("--first-port", type=int, default=22900, help="a hundred ports from here on")
    parser.add_argument("--rtp", default="24100-26999", help="Asterisk's audio: four ports a conversation")
    parser.add_argument("--sipp-media", type=int, default=28000, help="SIPp's audio: 4000 ports from here on")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/")
    given = parser.parse_args()
    conversations, seconds = (20, 12.0) if given.quick else (given.conversations, given.seconds)
    plan = Plan(seconds, given.first_port, given.rtp, given.sipp_media)
    found = asyncio.run(run(plan, conversations))
    facts = report.machine()
    text = _text(found, facts)
    print(text)
    if given.write:
        data = {"machine": facts, "rounds": [asdict(one) for one in found]}
        report.write("conversations", json.loads(json.dumps(data)), text)


if __name__ == "__main__":
    main()
