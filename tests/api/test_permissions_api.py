"""Consents, do-not-contact, decisions and why, over the API and a real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from compliance.facts import Channel, Mode, Purpose
from console.api import consents, reading
from engine.changes import InteractionAdded
from engine.gatekeeper import ContactRequest, Gatekeeper
from engine.registers.decisions import DecisionFilter
from engine.rulebook import RuleBook
from history.interaction import Channel as HistoryChannel
from history.interaction import ContactPoint, Interaction, PointKind
from tests.api.serving import RunningApi, both_databases

ANNA = ContactPoint(PointKind.PHONE, "+48600000001")


async def known(api: RunningApi, id: str = "anna", point: ContactPoint = ANNA) -> str:
    row = Interaction(f"i-{id}", api.parts.clock.now(), HistoryChannel.FORM, "inbound", f"s-{id}", point)
    await api.store.ledger.commit([InteractionAdded(row, id)], durable=True)
    return id


def gatekeeper(api: RunningApi) -> Gatekeeper:
    return Gatekeeper(api.store.permissions, api.store.decisions, RuleBook("PL"), api.parts.clock)


def marketing(n: int) -> ContactRequest:
    return ContactRequest(f"call:{n}", Channel.CALL, Purpose.MARKETING, Mode.MANUAL, ANNA)


@both_databases
async def test_a_consent_is_kept_shown_and_withdrawn(api: RunningApi) -> None:
    client, path = api.token(), f"/contacts/{await known(api)}/consents"
    given = await client.post(
        path,
        {
            "channel": "call",
            "purpose": "marketing",
            "source": "order form",
            "at": "2026-01-02T10:00:00Z",
            "point": {"kind": "phone", "value": "600 000 001"},
            "proof": {"text": "You may call me."},
        },
        key="k1",
    )
    assert (given.status, given.headers["Location"]) == (201, f"/api/v1{path}")
    assert given.json["point"] == {"kind": "phone", "value": "+48600000001"}
    assert given.json["proof"]["text"] == "You may call me."
    assert (await client.get(path)).json == {"items": [given.json], "next": None}
    refused = await gatekeeper(api).ask(marketing(1))
    assert "pl-pke/consent" not in [one.rule for one in refused.checked if one.verdict == "refuse"]
    withdrawn = await client.post(path + "/withdraw", {"channel": "call"}, key="k2")
    assert withdrawn.status == 200
    assert [(w["channel"], w["purpose"], w["given"]) for w in withdrawn.json["items"]] == [
        ("call", "marketing", False)
    ]
    refused = await gatekeeper(api).ask(marketing(2))
    assert "pl-pke/consent" in [one.rule for one in refused.checked if one.verdict == "refuse"]
    page = (await client.get(path, params={"limit": 1})).json
    assert [one["given"] for one in page["items"]] == [False]
    rest = (await client.get(path, params={"limit": 1, "cursor": page["next"]})).json
    assert [one["given"] for one in rest["items"]] == [True]


async def test_a_withdrawal_is_of_all_however_much_was_given_since(
    api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consents, "_READ_AT_ONCE", 2)
    client, path = api.token(), f"/contacts/{await known(api)}/consents"
    for channel in ("sms", "call", "call", "call"):
        assert (await client.post(path, {"channel": channel, "purpose": "marketing"})).status == 201
    withdrawn = await client.post(path + "/withdraw", {})
    assert [one["channel"] for one in withdrawn.json["items"]] == ["call", "sms"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"channel": "fax", "purpose": "marketing"}, "body.channel"),
        ({"channel": "call", "purpose": "fun"}, "body.purpose"),
        ({"channel": "call", "purpose": "marketing", "at": "2199-01-01T00:00:00Z"}, "body.at"),
        (
            {"channel": "call", "purpose": "marketing", "point": {"kind": "phone", "value": "12"}},
            "body.point.value",
        ),
        ({"channel": "call", "purpose": "marketing", "proof": {"text": "a\x00b"}}, "body.proof.text"),
        ({"channel": "call", "purpose": "marketing", "more": 1}, "body.more"),
    ],
)
async def test_a_consent_that_cannot_be_kept_names_its_field(
    api: RunningApi, body: dict[str, Any], field: str
) -> None:
    reply = await api.token().post(f"/contacts/{await known(api)}/consents", body)
    assert reply.status in (400, 422)
    assert reply.wrong_fields == [field]


async def test_a_contact_that_is_none_has_no_consents(api: RunningApi) -> None:
    client = api.token()
    assert (await client.get("/contacts/nobody/consents")).status == 404
    body = {"channel": "call", "purpose": "marketing"}
    assert (await client.post("/contacts/nobody/consents", body)).status == 404
    assert (await client.post("/contacts/nobody/consents/withdraw", {})).status == 404
    assert (await client.get("/contacts/nobody/why")).status == 404


@both_databases
async def test_an_objection_is_added_found_and_lifted(api: RunningApi) -> None:
    client = api.token()
    await known(api)
    added = await client.post(
        "/do-not-contact", {"scope": "number", "value": "600 000 001", "reason": "asked"}, key="k1"
    )
    assert added.status == 201
    assert added.json["value"] == "+48600000001"
    one = added.headers["Location"]
    assert (await client.get(one)).json == added.json
    again = await client.post("/do-not-contact", {"scope": "number", "value": "+48600000001", "reason": "x"})
    assert again.json["id"] == added.json["id"]
    check = (await client.get("/do-not-contact/check", params={"point": "0048 600 000 001"})).json
    assert (check["contact_id"], [found["scope"] for found in check["do_not_contact"]]) == (
        "anna",
        ["number"],
    )
    refused = await gatekeeper(api).ask(marketing(1))
    assert (refused.allowed, refused.rule) == (False, "do-not-contact/number")
    listed = (await client.get("/do-not-contact", params={"scope": "number"})).json["items"]
    assert listed == [added.json]
    lifted = await client.post(f"{one}/lift", {"reason": "asked again"}, key="k2")
    assert lifted.json["lifted_at"] is not None
    assert (await client.get("/do-not-contact")).json["items"] == []
    every = (await client.get("/do-not-contact", params={"in_force": "false"})).json["items"]
    assert every == [lifted.json]
    assert (await client.get("/do-not-contact/none")).status == 404


@pytest.mark.parametrize(
    ("scope", "value"),
    [
        ("number", "twelve"),
        ("number", "12"),
        ("prefix", "+"),
        ("domain", "com"),
        ("person", "nobody"),
        ("household", "nobody"),
        ("person", "a b"),
    ],
)
async def test_what_names_nobody_is_refused(api: RunningApi, scope: str, value: str) -> None:
    body = {"scope": scope, "value": value, "reason": "asked"}
    reply = await api.token().post("/do-not-contact", body)
    assert (reply.status, reply.wrong_fields) == (422, ["body.value"])


LIST = """\ufeff# the public register
number;name
600 000 001;Anna
+48 600 000 002
+4822*
jan@example.com
@shop.example.com
not a number
"600 000 003",Jan

