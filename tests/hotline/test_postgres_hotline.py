"""A whole hotline on PostgreSQL: its calls are in the history, also when the database was away meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import take_ports
from tests.postgres import PostgresServer, binaries
from tests.running import RunningHotline, running, until
from tests.sipp import SippResult, run_sipp

pytestmark = [pytest.mark.live, pytest.mark.postgres, pytest.mark.timeout(150)]


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed here")
    server = PostgresServer()
    try:
        server.start()
        server.sql("CREATE DATABASE hotline")
        yield server
    finally:
        server.remove()


def call(hotline: RunningHotline, stay_seconds: float) -> asyncio.Task[SippResult]:
    ports = hotline.ports
    return asyncio.create_task(
        run_sipp(
            "caller",
            folder=hotline.folder,
            sip_port=ports.sip,
            local_port=ports.spare(0),
            audio_port=ports.spare(2),
            stay_seconds=stay_seconds,
        )
    )


async def test_calls_are_written_also_while_the_database_is_away(
    tmp_path: Path, server: PostgresServer
) -> None:
    with take_ports(28000, 29000) as ports:
        async with running(tmp_path, ports, database=server.url("hotline")) as hotline:
            first = await call(hotline, 1)
            assert first.ok, first.output
            (row,) = await hotline.rows(1)
            second = call(hotline, 4)

            async def in_call() -> bool:
                return await hotline.calls_in_progress() == 1

            await until(in_call, "the second call is in progress", 15, hotline.log)
            server.kill()
            result = await second
            assert result.ok, result.output

            async def away() -> bool:
                _, body = await hotline.probe("readyz")
                return any(c["name"] == "database" and not c["ok"] for c in body.get("conditions", ()))

            await until(away, "/readyz says that the database is away", 15, hotline.log)
            code, _, errors = await hotline.run("history", ok=False)
            assert code == 2
            assert "check that PostgreSQL runs there" in errors
            assert len(errors.splitlines()) == 1
            server.start()
            rows = await hotline.rows(2)
    assert rows[1] == row
    assert [row["outcome"] for row in rows] == ["abandoned", "abandoned"]
    events = [event["kind"] for event in rows[0]["events"]]
    assert "trouble" not in events  # a caller who hangs up in the middle of a prompt is none
    assert events[0] == "received"
    assert events[-1] == "ended"
    assert len(events) == len(row["events"])
