"""Campaigns and their leads over the API."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from dialer.mistakes import MistakeCode
from engine.campaign_rules import CampaignRules
from engine.clock import SystemClock
from infolinia.assembly.campaign_rules import known_to_campaigns
from infolinia.configuration import Configuration
from infolinia.forecasting.desk import ForecastDesk
from ivr.reading.loader import load_flow
from store.store import open_store
from tests.api.serving import Client, RunningApi, both_databases, problem, running_api

ANNA, JAN = "+48600000001", "+48600000002"
SPRING = {
    "id": "spring",
    "name": "The spring call",
    "kind": "information",
    "mode": "agentless",
    "purpose": "information",
    "time_zone": "Europe/Warsaw",
    "lines": 8,
    "caller_ids": {"+48": "+48220000010"},
}


def with_flow(api: RunningApi, **more: Any) -> dict[str, Any]:
    return {**SPRING, "flow": api.parts.flows.all()[0].name, **more}


async def made(api: RunningApi, client: Client, *, key: str = "made", **more: Any) -> None:
    reply = await client.post("/campaigns", with_flow(api, **more), key=key)
    assert reply.status == 201, reply.json


async def added(client: Client, *people: dict[str, Any], key: str = "added") -> Any:
    reply = await client.post("/campaigns/spring/leads", {"people": list(people)}, key=key)
    assert reply.status == 200, reply.json
    return reply.json


@both_databases
async def test_a_campaign_is_made_changed_started_paused_and_finished(api: RunningApi) -> None:
    client = api.token()
    first = await client.post("/campaigns", with_flow(api), key="k1")
    assert first.status == 201, first.json
    assert first.headers["Location"] == "/api/v1/campaigns/spring"
    shown = first.json
    assert (shown["state"], shown["version"], shown["lines"]) == ("draft", 1, 8)
    assert shown["retry"]["recycling"]["busy"] == {"after_seconds": 1800, "most": 2, "next_number": False}
    path = "/campaigns/spring"
    patch = {"lines": 4, "last_day": "2199-12-31", "goal": {"count": 5}}
    changed = await client.patch(path, patch, first.etag)
    assert (changed.json["lines"], changed.json["last_day"]) == (4, "2199-12-31")
    assert changed.json["goal"] == {"count": 5, "dispositions": []}
    assert changed.json["caller_ids"] == SPRING["caller_ids"]
    problem(await client.patch(path, {"lines": 5}, first.etag), 412, "changed")
    emptied = await client.patch(path, {"goal": None, "last_day": None}, changed.etag)
    assert (emptied.json["goal"], emptied.json["lines"]) == (None, 4)
    assert (await client.get(path)).json == emptied.json
    started = await client.post(path + "/start", {"reason": "it is spring"}, key="k2")
    assert (started.json["state"], started.json["state_note"]) == ("running", "it is spring"), started.json
    assert started.json["state_by"].startswith("token:")
    again = problem(await client.post(path + "/start", {}, key="k3"), 422, "refused")
    assert "what it can is pause or finish" in again["detail"]
    assert (await client.post(path + "/pause", {}, key="k4")).json["state"] == "paused"
    assert (await client.post(path + "/resume", {}, key="k5")).json["state"] == "running"
    assert (await client.post(path + "/finish", {}, key="k6")).json["state"] == "finished"
    problem(await client.patch(path, {"lines": 5}, (await client.get(path)).etag), 422, "refused")
    assert (await client.post(path + "/reopen", {}, key="k7")).json["state"] == "paused"
    taken = await client.post("/campaigns", with_flow(api, id="other"), key="k8")
    assert (taken.status, taken.wrong_fields) == (422, ["body.name"])
    listed = (await client.get("/campaigns", params={"state": "paused"})).json
    assert [one["id"] for one in listed["items"]] == ["spring"]
    assert (await client.get("/campaigns", params={"state": "draft"})).json["items"] == []


async def test_a_campaign_with_mistakes_is_a_draft_that_does_not_start(api: RunningApi) -> None:
    client = api.token()
    await made(api, client, flow="nowhere", hours="never", first_day="2026-11-24", last_day="2026-11-23")
    told = (await client.get("/campaigns/spring/check")).json
    assert told["may_start"] is False
    wrong = [one["field"] for one in told["mistakes"] if one["blocks"]]
    assert {one["code"] for one in told["mistakes"]} <= set(MistakeCode)
    assert set(wrong) == {"flow", "hours", "last_day"}
    refused = await client.post("/campaigns/spring/start", {}, key="k")
    problem(refused, 422, "refused")
    assert refused.wrong_fields == [f"campaign.{field}" for field in wrong]
    assert (await client.get("/campaigns/spring")).json["state"] == "draft"
    await client.post("/campaigns/spring/finish", {}, key="k1")
    await client.post("/campaigns/spring/reopen", {}, key="k2")
    problem(await client.post("/campaigns/spring/resume", {}, key="k3"), 422, "refused")


async def test_a_campaign_that_runs_takes_no_change_that_would_have_kept_it_from_starting(
    api: RunningApi,
) -> None:
    client = api.token()
    await made(api, client)
    await client.post("/campaigns/spring/start", {}, key="k1")
    path = "/campaigns/spring"
    runs = await client.get(path)
    for patch in ({"flow": None}, {"mode": "predictive"}, {"queue": "nowhere", "mode": "progressive"}):
        refused = await client.patch(path, patch, runs.etag)
        problem(refused, 422, "refused")
        assert refused.wrong_fields, patch
        assert all(field.startswith("campaign.") for field in refused.wrong_fields)
    assert (await client.get(path)).json == runs.json
    assert (await client.patch(path, {"lines": 3}, runs.etag)).json["lines"] == 3
    await client.post("/campaigns/spring/pause", {}, key="k2")
    paused = await client.get(path)
    assert (await client.patch(path, {"flow": None}, paused.etag)).status == 200
    problem(await client.post("/campaigns/spring/resume", {}, key="k3"), 422, "refused")


WRONG_MEMBERS = [
    ("id", "Spring", "body.id"),
    ("name", " ", "body.name"),
    ("lines", 0, "body.lines"),
    ("mode", "fast", "body.mode"),
    ("time_zone", "Mars/Olympus", "body.time_zone"),
    ("last_day", "0001-01-01", "body.last_day"),
    ("state", "running", "body.state"),
    ("machine", {"seconds": 99}, "body.machine.seconds"),
]


async def test_a_wrong_member_is_named(api: RunningApi) -> None:
    for member, value, field in WRONG_MEMBERS:
        reply = await api.token().post("/campaigns", with_flow(api, **{member: value}), key="k")
        assert (reply.status, reply.wrong_fields) == (422, [field])


@both_databases
async def test_people_are_put_on_a_list_once_and_told_why_they_are_not_called(api: RunningApi) -> None:
    client = api.token()
    await made(api, client)
    known = (await client.post("/contacts", {"points": [{"kind": "phone", "value": JAN}]}, key="c")).json
    told = await added(
        client,
        {"numbers": ["600 000 001", ANNA], "name": "Anna", "fields": {"city": "Radom"}, "priority": 2},
        {"contact_id": known["id"]},
        {"numbers": [ANNA]},
        {"contact_id": "nobody"},
    )
    assert told["added"] == 2
    assert told["left_out_counts"] == {"same_person": 1, "no_contact": 1}
    assert [one["place"] for one in told["left_out"]] == [2, 3]
    anna = told["ids"]["0"]
    assert told["left_out"][0]["other"] == anna
    listed = (await client.get("/campaigns/spring/leads")).json["items"]
    assert [one["numbers"][0]["value"] for one in listed] == [ANNA, JAN]
    assert (listed[0]["name"], listed[0]["fields"], listed[0]["reason"]["code"]) == (
        "Anna",
        {"city": "Radom"},
        "in_turn",
    )
    assert (await client.get(f"/leads/{anna}")).json == listed[0]
    of_jan = (await client.get("/leads", params={"contact_id": known["id"]})).json["items"]
    assert of_jan == listed[1:]
    assert (await client.get("/leads", params={"contact_id": "nobody"})).status == 400
    found = (await client.get("/campaigns/spring/leads", params={"search": "ann"})).json["items"]
    assert [one["id"] for one in found] == [anna]
    page = (await client.get("/campaigns/spring/leads", params={"limit": 1})).json
    rest = (await client.get("/campaigns/spring/leads", params={"cursor": page["next"]})).json
    assert page["items"] + rest["items"] == listed
    why = (await client.get(f"/leads/{anna}/why")).json
    assert why["may_be_called"] is False
    assert why["reasons"][0] == {
        "code": "campaign",
        "sentence": "The campaign is draft.",
        "data": {"state": "draft"},
        "until": None,
    }
    first = await client.post(f"/leads/{anna}/priority", {"priority": 7}, key="p")
    assert first.json["priority"] == 7
    stopped = await client.post(f"/leads/{anna}/stop", {"reason": "asked"}, key="s")
    assert (stopped.json["state"], stopped.json["reason"]["data"]["why"]) == ("stopped", "asked")
    explained = (await client.get("/campaigns/spring/explain")).json
    assert [(one["state"], one["reason"], one["count"]) for one in explained["leads"]] == [
        ("stopped", "removed", 1),
        ("waiting", "in_turn", 1),
    ]
    assert (explained["dialling"], explained["counters"]["attempts"]) == (False, 0)
    assert (explained["pacer"], explained["run"]) == (None, None)
    live = (await client.get("/campaigns/spring/live")).json
    assert (live["campaign"], live["run"], live["points"], live["period_seconds"]) == (
        "spring",
        None,
        [],
        300,
    )
    assert (live["today"]["attempts"], live["today"]["utilisation"]) == (0, None)
    assert (live["window"]["abandoned"], live["window"]["over"]) == (0, False)
    earlier = (await client.get("/campaigns/spring/live", params={"day": "2026-10-25"})).json
    assert earlier["since"] == earlier["until"] == "2026-10-25T23:00:00Z"  # it was not there yet
    for no_day in ("today", "0"):
        problem(await client.get("/campaigns/spring/live", params={"day": no_day}), 400, "invalid")
    problem(await client.get("/campaigns/summer/live"), 404, "not-found")
    opened = await client.post(f"/leads/{anna}/reopen", {"reason": "changed her mind"}, key="r")
    assert opened.json["state"] == "waiting"
    problem(await client.post(f"/leads/{anna}/reopen", {"reason": "x"}, key="r2"), 422, "refused")
    assert (await client.get("/campaigns/spring/attempts")).json == {"items": [], "next": None}
    assert (await client.get("/campaigns/none/leads")).status == 404


async def test_wrong_people_are_named_and_nobody_is_added(api: RunningApi) -> None:
    client = api.token()
    await made(api, client)
    people = [{"numbers": [ANNA]}, {"numbers": ["12"]}, {"numbers": [JAN], "debt": "none"}]
    reply = await client.post("/campaigns/spring/leads", {"people": people}, key="k")
    problem(reply, 422, "invalid")
    assert reply.wrong_fields == ["body.people[2].debt", "body.people[1].numbers[0]"]
    assert (await client.get("/campaigns/spring/leads")).json["items"] == []
    nothing = await client.post("/campaigns/spring/leads", {"people": [{}]}, key="k2")
    assert (nothing.status, nothing.wrong_fields) == (422, ["body.people[0]"])
    gone = await client.post("/campaigns/spring/leads/segment", {"segment_id": "none"}, key="k3")
    assert (gone.status, gone.wrong_fields) == (422, ["body.segment_id"])


async def test_a_segment_is_put_on_a_list(api: RunningApi) -> None:
    client = api.token()
    await made(api, client)
    await client.post("/contacts", {"country": "PL", "points": [{"kind": "phone", "value": JAN}]}, key="c")
    segment = await client.post("/segments", {"name": "VIPs", "query": {"field": "country", "is": "PL"}})
    reply = await client.post("/campaigns/spring/leads/segment", {"segment_id": segment.json["id"]}, key="k")
    assert (reply.status, reply.json["added"], reply.json["ids"]) == (200, 1, {})


async def test_hours_that_are_gone_are_closed(api: RunningApi) -> None:
    client = api.token()
    await made(api, client, hours="office")
    campaign = await api.parts.campaigns.get("spring")
    rules: CampaignRules = api.parts.campaign_rules
    dialling = rules.dialling(campaign, api.parts.clock.now())
    assert (dialling.open, dialling.changes_at) == (False, None)
    assert "spring" not in known_to_campaigns(Configuration(), []).hours


async def test_the_engine_that_dials_is_told_of_moves_and_changes(tmp_path: Path) -> None:
    told: list[str] = []
    url = f"sqlite:///{tmp_path}/infolinia.db"
    async with running_api(url, tmp_path, refresh_campaigns=lambda: told.append("changed")) as api:
        client = api.token()
        await made(api, client)
        assert told == []
        for count, move in enumerate(("start", "pause", "finish", "reopen"), 1):
            assert (await client.post(f"/campaigns/spring/{move}", {}, key=move)).status == 200
            assert len(told) == count
        assert (await client.post("/campaigns/spring/start", {}, key="no")).status != 200
        assert len(told) == 4
        etag = (await client.get("/campaigns/spring")).etag
        assert (await client.patch("/campaigns/spring", {"lines": 3}, etag)).status == 200
        assert len(told) == 5


def test_flows_are_known_with_the_queues_that_they_give_people_to() -> None:
    flows = [load_flow(Path("callflows/collections.yaml").read_text(encoding="utf-8"), "collections.yaml")]
    assert known_to_campaigns(Configuration(), flows).flow_queues == {flows[0].name: {"collections"}}


async def test_a_forecast_is_made_and_looked_at(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/infolinia.db"
    settings = Configuration(folder=Path.cwd(), database=url, state=tmp_path / "state")
    books = open_store(url, tmp_path / "other-spool", clock=SystemClock())
    desk = ForecastDesk(settings, SystemClock(), books.campaign_forecasts)
    async with running_api(url, tmp_path, configuration=settings, forecasts=desk) as api:
        client = api.token()
        await made(api, client)
        await added(client, {"numbers": [ANNA]}, {"numbers": [JAN]})
        path = "/campaigns/spring/forecast"
        problem(await client.get(path), 404, "not-found")
        problem(await client.post(f"{path}/cancel", key="c"), 404, "not-found")
        begun = await client.post(path, {"days": 2, "what_if": [5, 0, 5]}, key="f")
        assert (begun.status, begun.json["state"], begun.json["what_if"]) == (202, "running", [5])
        await made(api, client, id="autumn", name="Autumn", key="m")
        problem(await client.post("/campaigns/autumn/forecast", {}, key="g"), 503, "busy")
        for _ in range(600):
            if (told := (await client.get(path)).json)["state"] != "running":
                break
            await asyncio.sleep(0.05)
        assert told["state"] == "done", told["error"]
        assert told["result"]["eligibility"]["standing"] == 2
        assert told["result"]["forecast"] is None
        assert (await client.post(f"{path}/cancel", key="d")).json == told
        assert (told["place"], told["by"].partition(":")[0], told["changed_since"]) == ("api", "token", [])
        etag = (await client.get("/campaigns/spring")).etag
        await client.patch("/campaigns/spring", {"lines": 3}, etag)
        assert (await client.get(path)).json["changed_since"] == ["lines"]
    await desk.close()
    await books.close()


async def test_without_agents_a_forecast_says_so(api: RunningApi) -> None:
    client = api.token()
    await made(api, client, mode="progressive", queue="sales")
    reply = await client.post("/campaigns/spring/forecast", {}, key="f")
    assert (reply.status, reply.wrong_fields) == (422, ["body.agents"])
    assert (await client.post("/campaigns/spring/forecast", {"agents": 3}, key="g")).status == 503
