"""Callback requests over the API, with the gate's word on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from engine.changes import CallbackKept, ObjectionKept
from engine.clock import SystemClock
from history.callbacks import CallbackRequest, CallbackSource
from history.interaction import ContactPoint, PointKind
from history.permissions import Objection, Scope
from tests.api.serving import RunningApi, both_databases

ANNA = "+48600000001"


def in_hours(hours: float) -> str:
    return (SystemClock().now() + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def wish(**more: Any) -> dict[str, Any]:
    return {"number": "600 000 001", "topic": "orders", **more}


@both_databases
async def test_a_callback_is_asked_for_renewed_changed_and_cancelled(api: RunningApi) -> None:
    client = api.token()
    made = await client.post("/callbacks", wish(note="by the door", language="PL"), key="k1")
    assert made.status == 201, made.json
    path = f"/callbacks/{made.json['id']}"
    assert made.headers["Location"] == f"/api/v1{path}"
    shown = made.json
    assert (shown["point"]["value"], shown["state"], shown["source"]) == (ANNA, "open", "api")
    assert (shown["language"], shown["requests"], shown["person_chose"]) == ("pl", 1, False)
    due = datetime.fromisoformat(shown["window_to"]) - datetime.fromisoformat(shown["requested_at"])
    assert due == timedelta(hours=4)
    agent = api.person("agent")
    again = await agent.post("/callbacks", wish(window_from=in_hours(1), window_to=in_hours(2)), key="k2")
    assert again.json["id"] == made.json["id"]
    assert (again.json["requests"], again.json["sources"]) == (2, ["api", "agent"])
    assert (again.json["person_chose"], again.json["note"]) == (True, "by the door")
    assert (await client.patch(path, {"note": "x"}, made.etag)).status == 412
    changed = await client.patch(path, {"note": None, "window_to": in_hours(3)}, again.etag)
    assert (changed.json["note"], changed.json["window_from"]) == (None, again.json["window_from"])
    soon = await client.patch(path, {"window_from": None, "window_to": None}, changed.etag)
    assert (soon.json["window_to"], soon.json["person_chose"]) == (None, False)
    assert (await client.get(path)).json == soon.json
    ended = await client.post(path + "/cancel", {"reason": "wrong number"}, key="k3")
    assert (ended.json["state"], ended.json["ended_reason"]) == ("cancelled", "wrong number")
    late = await client.post(path + "/cancel", {"reason": "again"}, key="k4")
    assert (late.status, late.json["detail"]) == (422, "The request is cancelled already: make a new one.")
    fresh = await client.post("/callbacks", {"contact_id": shown["contact_id"], "topic": "orders"}, key="k5")
    assert (fresh.status, fresh.json["point"]["value"]) == (201, ANNA)
    assert fresh.json["id"] != made.json["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"topic": "orders"}, "body"),
        (wish(number="12"), "body.number"),
        (wish(topic="Big Orders"), "body.topic"),
        (wish(window_to="2026-01-01T10:00:00Z"), "body.window_to"),
        (wish(window_from="2026-01-01T10:00:00Z"), "body.window_from"),
        (wish(window_from=in_hours(2), window_to=in_hours(1)), "body.window_to"),
        (wish(window_from=in_hours(100 * 24)), "body.window_from"),
        (wish(within_seconds=1), "body.within_seconds"),
        (wish(time_zone="Mars/Olympus"), "body.time_zone"),
        (wish(note="a\x00b"), "body.note"),
        (wish(name="  "), "body.name"),
        ({"contact_id": "nobody", "topic": "orders"}, "body.contact_id"),
        (wish(contact_id="nobody"), "body.contact_id"),
        (wish(person_chose=True), "body.person_chose"),
    ],
)
async def test_a_wrong_member_is_named(api: RunningApi, body: dict[str, Any], field: str) -> None:
    reply = await api.token().post("/callbacks", body, key="k")
    assert reply.status == 422
    assert reply.wrong_fields == [field]


async def test_the_list_is_filtered_and_paged(api: RunningApi) -> None:
    client = api.token()
    for n in range(3):
        await client.post("/callbacks", wish(number=f"+4860000000{n}"), key=f"a{n}")
    other = await client.post("/callbacks", wish(topic="returns", window_from=in_hours(30)), key="b")
    await client.post(f"/callbacks/{other.json['id']}/cancel", {"reason": "r"}, key="c")

    async def listed(**params: Any) -> list[str]:
        return [one["id"] for one in (await client.get("/callbacks", params=params)).json["items"]]

    everything = await listed()
    assert len(everything) == 4
    assert everything[0] == other.json["id"]
    assert await listed(state="cancelled") == await listed(topic="returns") == everything[:1]
    assert len(await client_states(client, ["open", "cancelled"])) == 4
    assert await listed(due_to=in_hours(1)) == everything[1:]
    assert await listed(due_from=in_hours(5)) == everything[:1]
    mine = await listed(contact_id=other.json["contact_id"])
    assert mine[0] == other.json["id"]
    assert len(mine) == 2
    first = (await client.get("/callbacks", params={"limit": 3})).json
    rest = (await client.get("/callbacks", params={"limit": 3, "cursor": first["next"]})).json
    assert [one["id"] for one in first["items"] + rest["items"]] == everything
    assert rest["next"] is None


async def client_states(client: Any, states: list[str]) -> list[Any]:
    params = [("state", state) for state in states]
    return list((await client.get("/callbacks", params=params)).json["items"])


async def test_why_a_callback_may_not_be_dialled_now(api: RunningApi) -> None:
    client = api.token()
    made = (
        await client.post("/callbacks", wish(window_from=in_hours(1), window_to=in_hours(2)), key="k")
    ).json
    path = f"/callbacks/{made['id']}/why"
    early = (await client.get(path)).json
    assert early["callback"] == made
    assert (early["allowed"], early["next_allowed_at"]) == (False, made["window_from"])
    stop = Objection("o", api.parts.clock.now(), Scope.NUMBER, ANNA, "asked", "test")
    await api.store.ledger.commit([ObjectionKept(stop)], durable=True)
    never = (await client.get(path)).json
    assert (never["allowed"], never["rule"]) == (False, "do-not-contact/number")
    assert never["next_allowed_at"] is None
    assert (await client.get("/callbacks/none/why")).status == 404
    assert (await client.get("/decisions")).json["items"] == [], "nothing was decided"


async def test_what_calls_left_behind_is_listed_with_the_others(api: RunningApi) -> None:
    point = ContactPoint(PointKind.PHONE, ANNA)
    now = api.parts.clock.now()
    kept = CallbackRequest(
        "call-3", point, "orders", CallbackSource.QUEUE, now, queue="orders", place_kept_at=now
    )
    await api.store.ledger.commit([CallbackKept(kept, "anna")], durable=True)
    client = api.token()
    renewed = (await client.post("/callbacks", wish(), key="k")).json
    assert (renewed["id"], renewed["sources"], renewed["queue"]) == ("call-3", ["queue", "api"], "orders")
    events = (await client.get("/events", params={"kind": "callback.changed"})).json["items"]
    assert [event["data"] for event in events] == [renewed]


@both_databases
async def test_what_was_kept_and_broken_is_counted_by_day_and_agent(api: RunningApi) -> None:
    client, register = api.token(), api.store.callbacks
    ids = []
    for n in range(1, 5):
        made = await client.post("/callbacks", wish(number=f"600 000 01{n}"), key=f"f{n}")
        ids.append(made.json["id"])
    await register.reached(ids[0], "campaign spring", "anna")
    await register.reached(ids[1], "campaign spring", "anna")
    await register.give_up(ids[2], "its window passed")
    await client.post(f"/callbacks/{ids[3]}/cancel", {"reason": "wrong number"}, key="f9")
    found = await client.get("/callbacks/figures")
    assert found.status == 200, found.json
    assert found.json["time_zone"] == str(api.parts.zone)
    assert found.json["all"] == {"kept": 2, "broken": 1, "cancelled": 1, "kept_share": pytest.approx(2 / 3)}
    team, anna = found.json["items"]
    assert (team["agent"], team["kept"], team["broken"], team["kept_share"]) == (None, 0, 1, 0.0)
    assert (anna["agent"], anna["kept"], anna["day"]) == ("anna", 2, found.json["last_day"])
    before = await client.get("/callbacks/figures?first_day=2026-01-01&last_day=2026-01-31")
    assert (before.json["items"], before.json["all"]["kept_share"]) == ([], None)
    assert (await api.person("supervisor").get("/callbacks/figures")).status == 200
    assert (await api.person("agent").get("/callbacks/figures")).status == 403


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("first_day=2026-02-02&last_day=2026-02-01", "last_day"),
        ("first_day=2026-01-01&last_day=2026-12-31", "first_day"),
        ("first_day=0001-01-01&last_day=2026-12-31", "first_day"),
        ("last_day=soon", "last_day"),
    ],
)
async def test_days_that_cannot_be_counted_are_told(api: RunningApi, asked: str, field: str) -> None:
    wrong = await api.token().get(f"/callbacks/figures?{asked}")
    assert wrong.status == 400
    assert [error["field"] for error in wrong.json["errors"]] == [f"query.{field}"]


async def test_the_first_days_that_can_be_asked_for_are_answered(api: RunningApi) -> None:
    found = await api.token().get("/callbacks/figures?last_day=1900-01-01")
    assert (found.status, found.json["first_day"]) == (200, "1899-12-26")
