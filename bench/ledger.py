"""What a call's history costs: CPU of the process per call, the ledger's way, on SQLite or PostgreSQL.

    python -m bench.ledger [--url URL] [--calls-per-second 300] [--seconds 10] [--profile]

Each call makes eight commits of one event each, the last with the call and its history row. Calls come at an
even rate from 5,000 callers. Printed: CPU milliseconds per call, of all threads of this process (a PostgreSQL
server is another one), with and without the ledger; and how long one durable commit takes.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from calls.call import Call, Direction
from calls.events import CallEvent, CallEventKind
from calls.outcome import Outcome
from engine.changes import CallStored, Change, EventsAppended, InteractionAdded
from history.interaction import ContactPoint, PointKind, interaction_of
from store.store import open_store

CALLERS = 5_000
TOLD: tuple[tuple[CallEventKind, dict[str, object]], ...] = (
    (CallEventKind.RECEIVED, {"caller": "+48220000001", "dialled": "100", "network_id": "n", "node": "n1"}),
    (CallEventKind.ANSWERED, {}),
    (CallEventKind.FLOW_STARTED, {"flow": "hotline", "version": "7"}),
    (CallEventKind.STEP_ENTERED, {"step": "hello", "verb": "say"}),
    (CallEventKind.LANGUAGE_CHOSEN, {"language": "pl"}),
    (CallEventKind.HEARD, {"text": "zamówienie", "confidence": 0.87, "seconds": 1.25, "language": "pl"}),
    (CallEventKind.KEY_PRESSED, {"key": "2"}),
    (CallEventKind.ENDED, {"by": "caller", "cause": 16, "outcome": "completed"}),
)


class WallClock:
    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def commits_of(n: int, at: datetime) -> list[tuple[Change, ...]]:
    """The commits of one call."""
    call_id = f"{int(at.timestamp() * 1e6):014x}{n:08x}"
    events = [
        CallEvent(call_id, seq, at + timedelta(milliseconds=seq), kind, data)
        for seq, (kind, data) in enumerate(TOLD, 1)
    ]
    call = Call(
        id=call_id,
        direction=Direction.INBOUND,
        trunk="provider",
        caller="+48220000001",
        dialled="100",
        network_id=f"net-{call_id}",
        node="n1",
        started_at=at,
        answered_at=at,
        ended_at=events[-1].at,
        flow="hotline",
        flow_version="7",
        language="pl",
        path=("hello", "menu", "order"),
        heard=("zamówienie", "2"),
        outcome=Outcome.COMPLETED,
        ended_by="caller",
        cause=16,
        last_seq=8,
    )
    point = ContactPoint(PointKind.PHONE, f"+4822000{n % CALLERS:04d}")
    row = interaction_of(call, f"i{call_id}", point)
    commits: list[tuple[Change, ...]] = [(EventsAppended((event,)),) for event in events[:-1]]
    commits.append((EventsAppended((events[-1],)), CallStored(call), InteractionAdded(row, f"c{call_id}")))
    return commits


async def run(url: str, rate: int, seconds: int, spool: Path) -> None:
    clock = WallClock()
    store = open_store(url, spool, clock=clock)
    await store.start()
    total = rate * seconds
    # A tenth of a second of calls at a time, so that this loop itself costs little.
    step = max(1, rate // 100)

    async def drive(commit: bool) -> float:
        began, cpu = time.monotonic(), time.process_time()
        for first in range(0, total, step):
            for n in range(first, min(first + step, total)):
                for changes in commits_of(n, clock.now()):
                    if commit:
                        await store.ledger.commit(changes)
            await asyncio.sleep(max(0.0, began + (first + step) / rate - time.monotonic()))
        if commit:
            await store.ledger.commit([], durable=True)
        return time.process_time() - cpu

    await drive(True)  # contacts made, statements prepared, caches warm
    making = await drive(False)
    writing = await drive(True)
    rows = await store.queries.history(limit=1)
    assert rows
    durable: list[float] = []
    for n in range(200):
        began = time.perf_counter()
        await store.ledger.commit(commits_of(n, clock.now())[-1], durable=True)
        durable.append((time.perf_counter() - began) * 1e3)
    durable.sort()
    await store.close()
    print(f"{url.split(':')[0]}: {total} calls at {rate}/s, 10 rows each")
    print(f"  CPU per call {writing / total * 1e3:.3f} ms, without the ledger {making / total * 1e3:.3f} ms")
    print(f"  the ledger's: {(writing - making) / total * 1e3:.3f} ms")
    print(f"  one durable commit: p50 {durable[100]:.2f} ms, p95 {durable[190]:.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", help="default: a SQLite file in a new folder")
    parser.add_argument("--calls-per-second", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite:///{folder}/infolinia.db"
        profile = cProfile.Profile() if given.profile else None
        if profile:
            profile.enable()
        uvloop.run(run(url, given.calls_per_second, given.seconds, Path(folder) / "spool"))
        if profile:
            profile.disable()
            pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
