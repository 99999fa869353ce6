"""/people, /tokens and /audit, and real credentials at the API's door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from console.accounts.credentials import digest
from console.accounts.identity import identify
from console.accounts.passwords import Passwords
from console.accounts.proxies import networks_of
from console.accounts.token_making import made_token
from console.api.areas import operations
from console.api.event_feed import EventFeed
from console.api.serving import Api
from console.application import Doors
from engine.registers.access import Role, Scope
from engine.registers.actor import ActorKind
from engine.registers.audit import AuditFilter
from engine.seen_notes import SAME_LOOK_SECONDS, SeenNotes
from tests.api.serving import RunningApi, both_databases
from tests.console.offices import PASSWORD, SHELL, Office
from tests.console.stage import Stage

STREAM = "/api/v1/events/stream"
JAN = {"name": "Jan", "role": "agent", "password": PASSWORD}


@both_databases
async def test_people_are_added_changed_and_disabled(api: RunningApi) -> None:
    admin = api.person("admin")
    made = await admin.post("/people", {**JAN, "role": "admin"})
    assert made.status == 201
    assert made.headers["Location"] == f"/api/v1/people/{made.json['id']}"
    assert made.json["disabled_at"] is None
    assert PASSWORD not in made.raw.decode()
    assert "argon2" not in made.raw.decode()
    anna = (await admin.post("/people", {**JAN, "name": "Anna"})).json
    one = f"/people/{anna['id']}"
    assert (await admin.get(one)).json == anna
    changed = await admin.patch(one, {"role": "manager"}, etag=(await admin.get(one)).etag)
    assert (changed.status, changed.json["role"]) == (200, "manager")
    assert (await admin.patch(one, {"role": "agent"}, etag=made.etag)).status == 412
    assert (await admin.patch(one, {"role": "agent"}, etag=None)).status == 428
    assert (await admin.post(one + "/password", {"password": "another good password"})).status == 204
    known = await api.store.accounts.people.known(anna["id"])
    assert (await Passwords().verify("another good password", known.password_hash)).right
    disabled = await admin.post(one + "/disable")
    assert disabled.json["disabled_at"] is not None
    assert (await admin.post(one + "/enable")).json["disabled_at"] is None
    names = [person["name"] for person in (await admin.get("/people")).json["items"]]
    assert names == ["Jan", "Anna"]
    told = await api.store.accounts.audit.entries(AuditFilter(subject=f"person:{anna['id']}"), limit=9)
    assert [entry.note.action for entry in reversed(told)] == [
        "person.added",
        "person.role_changed",
        "person.password_changed",
        "person.disabled",
        "person.enabled",
    ]
    assert {entry.note.actor.kind for entry in told} == {ActorKind.PERSON}


async def test_people_are_paged(api: RunningApi) -> None:
    admin = api.person("admin")
    for name in ("A b", "B b", "C b"):
        assert (await admin.post("/people", {**JAN, "name": name})).status == 201
    first = (await admin.get("/people?limit=2")).json
    rest = (await admin.get(f"/people?limit=2&cursor={first['next']}")).json
    assert [person["name"] for person in (*first["items"], *rest["items"])] == ["A b", "B b", "C b"]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**JAN, "password": "short"}, "body.password"),
        ({**JAN, "password": "aaaaaaaaaaaa"}, "body.password"),
        ({**JAN, "password": "x" * 201}, "body.password"),
        ({**JAN, "name": ""}, "body.name"),
        ({**JAN, "name": "a\u202eb"}, "body.name"),
        ({**JAN, "name": "JAN"}, "body.name"),
        ({**JAN, "role": "owner"}, "body.role"),
        ({**JAN, "more": 1}, "body.more"),
        ({"name": "Ola"}, "body.role"),
    ],
)
async def test_a_wrong_person_is_told_by_its_field(
    api: RunningApi, body: dict[str, object], field: str
) -> None:
    admin = api.person("admin")
    await admin.post("/people", JAN)
    refused = await admin.post("/people", body)
    assert refused.status == 422
    assert field in refused.wrong_fields


async def test_the_last_admin_stays(api: RunningApi) -> None:
    admin = api.person("admin")
    anna = await admin.post("/people", {**JAN, "role": "admin"})
    one = f"/people/{anna.json['id']}"
    assert (await admin.post(one + "/disable")).status == 422
    refused = await admin.patch(one, {"role": "agent"}, etag=anna.etag)
    assert (refused.status, refused.wrong_fields) == (422, ["body.role"])
    assert "last admin" in refused.json["detail"]


async def test_a_token_makes_no_admin_and_no_token(api: RunningApi) -> None:
    """Else one that may write people could do everything."""
    admin, token = api.person("admin"), api.token("people:read", "people:write")
    anna = await admin.post("/people", {**JAN, "name": "Anna", "role": "admin"})
    jan = await token.post("/people", JAN)
    assert jan.status == 201
    one = f"/people/{anna.json['id']}"
    refused = [
        await token.post("/people", {**JAN, "name": "Ola", "role": "admin"}),
        await token.patch(f"/people/{jan.json['id']}", {"role": "admin"}, etag=jan.etag),
        await token.patch(one, {"role": "agent"}, etag=anna.etag),
        await token.post(one + "/password", {"password": "another good password"}),
        await token.post(one + "/disable"),
        await token.post("/tokens", {"name": "crm", "scopes": ["contacts:read"]}),
    ]
    assert [answer.status for answer in refused] == [403] * 6
    assert (await token.post(f"/people/{jan.json['id']}/disable")).status == 200


# --- tokens -----------------------------------------------------------------------------------------------


@both_databases
async def test_a_token_is_told_once(api: RunningApi) -> None:
    admin = api.person("admin")
    body = {"name": "crm", "scopes": ["contacts:read"], "days": 30, "networks": ["10.0.0.0/24"]}
    made = await admin.post("/tokens", body)
    assert made.status == 201
    secret, token = made.json["secret"], made.json["token"]
    assert secret.startswith(token["hint"])
    assert token["networks"] == ["10.0.0.0/24"]
    one = f"/tokens/{token['id']}"
    assert made.headers["Location"] == f"/api/v1{one}"
    for answer in (await admin.get("/tokens"), await admin.get(one)):
        assert secret not in answer.raw.decode()
        assert digest(secret) not in answer.raw.decode()
    now = api.parts.clock.now()
    assert await api.store.accounts.tokens.find(digest(secret), now + timedelta(days=29)) is not None
    assert await api.store.accounts.tokens.find(digest(secret), now + timedelta(days=30, minutes=1)) is None
    for _ in range(2):
        assert (await admin.delete(one)).status == 204
    assert (await admin.get(one)).json["revoked_at"] is not None
    assert await api.store.accounts.tokens.find(digest(secret), now) is None
    assert (await admin.delete("/tokens/nope")).status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": []}, "body.scopes"),
        ({"scopes": ["everything"]}, "body.scopes"),
        ({"days": 0}, "body.days"),
        ({"days": 731}, "body.days"),
        ({"networks": ["10.0.0.1/24"]}, "body.networks"),
        ({"networks": ["example.com"]}, "body.networks"),
        ({"name": "a" * 81}, "body.name"),
    ],
)
async def test_a_wrong_token_is_told_by_its_field(
    api: RunningApi, body: dict[str, object], field: str
) -> None:
    given = {"name": "crm", "scopes": ["contacts:read"], **body}
    refused = await api.person("admin").post("/tokens", given)
    assert refused.status == 422
    assert any(wrong.startswith(field) for wrong in refused.wrong_fields), refused.json


# --- audit ------------------------------------------------------------------------------------------------


@both_databases
async def test_the_audit_log_is_read_page_by_page(api: RunningApi) -> None:
    admin, reader = api.person("admin"), api.token("audit:read")
    jan = (await admin.post("/people", JAN)).json["id"]
    await admin.post(f"/people/{jan}/disable")
    await admin.post(f"/people/{jan}/enable")
    first = (await reader.get(f"/audit?subject=person:{jan}&limit=2")).json
    rest = (await reader.get(f"/audit?subject=person:{jan}&limit=2&cursor={first['next']}")).json
    entries = [*first["items"], *rest["items"]]
    assert [entry["action"] for entry in entries] == ["person.enabled", "person.disabled", "person.added"]
    assert entries[0]["actor"]["kind"] == "person"
    assert entries[0]["actor"]["address"] == "127.0.0.1"
    assert entries[2]["data"] == {"role": "agent"}
    since = entries[1]["at"]
    assert len((await reader.get("/audit", params={"subject": "person:", "since": since})).json["items"]) == 2
    assert (await reader.get("/audit?action=person.added")).json["items"] == [entries[2]]
    assert (await reader.get("/audit?actor=nobody")).json["items"] == []
    assert (await reader.get("/audit?cursor=bm90aGluZw")).status == 400
    assert (await reader.get("/audit?since=yesterday")).wrong_fields == ["query.since"]


@pytest.mark.parametrize("path", ["/people", "/tokens", "/audit"])
async def test_only_admins_and_their_tokens_ask(api: RunningApi, path: str) -> None:
    scope = "audit:read" if path == "/audit" else "people:read"
    statuses = {role: (await api.person(role).get(path)).status for role in Role}
    assert statuses == {"agent": 403, "supervisor": 403, "manager": 403, "admin": 200}
    assert (await api.token(scope).get(path)).status == 200
    others = [each for each in Scope if each != scope]
    assert (await api.token(*others).get(path)).status == 403
    assert (await api.stranger().get(path)).status == 401


# --- real tokens and sessions at the door -----------------------------------------------------------------


GREETING = """template: greeting
purpose: service
languages: [en]
text: "Hello, {given_name}"
"""


@pytest.fixture
async def door(api: RunningApi, tmp_path: Path) -> AsyncIterator[Office]:
    """The whole console and API over `api`'s store, asked with real credentials."""
    stage = Stage(tmp_path)
    passwords = Passwords(passes=1, memory_kib=64)
    seen = SeenNotes(api.store.accounts.audit, stage.clock)
    feed = EventFeed(api.store.publications, heartbeat_seconds=0.1)
    parts = replace(
        api.parts, clock=stage.clock, identify=identify, passwords=passwords, seen=seen, feed=feed
    )
    stage.doors = Doors(api.store.accounts, passwords, seen, networks_of(["127.0.0.0/8"]))
    stage.api = Api(parts, operations(parts))
    async with TestClient(TestServer(stage.application(), host="127.0.0.1")) as client:
        yield Office(client, api.store.accounts, passwords, seen, stage.clock)
    passwords.close()


