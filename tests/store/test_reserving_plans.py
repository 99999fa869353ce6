"""How PostgreSQL goes about a reservation: from row to row, whatever it knows of the list."""

from __future__ import annotations

from datetime import timedelta

import pytest

from store.database import create_engine, database_url
from store.lead_reserving import Place, Wish, statement_of
from store.reserving_connection import ReservingConnection
from store.store import Store
from tests.conftest import HandClock
from tests.store.campaign_samples import MINUTE, add, listed, running


@pytest.mark.parametrize("goes_on", [False, True])
async def test_a_list_that_has_just_come_is_not_read_whole(
    store: Store, url: str, clock: HandClock, goes_on: bool
) -> None:
    if url.startswith("sqlite"):
        pytest.skip("of PostgreSQL's planner")
    await running(store)
    await add(store, *(listed(n) for n in range(40)))
    now = clock.now()
    place = Place(1, now - timedelta(days=1)) if goes_on else None
    sql, given = statement_of(Wish("spring", "w1", 5, now, now + MINUTE, (), None), place)
    engine = create_engine(database_url(url))
    connection = ReservingConnection(engine)
    try:
        (kept,) = await connection.fetch("SHOW plan_cache_mode", ())
        lines = [row[0] for row in await connection.fetch(f"EXPLAIN {sql}", given)]
    finally:
        await engine.dispose()
    assert kept[0] == "force_generic_plan"  # what is planned once serves all batches
    read_whole = [line for line in lines if "Seq Scan on lead" in line or "Hash Join" in line]
    assert not read_whole, "\n".join(lines)
    assert any("ix_lead_progress_turn" in line for line in lines)
