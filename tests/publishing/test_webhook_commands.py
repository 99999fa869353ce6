"""`infolinia webhooks` beside a running hotline's database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.registers.webhooks import DeliveryState, Settled
from store.store import Store, open_store
from tests.commands import Program, loaded_program
from tests.conftest import HandClock
from tests.publishing.receivers import hooked, publication, tell


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


async def fill(folder: Path, url: str) -> str:
    clock = HandClock()
    store: Store = open_store(url, folder / "spool", clock=clock)
    await store.start()
    await hooked(store, clock, "w1", "https://example.com/hooks", "call.ended")
    await hooked(store, clock, "w2", "https://example.com/all")
    await tell(url, publication("p1", clock), publication("p2", clock, "call:x", "call.ended"))
    queue = store.delivery_queue("test")
    claimed = await queue.claim("w1", limit=1, lease_seconds=30)
    assert claimed is not None
    await queue.settle("w1", [Settled(claimed[1][0], DeliveryState.DEAD, "it answered 422")], None)
    await store.close()
    return claimed[1][0].id


def test_webhooks_are_listed_and_replayed(tmp_path: Path, program: Program) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    (tmp_path / "infolinia.yaml").write_text(f"name: Test\ndatabase: {url}\n")
    dead = asyncio.run(fill(tmp_path, url))
    listed = program.run(tmp_path, "webhooks", "list")
    assert "w1  https://example.com/hooks  call.ended  active" in listed.output
    assert "w2  https://example.com/all  all kinds  active" in listed.output
    assert "whsec" not in listed.output
    (row,) = program.run(
        tmp_path, "webhooks", "deliveries", "w1", "--state", "dead", "--json"
    ).output.splitlines()
    shown = json.loads(row)
    assert (shown["id"], shown["kind"], shown["last_error"]) == (dead, "call.ended", "it answered 422")
    assert program.run(tmp_path, "webhooks", "replay", dead).output == "It is delivered again.\n"
    again = program.run(tmp_path, "webhooks", "replay", dead)
    assert (again.code, again.sentence) == (2, "It waits to be delivered already.")
    since = program.run(tmp_path, "webhooks", "replay", "w2", "--since", "2026-11-01")
    assert since.output == "0 are delivered again.\n"  # both wait already
    wrong = program.run(tmp_path, "webhooks", "replay", "w2", "--since", "yesterday")
    assert (wrong.code, wrong.sentence) == (
        2,
        '--since "yesterday" is no date or time: write 2026-11-22 or 2026-11-22T10:00.',
    )