async def test_whoever_is_shown_a_person_by_changing_nothing_is_noted(door: Office) -> None:
    scopes = (Scope.CONTACTS_WRITE, Scope.PERMISSIONS_READ, Scope.AUDIT_READ, Scope.MAILINGS_WRITE)
    headers = {"Authorization": f"Bearer {await given_token(door, *scopes)}"}
    made = await door.client.post("/api/v1/contacts", json={"tags": ["vip"]}, headers=headers)
    contact_id = (await made.json())["id"]
    asked_for = {
        ("PATCH", f"/api/v1/contacts/{contact_id}"): {"json": {}, "headers": {**headers, "If-Match": '"1"'}},
        ("PUT", f"/api/v1/contacts/{contact_id}/tags/vip"): {"headers": headers},
        ("GET", f"/api/v1/decisions?contact_id={contact_id}"): {"headers": headers},
        ("POST", "/api/v1/templates/check"): {
            "headers": headers,
            "json": {"source": GREETING, "contact_id": contact_id},
        },
    }
    for (method, path), more in asked_for.items():
        door.clock.at += timedelta(seconds=SAME_LOOK_SECONDS)
        answer = await door.client.request(method, path, **more)  # type: ignore[arg-type]
        assert answer.status == 200, path
        await door.seen.flush()
        entries = await (await door.client.get("/api/v1/audit?limit=1", headers=headers)).json()
        newest = entries["items"][0]
        assert (newest["action"], newest["subject"]) == ("contact.seen", f"contact:{contact_id}"), path
        assert newest["at"] == door.clock.now().isoformat().replace("+00:00", "Z"), path