600 000 001
"""


@both_databases
async def test_a_list_is_imported_line_by_line_and_replaced(api: RunningApi) -> None:
    client = api.token()
    path, plain = "/do-not-contact/lists/register/import", {"Content-Type": "text/csv"}
    reply = await client.post(path, data=LIST, headers=plain, params={"reason": "on the register"})
    assert reply.status == 200, reply.raw
    result = reply.json
    assert (result["read"], result["added"], result["kept"], result["refused"]) == (7, 6, 1, 2)
    assert [one["line"] for one in result["refused_lines"]] == [2, 8]
    listed = (await client.get("/do-not-contact", params={"list": "register"})).json["items"]
    assert {(one["scope"], one["value"]) for one in listed} == {
        ("number", "+48600000001"),
        ("number", "+48600000002"),
        ("number", "+48600000003"),
        ("number", "jan@example.com"),
        ("prefix", "+4822"),
        ("domain", "shop.example.com"),
    }
    assert {one["reason"] for one in listed} == {"on the register"}
    replaced = await client.post(path, data="600000009", headers=plain, params={"replace": "true"})
    assert (replaced.json["added"], replaced.json["lifted"]) == (1, 6)
    listed = (await client.get("/do-not-contact", params={"list": "register"})).json["items"]
    assert [one["value"] for one in listed] == ["+48600000009"]


async def test_a_list_that_stops_coming_is_told_and_changes_nothing(
    api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, path = api.token(), "/do-not-contact/lists/register/import"
    plain = {"Content-Type": "text/plain"}
    await client.post(path, data="600000001", headers=plain)
    monkeypatch.setattr(reading, "BODY_SECONDS", 0.2)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"600000002\n"
        await asyncio.Event().wait()

    async with asyncio.timeout(10):
        reply = await client.post(path, data=stalled(), headers=plain, params={"replace": "true"})
    assert (reply.status, reply.json["type"]) == (408, "/api/problems/too-slow")
    listed = (await client.get("/do-not-contact", params={"list": "register"})).json["items"]
    assert [one["value"] for one in listed] == ["+48600000001"]


async def test_a_list_has_a_name_by_which_it_is_found_again(api: RunningApi) -> None:
    plain = {"Content-Type": "text/plain"}
    for name, status in (("Own-list_1", 200), ("_own", 404), ("own.list", 404), ("x" * 61, 404)):
        path = f"/do-not-contact/lists/{name}/import"
        assert (await api.token().post(path, data="600000001", headers=plain)).status == status, name
    assert len((await api.token().get("/do-not-contact?list=own-list_1")).json["items"]) == 1


async def test_a_long_line_without_an_end_is_refused_and_not_kept(api: RunningApi) -> None:
    path, plain = "/do-not-contact/lists/register/import", {"Content-Type": "text/plain"}
    reply = await api.token().post(path, data="7" * 900_000 + "\n600000001", headers=plain)
    assert (reply.json["read"], reply.json["refused"]) == (1, 1)


@both_databases
async def test_decisions_are_listed_by_page_and_person(api: RunningApi) -> None:
    client, contact_id = api.token(), await known(api)
    gate = gatekeeper(api)
    for n in range(3):
        await gate.ask(marketing(n))
    other = ContactPoint(PointKind.PHONE, "+48600000002")
    await gate.ask(ContactRequest("message:9", Channel.SMS, Purpose.SERVICE, Mode.AGENTLESS, other))
    first = (await client.get("/decisions", params={"limit": 2})).json
    rest = (await client.get("/decisions", params={"limit": 2, "cursor": first["next"]})).json
    assert [one["subject"] for one in first["items"] + rest["items"]] == [
        "message:9",
        "call:2",
        "call:1",
        "call:0",
    ]
    assert rest["next"] is None
    mine = (await client.get("/decisions", params={"contact_id": contact_id, "allowed": "false"})).json
    assert [one["subject"] for one in mine["items"]] == ["call:2", "call:1", "call:0"]
    assert "600000" not in str(mine)
    one = (await client.get("/decisions", params={"subject": "message:9"})).json["items"]
    assert len(one) == 1
    assert (await client.get("/decisions", params={"cursor": "abc"})).status == 400


async def test_why_tells_each_rule_of_each_way(api: RunningApi) -> None:
    client, contact_id = api.token(), await known(api)
    await gatekeeper(api).ask(marketing(1))
    reply = await client.get(f"/contacts/{contact_id}/why", params={"at": "2026-11-23T12:00:00Z"})
    assert reply.status == 200, reply.raw
    ways = {(way["channel"], way["purpose"]): way for way in reply.json["ways"]}
    assert len(ways) == 8
    assert ways["call", "information"]["allowed"]
    refused = ways["call", "marketing"]
    assert (refused["allowed"], refused["rule"], refused["next_allowed_at"]) == (
        False,
        "pl-pke/consent",
        None,
    )
    assert refused["packs"] == ["pl-pke@1", "eu-eprivacy@1"]
    assert refused["time_zones"] == ["Europe/Warsaw"]
    assert [one["subject"] for one in reply.json["decisions"]] == ["call:1"]
    night = await client.get(
        f"/contacts/{contact_id}/why",
        params={"at": "2026-11-23T22:00:00Z", "purpose": "information", "channel": "call"},
    )
    (way,) = night.json["ways"]
    assert (way["rule"], way["next_allowed_at"]) == ("service/hours", "2026-11-24T07:00:00Z")
    assert len(await api.store.decisions.logged(DecisionFilter())) == 1
