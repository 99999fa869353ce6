"""Live events: what a page is told, and how many are listened to."""

from __future__ import annotations

import asyncio

from aiohttp import ClientSession, TCPConnector, web
from aiohttp.test_utils import TestClient, unused_port

from console.event_stream import MOST_STREAMS
from tests.console.stage import PHONE, Stage, order_call


async def next_events(stream, *wanted: str) -> list[str]:
    """The names of events until all wanted ones have come."""
    seen: list[str] = []
    async with asyncio.timeout(10):
        while not set(wanted) <= set(seen):
            line = (await stream.content.readline()).decode().strip()
            if line.startswith("event: "):
                seen.append(line.removeprefix("event: "))
    return seen


async def test_events_tell_what_changed(client: TestClient, stage: Stage) -> None:
    async with client.get("/events?call=c1") as stream:
        assert stream.content_type == "text/event-stream"
        # What changed between the page and the stream is never missed: all is told at first.
        await next_events(stream, "clock", "health", "live", "call", "history", "flows", "floor")
        stage.live.put(stage.queries.add(order_call("c2", ended=False), PHONE))
        assert await next_events(stream, "live") == ["clock", "live"]
        stage.live.put(stage.queries.add(order_call("c1", ended=False), PHONE))
        stage.health.set("Asterisk", False, "away")
        assert await next_events(stream, "live", "health", "call") == ["clock", "health", "live", "call"]
        stage.live.changed("history")
        assert await next_events(stream, "history") == ["clock", "history"]


async def test_a_call_that_ended_is_looked_for_in_the_history(client: TestClient, stage: Stage) -> None:
    async with client.get("/events?call=c1") as stream:
        await next_events(stream, "floor")
        stage.live.put(stage.queries.add(order_call("c1", ended=False), PHONE))
        assert await next_events(stream, "live", "call") == ["clock", "live", "call"]
        stage.live.put(stage.queries.add(order_call("c1"), PHONE))
        assert await next_events(stream, "history") == ["clock", "live", "call", "history"]
        # The row may be written a little later than the call's end is told.
        assert await next_events(stream, "history") == ["clock", "call", "history"]


async def test_a_stream_that_fell_behind_is_told_everything(client: TestClient, stage: Stage) -> None:
    async with client.get("/events") as stream:
        await next_events(stream, "floor")
        for number in range(500):
            stage.live.changed(f"c{number}")
        told = set(await next_events(stream, "floor"))
        assert told == {"clock", "health", "live", "call", "history", "flows", "floor"}


async def test_streams_are_bounded_and_end_with_the_application(stage: Stage) -> None:
    runner = web.AppRunner(stage.application(), shutdown_timeout=5)
    await runner.setup()
    port = unused_port()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        streams = [await session.get(f"http://127.0.0.1:{port}/events") for _ in range(MOST_STREAMS)]
        refused = await session.get(f"http://127.0.0.1:{port}/events")
        assert refused.status == 503
        assert "100 pages" in (await refused.json())["error"]
        async with asyncio.timeout(4):
            await runner.cleanup()
            assert b"event: clock" in await streams[0].content.read()
        for stream in streams:
            stream.close()
