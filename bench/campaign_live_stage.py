"""One run of bench.campaign_live: the hotline, its public on a second Asterisk, twenty telephones."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from asterisk.folders import RuntimeFolders
from bench import campaign_live_world as world
from bench import hotline as bench_hotline
from bench.campaign_live_figures import Played, Rung
from bench.cpu import busy_seconds, cpu_seconds
from dialer.campaign import CampaignMove
from dialer.machine import Detect
from engine.clock import SystemClock
from engine.registers.actor import Actor, ActorKind
from engine.registers.leads import NewLead
from store.opening import open_campaigns
from tests.house import Ports
from tests.phone import SipPhone
from tests.public.agents import AgentEar, sip_agents
from tests.public.people import Public, PublicCall, simulated_public
from tests.rtp import encode_alaw
from tests.running import RunningHotline, until

BENCH = Actor(ActorKind.PERSON, "bench")
OURS = "+48220000010"
AGENTS = [f"agent{number:02d}" for number in range(world.AGENTS)]
PASSWORD = "a password of the bench"
# The open lines are measured alone for so long, before anybody is called.
OPEN_LINES_SECONDS = 20.0
_HEARD = 40.0  # the mean of a frame's samples: half of the street behind a person, five times digital silence
_KEY = "5"
_LINES_OPEN_SECONDS = 60.0
_FIRST_CALL_SECONDS = 60.0
_LAST_CALLS_SECONDS = 60.0
_LAST_TALKS_SECONDS = 5.0
_BATCH = 1000
_WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of CPU so far."""

    engine: float
    asterisk: float
    public: float
    bench: float
    machine: float

    def since(self, before: Spent, seconds: float) -> dict[str, float]:
        """Cores that each kept busy; `others`: what is no part of the bench."""
        parts = {
            name: (getattr(self, name) - getattr(before, name)) / seconds
            for name in ("engine", "asterisk", "public", "bench")
        }
        machine = (self.machine - before.machine) / seconds
        return parts | {"others": max(0.0, machine - sum(parts.values()))}


class Ear(AgentEar):
    """An agent who tells with a key that they hear somebody, and whose microphone sends all the time."""

    def __init__(self) -> None:
        super().__init__(_HEARD)
        self.pressing: asyncio.Task[None] | None = None

    def began(self) -> None:
        if self.pressing is None or self.pressing.done():
            self.pressing = asyncio.get_running_loop().create_task(self._press())

    async def _press(self) -> None:
        with suppress(TimeoutError):
            await self.press(_KEY)


@asynccontextmanager
async def microphones(ears: Sequence[Ear]) -> AsyncIterator[None]:
    """Each sends its room, 50 packets a second, as a telephone does that is off the hook."""
    noise = (6 * np.random.default_rng(3).standard_normal(160)).astype(np.int16)
    room = encode_alaw(noise)

    async def speak() -> None:
        loop = asyncio.get_running_loop()
        began, ticks = loop.time(), 0
        while True:
            for ear in ears:
                if ear.pressing is None or ear.pressing.done():
                    ear.send(room)
            ticks += 1
            await asyncio.sleep(max(0.0, began + 0.02 * ticks - loop.time()))

    speaking = asyncio.create_task(speak())
    try:
        yield
    finally:
        speaking.cancel()
        with suppress(asyncio.CancelledError):
            await speaking


@asynccontextmanager
async def staged(
    folder: Path, first_port: int, rtp: str, public_rtp: tuple[int, int], seed: int, detect: Detect
) -> AsyncIterator[tuple[RunningHotline, Public, list[SipPhone]]]:
    ports = Ports(first_port)
    (folder / "public").mkdir()
    (folder / "ours").mkdir()
    async with simulated_public(
        folder / "public", Ports(first_port + 50), world.Crowd(seed, detect), rtp_ports=public_rtp
    ) as public:
        changes: dict[str, Any] = {
            "sip": {"rtp": rtp, "trunks": [{"name": "carrier", "hosts": [public.host], "codecs": ["alaw"]}]},
            "agents": {name: {"sip": {"password": PASSWORD}} for name in AGENTS},
            "queues": {
                world.QUEUE: {"agents": AGENTS, "wrap_up": f"{world.WRAP_SECONDS}s", "record": "never"}
            },
            "outbound": {
                "caller_id": OURS,
                "lines": world.LINES,
                "calls_per_second": world.CALLS_PER_SECOND,
            },
        }
        async with (
            bench_hotline.ready_hotline(folder / "ours", ports, rtp, {}, more=changes) as hotline,
            sip_agents(AGENTS, PASSWORD, ports.sip, Ear) as phones,
            microphones([phone.party for phone in phones if isinstance(phone.party, Ear)]),
        ):
            yield hotline, public, phones