async def test_whoever_is_shown_a_row_by_writing_it_again_is_noted(door: Office) -> None:
    secret = await given_token(door, Scope.INTERACTIONS_WRITE, Scope.AUDIT_READ)
    headers = {"Authorization": f"Bearer {secret}"}
    row = {"at": "2026-11-21T16:05:00Z", "channel": "email", "direction": "inbound"}
    row |= {"source": "helpdesk", "external_id": "1"}
    noted: list[list[str]] = []
    for _ in range(2):
        added = await door.client.post("/api/v1/interactions", json=row, headers=headers)
        assert added.status == 201
        await door.seen.flush()
        subject = f"interaction:{(await added.json())['id']}"
        found = await door.client.get("/api/v1/audit", params={"subject": subject}, headers=headers)
        noted.append([entry["action"] for entry in (await found.json())["items"]])
    assert noted == [["interaction.added"], ["interaction.seen", "interaction.added"]]


async def given_token(door: Office, *scopes: Scope, days: int = 1, networks: tuple[str, ...] = ()) -> str:
    now = door.clock.now()
    held = frozenset(scopes)
    secret, kept, token = made_token("t1", "crm", held, now, days=days, networks=networks, created_by="x")
    await door.accounts.tokens.add(SHELL, token, kept)
    return secret


async def asked(door: Office, authorization: str, path: str = "/api/v1/audit", **headers: str) -> int:
    answer = await door.client.get(path, headers={"Authorization": authorization, **headers})
    return answer.status


