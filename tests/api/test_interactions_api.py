"""The contact history over the API: written by other systems once, read, and found by its words."""

from __future__ import annotations

from typing import Any, get_args

from console.api.interaction_shapes import ChannelName
from history.interaction import Channel
from tests.api.serving import RunningApi, both_databases

pytestmark = both_databases

MAIL: dict[str, Any] = {
    "at": "2026-11-21T16:05:00Z",
    "channel": "email",
    "direction": "inbound",
    "point": {"kind": "email", "value": "Anna@example.com"},
    "subject": "Zwrot zamówienia",
    "transcript": "Proszę o zwrot żółtej łódki",
    "source": "helpdesk",
    "external_id": "4711",
    "cost": 12,
    "currency": "PLN",
    "data": {"thread": 9},
}


async def test_a_row_is_written_once_and_read(api: RunningApi) -> None:
    client = api.token()
    added = await client.post("/interactions", MAIL)
    assert added.status == 201
    assert added.json["point"] == {"kind": "email", "value": "anna@example.com"}
    assert added.json["subject_id"] == added.json["id"]
    assert (await client.post("/interactions", {**MAIL, "note": "again"})).json == added.json
    contact = added.json["contact_id"]
    page = await client.get(f"/contacts/{contact}/timeline", params={"channel": "email"})
    assert page.json == {"items": [added.json], "next": None}
    assert (await client.get(f"/contacts/{contact}/timeline", params={"channel": "sms"})).json["items"] == []
    assert (await client.get("/interactions", params={"source": "helpdesk"})).json["items"] == [added.json]
    assert (await client.get(f"/interactions/{added.json['id']}")).json == added.json
    assert (await client.get("/contacts/nobody/timeline")).status == 404


async def test_a_timeline_is_paged(api: RunningApi) -> None:
    client = api.token()
    for number in range(5):
        await client.post("/interactions", {**MAIL, "external_id": str(number)})
    query = {"limit": "2"}
    seen: list[str] = []
    while True:
        page = (await client.get("/interactions", params=query)).json
        seen += [row["external_id"] for row in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert sorted(seen) == ["0", "1", "2", "3", "4"]
    answer = await client.get("/search", params={"q": "zwrot", "cursor": query["cursor"]})
    assert (answer.status, answer.wrong_fields) == (400, ["query.cursor"])


async def test_what_is_wrong_is_named(api: RunningApi) -> None:
    assert get_args(ChannelName) == tuple(Channel)
    client = api.token()
    for change, place in (
        ({"channel": "fax"}, "body.channel"),
        ({"point": {"kind": "email", "value": "anna"}}, "body.point.value"),
        ({"point": None, "contact_id": "nobody"}, "body.contact_id"),
        ({"corrects": "nothing"}, "body.corrects"),
        ({"at": "2026-11-21T16:05:00"}, "body.at"),
        ({"data": {"x": "y" * 40_000}}, "body.data"),
        ({"source": None}, "body"),
        ({"currency": None}, "body"),
    ):
        answer = await client.post("/interactions", {**MAIL, **change})
        assert (answer.status, answer.wrong_fields) == (422, [place]), change


async def test_words_are_found(api: RunningApi) -> None:
    client = api.token()
    added = (await client.post("/interactions", MAIL)).json
    (found,) = (await client.get("/search", params={"q": "zoltej LODKI"})).json["items"]
    assert found["interaction"] == added
    (part,) = found["snippets"]
    assert part["field"] == "transcript"
    assert [part["text"][at : at + length] for at, length in part["matches"]] == ["żółtej", "łódki"]
    params = {"q": '"zwrot zamowienia"', "contact": added["contact_id"]}
    assert len((await client.get("/search", params=params)).json["items"]) == 1
    assert (await client.get("/search", params={"q": "zwrot", "channel": "sms"})).json["items"] == []
    answer = await client.get("/search", params={"q": "?!"})
    assert (answer.status, answer.wrong_fields) == (400, ["query.q"])
