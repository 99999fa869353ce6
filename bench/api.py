"""What a request of the REST API costs, against a bare aiohttp handler that answers 1,500 bytes of JSON.

    python -m bench.api [--seconds 3] [--rounds 3]

The server is a process of its own, asked by 16 connections at once; the ways alternate. Printed: requests a
second, and CPU milliseconds of the server for each. "known asker" leaves out the look for the token in the
database.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import uvloop
from aiohttp import web

from bench import report
from bench.cpu import cpu_seconds
from console.accounts.identity import Identity, identify
from console.accounts.passwords import Passwords
from console.accounts.token_making import made_token
from console.api.access import Role, Scope
from console.api.areas import operations
from console.api.rate_limits import Rate
from console.api.serving import Api
from console.application import SERVING, Doors
from engine.clock import SystemClock, TimeOrderedIds
from engine.live import LiveCalls
from engine.registers.actor import Actor, ActorKind
from engine.seen_notes import SeenNotes
from infolinia.assembly.api import api_parts
from infolinia.configuration import Configuration
from infolinia.flows.files import load_flows
from store.store import open_store
from tests.api.serving import application
from tests.console.stage import FakeVisitors

CONNECTIONS = 16
BARE = "bare aiohttp handler"
WAYS = {
    BARE: ("bare", "/bare"),
    "GET /flows, known asker": ("known", "/api/v1/flows"),
    "GET /flows": ("whole", "/api/v1/flows"),
    "GET /webhooks (reads the database)": ("whole", "/api/v1/webhooks"),
}
FAST = Rate(1e9, 10**9)


async def serve(way: str) -> None:
    """Until standard input ends. The first line of output is the port and the token."""
    with tempfile.TemporaryDirectory(prefix="infolinia-bench-") as name:
        folder, clock = Path(name), SystemClock()
        ids = TimeOrderedIds(clock)
        store = open_store(f"sqlite:///{folder}/bench.db", folder / "spool", clock=clock)
        await store.start()
        secret, digest, token = made_token(
            ids.new(), "bench", frozenset(Scope), clock.now(), created_by="command:bench"
        )
        actor = Actor(ActorKind.COMMAND, "bench")
        await store.accounts.tokens.add(actor, token, digest)
        configuration = Configuration(folder=Path.cwd())
        flows = load_flows(configuration)
        doors = Doors(store.accounts, Passwords(), SeenNotes(store.accounts.audit, clock))

        async def known(request: web.Request) -> Identity | None:
            return Identity(Actor(ActorKind.TOKEN, token.id), Role.ADMIN, frozenset(Scope))

        parts = api_parts(
            configuration, store=store, clock=clock, ids=ids, live=LiveCalls(), flows=flows, doors=doors
        )
        changed = {"rate": FAST, "strangers": FAST, "identify": known if way == "known" else identify}
        parts = dataclasses.replace(parts, **changed)  # type: ignore[arg-type]
        app = application(Api(parts, operations(parts)), parts, flows, folder, FakeVisitors(), doors)
        if way == "bare":
            app = bare()
        runner = web.AppRunner(app, **SERVING)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(runner.addresses[0][1], secret, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await runner.cleanup()
        doors.passwords.close()
        await store.close()


def bare() -> web.Application:
    body = b'{"items": "' + b"x" * 1486 + b'"}'

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": "application/json"})

    app = web.Application()
    app.router.add_get("/bare", answer)
    return app


@dataclass(frozen=True)
class Round:
    per_second: float
    cpu_ms: float


async def measure(way: str, path: str, seconds: float) -> Round:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.api", "--serve", way),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        async with asyncio.timeout(60):
            port, secret = (await process.stdout.readline()).decode().split()
        url = f"http://127.0.0.1:{port}{path}"
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {secret}"}) as session:
            await asked(session, url, 0.5)
            before = cpu_seconds(process.pid)
            started = time.perf_counter()
            count = await asked(session, url, seconds)
            took = time.perf_counter() - started
            cpu = cpu_seconds(process.pid) - before
    finally:
        process.stdin.close()
        await process.wait()
    return Round(count / took, cpu / count * 1000)


async def asked(session: aiohttp.ClientSession, url: str, seconds: float) -> int:
    """How many answers came in so many seconds."""
    until = time.perf_counter() + seconds

    async def ask() -> int:
        count = 0
        while time.perf_counter() < until:
            async with session.get(url) as answer:
                await answer.read()
                answer.raise_for_status()
            count += 1
        return count

    return sum(await asyncio.gather(*(ask() for _ in range(CONNECTIONS))))


async def compare(seconds: float, rounds: int) -> None:
    found: dict[str, list[Round]] = {title: [] for title in WAYS}
    for _ in range(rounds):
        for title, (way, path) in WAYS.items():
            found[title].append(await measure(way, path, seconds))
    cpu = {title: statistics.median(r.cpu_ms for r in some) for title, some in found.items()}
    lines = [
        (
            title,
            f"{statistics.median(r.per_second for r in some):.0f}",
            f"{cpu[title]:.2f}",
            f"{cpu[title] / cpu[BARE]:.1f}",
        )
        for title, some in found.items()
    ]
    shown = report.table(("request", "requests/s", "CPU ms each", "to the bare one"), lines)
    print(shown)
    facts = report.machine()
    head = (
        f"{facts['date']}, {facts['cores']} cores ({facts['processor']}), Python {facts['python']}, SQLite. "
    )
    head += f"{CONNECTIONS} connections at once, {rounds} rounds of {seconds:g} s; medians."
    data = {title: [dataclasses.asdict(each) for each in some] for title, some in found.items()}
    report.write("api", {"machine": facts, "rounds": data}, f"{head}\n\n{shown}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", choices=sorted({way for way, _ in WAYS.values()}), help=argparse.SUPPRESS)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(options.serve) if options.serve else compare(options.seconds, options.rounds))


if __name__ == "__main__":
    main()