async def test_a_token_opens_what_its_scopes_name(door: Office) -> None:
    secret = await given_token(door, Scope.AUDIT_READ)
    assert await asked(door, f"Bearer {secret}") == 200
    assert await asked(door, f"bearer  {secret} ") == 200
    assert await asked(door, f"Bearer {secret}", "/api/v1/people") == 403
    for wrong in ("", "Bearer", f"Basic {secret}", f"Bearer {secret}0", "Bearer inf_" + "0" * 49, secret):
        assert await asked(door, wrong) == 401, wrong
    noted = await door.accounts.tokens.get("t1")
    assert noted.used_at == door.clock.now()


async def test_a_token_ends_at_its_time_and_when_it_is_revoked(door: Office) -> None:
    secret = await given_token(door, Scope.AUDIT_READ)
    door.clock.at += timedelta(days=1, seconds=-1)
    assert await asked(door, f"Bearer {secret}") == 200
    await door.accounts.tokens.revoke(SHELL, "t1", door.clock.now())
    assert await asked(door, f"Bearer {secret}") == 401


async def test_an_expired_token_is_none(door: Office) -> None:
    secret = await given_token(door, Scope.AUDIT_READ)
    door.clock.at += timedelta(days=1)
    assert await asked(door, f"Bearer {secret}") == 401


async def test_a_token_of_a_network_is_used_from_there_alone(door: Office) -> None:
    secret = await given_token(door, Scope.AUDIT_READ, networks=("10.0.0.0/24", "2001:db8::/32"))
    for address, status in (
        ("10.0.0.7", 200),
        ("10.0.1.7", 401),
        ("2001:db8::7", 200),
        ("::ffff:10.0.0.7", 200),
        ("10.0.0.7, 203.0.113.9", 401),
    ):
        assert await asked(door, f"Bearer {secret}", **{"X-Forwarded-For": address}) == status, address
    assert await asked(door, f"Bearer {secret}") == 401


async def test_a_wrong_token_is_not_made_good_by_a_session(door: Office) -> None:
    await door.add("Anna")
    await door.sign_in("Anna")
    assert (await door.client.get("/api/v1/audit")).status == 200
    assert await asked(door, "Bearer inf_nonsense") == 401


async def test_a_session_uses_the_api_by_its_role_and_with_its_csrf_token(door: Office) -> None:
    await door.add("Anna")
    await door.sign_in("Anna")
    person = {"name": "Jan", "role": "agent", "password": PASSWORD}
    assert (await door.client.post("/api/v1/people", json=person)).status == 403
    csrf = {"X-CSRF-Token": await door.csrf()}
    assert (await door.client.post("/api/v1/people", json=person, headers=csrf)).status == 201
    assert (await door.post("/sign-out", {"csrf": csrf["X-CSRF-Token"]})).status == 303
    await door.sign_in("Jan")
    assert (await door.client.get("/api/v1/people")).status == 403
    jan = await door.accounts.people.named("jan")
    assert jan is not None
    await door.accounts.people.disable(SHELL, jan.person.id, door.clock.now())
    assert (await door.client.get("/api/v1/people")).status == 401


async def test_an_event_stream_ends_with_its_token(
    api: RunningApi, door: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.api.event_feed.ASKED_SECONDS", 0.0)
    secret = await given_token(door, Scope.EVENTS_READ)
    async with asyncio.timeout(30):
        stream = await door.client.get(STREAM, headers={"Authorization": f"Bearer {secret}"})
        assert stream.status == 200
        assert b"retry" in await stream.content.readline()
        await door.accounts.tokens.revoke(SHELL, "t1", door.clock.now())
        await stream.content.read()
        again = await door.client.get(STREAM, headers={"Authorization": f"Bearer {secret}"})
    assert again.status == 401


async def test_the_api_asks_for_credentials_even_while_there_is_nobody(door: Office) -> None:
    assert (await door.page("/")).status == 200
    assert (await door.client.get("/api/v1/people")).status == 401


async def test_what_the_api_can_do_is_told_to_who_may_use_it(door: Office) -> None:
    path = "/api/openapi.json"
    assert (await door.client.get(path)).status == 200  # this machine, while there is nobody
    await door.add("Anna")
    assert (await door.client.get(path, allow_redirects=False)).status == 401
    secret = await given_token(door, Scope.AUDIT_READ)
    assert await asked(door, f"Bearer {secret}", path) == 200
    await door.sign_in("Anna")
    assert (await door.client.get(path)).status == 200
