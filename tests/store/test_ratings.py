"""Grades after talks, by queue and agent, on both databases."""

from __future__ import annotations

from datetime import timedelta

from calls.call import fold
from calls.events import CallEvent, CallEventKind
from engine.changes import CallStored, EventsAppended
from engine.registers.ratings import RatingCount, in_all
from store.store import Store
from tests.store.samples import START

K = CallEventKind


async def graded(store: Store, call_id: str, hours: int, *then: tuple[str, str, int | None]) -> None:
    """A call that began so many hours after START: who talked, of which queue, and the grade after it.

    "anna>jan": she gave it to him.
    """
    at = START + timedelta(hours=hours)
    received = {
        "direction": "inbound",
        "caller": "+48220000001",
        "dialled": "100",
        "trunk": "carrier",
        "network_id": f"n-{call_id}",
        "node": "n1",
    }
    told: list[tuple[CallEventKind, dict[str, object]]] = [(K.RECEIVED, dict(received))]
    for queue, agent, grade in then:
        first, *others = agent.split(">")
        if first:
            told.append((K.AGENT_CONNECTED, {"queue": queue, "agent": first, "waited_seconds": 1.0}))
        told += [(K.TRANSFERRED, {"kind": "agent", "target": one, "by": first}) for one in others]
        told.append((K.RATED, {"step": "rate", "rating": grade}))
    events = tuple(CallEvent(call_id, seq, at, kind, data) for seq, (kind, data) in enumerate(told, 1))
    await store.ledger.commit([EventsAppended(events), CallStored(fold(events))], durable=True)


async def test_who_took_the_call_over_is_graded(store: Store) -> None:
    await graded(store, "01A", 1, ("sales", "anna>jan", 5))
    assert list(await store.ratings.since(START)) == [RatingCount("sales", "jan", 1, 0, 5)]


async def test_grades_belong_to_the_talk_before_them(store: Store) -> None:
    assert list(await store.ratings.since(START)) == []
    await graded(store, "01A", -1, ("sales", "anna", 1))
    await graded(store, "01B", 1, ("sales", "anna", 5), ("help", "jan", 2))
    await graded(store, "01C", 2, ("sales", "anna", 4))
    await graded(store, "01D", 3, ("sales", "jan", None))
    await graded(store, "01E", 4, ("", "", 3))
    found = await store.ratings.since(START)
    assert list(found) == [
        RatingCount("", "", 1, 0, 3),
        RatingCount("help", "jan", 1, 0, 2),
        RatingCount("sales", "anna", 2, 0, 9),
        RatingCount("sales", "jan", 0, 1, 0),
    ]
    assert in_all(found, queue="sales") == RatingCount("sales", "", 2, 1, 9)
    assert (in_all(found, agent="anna").average, in_all(found, agent="jan").average) == (4.5, 2.0)
    assert in_all(found, queue="nobody").average is None


async def test_who_goes_back_to_the_question_grades_once(store: Store) -> None:
    await graded(store, "01A", 1, ("sales", "anna", 1), ("", "", 1), ("", "", 4), ("", "", None))
    await graded(store, "01B", 2, ("sales", "anna", 5), ("sales", "anna", 3))
    assert list(await store.ratings.since(START)) == [RatingCount("sales", "anna", 3, 0, 12)]
