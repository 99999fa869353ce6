"""Short links as browsers, messengers and guessers ask for them."""

from __future__ import annotations

from datetime import datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from console.accounts.admission import OPEN
from console.guard import NAMES, guard
from console.short_links import MISSES, PATH, ShortLinkPages
from engine.ports import StoreUnavailable
from engine.registers.followups import Followed
from tests.conftest import HandClock

KNOWN, AWAY, OVER = "0123456789A", "AAAAAAAAAAA", "BBBBBBBBBBB"
BROWSER = {"User-Agent": "Mozilla/5.0 (Linux; Android 15) Firefox/140.0"}


class Links:
    """Implements engine.registers.followups.ShortLinks."""

    def __init__(self) -> None:
        self.people = 0

    async def follow(self, id: str, at: datetime, *, by_a_person: bool) -> Followed | None:
        if id == AWAY:
            raise StoreUnavailable("no answer")
        if id == OVER:
            return Followed(None)
        if id != KNOWN:
            return None
        self.people += by_a_person
        return Followed("https://shop.example/orders/7?a=b")


@pytest.fixture
def links() -> Links:
    return Links()


@pytest.fixture
async def client(links: Links, clock: HandClock):  # type: ignore[no-untyped-def]
    app = web.Application(middlewares=[guard])
    app[NAMES] = frozenset()
    app.add_routes(ShortLinkPages(links, clock).routes())
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_whoever_follows_is_led_where_it_led(client: TestClient, links: Links) -> None:  # type: ignore[type-arg]
    reply = await client.get(f"/s/{KNOWN}?to=https://evil.example", headers=BROWSER, allow_redirects=False)
    assert (reply.status, reply.headers["Location"]) == (302, "https://shop.example/orders/7?a=b")
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert links.people == 1
    assert PATH in OPEN


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", BROWSER),
        ("GET", {"User-Agent": "TelegramBot (like TwitterBot)"}),
        ("GET", {"User-Agent": "WhatsApp/2.23"}),
        ("GET", {"User-Agent": ""}),
        ("GET", {**BROWSER, "Sec-Purpose": "prefetch"}),
    ],
)
async def test_what_only_looks_is_led_on_and_counts_for_nothing(
    client: TestClient,  # type: ignore[type-arg]
    links: Links,
    method: str,
    headers: dict[str, str],
) -> None:
    reply = await client.request(method, f"/s/{KNOWN}", headers=headers, allow_redirects=False)
    assert reply.status == 302
    assert links.people == 0


@pytest.mark.parametrize(
    ("language", "told"), [("pl", "nigdzie nie prowadzi"), ("en", "leads nowhere"), ("ru", "никуда не ведёт")]
)
async def test_an_unknown_link_is_said_in_the_readers_language(
    client: TestClient,  # type: ignore[type-arg]
    language: str,
    told: str,
) -> None:
    reply = await client.get("/s/<script>", headers={"Accept-Language": language, "Host": "short.example"})
    text = await reply.text()
    assert reply.status == 404
    assert told in text
    assert "script" not in text
    assert f'lang="{language}"' in text


async def test_who_looks_for_others_links_is_held_off(
    client: TestClient,  # type: ignore[type-arg]
    clock: HandClock,
) -> None:
    statuses = [(await client.get(f"/s/guess{n}")).status for n in range(MISSES.burst + 2)]
    assert statuses == [404] * MISSES.burst + [429] * 2
    assert (await client.get(f"/s/{KNOWN}", allow_redirects=False)).status == 429
    clock.pass_seconds(11)
    assert (await client.get(f"/s/{KNOWN}", allow_redirects=False)).status == 302


async def test_links_whose_time_is_over_hold_nobody_off(client: TestClient) -> None:  # type: ignore[type-arg]
    statuses = {(await client.get(f"/s/{OVER}", headers=BROWSER)).status for _ in range(MISSES.burst + 2)}
    assert statuses == {410}
    assert (await client.get(f"/s/{KNOWN}", allow_redirects=False)).status == 302


async def test_a_database_that_is_away_is_said_without_the_link(
    client: TestClient,  # type: ignore[type-arg]
    caplog: pytest.LogCaptureFixture,
) -> None:
    reply = await client.get(f"/s/{AWAY}")
    assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
    assert "short links cannot be looked up" in caplog.text
    assert AWAY not in caplog.text
