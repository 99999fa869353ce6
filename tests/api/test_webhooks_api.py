"""Webhooks over the API: made, changed, tested and replayed; their secrets are shown once."""

from __future__ import annotations

from typing import Any

import pytest

from engine.changes import Published
from engine.registers.audit import AuditFilter
from engine.registers.webhooks import DeliveryState, Settled
from history.publication import Publication
from tests.api.serving import Client, Reply, RunningApi, both_databases

URL = "https://example.com/hooks"


async def made(client: Client, **fields: Any) -> Reply:
    reply = await client.post("/webhooks", {"url": URL, **fields})
    assert reply.status == 201, reply.raw
    return reply


@both_databases
async def test_a_webhook_lives_from_creation_to_deletion(api: RunningApi) -> None:
    client = api.token("webhooks:read", "webhooks:write")
    new = await made(client, kinds=["call.ended", "call.ended"], description="Accounts")
    secret = new.json["secret"]
    assert secret.startswith("whsec_")
    assert len(secret) > 40
    path = "/webhooks/" + new.json["id"]
    assert new.headers["Location"] == f"/api/v1{path}"
    shown = await client.get(path)
    assert {**shown.json, "secret": secret} == new.json
    assert shown.json["kinds"] == ["call.ended"]
    assert (shown.json["state"], shown.json["failing_since"], shown.etag) == ("active", None, new.etag)
    changed = await client.patch(path, {"state": "paused", "kinds": []}, shown.etag)
    assert changed.status == 200
    assert (changed.json["state"], changed.json["kinds"], changed.json["url"]) == ("paused", [], URL)
    assert (await client.patch(path, {"state": "active"}, shown.etag)).status == 412
    rotated = await client.post(path + "/rotate", {"old_secret_hours": 2})
    assert rotated.json["secret"] != secret
    assert rotated.json["old_secret_until"] > rotated.json["changed_at"]
    assert (await client.delete(path)).status == 204
    assert (await client.get(path)).status == (await client.delete(path)).status == 404
    assert (await client.get("/webhooks")).json == {"items": [], "next": None}


async def test_no_answer_but_the_first_holds_the_secret(api: RunningApi) -> None:
    client = api.token()
    new = await made(client)
    secret = new.json["secret"].encode()
    path = "/webhooks/" + new.json["id"]
    audit = await api.store.accounts.audit.entries(AuditFilter(), limit=50)
    for raw in (
        (await client.get("/webhooks")).raw,
        (await client.get(path)).raw,
        (await client.patch(path, {"description": "x"}, new.etag)).raw,
        (await client.post(path + "/test")).raw,
        repr(await api.store.webhooks.get(new.json["id"])).encode(),
        repr(audit).encode(),
    ):
        assert secret not in raw
    assert audit


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "https://",
        "https://anna:secret@example.com/",
        "https://example.com/#part",
        "https://example.com/a b",
        "https://example.com:0/",
        "https://[::1/",
        "javascript:alert(1)",
        "https://exämple.com/",
        "",
    ],
)
async def test_a_wrong_address_is_refused_with_the_field(api: RunningApi, url: str) -> None:
    reply = await api.token().post("/webhooks", {"url": url})
    assert (reply.status, reply.wrong_fields) == (422, ["body.url"]), reply.raw


async def test_wrong_members_are_named(api: RunningApi) -> None:
    client = api.token()
    for body, field in (
        ({"url": URL, "kinds": ["nothing"]}, "body.kinds[0]"),
        ({"url": URL, "kinds": ["webhook.ping"]}, "body.kinds"),
        ({"url": URL, "description": "x" * 501}, "body.description"),
        ({"url": URL, "secret": "mine"}, "body.secret"),
        ({}, "body.url"),
    ):
        reply = await client.post("/webhooks", body)
        assert (reply.status, reply.wrong_fields) == (422, [field]), reply.raw
    new = await made(client)
    path = "/webhooks/" + new.json["id"]
    for patch, field in (
        ({"url": None}, "body.url"),
        ({"state": "gone"}, "body.state"),
        ({"kinds": None}, "body.kinds"),
    ):
        reply = await client.patch(path, patch, new.etag)
        assert (reply.status, reply.wrong_fields) == (422, [field]), reply.raw
    assert (await client.post(path + "/rotate", {"old_secret_hours": 169})).status == 422
    assert (await client.post(path + "/replay", {"since": "yesterday"})).wrong_fields == ["body.since"]


