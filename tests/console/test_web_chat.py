"""The visitor's side of chats as browsers, robots and pages of other sites ask for it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import aiohttp
import orjson
import pytest
from aiohttp.test_utils import TestServer

from console.accounts.admission import OPEN
from console.web_chat.asking import SentPage
from console.web_chat.calls import MOST_OF_ADDRESS
from console.web_chat.door import ADDRESS_RATE, BROWSER_RATE, CHAT_RATE, NUMBER_RATE, page_address
from console.web_chat.refusals import STATUS
from engine.clock import TimeOrderedIds
from engine.registers.callbacks import CallbackFilter
from infolinia.assembly.company import OfficeHours
from infolinia.assembly.web_chat import web_chat as assembled
from infolinia.sections.hours import HoursSection
from messaging.chat import LineKind, Speaker
from store.store import Store
from tests.conftest import HandClock
from tests.console.web_chat_stage import (
    CONSENT,
    PLAIN,
    SHOP,
    SITE,
    WARSAW,
    Browser,
    EchoingSide,
    Offers,
    chat_application,
    seen,
    web_chat,
)
from tests.patience import patient

MULTIPART = b"multipart/form-data; boundary=x"
GOOD = {"number": "600 000 001", "topic": "orders", "when": "soon", "name": "Anna", "consent": "yes"}


@dataclass
class Stage:
    clock: HandClock
    store: Store
    side: EchoingSide
    offers: Offers
    browser: Browser
    routes: set[str]

    async def stamp(self, page: str = "/chat/shop?language=en") -> str:
        """Of a page that was read for a while."""
        text = await (await self.browser.get(page)).text()
        found = re.search(r'data-stamp="([^"]+)"', text)
        assert found is not None, text[:300]
        self.clock.pass_seconds(3)
        return found[1]

    async def chat(self) -> dict[str, str]:
        status, body = await self.browser.post("open", self.browser.opening(await self.stamp()))
        assert status == 201, body
        return dict(body)

    async def kept(self) -> list[Any]:
        return list((await self.store.callbacks.list(CallbackFilter())).items)


@pytest.fixture
async def stage(tmp_path: Path, clock: HandClock, make_store: Callable[..., Store]) -> AsyncIterator[Stage]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    side, offers = EchoingSide(clock), Offers()
    chat = web_chat({"shop": SITE, "plain": PLAIN}, side, store, clock, offers)
    server = TestServer(chat_application(chat), host="127.0.0.1")
    await server.start_server()
    session = aiohttp.ClientSession()
    try:
        yield Stage(clock, store, side, offers, Browser(server, session), {r.path for r in chat.routes()})
    finally:
        await session.close()
        await server.close()


# --- the page, the widget, the invitation -----------------------------------------------------------------


async def test_nobody_signs_in_for_any_of_it(stage: Stage) -> None:
    assert stage.routes <= OPEN


@pytest.mark.parametrize(
    ("query", "accepts", "language", "says"),
    [
        ("language=pl", "ru", "pl", "Zacznij czat"),
        ("language=de", "ru,en;q=0.8", "ru", "Начать чат"),
        ("", "de", "pl", "Zacznij czat"),
    ],
)
async def test_the_page_is_in_the_visitors_language(
    stage: Stage, query: str, accepts: str, language: str, says: str
) -> None:
    answer = await stage.browser.get(f"/chat/shop?{query}", **{"Accept-Language": accepts})
    text = await answer.text()
    assert f'<html lang="{language}">' in text
    assert says in text
    assert CONSENT[language] in text
    assert "Set-Cookie" not in answer.headers


async def test_only_the_sites_own_pages_have_it_in_a_frame(stage: Stage) -> None:
    framed = {"Sec-Fetch-Dest": "iframe", "Accept": "text/html"}
    page = await stage.browser.get(f"/chat/shop?language=en&parent={quote(SHOP)}", **framed)
    assert page.status == 200
    policy = page.headers["Content-Security-Policy"]
    assert f"frame-ancestors {SHOP}" in policy
    assert "frame-ancestors 'none'" not in policy
    assert "script-src 'self';" in policy
    assert f'data-parent="{SHOP}"' in await page.text()
    for parent in (
        "https://evil.example",
        "https://shop.example.com.evil.example",
        "http://shop.example.com",
    ):
        foreign = await stage.browser.get(f"/chat/shop?language=en&parent={quote(parent)}", **framed)
        told = await foreign.text()
        assert (foreign.status, foreign.content_type) == (403, "text/plain")
        assert told == "This page may not show our chat. Open it on our own site."
    assert (await stage.browser.get("/chat/shop", **framed)).status == 403  # a frame that hides whose it is
    unknown = await stage.browser.get("/chat/nowhere", Accept="text/html")
    assert unknown.status == 404
    assert "There is no chat here" in await unknown.text()


async def test_the_widget_is_for_pages_of_any_origin_and_tells_nothing_of_people(stage: Stage) -> None:
    answer = await stage.browser.get("/chat/shop/widget.js", **{"Sec-Fetch-Site": "cross-site"})
    script = await answer.text()
    assert (answer.status, answer.content_type) == (200, "text/javascript")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert f'"origins":["{SHOP}"]' in script
    assert '"button":"Ask the shop"' in script, "the site's own words"
    assert '"button":"Chat"' in await (await stage.browser.get("/chat/plain/widget.js")).text()
    assert "__SETTINGS__" not in script
    assert (await stage.browser.get("/chat/nowhere/widget.js")).status == 404


@pytest.mark.parametrize(
    ("page", "pages_seen", "status"),
    [("/pricing", "1", 200), ("/", "1", 204), ("/pricing", "0", 204), ("/pricing", "x", 204)],
)
async def test_an_invitation_goes_by_the_rule(stage: Stage, page: str, pages_seen: str, status: int) -> None:
    path = f"/chat/shop/invitation?page={quote(SHOP + page)}&seen={pages_seen}&language=en"
    answer = await stage.browser.get(path)
    assert answer.status == status
    if status == 200:
        assert await answer.json() == {"text": "May we help?"}
    stage.side.somebody = False
    assert (await stage.browser.get(path)).status == 204
    assert (await stage.browser.get(path, Origin=SHOP)).status == 403


# --- a chat -----------------------------------------------------------------------------------------------


async def test_a_chat_is_opened_talked_in_and_ended(stage: Stage) -> None:
    path = [
        seen(f"{SHOP}/pricing?mail=anna@example.com#top", "  Pricing \n of all ", ago=60.0),
        seen("https://evil.example/secret"),
        seen("javascript:alert(1)"),
    ]
    asked = stage.browser.opening(await stage.stamp(), name="Anna\x00", invited=True, path=path)
    status, chat = await stage.browser.post("open", asked)
    assert status == 201
    (arrival,) = stage.side.arrivals
    assert (arrival.site, arrival.visitor, arrival.language) == ("shop", stage.browser.visitor, "en")
    assert (arrival.name, arrival.consent, arrival.invited) == ("Anna", CONSENT["en"], "May we help?")
    (page,) = arrival.path
    assert (page.address, page.title) == (f"{SHOP}/pricing", "Pricing of all")
    assert page.at == stage.clock.at - timedelta(seconds=60)
    words = {**chat, "text": " Where is my order? \x07", "client_id": "c" * 16}
    assert await stage.browser.post("say", words) == (200, {"seq": 2})
    assert await stage.browser.post("say", words) == (200, {"seq": 2})
    press = {**chat, "value": "person", "client_id": "d" * 16}
    assert await stage.browser.post("press", press) == (200, {"seq": 4})
    assert (await stage.browser.post("typing", chat))[0] == 204
    assert (await stage.browser.post("seen", {**chat, "page": seen(f"{SHOP}/cart")}))[0] == 204
    assert [one.address for one in stage.side.pages] == [f"{SHOP}/cart"]
    assert await stage.browser.post("call-me", {**chat, "number": "600 000 001"}) == (
        200,
        {"number": "+48600000001"},
    )
    status, refused = await stage.browser.post("call-me", {**chat, "number": "12"})
    assert (status, refused["code"]) == (422, "number")
    assert (await stage.browser.post("end", chat))[0] == 204
    assert [line.text for line in stage.side.lines["chat1"]][1] == "Where is my order?"


async def events(answer: aiohttp.ClientResponse, count: int) -> list[tuple[int, dict[str, Any]]]:
    found: list[tuple[int, dict[str, Any]]] = []
    async with asyncio.timeout(patient(5)):
        while len(found) < count:
            event = (await answer.content.readuntil(b"\n\n")).decode()
            match = re.fullmatch(r"event: news\nid: (\d+)\ndata: (.*)\n\n", event)
            if match:
                found.append((int(match[1]), orjson.loads(match[2])))
    return found


async def test_the_stream_goes_on_where_it_was_and_names_no_login(stage: Stage) -> None:
    chat = await stage.chat()
    secrets = {"X-Chat": chat["chat"], "X-Chat-Secret": chat["secret"]}
    stage.side.tell("chat1", Speaker.AGENT, LineKind.NOTE, "ours alone", agent="anna")
    press = {**chat, "value": "person", "client_id": "d" * 16}
    await stage.browser.post("press", press)
    async with await stage.browser.get("/chat/shop/events", **secrets) as answer:
        assert answer.content_type == "text/event-stream"
        ((last, news),) = await events(answer, 1)
        assert last == 4
        assert [(line["by"], line["kind"]) for line in news["lines"]] == [
            ("flow", "text"),
            ("visitor", "choice"),
            ("agent", "joined"),
        ]
        assert (news["phase"], news["agent"], news["buttons"]) == ("talking", "Anna", [])
        assert "anna" not in orjson.dumps(news).decode()
        stage.side.answer("chat1", "Hello")
        ((last, news),) = await events(answer, 1)
        assert (last, news["lines"][0]["text"], news["lines"][0]["name"]) == (5, "Hello", "Anna")
    async with await stage.browser.get("/chat/shop/events", **secrets, **{"Last-Event-ID": "4"}) as answer:
        ((_, news),) = await events(answer, 1)
        assert [line["seq"] for line in news["lines"]] == [5]
        await stage.browser.post("end", chat)
        ((_, news),) = await events(answer, 1)
        assert news["phase"] == "closed"
        assert await answer.content.read() == b""
    async with asyncio.timeout(patient(5)):
        await stage.side.left.wait()


async def test_whoever_does_not_know_the_secret_is_told_nothing(stage: Stage) -> None:
    chat = await stage.chat()
    for wrong in ({"chat": chat["chat"], "secret": "guessed"}, {"chat": "chat9", "secret": chat["secret"]}):
        for name, more in (
            ("say", {"text": "x", "client_id": "c" * 16}),
            ("press", {"value": "orders", "client_id": "c" * 16}),
            ("end", {}),
            ("typing", {}),
            ("call-me", {"number": "600000001"}),
            ("call/offer", {"sdp": "v=0"}),
        ):
            status, body = await stage.browser.post(name, {**wrong, **more})
            assert (status, body["code"]) == (404, "gone"), name
        headers = {"X-Chat": wrong["chat"], "X-Chat-Secret": wrong["secret"]}
        answer = await stage.browser.get("/chat/shop/events", **headers)
        assert (answer.status, (await answer.json())["code"]) == (404, "gone")
    assert (await stage.browser.get("/chat/shop/events")).status == 404
    assert stage.offers.offered == []


async def test_a_call_from_the_browser_carries_the_chat_along(stage: Stage) -> None:
    chat = await stage.chat()
    answer = await stage.browser.post("call/offer", {**chat, "sdp": "v=0\r\n"})
    assert answer == (200, {"visitor": "v1", "sdp": "v=0\r\n"})
    assert stage.offers.offered == [("v=0\r\n", "100")]
    assert stage.side.called == [("chat1", "v1")]
    assert (await stage.browser.post("call/v1/keys", {"keys": "12#"}))[0] == 204
    assert (await stage.browser.post("call/v1/keys", {"keys": "a"}))[0] == 400
    assert (await stage.browser.post("call/v9/keys", {"keys": "1"}))[0] == 404
    assert await (await stage.browser.get("/chat/shop/call/v1")).json() == {"there": True}
    url = stage.browser.server.make_url("/chat/shop/call/v1")
    async with stage.browser.session.delete(url, headers=stage.browser.headers()) as gone:
        assert gone.status == 204
    assert stage.offers.left == ["v1"]
    stage.offers.refuses = True
    status, body = await stage.browser.post("call/offer", {**chat, "sdp": "v=0\r\n"})
    assert (status, body["code"]) == (409, "no_call")
    status, body = await stage.browser.post("call/offer", {**chat, "sdp": "v=0\r\n"}, site="plain")
    assert (status, body["code"]) == (409, "no_call")


async def test_a_chat_has_one_call_at_a_time_and_one_that_is_over_has_none(stage: Stage) -> None:
    chat = await stage.chat()
    offer = {**chat, "sdp": "v=0\r\n"}
    stage.offers.held = asyncio.Event()
    first = asyncio.create_task(stage.browser.post("call/offer", offer))
    await stage.offers.asked.wait()
    status, body = await stage.browser.post("call/offer", offer)
    assert (status, body["code"]) == (429, "too_fast")
    stage.offers.held.set()
    assert (await first)[0] == 200
    assert (await stage.browser.post("call/offer", offer))[0] == 200  # the page was loaded anew
    assert stage.offers.left == ["v1"]
    stage.offers.left.clear()
    other = await stage.chat()
    stage.offers.held = asyncio.Event()
    stage.offers.asked.clear()
    ending = asyncio.create_task(stage.browser.post("call/offer", {**other, "sdp": "v=0\r\n"}))
    await stage.offers.asked.wait()
    stage.side.refusal = "closed"  # meanwhile
    stage.offers.held.set()
    status, body = await ending
    assert (status, body["code"]) == (409, "closed")
    assert stage.offers.left == ["v1"]
    stage.side.refusal = ""
    await stage.browser.post("end", other)
    count = len(stage.offers.offered)
    status, body = await stage.browser.post("call/offer", {**other, "sdp": "v=0\r\n"})
    assert (status, body["code"], len(stage.offers.offered)) == (409, "closed", count)


async def test_one_address_does_not_take_all_lines(stage: Stage) -> None:
    chats = []
    for _ in range(MOST_OF_ADDRESS + 1):
        chats.append(await stage.chat())
        stage.clock.pass_seconds(60)
    answers = [await stage.browser.post("call/offer", {**chat, "sdp": "v=0"}) for chat in chats]
    assert [status for status, _ in answers] == [200] * MOST_OF_ADDRESS + [409]
    assert answers[-1][1]["code"] == "no_call"


# --- who is turned away -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": SHOP, "Sec-Fetch-Site": "cross-site"},
        {"Origin": SHOP, "Sec-Fetch-Site": ""},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_only_our_own_page_may_post(stage: Stage, headers: dict[str, str]) -> None:
    asked = stage.browser.opening(await stage.stamp())
    status, body = await stage.browser.post("open", asked, **headers)
    assert status == 403
    assert body.get("sentence") or body.get("error")
    assert (await stage.browser.send_form({**GOOD, "stamp": await stage.stamp()}, **headers))[0] == 403
    assert stage.side.arrivals == []
    assert await stage.kept() == []


async def test_a_robot_is_not_told_what_gave_it_away(stage: Stage) -> None:
    good = await stage.stamp()
    text = await (await stage.browser.get("/chat/shop?language=en")).text()
    fresh = re.search(r'data-stamp="([^"]+)"', text)
    assert fresh is not None
    of_another = await stage.stamp("/chat/plain")
    stage.clock.pass_seconds(-3)
    old = good
    asked = [
        stage.browser.opening(""),
        stage.browser.opening("1.0123456789abcdef." + "0" * 64),
        stage.browser.opening(fresh[1]),
        stage.browser.opening(of_another),
        stage.browser.opening(good, subject="cheap watches"),
    ]
    answers = [await stage.browser.post("open", one) for one in asked]
    stage.clock.pass_seconds(25 * 3600)
    answers.append(await stage.browser.post("open", stage.browser.opening(old)))
    told = {(status, body["code"], body["sentence"], tuple(sorted(body))) for status, body in answers}
    assert len(told) == 1
    assert told.pop()[:2] == (429, "again")
    assert stage.side.arrivals == []
    # What the refusal brought is good after a moment: a page that was left open loses nothing.
    stage.clock.pass_seconds(3)
    again = stage.browser.opening(answers[-1][1]["stamp"])
    assert (await stage.browser.post("open", again))[0] == 201


async def test_one_browser_is_held_off_while_the_office_is_not(stage: Stage) -> None:
    stamp = await stage.stamp()
    for _ in range(BROWSER_RATE.burst):
        assert (await stage.browser.post("open", stage.browser.opening(stamp)))[0] == 201
    status, body = await stage.browser.post("open", stage.browser.opening(stamp))
    assert (status, body["code"]) == (429, "again")
    others = [
        await stage.browser.post("open", {**stage.browser.opening(stamp), "visitor": f"{n:016}"})
        for n in range(ADDRESS_RATE.burst)
    ]
    assert [status for status, _ in others].count(201) >= ADDRESS_RATE.burst - BROWSER_RATE.burst - 1
    assert others[-1][0] == 429  # but not a crowd of invented browsers
    stage.clock.pass_seconds(3600)
    assert (await stage.browser.post("open", stage.browser.opening(stamp)))[0] == 201


async def test_many_chats_have_nobody_called_more_often(stage: Stage) -> None:
    chats = [await stage.chat() for _ in range(NUMBER_RATE.burst + 1)]
    wanted = ["600000001", "12", "600 000 001", "+48600000001", "0048 600 000 001"]
    asked = [*zip(chats, wanted[:1] + wanted[2:], strict=True)]
    for _ in range(NUMBER_RATE.burst + 1):  # a slip of the finger is no call
        status, body = await stage.browser.post("call-me", {**chats[0], "number": "12"})
        assert (status, body["code"]) == (422, "number")
    answers = [(await stage.browser.post("call-me", {**chat, "number": n}))[0] for chat, n in asked]
    assert answers == [200] * NUMBER_RATE.burst + [429]
    assert (await stage.browser.post("call-me", {**chats[-1], "number": "600000002"}))[0] == 200


async def test_one_address_leaves_streams_to_others(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.web_chat.stream.MOST_OF_ADDRESS", 2)
    chat = await stage.chat()
    secrets = {"X-Chat": chat["chat"], "X-Chat-Secret": chat["secret"]}
    open_now = [await stage.browser.get("/chat/shop/events", **secrets) for _ in range(2)]
    answer = await stage.browser.get("/chat/shop/events", **secrets)
    assert (answer.status, (await answer.json())["code"]) == (503, "full")
    await stage.browser.post("end", chat)
    for one in open_now:
        await one.read()
    async with await stage.browser.get("/chat/shop/events", **secrets) as again:
        assert again.status == 200


async def test_a_chat_is_not_read_again_and_again(stage: Stage) -> None:
    chat = await stage.chat()
    await stage.browser.post("end", chat)
    secrets = {"X-Chat": chat["chat"], "X-Chat-Secret": chat["secret"]}
    for _ in range(CHAT_RATE.burst):
        answer = await stage.browser.get("/chat/shop/events", **secrets)
        await answer.read()
    assert answer.status == 429


@pytest.mark.parametrize("header", [b"X-Chat", b"X-Chat-Secret"])
async def test_ids_in_no_alphabet_are_nobodys(stage: Stage, header: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.browser.server.port)
    host = stage.browser.origin.removeprefix("http://").encode()
    given = {b"X-Chat": b"chat1", b"X-Chat-Secret": b"secret-chat1", header: b"\xff\xfe"}
    lines = [b"GET /chat/shop/events HTTP/1.1", b"Host: " + host, b"Connection: close"]
    await stage.chat()
    writer.write(b"\r\n".join([*lines, *(b": ".join(one) for one in given.items()), b"", b""]))
    async with asyncio.timeout(patient(5)):
        answer = await reader.read()
    writer.close()
    assert b'"gone"' in answer
    assert stage.side.checked.isascii()


async def test_words_that_pour_in_are_held_off(stage: Stage) -> None:
    chat = await stage.chat()
    answers = [
        (await stage.browser.post("say", {**chat, "text": "x", "client_id": f"{n:016}"}))[0]
        for n in range(CHAT_RATE.burst + 1)
    ]
    assert answers[-1] == 429
    assert set(answers[:-1]) == {200}


@pytest.mark.parametrize(
    ("name", "more", "code"),
    [
        ("say", {"text": "   ", "client_id": "c" * 16}, "empty"),
        ("say", {"text": "\x00", "client_id": "c" * 16}, "empty"),
        ("say", {"text": "ż" * 4001, "client_id": "c" * 16}, "too_long"),
        ("say", {"text": "x" * 20_000, "client_id": "c" * 16}, "unreadable"),
        ("say", {"text": "x", "client_id": "short"}, "unreadable"),
        ("say", {"text": ["x"], "client_id": "c" * 16}, "unreadable"),
        ("say", {"text": "\ud800", "client_id": "c" * 16}, "unreadable"),
        ("seen", {"page": {"address": SHOP, "ago": -1}}, "unreadable"),
        ("call/offer", {"sdp": "no offer"}, "unreadable"),
        ("call/offer", {"sdp": "v=0" + "x" * 40_000}, "unreadable"),
    ],
)
async def test_what_cannot_be_taken_is_told_in_one_sentence(
    stage: Stage, name: str, more: dict[str, object], code: str
) -> None:
    chat = await stage.chat()
    status, body = await stage.browser.post(name, {**chat, **more})
    assert (status, body["code"]) == (STATUS[code], code)
    assert body["sentence"].endswith(".")


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"chat":' * 2000, b"\xff", b"x" * 70_000])
async def test_a_broken_body_is_no_failure(stage: Stage, raw: bytes) -> None:
    url = stage.browser.server.make_url("/chat/shop/say")
    headers = stage.browser.headers({"Content-Type": "application/json"})
    async with stage.browser.session.post(url, data=raw, headers=headers) as answer:
        assert answer.status in (400, 413)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("say", b"application/json"), ("form", b"application/x-www-form-urlencoded"), ("form", MULTIPART)],
)
async def test_a_body_that_never_comes_is_not_waited_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str, kind: bytes
) -> None:
    for module in ("console.json_bodies", "console.form_bodies"):
        monkeypatch.setattr(f"{module}.BODY_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.browser.server.port)
    origin = stage.browser.origin.encode()
    lines = [
        f"POST /chat/shop/{name} HTTP/1.1".encode(),
        b"Host: " + origin.removeprefix(b"http://"),
        b"Origin: " + origin,
        b"Content-Type: " + kind,
        b"Content-Length: 100",
    ]
    writer.write(b"\r\n".join([*lines, b"", b""]))
    async with asyncio.timeout(patient(5)):
        answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_a_chat_opens_only_by_what_was_agreed_to_and_while_somebody_is_there(stage: Stage) -> None:
    stamp = await stage.stamp()
    status, body = await stage.browser.post("open", stage.browser.opening(stamp, consent=""))
    assert (status, body["code"]) == (422, "consent")
    stage.side.somebody = False
    status, body = await stage.browser.post("open", stage.browser.opening(stamp))
    assert (status, body["code"]) == (409, "nobody")
    stage.side.somebody = True
    for code in ("full", "away", "site", "unheard"):  # of the engine
        stage.side.refusal = code
        status, body = await stage.browser.post("open", stage.browser.opening(stamp))
        assert (status, body["code"]) == (STATUS.get(code, 503), code if code in STATUS else "away")
        stage.clock.pass_seconds(60)


async def test_a_page_address_is_of_the_site_alone() -> None:
    assert page_address(SITE, f"{SHOP}/a?b=c#d") == f"{SHOP}/a"
    assert page_address(SITE, "HTTPS://SHOP.example.com") == f"{SHOP}/"
    assert page_address(replace(SITE, keeps_query=True), f"{SHOP}/a?b=c#d") == f"{SHOP}/a?b=c"
    for foreign in ("https://evil.example/", "javascript:alert(1)", "", "https://[", f"{SHOP}.evil.example/"):
        assert page_address(SITE, foreign) is None
    for unkept in ("\0", "\ud800", "\u202e"):
        assert page_address(SITE, f"{SHOP}/a{unkept}b") is None, "no database keeps it"
    assert SentPage(address="", title="a\ud800\0b").title == "ab"


# --- the contact form -------------------------------------------------------------------------------------


async def test_a_form_asks_for_a_callback_once(stage: Stage) -> None:
    stage.side.somebody = False
    form = {**GOOD, "stamp": await stage.stamp(), "note": "in the afternoon"}
    status, body = await stage.browser.send_form(form)
    assert (status, body["sentence"]) == (202, "Thank you. We will call +48 600 000 001 as soon as possible.")
    assert (await stage.browser.send_form(form))[0] == 202  # a second click
    (one,) = await stage.kept()
    assert (one.point.value, one.topic, one.campaign, one.source) == (
        "+48600000001", "orders", "callbacks", "form",
    )  # fmt: skip
    assert (one.name, one.note, one.language, one.requests) == ("Anna", "in the afternoon", "en", 1)
    assert not one.person_chose
    (consent,) = await stage.store.permissions.consents_of(str(one.contact_id))
    assert (consent.source, consent.proof.text) == ("chat-form:shop", CONSENT["en"])
    assert (consent.channel, consent.purpose) == ("", "form")  # it is no consent to be contacted


async def test_a_form_that_was_put_right_is_another_request(stage: Stage) -> None:
    form = {**GOOD, "stamp": await stage.stamp()}
    for number in ("600 000 001", "600 000 002"):  # the answer to the first was lost
        assert (await stage.browser.send_form({**form, "number": number}))[0] == 202
    assert {one.point.value for one in await stage.kept()} == {"+48600000001", "+48600000002"}


async def test_a_form_in_the_frame_of_another_site_asks_for_nothing(stage: Stage) -> None:
    form = {**GOOD, "stamp": await stage.stamp()}
    url = stage.browser.server.make_url("/chat/shop/form?language=en&parent=https://evil.example")
    for accept in ("text/html", "application/json"):
        headers = stage.browser.headers({"Accept": accept})
        async with stage.browser.session.post(url, data=form, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "foreign")
    assert await stage.kept() == []


async def test_a_form_goes_by_the_hours_of_now(
    tmp_path: Path, clock: HandClock, make_store: Callable[..., Store]
) -> None:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    company = cast(Any, SimpleNamespace(country="PL", time_zone="Europe/Warsaw", hours={}))
    hours, side, ids = OfficeHours({}, WARSAW), EchoingSide(clock), TimeOrderedIds(clock)
    chat = assembled(company, lambda: {"shop": SITE}, side, Offers(), store, clock, ids, hours)
    hours.put({"office": HoursSection.model_validate({"mon-fri": "8:00-16:00"})})  # the settings, read anew
    async with (
        TestServer(chat_application(chat), host="127.0.0.1") as server,
        aiohttp.ClientSession() as session,
    ):
        stage = Stage(clock, store, side, Offers(), Browser(server, session), set())
        assert (await stage.browser.send_form({**GOOD, "stamp": await stage.stamp()}))[0] == 202
        (one,) = await stage.kept()
    assert one.window_from == datetime.fromisoformat("2026-11-23T07:00:00+00:00"), "it is Saturday"


async def test_a_form_names_a_time_in_the_visitors_zone(stage: Stage) -> None:
    chosen = {**GOOD, "when": "at", "from": "2026-11-24T10:00"}
    for n, zone in enumerate(["Europe/Lisbon", "Nowhere/Land"], 1):
        form = {**chosen, "number": f"60000000{n}", "time_zone": zone, "stamp": await stage.stamp()}
        status, body = await stage.browser.send_form(form)
        promised = f"Thank you. We will call +48 600 000 00{n}, not before 24.11, 10:00."
        assert (status, body["sentence"]) == (202, promised)
    by_number = {one.point.value: one for one in await stage.kept()}
    assert by_number["+48600000001"].window_from == datetime.fromisoformat("2026-11-24T10:00:00+00:00")
    assert by_number["+48600000002"].window_from == datetime.fromisoformat("2026-11-24T09:00:00+00:00")


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({"number": ""}, {"number"}),
        ({"number": "12", "consent": ""}, {"number", "consent"}),
        ({"number": "6" * 60}, {"number"}),
        ({"topic": ""}, {"topic"}),
        ({"topic": "nonsense"}, {"topic"}),
        ({"when": "at"}, {"from"}),
        ({"when": "at", "from": "tomorrow"}, {"from"}),
        ({"when": "at", "from": "2020-01-01T10:00"}, {"from"}),
        ({"when": "at", "from": "2026-11-22T10:00", "consent": ""}, {"from", "consent"}),
        ({"note": "x" * 2001}, {"note"}),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(
    stage: Stage, more: dict[str, str], fields: set[str]
) -> None:
    form = {**GOOD, "stamp": await stage.stamp(), **more}
    status, body = await stage.browser.send_form(form)
    assert (status, set(body["errors"])) == (422, fields)
    status, page = await stage.browser.send_form(form, "text/html")
    assert status == 422
    for name in fields:
        assert body["errors"][name] in unescape(page)
        assert re.search(rf'id="{name}"[^>]*aria-invalid="true"', page), name
    assert 'value="Anna"' in page  # nothing that was typed is lost
    assert await stage.kept() == []


async def test_a_form_works_without_a_script(stage: Stage) -> None:
    form = {**GOOD, "name": '"><script>alert(1)</script>', "stamp": await stage.stamp()}
    status, page = await stage.browser.send_form(form | {"subject": "cheap watches"}, "text/html")
    assert status == 429
    assert "Wait a moment and send it again" in page
    assert "<script>alert" not in page
    stamp = re.search(r'name="stamp" value="([^"]+)"', page)
    assert stamp is not None
    stage.clock.pass_seconds(3)
    status, page = await stage.browser.send_form(form | {"stamp": stamp[1]}, "text/html")
    assert status == 200
    assert "Thank you. We will call +48 600 000 00" in page
    assert len(await stage.kept()) == 1


async def test_one_number_is_rarely_asked_for(stage: Stage) -> None:
    answers = [
        (await stage.browser.send_form({**GOOD, "stamp": await stage.stamp()}))[0]
        for _ in range(NUMBER_RATE.burst + 1)
    ]
    assert answers == [202] * NUMBER_RATE.burst + [429]


async def test_a_site_without_a_form_takes_none(stage: Stage) -> None:
    url = stage.browser.server.make_url("/chat/plain/form")
    async with stage.browser.session.post(url, data=GOOD, headers=stage.browser.headers()) as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, "site")
    page = await (await stage.browser.get("/chat/plain")).text()
    assert 'id="form"' not in page
