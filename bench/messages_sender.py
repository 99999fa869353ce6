"""A sender of its own process, which `bench.messages_killed` kills: it sends what is queued until it ends.

    python -m bench.messages_sender DATABASE FOLDER PORT WINDOW

It prints one line when the SMSC has been bound.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.messages import OpenGate
from channels.smpp.provider import SmppProvider
from channels.smpp.settings import Endpoint, SmppSettings
from engine.clock import SystemClock, TimeOrderedIds
from engine.followup.routing import Carrier
from engine.followup.sending import MessageSending, SendingLimits
from store.store import Store, open_store
from tests.smsc import PASSWORD, SYSTEM_ID

# Longer than a message may take, and short enough for a measurement.
ANSWER_SECONDS, LEASE_SECONDS = 2.0, 6.0


def sms_settings(port: int, window: int, **changes: object) -> SmppSettings:
    endpoint = Endpoint("127.0.0.1", port)
    return SmppSettings(
        "operator",
        (endpoint,),
        SYSTEM_ID,
        PASSWORD,
        sender="Anna",
        window=window,
        **changes,  # type: ignore[arg-type]
    )


def sending_of(store: Store, clock: SystemClock, settings: SmppSettings) -> MessageSending:
    limits = SendingLimits(
        claim_seconds=LEASE_SECONDS, lease_seconds=LEASE_SECONDS, look_seconds=0.1, tidy_seconds=0.5
    )
    queue = store.message_queue(f"sender-{TimeOrderedIds(clock).new()}")
    return MessageSending(queue, [Carrier(SmppProvider(settings, clock))], OpenGate(), clock, limits=limits)


async def send(database: str, folder: Path, port: int, window: int) -> None:
    clock = SystemClock()
    store = open_store(database, folder, clock=clock)
    await store.start()
    settings = sms_settings(port, window, answer_seconds=ANSWER_SECONDS, submit_seconds=ANSWER_SECONDS)
    sending = sending_of(store, clock, settings)
    await sending.start()
    async with asyncio.timeout(600):
        while not all(lane.standing for lane in sending.lanes()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        print("bound", flush=True)
        await asyncio.Event().wait()


def main(arguments: Sequence[str]) -> None:
    database, folder, port, window = arguments
    asyncio.run(send(database, Path(folder), int(port), int(window)))


if __name__ == "__main__":
    main(sys.argv[1:])
