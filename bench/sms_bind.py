"""How fast one SMPP bind hands over messages, and what it costs, beside what the test SMSC itself can take.

    python -m bench.sms_bind [--messages 10000] [--window 100]

The SMSC is the npm package smpp (tests/smpp/smsc.js) and sends a receipt for every message. The floor hands
over the same PDUs, made beforehand, by a bare asyncio writer that confirms receipts without reading them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.cpu import cpu_seconds
from channels.smpp.pdus import DELIVER, RESPONSE, SUBMIT, Framer, bind_body, framed
from channels.smpp.provider import SmppProvider
from channels.smpp.settings import Endpoint, SmppSettings
from channels.smpp.submits import submit_bodies
from compliance.facts import Channel
from engine.clock import SystemClock
from messaging.provider import Incoming, Listeners, Receipt, Submission, Taken
from tests.smsc import PASSWORD, SYSTEM_ID, Smsc, running_smsc

LIMIT_SECONDS = 300.0
Way = Callable[[Smsc, int, int], Awaitable[float]]


@dataclass(frozen=True)
class Figures:
    """`handed_seconds`: until the last answer; `seconds`: until the last receipt was confirmed."""

    handed_seconds: float
    seconds: float
    ours: float
    smsc: float

    def line(self, title: str, messages: int) -> str:
        return (
            f"{title:10} {messages / self.handed_seconds:7.0f} messages/s handed over, "
            f"{self.seconds:5.2f} s with receipts; CPU: ours {self.ours:5.2f} s, SMSC {self.smsc:5.2f} s"
        )


def settings_of(smsc: Smsc, window: int) -> SmppSettings:
    endpoint = Endpoint("127.0.0.1", smsc.port)
    return SmppSettings("bench", (endpoint,), SYSTEM_ID, PASSWORD, sender="Anna", window=window)


def messages(count: int) -> list[Submission]:
    return [
        Submission(
            f"m{number}", Channel.SMS, f"+48600{number:06d}", f"Good morning, your order {number} is ready."
        )
        for number in range(count)
    ]


async def measured(smsc: Smsc, window: int, count: int, run: Way) -> Figures:
    ours, theirs, began = (
        cpu_seconds(os.getpid(), {smsc.process.pid}),
        cpu_seconds(smsc.process.pid),
        time.monotonic(),
    )
    async with asyncio.timeout(LIMIT_SECONDS):
        handed = await run(smsc, window, count)
        while (counts := await smsc.counts())["receipted"] < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert counts["accepted"] == count
    return Figures(
        handed - began,
        time.monotonic() - began,
        cpu_seconds(os.getpid(), {smsc.process.pid}) - ours,
        cpu_seconds(smsc.process.pid) - theirs,
    )


class Ours:
    """The provider, with as many workers as its window."""

    async def __call__(self, smsc: Smsc, window: int, count: int) -> float:
        is_up = asyncio.Event()

        async def receipt(_: Receipt) -> None: ...
        async def incoming(_: Incoming) -> None: ...

        self.provider = SmppProvider(settings_of(smsc, window), SystemClock())
        await self.provider.start(Listeners(receipt, incoming, lambda up, _: is_up.set() if up else None))
        await is_up.wait()
        waiting = iter(messages(count))

        async def work() -> None:
            for one in waiting:
                answer = await self.provider.submit(one)
                assert answer.taken is Taken.ACCEPTED, answer

        async with asyncio.TaskGroup() as group:
            for _ in range(window):
                group.create_task(work())
        return time.monotonic()


class Bare:
    """Made beforehand, so that only the SMSC and the socket are measured."""

    def __init__(self, count: int) -> None:
        settings, now = (
            SmppSettings("bench", (Endpoint("", 0),), SYSTEM_ID, "", sender="Anna"),
            SystemClock().now(),
        )
        self.bodies = [submit_bodies(one, settings, 0, 0, now)[0] for one in messages(count)]

    async def __call__(self, smsc: Smsc, window: int, count: int) -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", smsc.port)
        writer.write(framed(9, 1, bind_body(SYSTEM_ID, PASSWORD, "")))
        framer, sent, answered, confirmed, handed = Framer(), 0, 0, 0, 0.0
        while confirmed < count:
            for pdu in framer.feed(await reader.read(65536)):
                if pdu.command == DELIVER:
                    writer.write(framed(DELIVER | RESPONSE, pdu.sequence, b"\0"))
                    confirmed += 1
                elif pdu.command == SUBMIT | RESPONSE:
                    answered += 1
                    if answered == count:
                        handed = time.monotonic()
            while sent < count and sent - answered < window:
                writer.write(framed(SUBMIT, sent + 2, self.bodies[sent]))
                sent += 1
        await writer.drain()
        self.writer = writer
        return handed


async def run(count: int, window: int) -> None:
    for title, way in (("floor", Bare(count)), ("provider", Ours())):
        async with running_smsc() as smsc:
            print((await measured(smsc, window, count, way)).line(title, count), flush=True)
            if isinstance(way, Ours):
                await way.provider.close()
            else:
                way.writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--window", type=int, default=100)
    options = parser.parse_args()
    asyncio.run(run(options.messages, options.window))


if __name__ == "__main__":
    main()
