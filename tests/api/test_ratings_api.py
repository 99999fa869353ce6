"""Grades after talks over the API."""

from __future__ import annotations

from datetime import timedelta

from calls.call import fold
from calls.events import CallEvent, CallEventKind
from engine.changes import CallStored, EventsAppended
from tests.api.serving import RunningApi, both_databases, problem

K = CallEventKind


async def graded(api: RunningApi, call_id: str, days_ago: int, agent: str, grade: int | None) -> None:
    at = api.parts.clock.now() - timedelta(days=days_ago)
    told: list[tuple[CallEventKind, dict[str, object]]] = [
        (K.RECEIVED, {"direction": "inbound", "caller": "+48220000001", "dialled": "100", "node": "n1"}),
        (K.AGENT_CONNECTED, {"queue": "sales", "agent": agent, "waited_seconds": 1.0}),
        (K.RATED, {"step": "rate", "rating": grade}),
    ]
    events = tuple(CallEvent(call_id, seq, at, kind, data) for seq, (kind, data) in enumerate(told, 1))
    await api.store.ledger.commit([EventsAppended(events), CallStored(fold(events))], durable=True)


@both_databases
async def test_grades_are_told_by_queue_and_agent(api: RunningApi) -> None:
    client = api.token("queues:read")
    assert (await client.get("/ratings")).json == {"items": []}
    for call_id, days_ago, agent, grade in (
        ("01A", 0, "anna", 5),
        ("01B", 0, "anna", 4),
        ("01C", 0, "anna", 4),
        ("01D", 0, "jan", None),
        ("01E", 3, "jan", 1),
    ):
        await graded(api, call_id, days_ago, agent, grade)
    anna = {"queue": "sales", "agent": "anna", "rated": 3, "declined": 0, "average": 4.33}
    jan = {"queue": "sales", "agent": "jan", "rated": 0, "declined": 1, "average": None}
    assert (await client.get("/ratings")).json == {"items": [anna, jan]}
    since = (api.parts.clock.now() - timedelta(days=5)).isoformat()
    longer = (await client.get("/ratings", params={"since": since})).json
    assert longer["items"] == [anna, {**jan, "rated": 1, "average": 1.0}]


@both_databases
async def test_grades_are_not_for_everybody(api: RunningApi) -> None:
    problem(await api.token("calls:read").get("/ratings"), 403, "forbidden")
    problem(await api.person("agent").get("/ratings"), 403, "forbidden")
    wrong = await api.token("queues:read").get("/ratings", params={"since": "yesterday"})
    assert (wrong.status, wrong.wrong_fields) == (400, ["query.since"])
