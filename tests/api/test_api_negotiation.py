"""What the headers of a request ask for: media types, and versions by their ETags."""

from __future__ import annotations

from tests.api.serving import RunningApi, problem


async def test_only_what_is_accepted_is_given(thing_api: RunningApi) -> None:
    client = thing_api.token()
    for accept, status in (
        ("application/json", 200),
        ("text/html, */*;q=0.1", 200),
        ("application/*", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/json;q=0.000, text/plain", 406),
    ):
        reply = await client.get("/things", headers={"Accept": accept})
        assert reply.status == status, accept
    assert (await client.delete("/things/1", headers={"Accept": "text/html"})).status == 204
    stream = await client.get("/thing-stream", headers={"Accept": "text/event-stream"})
    assert stream.raw == b"data: 1\n\n"
    assert stream.headers["X-Request-Id"]
    problem(await client.get("/thing-stream", headers={"Accept": "application/json"}), 406, "not-acceptable")


async def test_a_change_names_the_version_that_it_changes(thing_api: RunningApi) -> None:
    client = thing_api.token()
    problem(await client.patch("/things/1", {"name": "a"}, None), 428, "version-required")
    stale = await client.patch("/things/1", {"name": "a"}, '"2"')
    problem(stale, 412, "changed")
    assert stale.etag == '"3"'
    for etag in ('"3"', 'W/"3"', ' "3" '):
        done = await client.patch("/things/1", {"name": "a"}, etag)
        assert (done.status, done.etag) == (200, '"4"')
    for etag in ("3", "*", '"3", "4"', '"3'):
        reply = await client.patch("/things/1", {"name": "a"}, etag)
        problem(reply, 400, "invalid")
        assert reply.wrong_fields == ["header.If-Match"]
    for etag in ('"x"', '"99999999999999999999"', '""', '"-1"', '"03"'):
        problem(await client.patch("/things/1", {"name": "a"}, etag), 412, "changed")


async def test_what_is_known_already_is_not_sent_again(thing_api: RunningApi) -> None:
    client = thing_api.token()
    for held in ('"3"', 'W/"3"', '"1", "3"', "*"):
        reply = await client.get("/things/1", headers={"If-None-Match": held})
        assert (reply.status, reply.raw, reply.etag) == (304, b"", '"3"')
    assert (await client.get("/things/1", headers={"If-None-Match": '"2"'})).status == 200