@both_databases
async def test_deliveries_are_listed_and_replayed(api: RunningApi) -> None:
    client = api.token("webhooks:read", "webhooks:write")
    new = (await made(client)).json
    path = f"/webhooks/{new['id']}"
    tested = await client.post(path + "/test", key="once")
    assert (tested.status, tested.json["state"], tested.json["event"]["kind"]) == (
        202,
        "waiting",
        "webhook.ping",
    )
    assert (await client.post(path + "/test", key="once")).json == tested.json
    at = api.parts.clock.now()
    some = [
        Published(Publication(f"p{n}", at, "contact.changed", f"contact:{n % 2}", {"name": "Anna"}))
        for n in range(5)
    ]
    await api.store.ledger.commit(some, durable=True)
    queue = api.store.delivery_queue("test")
    claimed = await queue.claim(new["id"], limit=9, lease_seconds=30)
    assert claimed is not None
    first, second, *_ = claimed[1]
    await queue.settle(
        new["id"],
        [Settled(first, DeliveryState.DEAD, "it answered 422"), Settled(second, DeliveryState.DELIVERED)],
        None,
    )
    page = (await client.get(path + "/deliveries?limit=4")).json
    assert len(page["items"]) == 4
    assert page["next"] is not None
    rest = (await client.get(path + "/deliveries", params={"cursor": page["next"]})).json
    assert len({item["id"] for item in page["items"] + rest["items"]}) == 6
    assert b"Anna" not in (await client.get(path + "/deliveries")).raw  # data is under /events alone
    (dead,) = (await client.get(path + "/deliveries?state=dead")).json["items"]
    assert (dead["last_error"], dead["attempts"]) == ("it answered 422", 1)
    assert len((await client.get(path + "/deliveries?state=sending")).json["items"]) == 1
    again = await client.post(f"/deliveries/{dead['id']}/replay")
    assert (again.status, again.json["state"], again.json["attempts"]) == (200, "waiting", 0)
    assert (await client.post(f"/deliveries/{dead['id']}/replay")).status == 422
    assert (await client.post("/deliveries/none/replay")).status == 404
    since = {"since": "2026-01-01T00:00:00Z"}
    assert (await client.post(path + "/replay", since)).json == {"replayed": 1}
    assert (await client.get("/webhooks/none/deliveries")).status == 404
    assert (await client.post("/webhooks/none/replay", since)).status == 404
    for wrong in ("state=lost", "cursor=YQ", "cursor=eB95"):
        assert (await client.get(f"{path}/deliveries?{wrong}")).status == 400, wrong
    await client.patch(path, {"state": "paused"}, (await client.get(path)).etag)
    assert (await client.post(path + "/test")).status == 422


async def test_there_are_so_many_webhooks_and_no_more(
    api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.registers.webhooks.MOST_WEBHOOKS", 3)
    client = api.token()
    ids = [(await made(client)).json["id"] for _ in range(3)]
    reply = await client.post("/webhooks", {"url": URL})
    assert reply.status == 422
    assert "3 webhooks already" in reply.json["detail"]
    first = (await client.get("/webhooks?limit=2")).json
    second = (await client.get("/webhooks", params={"limit": 2, "cursor": first["next"]})).json
    assert [item["id"] for item in first["items"] + second["items"]] == ids
    assert second["next"] is None


async def test_who_may_do_what(api: RunningApi) -> None:
    new = (await made(api.token())).json
    reader = api.token("webhooks:read")
    assert (await reader.get("/webhooks")).status == 200
    assert (await reader.post("/webhooks", {"url": URL})).status == 403
    assert (await api.token("webhooks:write").get("/webhooks")).status == 403
    assert (await api.person("manager").get(f"/webhooks/{new['id']}/deliveries")).status == 200
    assert (await api.person("manager").post(f"/webhooks/{new['id']}/test")).status == 403
    assert (await api.person("admin").post(f"/webhooks/{new['id']}/test")).status == 202
