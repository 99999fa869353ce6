"""Measure how many text messages a second are sent, with gate, history and receipts.

    python -m bench.messages [--messages 10000] [--window 200] [--database URL] [--gate open|real]

The provider stands in this process, answers at once, and tells of each delivery: what is measured is the
worker and the database. `bench.sms_bind` measures a bind to an SMSC.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from compliance.decision import Decision
from compliance.facts import Channel, Mode, Purpose
from engine.clock import SystemClock
from engine.followup.routing import Carrier
from engine.followup.sending import ManyGate, MessageSending
from engine.gatekeeper import ContactRequest, Gatekeeper
from engine.registers.messages import BULK_PRIORITY, Message, MessageFilter
from engine.rulebook import RuleBook
from history.interaction import ContactPoint, PointKind
from messaging.provider import Answer, Listeners, Pace, Receipt, Submission, Taken
from messaging.states import MessageState
from store.store import open_store


class EchoProvider:
    """Takes all, and tells of each delivery a moment later."""

    name = "echo"
    channel = Channel.SMS

    def __init__(self, window: int, clock: SystemClock) -> None:
        self.pace = Pace(at_once=window)
        self._clock = clock
        self._listeners: Listeners | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self.taken = 0

    async def start(self, listeners: Listeners) -> None:
        self._listeners = listeners
        listeners.standing(True, "")

    async def close(self) -> None:
        if self._telling:
            await asyncio.wait(self._telling, timeout=10)

    async def submit(self, submission: Submission) -> Answer:
        self.taken += 1
        reference = f"e{self.taken}"
        await asyncio.sleep(0.001)
        task = asyncio.create_task(self._tell(reference))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        return Answer(Taken.ACCEPTED, (reference,))

    async def ask(self, reference: str) -> Receipt | None:
        return None

    async def _tell(self, reference: str) -> None:
        assert self._listeners is not None
        await self._listeners.receipt(
            Receipt(self.name, reference, MessageState.DELIVERED, self._clock.now())
        )


class OpenGate:
    """Lets everything through, unasked and unlogged."""

    async def ask_all(self, requests: Sequence[ContactRequest]) -> Sequence[Decision]:
        return [Decision(True, None, None, None, ())] * len(requests)


def sms(number: int, clock: SystemClock, first: int = 0) -> list[Message]:
    now = clock.now()
    return [
        Message(
            f"m{n:07d}",
            now,
            Channel.SMS,
            ContactPoint(PointKind.PHONE, f"+48600{n:06d}"),
            f"Hello {n}, your parcel is here.",
            purpose=Purpose.SERVICE,
            mode=Mode.MANUAL,
            priority=BULK_PRIORITY,
            requested_at=now,
        )
        for n in range(first, first + number)
    ]


async def measure(number: int, window: int, database: str, folder: Path, *, real_gate: bool) -> None:
    clock = SystemClock()
    store = open_store(database or f"sqlite:///{folder}/bench.db", folder / "spool", clock=clock)
    await store.start()
    begun = time.perf_counter()
    await store.messages.add(sms(number, clock))
    print(f"queued      {number:7d} in {time.perf_counter() - begun:6.2f} s")
    gate: ManyGate = OpenGate()
    if real_gate:
        gate = Gatekeeper(store.permissions, store.decisions, RuleBook("PL"), clock)
    provider = EchoProvider(window, clock)
    memory = _kilobytes()
    begun, processor = time.perf_counter(), time.process_time()
    sending = MessageSending(store.message_queue("bench"), [Carrier(provider)], gate, clock)
    await sending.start()
    async with asyncio.timeout(600):
        while (counts := await store.messages.counts(MessageFilter())) != {MessageState.DELIVERED: number}:
            if counts.keys() & {MessageState.REFUSED, MessageState.FAILED, MessageState.IN_DOUBT}:
                raise SystemExit(f"Not all were delivered: {counts}")
            await asyncio.sleep(0.25)
    seconds, used = time.perf_counter() - begun, time.process_time() - processor
    await sending.close()
    await store.close()
    print(f"delivered   {number:7d} in {seconds:6.2f} s: {number / seconds:6.0f} a second")
    print(f"processor   {used:6.2f} s, memory +{(_kilobytes() - memory) / 1024:.0f} MB")


def _kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--window", type=int, default=200)
    parser.add_argument("--database", default="", help="a URL; default: a new SQLite file")
    parser.add_argument("--gate", choices=("open", "real"), default="real")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        real = given.gate == "real"
        asyncio.run(measure(given.messages, given.window, given.database, Path(folder), real_gate=real))


if __name__ == "__main__":
    main()
