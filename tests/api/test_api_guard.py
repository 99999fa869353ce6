"""Who is let in, from which pages, and how often."""

from __future__ import annotations

import asyncio
from pathlib import Path

from console.api.rate_limits import Rate
from tests.api.serving import RunningApi, problem, running_api
from tests.api.things import Things


async def test_strangers_may_do_nothing(thing_api: RunningApi) -> None:
    reply = await thing_api.stranger().get("/things")
    problem(reply, 401, "not-signed-in")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    problem(await thing_api.stranger().post("/things", {"name": "a"}), 401, "not-signed-in")


async def test_a_session_bears_its_own_token_when_it_changes_something(thing_api: RunningApi) -> None:
    with_token, without = thing_api.person("agent"), thing_api.person("agent", csrf=False)
    assert (await with_token.post("/things", {"name": "a"})).status == 201
    problem(await without.post("/things", {"name": "a"}), 403, "csrf")
    wrong = {"X-CSRF-Token": "guessed"}
    problem(await without.post("/things", {"name": "a"}, headers=wrong), 403, "csrf")
    assert (await without.get("/things")).status == 200


async def test_names_that_are_answered_to(thing_api: RunningApi) -> None:
    client = thing_api.token()
    for host, status in (
        ("calls.example.com", 200),
        ("CALLS.example.com:8080", 200),
        ("localhost", 200),
        ("evil.example.com", 403),
    ):
        reply = await client.get("/things", headers={"Host": host})
        assert reply.status == status
    problem(await client.get("/things", headers={"Host": "evil.example.com"}), 403, "foreign")


async def test_other_sites_pages_are_refused_unless_they_have_a_token(thing_api: RunningApi) -> None:
    foreign = {"Origin": "https://evil.example.com"}
    assert (await thing_api.token().post("/things", {"name": "a"}, headers=foreign)).status == 201
    reply = await thing_api.stranger().post("/things", {"name": "a"}, headers=foreign)
    problem(reply, 403, "foreign")


async def test_a_token_has_its_rate(api_url: str, tmp_path: Path, things: Things) -> None:
    async with running_api(
        api_url, tmp_path, extra=things.operations(), rate=Rate(per_second=0.001, burst=3)
    ) as api:
        client, other = api.token(), api.token()
        left = [(await client.get("/things")).headers["RateLimit"] for _ in range(3)]
        assert [header.split(";")[1] for header in left] == ["r=2", "r=1", "r=0"]
        reply = await client.get("/things")
        problem(reply, 429, "too-many")
        assert 0 < int(reply.headers["Retry-After"]) <= 1000
        assert reply.headers["RateLimit-Policy"] == '"default";q=3;w=3000'
        assert (await other.get("/things")).status == 200


async def test_strangers_have_a_rate_of_their_own(api_url: str, tmp_path: Path, things: Things) -> None:
    async with running_api(
        api_url, tmp_path, extra=things.operations(), strangers=Rate(per_second=0.001, burst=2)
    ) as api:
        assert [(await api.stranger().get("/things")).status for _ in range(3)] == [401, 401, 429]
        # Whoever guesses tokens from here is held back, even if one were right.
        assert (await api.token().get("/things")).status == 429


async def test_many_requests_at_once(thing_api: RunningApi) -> None:
    clients = [thing_api.token() for _ in range(5)]
    replies = await asyncio.gather(
        *(client.post("/things", {"name": f"n{n}"}) for client in clients for n in range(20))
    )
    assert {reply.status for reply in replies} == {201}
    assert len({reply.headers["X-Request-Id"] for reply in replies}) == 100
