"""How many calls went where today: ended calls of one flow, each step and each way once a call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from calls.call import fold
from calls.events import CallEvent
from calls.events import CallEventKind as Kind
from engine.changes import CallStored
from store.store import Store
from tests.store.samples import START


def walked(
    call_id: str, path: Sequence[str], *, flow: str = "shop", minutes: float = 0, ended: bool = True
) -> CallStored:
    at = START + timedelta(minutes=minutes)
    entries: list[tuple[Kind, dict[str, object]]] = [
        (Kind.RECEIVED, {"caller": "+48220000001", "dialled": "100", "node": "n1", "network_id": call_id}),
        (Kind.FLOW_STARTED, {"flow": flow, "version": "1"}),
        *((Kind.STEP_ENTERED, {"step": step}) for step in path),
    ]
    if ended:
        entries.append((Kind.ENDED, {"by": "flow", "outcome": "completed"}))
    return CallStored(
        fold([CallEvent(call_id, n, at, kind, data) for n, (kind, data) in enumerate(entries, 1)])
    )


async def test_calls_are_counted_by_step_and_way(store: Store) -> None:
    calls = [
        walked("a", ["start", "menu", "orders", "menu", "orders", "bye"]),
        walked("b", ["start", "menu", "bye"], minutes=1),
        walked("c", ["start", "menu", "bye"], minutes=2),
        walked("before", ["start", "menu"], minutes=-1),
        walked("goes on", ["start"], minutes=3, ended=False),
        walked("another", ["start", "menu"], flow="clinic"),
    ]
    await store.ledger.commit(calls, durable=True)
    figures = await store.queries.flow_figures("shop", START, most_calls=10)
    assert figures.calls == 3
    assert figures.steps == {"start": 3, "menu": 3, "orders": 1, "bye": 3}
    assert figures.ways == {
        ("start", "menu"): 3,
        ("menu", "orders"): 1,
        ("orders", "menu"): 1,
        ("orders", "bye"): 1,
        ("menu", "bye"): 2,
    }
    assert figures.whole


@pytest.mark.parametrize(("most", "whole"), [(2, False), (4, True)])
async def test_only_the_latest_calls_are_looked_at(store: Store, most: int, whole: bool) -> None:
    calls = [walked(f"c{n}", ["start", f"step{n}"], minutes=n) for n in range(3)]
    await store.ledger.commit(calls, durable=True)
    figures = await store.queries.flow_figures("shop", START, most_calls=most)
    assert figures.whole is whole
    assert ("step0" in figures.steps) is whole
    assert figures.steps["step2"] == 1


async def test_a_flow_that_nobody_called(store: Store) -> None:
    figures = await store.queries.flow_figures("shop", START, most_calls=10)
    assert (figures.calls, dict(figures.steps), dict(figures.ways)) == (0, {}, {})
