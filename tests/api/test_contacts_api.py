"""Contacts over the API: made, found, changed, merged, grouped and asked for by segment."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.api.serving import Client, RunningApi, both_databases

pytestmark = both_databases


async def made(client: Client, **body: Any) -> Any:
    answer = await client.post("/contacts", body)
    assert answer.status == 201, answer.raw
    return answer.json


async def test_a_contact_is_made_and_read(api: RunningApi) -> None:
    client = api.token("contacts:write", "contacts:read")
    answer = await client.post(
        "/contacts",
        {
            "points": [
                {"kind": "phone", "value": "0048 22 000-00-01"},
                {"kind": "email", "value": "Anna@Example.com"},
            ],
            "given_name": " Anna ",
            "family_name": "Łącka",
            "country": "pl",
            "time_zone": "Europe/Warsaw",
            "tags": ["VIP"],
            "attributes": {"plan": "gold", "seats": 3},
        },
    )
    assert answer.status == 201
    contact = answer.json
    assert contact["name"] == "Anna Łącka"
    assert contact["points"] == [
        {"kind": "email", "value": "anna@example.com"},
        {"kind": "phone", "value": "+48220000001"},
    ]
    assert (contact["country"], contact["tags"]) == ("PL", ["vip"])
    assert answer.headers["Location"] == f"/api/v1/contacts/{contact['id']}"
    read = await client.get(answer.headers["Location"])
    assert (read.status, read.json, read.etag) == (200, contact, answer.etag)


async def test_what_is_wrong_is_named(api: RunningApi) -> None:
    client = api.token("contacts:write")
    answer = await client.post(
        "/contacts",
        {"points": [{"kind": "phone", "value": "+48220000001"}, {"kind": "phone", "value": "12"}]},
    )
    assert (answer.status, answer.wrong_fields) == (422, ["body.points[1].value"])
    body = {"language": "Polish", "time_zone": "Mars", "tags": ["a,b"], "attributes": {"1": 1}, "x": 1}
    answer = await client.post("/contacts", body)
    assert answer.status == 422
    assert set(answer.wrong_fields) == {
        "body.language", "body.time_zone", "body.tags", "body.attributes", "body.x",
    }  # fmt: skip
    await made(client, points=[{"kind": "phone", "value": "+48220000001"}])
    answer = await client.post("/contacts", {"points": [{"kind": "phone", "value": "22 000 00 01"}]})
    assert (answer.status, answer.wrong_fields) == (422, ["body.points[0].value"])


async def test_a_change_names_its_version(api: RunningApi) -> None:
    client = api.token("contacts:write", "contacts:read")
    contact = await made(client, name="Anna", tags=["a"], attributes={"x": 1, "y": 2})
    path = f"/contacts/{contact['id']}"
    assert (await client.patch(path, {"name": "Jan"}, etag=None)).status == 428
    changed = await client.patch(path, {"language": "pl", "attributes": {"x": None, "z": 3}}, etag='"1"')
    assert changed.json["attributes"] == {"y": 2, "z": 3}
    assert (changed.json["name"], changed.json["tags"], changed.etag) == ("Anna", ["a"], '"2"')
    stale = await client.patch(path, {"name": "Jan"}, etag='"1"')
    assert (stale.status, stale.etag) == (412, '"2"')
    emptied = await client.patch(path, {"name": None, "tags": []}, etag='"2"')
    assert (emptied.json["name"], emptied.json["tags"]) == (None, [])


async def test_points_and_tags(api: RunningApi) -> None:
    client = api.token("contacts:write", "contacts:read")
    anna, jan = await made(client, name="Anna"), await made(client, name="Jan")
    path = f"/contacts/{anna['id']}"
    point = {"kind": "phone", "value": "22 000 00 01"}
    assert (await client.post(f"{path}/points", point)).status == 200
    taken = await client.post(f"/contacts/{jan['id']}/points", point)
    assert (taken.status, taken.wrong_fields) == (422, ["body.value"])
    moved = await client.post(f"/contacts/{jan['id']}/points", {**point, "move": True})
    assert moved.json["points"] == [{"kind": "phone", "value": "+48220000001"}]
    number = quote("+48220000001", safe="")
    assert (await client.delete(f"{path}/points/phone/{number}")).status == 404
    assert (await client.delete(f"/contacts/{jan['id']}/points/phone/{number}")).status == 204
    assert (await client.put(f"{path}/tags/złoty")).json["tags"] == ["złoty"]
    assert (await client.delete(f"{path}/tags/złoty")).status == 204
    assert (await client.get(path)).json["tags"] == []


async def test_lists_are_searched_and_paged(api: RunningApi) -> None:
    client = api.token("contacts:write", "contacts:read")
    for number, name in enumerate(("Anna Łącka", "Jan Nowak", "Анна"), 1):
        await made(client, name=name, points=[{"kind": "phone", "value": f"+4822000000{number}"}])

    async def names(**query: str) -> list[str]:
        found: list[str] = []
        while True:
            page = (await client.get("/contacts", params=query)).json
            found += [one["name"] for one in page["items"]]
            if page["next"] is None:
                return found
            query["cursor"] = page["next"]

    assert sorted(await names(limit="1")) == ["Anna Łącka", "Jan Nowak", "Анна"]
    assert await names(q="LACKA an") == ["Anna Łącka"]
    assert await names(q="22 000 00 02") == ["Jan Nowak"]
    assert await names(q="--") == []
    assert await names(phone="0048220000003") == ["Анна"]
    assert sorted(await names(updated_since="2020-01-01T00:00:00Z", limit="2")) == sorted(await names())
    for wrong in ({"phone": "x"}, {"country": "1"}, {"cursor": "x"}, {"updated_since": "now"}):
        answer = await client.get("/contacts", params=wrong)
        assert (answer.status, answer.wrong_fields) == (400, [f"query.{next(iter(wrong))}"])


async def test_two_become_one_and_two_again(api: RunningApi) -> None:
    client = api.person("supervisor")
    anna = await made(client, name="Anna Nowak", postcode="00-001")
    other = await made(client, name="Nowak Anna", postcode="00-001", language="pl")
    found = (await client.get(f"/contacts/{anna['id']}/duplicates")).json["items"]
    assert [(one["contact"]["id"], one["reasons"]) for one in found] == [
        (other["id"], ["same_name_and_postcode"])
    ]
    order = {"other": other["id"], "reason": "called from both"}
    merged = await client.post(f"/contacts/{anna['id']}/merge", order)
    assert merged.json["contact"]["language"] == "pl"
    assert (await client.get(f"/contacts/{other['id']}")).json["id"] == anna["id"]
    again = await client.post(f"/contacts/{anna['id']}/merge", order)
    assert (again.status, again.wrong_fields) == (422, ["body.other"])
    nobody = await client.post(f"/contacts/{anna['id']}/merge", {**order, "other": "nobody"})
    assert (nobody.status, nobody.wrong_fields) == (422, ["body.other"])
    assert (await client.post("/contacts/nobody/merge", order)).status == 404
    (listed,) = (await client.get(f"/contacts/{anna['id']}/merges")).json["items"]
    assert listed["reason"] == "called from both"
    undone = await client.post(f"/merges/{listed['id']}/undo")
    assert undone.json["contact"]["id"] == other["id"]
    assert undone.json["merge"]["undone_by"].startswith("person:")
    assert (await client.post(f"/merges/{listed['id']}/undo")).status == 422
    assert (await api.person("agent").post(f"/contacts/{anna['id']}/merge", order)).status == 403


async def test_households_and_companies(api: RunningApi) -> None:
    client = api.token("contacts:write", "contacts:read")
    anna, jan = await made(client, name="Anna"), await made(client, name="Jan")
    group = await client.post(
        "/groups", {"kind": "company", "name": "Example", "domain": "EXAMPLE.com", "members": [anna["id"]]}
    )
    assert (group.status, group.json["domain"], group.json["members"]) == (201, "example.com", 1)
    path = f"/groups/{group.json['id']}"
    assert (await client.put(f"{path}/members/{jan['id']}")).json["members"] == 2
    inside = (await client.get("/contacts", params={"group": group.json["id"]})).json["items"]
    assert sorted(one["name"] for one in inside) == ["Anna", "Jan"]
    assert (await client.delete(f"{path}/members/{anna['id']}")).status == 204
    assert (await client.get(f"/contacts/{anna['id']}")).json["groups"] == []
    assert (await client.patch(path, {"domain": None}, etag='"1"')).json["domain"] is None
    assert (await client.patch(path, {"name": "x"}, etag='"1"')).status == 412
    listed = await client.get("/groups", params={"kind": "company"})
    assert [one["id"] for one in listed.json["items"]] == [group.json["id"]]
    refused = await client.post("/groups", {"kind": "household", "name": "x", "members": ["nobody"]})
    assert (refused.status, refused.wrong_fields) == (422, ["body.members"])
    assert (await client.delete(path)).status == 204
    assert (await client.get(path)).status == 404
    assert (await client.get(f"/contacts/{jan['id']}")).json["groups"] == []


async def test_segments(api: RunningApi) -> None:
    client = api.token("contacts:write", "contacts:read")
    await made(client, name="Anna", country="PL")
    await made(client, name="Jan", country="DE")
    segment = await client.post("/segments", {"name": "Poles", "query": {"field": "country", "is": "PL"}})
    assert segment.status == 201
    path = f"/segments/{segment.json['id']}"
    assert (await client.get(f"{path}/size")).json == {"contacts": 1}
    inside = await client.get("/contacts", params={"segment": segment.json["id"]})
    assert [one["name"] for one in inside.json["items"]] == ["Anna"]
    wrong = {"all": [{"field": "country", "is": 1}, {"field": "nam", "is": 1}]}
    answer = await client.patch(path, {"query": wrong}, etag='"1"')
    assert answer.status == 422
    assert answer.wrong_fields == ["body.query.all[0].is", "body.query.all[1].field"]
    assert (
        await client.patch(path, {"name": "All", "query": {"not": wrong["all"][0] | {"is": "PL"}}}, '"1"')
    ).json["version"] == 2
    assert (
        await client.post("/segments", {"name": "All", "query": {"field": "tag", "is": "x"}})
    ).status == 422
    assert [one["name"] for one in (await client.get("/segments")).json["items"]] == ["All"]
    assert (await client.delete(path)).status == 204
    gone = await client.get("/contacts", params={"segment": segment.json["id"]})
    assert (gone.status, gone.wrong_fields) == (400, ["query.segment"])


@pytest.mark.parametrize("what", ["contacts", "groups", "segments", "interactions"])
async def test_what_is_not_there_is_told(api: RunningApi, what: str) -> None:
    answer = await api.token().get(f"/{what}/nobody")
    assert (answer.status, answer.json["type"]) == (404, "/api/problems/not-found")
