"""Handing over by HTTP: whether it may have gone out is known, and nothing goes out twice by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from channels.handing_over import LONGEST_ANSWER_BYTES, HttpHandover, HttpReply, NotAnswered
from channels.standing import Standing
from messaging.provider import Answer, Taken
from tests.channels.other_sides import web_server


@asynccontextmanager
async def http(limit_seconds: float = 3.0, *, private: bool = True) -> AsyncIterator[HttpHandover]:
    opened = HttpHandover(private_networks=private, limit_seconds=limit_seconds)
    await opened.start()
    try:
        yield opened
    finally:
        await opened.close()


async def sent(opened: HttpHandover, url: str, method: str = "POST") -> HttpReply:
    return await opened.send(method, url, headers={}, body=b"text" if method == "POST" else None)


async def failed(url: str, method: str = "POST", **more: float) -> NotAnswered:
    async with http(**more) as opened:
        with pytest.raises(NotAnswered) as raised:
            await sent(opened, url, method)
    return raised.value


@pytest.mark.parametrize("after", ["9" * 400, "999999999999999"])
async def test_a_wait_without_end_has_one(after: str) -> None:
    async def later(request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": after})

    async with web_server(later) as url, http() as opened:
        assert (await sent(opened, url)).retry_after_seconds == 3600.0


async def test_whom_nobody_answers_is_away(unused_tcp_port: int) -> None:
    error = await failed(f"http://127.0.0.1:{unused_tcp_port}/t0ken")
    assert error.answer(("m1",)) == Answer(Taken.AWAY, why="it cannot be reached")


async def test_private_networks_are_closed_unless_they_are_meant() -> None:
    async def never(request: web.Request) -> web.Response:
        raise AssertionError

    async with web_server(never) as url, http(private=False) as opened:
        with pytest.raises(NotAnswered, match="private network") as raised:
            await sent(opened, url)
    assert raised.value.written is False


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_connection_lost_after_the_request_is_in_doubt_and_not_repeated(method: str) -> None:
    asked = 0

    async def vanish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        asked += 1
        writer.close()

    server = await asyncio.start_server(vanish, "127.0.0.1", 0)
    try:
        error = await failed(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/t0ken", method)
    finally:
        server.close()
        await server.wait_closed()
    assert (asked, error.written, error.answer(("m1",)).taken) == (1, True, Taken.UNKNOWN)
    assert error.answer(("m1",)).references == ("m1",)
    assert "t0ken" not in str(error)


async def test_an_answer_that_does_not_come_is_in_doubt_after_its_time() -> None:
    release = asyncio.Event()

    async def hold(request: web.Request) -> web.Response:
        await release.wait()
        return web.Response()

    async with web_server(hold) as url:
        error = await failed(url, limit_seconds=0.2)
        release.set()
    assert (error.written, str(error)) == (True, "no answer within 0.2 s")


async def test_what_was_handed_over_is_answered_while_it_closes() -> None:
    asked, release = asyncio.Event(), asyncio.Event()

    async def hold(request: web.Request) -> web.Response:
        asked.set()
        await release.wait()
        return web.Response(status=201)

    async with web_server(hold) as url, http() as opened:
        sending = asyncio.create_task(sent(opened, url))
        await asked.wait()
        closing = asyncio.create_task(opened.close())
        await asyncio.sleep(0)
        with pytest.raises(NotAnswered, match="not open"):
            await sent(opened, url)
        release.set()
        assert (await sending).status == 201
        await closing


async def test_redirects_are_not_followed_and_long_answers_are_cut() -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/long":
            return web.Response(body=b"x" * (LONGEST_ANSWER_BYTES + 1))
        return web.Response(status=307, headers={"Location": "/long", "Retry-After": "7"})

    async with web_server(answer) as url, http() as opened:
        redirected = await sent(opened, url)
        assert (redirected.status, redirected.retry_after_seconds) == (307, 7.0)
        assert len((await sent(opened, f"{url}/long")).body) == LONGEST_ANSWER_BYTES


async def test_before_the_start_and_after_the_end_nothing_goes_out() -> None:
    opened = HttpHandover(private_networks=True)
    with pytest.raises(NotAnswered) as raised:
        await sent(opened, "http://127.0.0.1:1/")
    assert raised.value.written is False


@pytest.mark.parametrize("taken", [Taken.AWAY, Taken.UNKNOWN])
async def test_whoever_cannot_be_reached_or_hangs_is_left_alone_and_then_tried_again(taken: Taken) -> None:
    told: list[tuple[bool, str]] = []
    again = asyncio.Event()

    def tell(stands: bool, why: str) -> None:
        told.append((stands, why))
        if stands and len(told) > 1:
            again.set()

    standing = Standing(away_seconds=0.01, account_seconds=0.01)
    standing.begin(tell)
    away = Answer(taken, why="it cannot be reached")
    for _ in range(3):
        assert standing.saw(away) is away
    assert told == [(True, ""), (False, "it cannot be reached")]
    async with asyncio.timeout(5):
        await again.wait()
    assert told[-1] == (True, "it cannot be reached"), "tried again, and not well before it has answered"
    standing.saw(away)
    assert told[-1] == (False, "it cannot be reached")
    standing.saw(Answer(Taken.ACCEPTED))
    assert told[-1] == (True, "")
    standing.account(Answer(Taken.AWAY, why="no credit"))
    assert told[-1] == (False, "no credit")
    standing.end()
    standing.end()
    assert told[-1] == (False, "closed")
