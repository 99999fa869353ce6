"""Chats over the API, which never shows what makes somebody a chat's visitor."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from history.interaction import ContactPoint, PointKind
from messaging.chat import Button, Chat, ChatLine, ChatPhase, LineKind, Speaker
from tests.api.serving import RunningApi, problem

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ANNA = "+48600000001"


async def test_chats_are_listed_and_read_with_their_lines(api: RunningApi) -> None:
    chats = api.store.chats
    for n in range(3):
        at = AT + timedelta(minutes=n)
        opened = Chat(
            f"ch{n}", "shop", ContactPoint(PointKind.VISITOR, f"browser-{n}"), "5ec", at, "n", "hotline"
        )
        hello = ChatLine(1, at, Speaker.FLOW, LineKind.TEXT, "Hello", buttons=(Button("1", "Orders"),))
        asks = ChatLine(2, at, Speaker.VISITOR, LineKind.TEXT, "Where is it?", data={"a": 1}, client_id="x")
        one = await chats.open(replace(opened, last_seq=2, last_at=at), [hello, asks])
    await chats.keep(replace(one, phase=ChatPhase.TALKING, agent="anna", queue="orders"), ())
    known = await chats.join("ch2", ANNA)
    client = api.token("interactions:read")

    page = (await client.get("/chats", params={"limit": "2"})).json
    rest = (await client.get("/chats", params={"limit": "2", "cursor": page["next"]})).json
    assert [row["id"] for row in (*page["items"], *rest["items"])] == ["ch2", "ch1", "ch0"]
    assert rest["next"] is None
    for wanted in (
        {"phase": "talking"},
        {"agent": "anna"},
        {"contact_id": known.contact_id},
        {"queue": "orders"},
    ):
        (only,) = (await client.get("/chats", params=wanted)).json["items"]
        assert only["id"] == "ch2", wanted
    assert (only["contact_id"], only["point"]) == (known.contact_id, {"kind": "phone", "value": ANNA})
    assert only["last_at"] == "2026-11-20T09:32:00Z"

    whole = await client.get("/chats/ch2")
    assert [line["text"] for line in whole.json["lines"]] == ["Hello", "Where is it?"]
    assert whole.json["lines"][0]["buttons"] == [{"value": "1", "label": "Orders"}]
    assert {name: value for name, value in whole.json.items() if name != "lines"} == only
    assert b"5ec" not in whole.raw
    later = (await client.get("/chats/ch2", params={"after": "1"})).json["lines"]
    assert [line["seq"] for line in later] == [2]


async def test_who_may_not_read_and_what_is_not_there(api: RunningApi) -> None:
    client = api.token("interactions:read")
    problem(await client.get("/chats/none"), 404, "not-found")
    problem(await api.token("messages:read").get("/chats"), 403, "forbidden")
    wrong = await client.get("/chats", params={"contact_id": "nobody"})
    assert (wrong.status, wrong.wrong_fields) == (400, ["query.contact_id"])
    assert (await client.get("/chats", params={"phase": "lost"})).wrong_fields == ["query.phase[0]"]
