"""Kill -9 the sender again and again in the middle of a mailing; then compare our rows with the SMSC's log.

    python -m bench.messages_killed [--messages 10000] [--kills 12] [--database URL] [--write]

None may be lost and none sent twice; those whose answer was in flight are in doubt, and listed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.messages import sms
from bench.messages_figures import keep
from engine.clock import SystemClock
from engine.registers.messages import MessageFilter
from messaging.states import MessageState
from store.store import Store, open_store
from tests.smsc import Smsc, running_smsc

ROOT = Path(__file__).parents[1]
ON_THEIR_WAY = frozenset({MessageState.QUEUED, MessageState.SENDING, MessageState.ACCEPTED})
LIMIT_SECONDS = 900.0


@dataclass
class Found:
    """Message ids. `lost`: never came to the SMSC, or are not final; `twice`: came more than once;
    `untrue`: said to have arrived, or not, against the SMSC's log."""

    states: Mapping[MessageState, int]
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    doubtful_taken: int = 0
    kills: int = 0


async def compared(store: Store, smsc: Smsc, kills: int = 0) -> Found:
    """Row by row, each message by its number, which no other has."""
    taken = Counter(row["to"].lstrip("+") for row in await smsc.log() if row["status"] == 0)
    receipted = {row["to"].lstrip("+") for row in await smsc.log() if row["receipted"]}
    found = Found(await store.messages.counts(MessageFilter()), kills=kills)
    after: tuple[str, ...] | None = None
    while True:
        page = await store.messages.list(MessageFilter(), limit=500, after=after)
        for one in page.items:
            assert one.point is not None
            number = one.point.value.lstrip("+")
            times = taken.pop(number, 0)
            if times > 1:
                found.twice.append(one.id)
            match one.state:
                case MessageState.IN_DOUBT:
                    found.doubtful.append(one.id)
                    found.doubtful_taken += times
                case MessageState.DELIVERED if not times or number not in receipted:
                    found.untrue.append(one.id)
                case MessageState.DELIVERED:
                    pass
                case _:
                    found.lost.append(one.id)
        after = page.after
        if after is None:
            break
    found.untrue += [f"to {number}" for number in taken]
    return found


async def killed_again_and_again(
    database: str, folder: Path, smsc: Smsc, *, number: int, kills: int, window: int = 50, seed: int = 7
) -> Found:
    """Send `number` messages by senders that are killed at random moments, the last one excepted."""
    chance = random.Random(seed)
    clock = SystemClock()
    store = open_store(database, folder / "looking", clock=clock)
    await store.start()
    try:
        await store.messages.add(sms(number, clock))
        done = 0
        async with asyncio.timeout(LIMIT_SECONDS):
            for _ in range(kills):
                process = await _sender(database, folder, smsc, window)
                before = (await smsc.counts())["submits"]
                until = before + chance.randrange(1, max(2, number // (kills + 1)))
                while (await smsc.counts())["submits"] < until:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
                process.kill()
                await process.wait()
                done += 1
            process = await _sender(database, folder, smsc, window)
            try:
                while (await store.messages.counts(MessageFilter())).keys() & ON_THEIR_WAY:  # noqa: ASYNC110
                    await asyncio.sleep(0.25)
            finally:
                process.kill()
                await process.wait()
        return await compared(store, smsc, done)
    finally:
        await store.close()


async def _sender(database: str, folder: Path, smsc: Smsc, window: int) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.messages_sender", database, str(folder / "sending"), str(smsc.port)),
        str(window),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while b"bound" not in (line := await process.stdout.readline()):
            if not line:
                raise SystemExit("The sender ended by itself.")
    return process


async def run(number: int, kills: int, database: str, *, write: bool) -> None:
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with running_smsc() as smsc:
            url = database or f"sqlite:///{folder}/bench.db"
            found = await killed_again_and_again(url, folder, smsc, number=number, kills=kills)
    print(f"{number} messages, killed {found.kills} times: {dict(found.states)}")
    print(f"lost {len(found.lost)}, twice {len(found.twice)}, untrue {len(found.untrue)}")
    print(f"in doubt {len(found.doubtful)}, of which the SMSC had taken {found.doubtful_taken}:")
    for one in found.doubtful:
        print(f"    {one}")
    if write:
        figures = {
            "messages": number,
            "kills": found.kills,
            "lost": len(found.lost),
            "twice": len(found.twice),
            "untrue": len(found.untrue),
            "in_doubt": len(found.doubtful),
            "in_doubt_taken_by_smsc": found.doubtful_taken,
            "seconds": round(time.perf_counter() - begun, 1),
        }
        keep("killed", "PostgreSQL" if database else "SQLite", figures)
    if found.lost or found.twice or found.untrue:
        raise SystemExit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--database", default="", help="a URL; default: a new SQLite file")
    parser.add_argument("--write", action="store_true", help="keep the figures in docs/figures")
    given = parser.parse_args()
    asyncio.run(run(given.messages, given.kills, given.database, write=given.write))


if __name__ == "__main__":
    main()
