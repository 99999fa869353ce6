"""Text messages through one SMPP bind with history rows and receipts, the SMSC on the same processors.

    python -m bench.messages_smsc [--messages 10000] [--window 200] [--database URL] [--gate open|real]

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
from pathlib import Path

from bench.cpu import cpu_seconds
from bench.messages import OpenGate, sms
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


async def measure(number: int, window: int, database: str, folder: Path, *, real_gate: bool) -> None:
    clock = SystemClock()
    store = open_store(database or f"sqlite:///{folder}/bench.db", folder / "spool", clock=clock)
    await store.start()
    await store.messages.add(sms(number, clock))
    gate: ManyGate = OpenGate()
    if real_gate:
        gate = Gatekeeper(store.permissions, store.decisions, RuleBook("PL"), clock)
    async with running_smsc() as smsc:
        provider = SmppProvider(sms_settings(smsc.port, window), clock)
        before = _megabytes()
        ours, theirs = cpu_seconds(os.getpid(), {smsc.process.pid}), cpu_seconds(smsc.process.pid)
        begun = time.perf_counter()
        sending = MessageSending(store.message_queue("bench"), [Carrier(provider)], gate, clock)
        await sending.start()
        async with asyncio.timeout(LIMIT_SECONDS):
            while (await smsc.counts())["receipted"] < number:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            while (counts := await store.messages.counts(MessageFilter())) != {
                MessageState.DELIVERED: number
            }:
                if counts.keys() & {MessageState.REFUSED, MessageState.FAILED, MessageState.IN_DOUBT}:
                    raise SystemExit(f"Not all were delivered: {counts}")
                await asyncio.sleep(0.1)
        seconds = time.perf_counter() - begun
        ours = cpu_seconds(os.getpid(), {smsc.process.pid}) - ours
        theirs = cpu_seconds(smsc.process.pid) - theirs
        await sending.close()
    await store.close()
    title = "real gate" if real_gate else "open gate"
    print(
        f"{title:10} {number:7d} delivered in {seconds:6.2f} s, {number / seconds:5.0f} messages/s; "
        f"CPU: ours {ours:5.2f} s, SMSC {theirs:5.2f} s; memory {before:.0f} -> {_megabytes():.0f} MB",
        flush=True,
    )


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def run(number: int, window: int, database: str, gates: tuple[str, ...], floor: bool) -> None:
    if floor:
        bare = Bare(number)
        async with running_smsc() as smsc:
            print((await measured(smsc, window, number, bare)).line("floor", number), flush=True)
            bare.writer.close()
    for gate in gates:
        with tempfile.TemporaryDirectory() as folder:
            await measure(number, window, database, Path(folder), real_gate=gate == "real")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--window", type=int, default=200)
    parser.add_argument("--database", default="", help="a URL; default: a new SQLite file")
    parser.add_argument("--gate", choices=("open", "real"), help="default: first the one, then the other")
    parser.add_argument("--no-floor", action="store_true")
    given = parser.parse_args()
    gates = (given.gate,) if given.gate else ("open", "real")
    asyncio.run(run(given.messages, given.window, given.database, gates, not given.no_floor))


if __name__ == "__main__":
    main()
