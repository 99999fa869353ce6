"""Debts, payments, promises and creditors' balances over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.api.serving import Client, RunningApi, both_databases, problem

ANNA, JAN = "+48600000001", "+48600000002"


async def contact(client: Client, number: str = ANNA) -> str:
    reply = await client.post("/contacts", {"points": [{"kind": "phone", "value": number}]}, key=number)
    return str(reply.json["id"])


def owed(contact_id: str, **more: Any) -> dict[str, Any]:
    debt = {"reference": "A-1", "amount": 30_000, "currency": "PLN", "due": "2026-10-01", "creditor": "bank"}
    return {"contact_id": contact_id, **debt, **more}


def in_days(api: RunningApi, days: int) -> str:
    return (api.parts.clock.now() + timedelta(days=days)).date().isoformat()


@both_databases
async def test_a_debt_is_added_promised_paid_disputed_and_stopped(api: RunningApi) -> None:
    client = api.token()
    anna = await contact(client)
    made = await client.post("/debts", owed(anna), key="d1")
    assert made.status == 201, made.json
    path = made.headers["Location"].removeprefix("/api/v1")
    assert (await client.get(path)).json == made.json
    assert (made.json["state"], made.json["history"][0]["amount"]) == ("open", 30_000)
    twice = await client.post("/debts", owed(anna), key="d2")
    assert (twice.status, twice.json["detail"][:4]) == (422, twice.json["errors"][0]["message"][:4])
    nobody = await client.post("/debts", owed("nobody", reference="A-2"), key="d3")
    assert (nobody.status, nobody.wrong_fields) == (422, ["body.contact_id"])
    listed = (await client.get("/debts", params={"contact_id": anna})).json
    assert listed == {"items": [made.json], "next": None}
    assert (await client.get("/debts", params={"reference": "A-", "creditor": "bank"})).json == listed
    assert (await client.get("/debts", params={"state": "paid"})).json["items"] == []

    equal = {"amount": 20_000, "count": 3, "first": in_days(api, 7), "every": "week"}
    promised = await client.post(path + "/promises", {"equal": equal}, key="p1")
    assert promised.status == 201, promised.json
    assert [one["amount"] for one in promised.json["instalments"]] == [6667, 6667, 6666]
    assert (await client.get(path)).json["state"] == "promised"
    much = {"instalments": [{"amount": 99_999, "due": in_days(api, 1)}]}
    refused = await client.post(path + "/promises", much, key="p2")
    problem(refused, 422, "refused")
    assert refused.wrong_fields == ["body.amount"]
    assert (await client.get(path + "/promises")).json["items"] == [promised.json]

    payment = {"id": "bank-row-1", "amount": 10_000, "paid_on": in_days(api, 0)}
    paid = await client.post(path + "/payments", payment, key="m1")
    assert paid.json["amount"] == 20_000
    assert (await client.post(path + "/payments", payment, key="m2")).json["amount"] == 20_000
    assert [one["id"] for one in (await client.get(path + "/payments")).json["items"]] == ["bank-row-1"]

    disputed = await client.post(path + "/dispute", {"reason": "never bought it"}, key="v1")
    assert (disputed.json["state"], disputed.json["note"]) == ("disputed", "never bought it")
    assert (await client.get(path + "/promises")).json["items"][0]["state"] == "cancelled"
    assert (await client.post(path + "/uphold", {"reason": "signed"}, key="v2")).json["state"] == "open"
    assert (await client.post(path + "/stop", {"reason": "asked"}, key="v3")).json["state"] == "stopped"
    problem(await client.post(path + "/uphold", {"reason": "x"}, key="v4"), 422, "refused")
    settled = await client.post(path + "/balance", {"amount": 0, "as_of": in_days(api, 0)}, key="b2")
    assert (settled.json["state"], settled.json["amount"]) == ("paid", 0)


@both_databases
async def test_balances_are_taken_in_once_with_their_conflicts(api: RunningApi) -> None:
    client = api.token()
    anna, _ = await contact(client), await contact(client, JAN)
    await client.post("/debts", owed(anna), key="d1")
    row = {"currency": "PLN", "due": "2026-10-01"}
    file = {
        "creditor": "bank",
        "name": "november.csv",
        "as_of": "2026-11-20",
        "rows": [
            {"reference": "A-1", "amount": 12_000, **row},
            {"reference": "B-1", "amount": 500, "number": "600 000 002", **row},
            {"reference": "C-1", "amount": 700, **row},
        ],
    }
    rehearsed = await client.post("/balance-files", {**file, "dry_run": True}, key="f0")
    assert (await client.get("/debts")).json["items"][0]["amount"] == 30_000
    taken = await client.post("/balance-files", file, key="f1")
    assert taken.status == 200, taken.json
    figures = {"new": 1, "changed": 1, "gone": 0, "same": 0, "conflicts": 1, "payments": 1}
    assert taken.json["figures"] == rehearsed.json["figures"] == figures
    assert [(one["line"], one["kind"]) for one in taken.json["conflicts"]] == [(3, "nobody")]
    amounts = {debt["reference"]: debt["amount"] for debt in (await client.get("/debts")).json["items"]}
    assert amounts == {"A-1": 12_000, "B-1": 500}
    again = await client.post("/balance-files", file, key="f2")
    assert (again.json["repeated"], again.json["id"]) == (True, taken.json["id"])
    listed = (await client.get("/balance-files")).json["items"]
    assert [(one["name"], one["conflicts"]) for one in listed] == [("november.csv", [])]
    shown = (await client.get(f"/balance-files/{taken.json['id']}")).json
    assert shown == taken.json


WRONG_MEMBERS = [
    ("amount", 0, "body.amount"),
    ("currency", "zloty", "body.currency"),
    ("currency", "???", "body.currency"),
    ("due", "tomorrow", "body.due"),
    ("due", "0001-01-01", "body.due"),
    ("reference", "", "body.reference"),
]


async def test_a_wrong_member_is_named(api: RunningApi) -> None:
    for member, value, field in WRONG_MEMBERS:
        reply = await api.token().post("/debts", owed("somebody", **{member: value}), key="k")
        assert (reply.status, reply.wrong_fields) == (422, [field])


async def test_what_cannot_be_promised_or_taken_in_is_told(api: RunningApi) -> None:
    client = api.token()
    path = (await client.post("/debts", owed(await contact(client)), key="d")).headers["Location"][7:]
    both: dict[str, Any] = {"instalments": [], "equal": None}
    assert (await client.post(path + "/promises", both, key="1")).wrong_fields == ["body"]
    beyond = {"equal": {"amount": 10_000, "count": 60, "first": "2199-12-31", "every": "month"}}
    assert (await client.post(path + "/promises", beyond, key="2")).status == 422
    nothing = {"id": "r", "amount": 0, "paid_on": "2026-11-01"}
    assert (await client.post(path + "/payments", nothing, key="3")).wrong_fields == ["body.amount"]
    rows = [{"reference": "x", "amount": 1, "currency": "PLN", "due": "2026-10-01"}]
    file = {"as_of": "2026-11-20", "rows": [{**rows[0], "number": "12"}, {**rows[0], "contact_id": "none"}]}
    wrong = await client.post("/balance-files", file, key="4")
    assert wrong.wrong_fields == ["body.rows[0].number", "body.rows[1].contact_id"]
    for gone in ("/debts/none", "/debts/none/payments", "/debts/none/promises", "/balance-files/none"):
        problem(await client.get(gone), 404, "not-found")