async def played(
    minutes: float,
    seed: int,
    detect: Detect,
    first_port: int,
    rtp: str,
    public_rtp: tuple[int, int],
    keep: Path,
) -> Played:
    """One campaign of so many minutes from its first call. `keep`: a folder for its database."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        async with staged(Path(name), first_port, rtp, public_rtp, seed, detect) as (hotline, public, phones):
            url = f"sqlite:///{hotline.folder / 'v' / 'infolinia.db'}"
            await _made(url, minutes, detect)
            await _move(url, _WAITING, CampaignMove.START)
            await _until(
                lambda: all(phone.talking for phone in phones),
                "all lines are open",
                _LINES_OPEN_SECONDS,
                hotline,
            )
            open_lines = await _measured(hotline, Path(name), OPEN_LINES_SECONDS)
            await _move(url, world.QUEUE, CampaignMove.START)
            await _move(url, _WAITING, CampaignMove.FINISH)
            await _until(lambda: bool(public.calls), "the first call", _FIRST_CALL_SECONDS, hotline)
            loop = asyncio.get_running_loop()
            wall = time.time() - loop.time()
            began = public.calls[0].arrived_at
            seconds = 60 * minutes
            campaigning = await _measured(hotline, Path(name), began + seconds - loop.time())
            await _move(url, world.QUEUE, CampaignMove.FINISH)
            await _until(lambda: not _ringing(public), "the last answer", _LAST_CALLS_SECONDS, hotline)
            await asyncio.sleep(_LAST_TALKS_SECONDS)  # who has just answered may get an agent
            for call in public.calls:
                call.leaves(loop.time())
            await _until(lambda: public.going_on == 0, "the last call", _LAST_CALLS_SECONDS, hotline)
            onsets = {
                phone.name: [wall + at for at in phone.party.onsets]
                for phone in phones
                if isinstance(phone.party, AgentEar)
            }
            await asyncio.sleep(world.WRAP_SECONDS + 3)  # the last wrap-ups
            database = keep / f"run-{seed}.db"
            with (
                closing(sqlite3.connect(database)) as copy,
                closing(bench_hotline.database(hotline)) as source,
            ):
                source.backup(copy)
            rung = tuple(_rung(call, wall) for call in public.calls)
            return Played(database, wall + began, seconds, onsets, rung, open_lines, campaigning)


def _ringing(public: Public) -> bool:
    return any(call.answered_at is None and call.ended_at is None for call in public.calls)


def _rung(call: PublicCall, wall: float) -> Rung:
    def at(loop_time: float | None) -> float | None:
        return None if loop_time is None else wall + loop_time

    return Rung(
        call.number,
        wall + call.arrived_at,
        call.fate.person,
        call.fate.talk_seconds,
        at(call.answered_at),
        at(call.first_key_at),
        at(call.ended_at),
    )


async def _made(url: str, minutes: float, detect: Detect) -> None:
    """The campaign and its list; and one whose only lead is due tomorrow, which keeps lines open."""
    clock = SystemClock()
    now = clock.now()
    zone = _noon(now)
    async with open_campaigns(url, clock) as (campaigns, leads, _):
        one = world.campaign(world.QUEUE, now, detect)
        await campaigns.create(BENCH, one)
        await campaigns.create(BENCH, world.campaign(_WAITING, now, detect))
        people = [
            NewLead(n, ((f"+48600{n:06d}", ""),), time_zone=zone) for n in range(world.leads_for(minutes))
        ]
        for first in range(0, len(people), _BATCH):
            await leads.add(BENCH, world.QUEUE, people[first : first + _BATCH])
        later = NewLead(0, (("+48601000000", ""),), time_zone=zone, not_before=now + timedelta(days=1))
        await leads.add(BENCH, _WAITING, [later])


def _noon(now: datetime) -> str:
    """The zone in which it is about noon: the campaign is lawful whenever the bench runs."""
    ahead = 12 - now.astimezone(UTC).hour  # of UTC; the names of these zones count the other way
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


async def _move(url: str, campaign: str, move: CampaignMove) -> None:
    async with open_campaigns(url, SystemClock()) as (campaigns, _, _):
        await campaigns.set_state(BENCH, campaign, move)


async def _measured(hotline: RunningHotline, folder: Path, seconds: float) -> dict[str, float]:
    before = _spent(hotline, folder)
    began = time.monotonic()
    await asyncio.sleep(seconds)
    return _spent(hotline, folder).since(before, time.monotonic() - began)


def _spent(hotline: RunningHotline, folder: Path) -> Spent:
    """Asterisks are children of who started them, or of nobody."""
    assert hotline.process is not None
    ours = hotline.asterisk_pid
    public = int(RuntimeFolders(folder / "public" / "ast").pid_file.read_text())
    engine = hotline.process.pid
    return Spent(
        cpu_seconds(engine, (ours,)),
        cpu_seconds(ours),
        cpu_seconds(public),
        cpu_seconds(os.getpid(), (engine, ours, public)),
        busy_seconds(),
    )


async def _until(condition: Any, what: str, seconds: float, hotline: RunningHotline) -> None:
    async def asked() -> bool:
        return bool(condition())

    await until(asked, what, seconds, hotline.log)
