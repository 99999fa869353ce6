"""Events over the API: the list, and the stream that is resumed where it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from console.api import event_feed
from console.api.event_feed import EventFeed
from engine.changes import Published
from engine.registers.publications import PublicationLog
from history.publication import Publication
from tests.api.serving import Client, RunningApi, both_databases, running_api

AT = datetime(2026, 11, 21, 16, 5, tzinfo=UTC)


async def tell(api: RunningApi, *ids: str, subject: str = "contact:a", kind: str = "contact.changed") -> None:
    some = [Published(Publication(one, AT, kind, subject, {"id": one})) for one in ids]
    await api.store.ledger.commit(some, durable=True)


class Stream:
    """A client of server-sent events, as in the HTML standard."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.last_id = ""

    async def event(self) -> tuple[str, dict[str, Any]]:
        """The next event: its kind and data. Raises EOFError at the end of the stream."""
        kind = data = ""
        async with asyncio.timeout(10):
            while line := await self.response.content.readline():
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "id":
                    self.last_id = value
                elif name == "event":
                    kind = value
                elif name == "data":
                    data += value
                elif not name and data:
                    return kind, orjson.loads(data)
        raise EOFError

    async def ids(self, number: int) -> list[str]:
        return [(await self.event())[1]["id"] for _ in range(number)]


@asynccontextmanager
async def streaming(client: Client, query: str = "", last_id: str = "") -> AsyncIterator[Stream]:
    headers = {**client.headers, **({"Last-Event-ID": last_id} if last_id else {})}
    url = client.server.make_url(f"/api/v1/events/stream{query}")
    async with client.session.get(url, headers=headers) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Type"].startswith("text/event-stream")
        yield Stream(response)


@both_databases
async def test_the_list_goes_on_by_cursor_and_by_number(api: RunningApi) -> None:
    client = api.token("events:read")
    assert (await client.get("/events")).json == {"items": [], "next": None}
    await tell(api, "1", "2", "3")
    await tell(api, "4", "5", subject="call:x", kind="call.ended")
    first = (await client.get("/events?limit=2")).json
    assert [item["id"] for item in first["items"]] == ["1", "2"]
    assert first["items"][0] == {
        "number": 1,
        "id": "1",
        "kind": "contact.changed",
        "subject": "contact:a",
        "sequence": 1,
        "at": "2026-11-21T16:05:00Z",
        "data": {"id": "1"},
    }
    second = (await client.get("/events", params={"cursor": first["next"]})).json
    assert [item["id"] for item in second["items"]] == ["3", "4", "5"]
    assert second["next"] is None
    ended = (await client.get("/events?after=3&kind=call.ended&kind=call.started")).json["items"]
    assert [item["id"] for item in ended] == ["4", "5"]
    assert [item["id"] for item in (await client.get("/events?subject=call:x")).json["items"]] == ["4", "5"]
    for wrong in ("after=-1", "after=x", "kind=nothing", "cursor=%21%21", "cursor=YWJj", "subject="):
        assert (await client.get(f"/events?{wrong}")).status == 400, wrong


@both_databases
async def test_the_stream_tells_soon_and_resumes(api: RunningApi) -> None:
    client = api.token("events:read")
    await tell(api, "before")
    async with streaming(client) as stream:
        began = asyncio.get_running_loop().time()
        await tell(api, "1", "2")
        kind, event = await stream.event()
        assert asyncio.get_running_loop().time() - began < 5  # far below the heartbeat, on a busy machine too
        assert (kind, event["id"], event["number"], event["data"]) == ("contact.changed", "1", 2, {"id": "1"})
        assert await stream.ids(1) == ["2"]
        last = stream.last_id
    await tell(api, "3", "4")
    async with streaming(client, last_id=last) as stream:
        assert await stream.ids(2) == ["3", "4"]
        await tell(api, "5")
        assert await stream.ids(1) == ["5"]
    async with streaming(client, "?after=0") as stream:
        assert await stream.ids(6) == ["before", "1", "2", "3", "4", "5"]
    async with streaming(client, "?after=0&kind=call.ended&subject=call:y") as stream:
        await tell(api, "6", subject="call:x", kind="call.ended")
        await tell(api, "7", subject="call:y", kind="call.ended")
        assert await stream.ids(1) == ["7"]


async def test_a_token_needs_its_scope_and_a_person_the_role(api: RunningApi) -> None:
    for path in ("/events", "/events/stream"):
        assert (await api.token("webhooks:read").get(path)).status == 403
        assert (await api.person("supervisor").get(path)).status == 403
        assert (await api.stranger().get(path)).status == 401
    assert (await api.person("manager").get("/events")).status == 200
    for wrong in ("12x", "9" * 17, "0" * 20 + "9" * 5000):
        reply = await api.token("events:read").get("/events/stream", headers={"Last-Event-ID": wrong})
        assert (reply.status, reply.wrong_fields) == (400, ["header.Last-Event-ID"])


async def test_streams_are_bounded_and_end_with_the_server(
    api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_feed, "MOST_STREAMS", 2)
    client = api.token("events:read")
    async with streaming(client), streaming(client) as second:
        reply = await client.get("/events/stream")
        assert (reply.status, reply.json["type"]) == (503, "/api/problems/unavailable")
        assert reply.headers["Retry-After"]
        began = asyncio.get_running_loop().time()
        await api.server.close()
        assert asyncio.get_running_loop().time() - began < 2
        while True:
            try:
                await second.event()
            except (EOFError, aiohttp.ClientError):
                break


class Quick(EventFeed):
    """A feed whose times are short."""

    def __init__(self, log: PublicationLog) -> None:
        super().__init__(log, look_seconds=0.02, heartbeat_seconds=0.1, life_seconds=0.6)


async def test_a_stream_ends_after_its_life_with_heartbeats_before(
    api_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infolinia.assembly.api.EventFeed", Quick)
    async with running_api(api_url, tmp_path) as api, streaming(api.token("events:read")) as stream:
        async with asyncio.timeout(5):
            text = (await stream.response.content.read()).decode()
    assert text.startswith("retry: 2000\nid: 0\n\n")
    assert text.count(":\n\n") >= 4
