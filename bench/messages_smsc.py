"""Text messages through one SMPP bind with history rows and receipts, the SMSC on the same processors.

    python -m bench.messages_smsc [--messages 10000] [--window 200] [--database URL] [--gate open|real]
        [--rounds 1] [--write]

Beside it, in the same run, what the SMSC itself can take (`bench.sms_bind`'s floor). The gate is told apart:
the first figure is without it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.cpu import cpu_seconds
from bench.messages import OpenGate, sms
from bench.messages_figures import keep
from bench.messages_sender import sms_settings
from bench.sms_bind import Bare, measured
from channels.smpp.provider import SmppProvider
from engine.clock import SystemClock
from engine.followup.routing import Carrier
from engine.followup.sending import ManyGate, MessageSending
from engine.gatekeeper import Gatekeeper
from engine.registers.messages import MessageFilter
from engine.rulebook import RuleBook
from messaging.states import MessageState
from store.store import open_store
from tests.smsc import running_smsc

LIMIT_SECONDS = 1800.0
AT_ONCE = 10_000
TITLES = {"open": "no gate", "real": "with the gate"}


@dataclass
class Run:
    """`megabytes`: of memory as it began, at half of the messages and at the end."""

    seconds: float
    ours: float
    smsc: float
    megabytes: tuple[float, ...] = ()


async def measure(number: int, window: int, database: str, folder: Path, *, real_gate: bool) -> Run:
    clock = SystemClock()
    store = open_store(database or f"sqlite:///{folder}/bench.db", folder / "spool", clock=clock)
    await store.start()
    for first in range(0, number, AT_ONCE):
        await store.messages.add(sms(min(AT_ONCE, number - first), clock, first))
    gate: ManyGate = OpenGate()
    if real_gate:
        gate = Gatekeeper(store.permissions, store.decisions, RuleBook("PL"), clock)
    async with running_smsc() as smsc:
        provider = SmppProvider(sms_settings(smsc.port, window), clock)
        memory = [_megabytes()]
        ours, theirs = cpu_seconds(os.getpid(), {smsc.process.pid}), cpu_seconds(smsc.process.pid)
        begun = time.perf_counter()
        sending = MessageSending(store.message_queue("bench"), [Carrier(provider)], gate, clock)
        await sending.start()
        async with asyncio.timeout(LIMIT_SECONDS):
            while (receipted := (await smsc.counts())["receipted"]) < number:
                if receipted * 2 > number and len(memory) == 1:
                    memory.append(_megabytes())
                await asyncio.sleep(0.1)
            while (counts := await store.messages.counts(MessageFilter())) != {
                MessageState.DELIVERED: number
            }:
                if counts.keys() & {MessageState.REFUSED, MessageState.FAILED, MessageState.IN_DOUBT}:
                    raise SystemExit(f"Not all were delivered: {counts}")
                await asyncio.sleep(0.1)
        seconds = time.perf_counter() - begun
        memory.append(_megabytes())
        ours = cpu_seconds(os.getpid(), {smsc.process.pid}) - ours
        theirs = cpu_seconds(smsc.process.pid) - theirs
        await sending.close()
    await store.close()
    run = Run(seconds, ours, theirs, tuple(memory))
    title = "real gate" if real_gate else "open gate"
    print(
        f"{title:10} {number:7d} delivered in {seconds:6.2f} s, {number / seconds:5.0f} messages/s; "
        f"CPU: ours {ours:5.2f} s, SMSC {theirs:5.2f} s; MB {[round(one) for one in memory]}",
        flush=True,
    )
    return run


def _megabytes() -> float:
    """Of memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024 / 1024


async def floor(number: int, window: int) -> Run:
    bare = Bare(number)
    async with running_smsc() as smsc:
        figures = await measured(smsc, window, number, bare)
        bare.writer.close()
    print(figures.line("floor", number), flush=True)
    return Run(figures.seconds, figures.ours, figures.smsc)


async def run(given: argparse.Namespace) -> None:
    number, window = given.messages, given.window
    kind = "PostgreSQL" if given.database else "SQLite"
    done: dict[str, list[Run]] = {}
    for _ in range(given.rounds):
        if not given.no_floor:
            done.setdefault("the SMSC and a bare client", []).append(await floor(number, window))
        for gate in (given.gate,) if given.gate else ("open", "real"):
            with tempfile.TemporaryDirectory() as name:
                one = await measure(number, window, given.database, Path(name), real_gate=gate == "real")
            done.setdefault(f"{kind}, {TITLES[gate]}", []).append(one)
    if given.write:
        for title, runs in done.items():
            keep("sending", f"{title}, {number:,}", _figures(number, runs))


def _figures(number: int, runs: Sequence[Run]) -> dict[str, object]:
    figures: dict[str, object] = {
        "messages": number,
        "seconds": [round(one.seconds, 2) for one in runs],
        "cpu_seconds": [round(one.ours, 2) for one in runs],
        "smsc_cpu_seconds": [round(one.smsc, 2) for one in runs],
    }
    return figures | ({"megabytes": [round(one) for one in runs[-1].megabytes]} if runs[-1].megabytes else {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--window", type=int, default=200)
    parser.add_argument("--database", default="", help="a URL of PostgreSQL; default: a new SQLite file")
    parser.add_argument("--gate", choices=("open", "real"), help="default: first the one, then the other")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--no-floor", action="store_true")
    parser.add_argument("--write", action="store_true", help="keep the figures in docs/figures")
    uvloop.run(run(parser.parse_args()))  # as the hotline runs


if __name__ == "__main__":
    main()
