"""The visitor's side of chats over an echoing flow, and what a browser sends to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from console.faults import fault_middleware
from console.guard import NAMES, add_headers, guard
from console.web_chat.serving import WebChat
from engine.chat.sides import Arrival, ChatNews, ChatRefused, Opened, PageSeen
from engine.clock import TimeOrderedIds
from engine.ports import Clock, VisitorAnswer, VisitorRefused, Visitors
from history.points import WrongPoint, phone_of
from messaging.chat import Button, Chat, ChatLine, ChatPhase, LineKind, Speaker
from messaging.chat_site import ChatSite, ContactForm, InvitationRule
from schedules.opening_hours import OpeningHours
from schedules.spans import parse_spans
from store.store import Store

WARSAW = ZoneInfo("Europe/Warsaw")
SHOP = "https://shop.example.com"
CONSENT = {"pl": "Zgadzam się na kontakt.", "en": "I agree to be contacted.", "ru": "Согласие на связь."}
SITE = ChatSite(
    name="shop",
    origins=frozenset({SHOP}),
    flow="hotline",
    languages=("pl", "en", "ru"),
    title={"pl": "Zapytaj sklep", "en": "Ask the shop", "ru": "Спросите магазин"},
    hours="office",
    form=ContactForm("web", {"orders": {"pl": "Zamówienie", "en": "Order", "ru": "Заказ"}}, "callbacks"),
    invitation=InvitationRule({"pl": "Pomóc?", "en": "May we help?", "ru": "Помочь?"}, 1.0, ("/pricing*",)),
    number="100",
    consent=CONSENT,
)
PLAIN = ChatSite("plain", frozenset({SHOP}), "hotline", ("en",))
BUTTONS = (Button("orders", "Orders"), Button("person", "Talk to a person"))


@dataclass
class EchoingSide:
    """Implements engine.chat.sides.VisitorSide: a menu, then each line comes back; "person" is Anna."""

    clock: Clock
    somebody: bool = True
    chats: dict[str, Chat] = field(default_factory=dict)
    lines: dict[str, list[ChatLine]] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    pages: list[PageSeen] = field(default_factory=list)
    called: list[tuple[str, str]] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    refusal: str = ""
    buttons: tuple[Button, ...] = BUTTONS
    typed: int = 0
    checked: str = ""  # whose chat was asked for last, and with which secret
    following: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)  # nobody follows any more
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, arrival: Arrival) -> Opened:
        if self.refusal:
            raise ChatRefused(self.refusal, "refused")
        chat = Chat(f"chat{len(self.chats) + 1}", arrival.site, None, "", self.clock.now(), "a", "hotline")
        self.arrivals.append(arrival)
        self.chats[chat.id] = chat
        self.lines[chat.id] = []
        self.tell(chat.id, Speaker.FLOW, LineKind.TEXT, "Welcome. What is it about?")
        return Opened(chat.id, f"secret-{chat.id}")

    def can_open(self, site: str) -> bool:
        return self.somebody

    def tell(self, id: str, by: Speaker, kind: LineKind, text: str = "", **more: Any) -> int:
        line = ChatLine(len(self.lines[id]) + 1, self.clock.now(), by, kind, text, **more)
        self.lines[id].append(line)
        self.chats[id] = replace(self.chats[id], last_seq=line.seq)
        self.wake()
        return line.seq

    def wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def say(self, id: str, secret: str, text: str, client_id: str) -> int:
        await self.check(id, secret)
        for line in self.lines[id]:
            if line.client_id == client_id:
                return line.seq
        seq = self.tell(id, Speaker.VISITOR, LineKind.TEXT, text, client_id=client_id)
        self.answer(id, f"You wrote: {text}")
        return seq

    def answer(self, id: str, text: str) -> None:
        chat = self.chats[id]
        if chat.phase is ChatPhase.TALKING:
            self.tell(id, Speaker.AGENT, LineKind.TEXT, text, agent="anna")
        else:
            self.tell(id, Speaker.FLOW, LineKind.TEXT, text)

    async def press(self, id: str, secret: str, value: str, client_id: str) -> int:
        await self.check(id, secret)
        label = next(button.label for button in BUTTONS if button.value == value)
        seq = self.tell(id, Speaker.VISITOR, LineKind.CHOICE, label, client_id=client_id)
        if value == "person":
            self.buttons = ()
            self.chats[id] = replace(self.chats[id], phase=ChatPhase.TALKING, agent="anna")
            self.tell(id, Speaker.AGENT, LineKind.JOINED, agent="anna")
        return seq

    async def seen(self, id: str, secret: str, page: PageSeen) -> None:
        await self.check(id, secret)
        self.pages.append(page)

    async def typing(self, id: str, secret: str) -> None:
        await self.check(id, secret)
        self.typed += 1

    async def follow(self, id: str, secret: str, after: int) -> AsyncIterator[ChatNews]:
        await self.check(id, secret)
        self.following += 1
        self.left.clear()
        try:
            while True:
                changed, chat = self._changed, self.chats[id]
                new = [line for line in self.lines[id] if line.seq > after]
                after = self.lines[id][-1].seq
                yield ChatNews(chat, new, buttons=self.buttons, agent_shown="Anna", free_text=True)
                if not chat.is_open:
                    return
                await changed.wait()
        finally:
            self.following -= 1
            if not self.following:
                self.left.set()

    async def end(self, id: str, secret: str) -> None:
        await self.check(id, secret)
        self.chats[id] = replace(self.chats[id], phase=ChatPhase.CLOSED)
        self.tell(id, Speaker.VISITOR, LineKind.CLOSED)

    async def wants_call(self, id: str, secret: str, number: str) -> str:
        await self.check(id, secret)
        try:
            e164 = phone_of(number, "PL")
        except WrongPoint as wrong:
            raise ChatRefused("number", str(wrong)) from wrong
        self.wanted.append(e164)
        self.tell(id, Speaker.VISITOR, LineKind.CALL, e164, data={"how": "callback"})
        return e164

    async def calls(self, id: str, secret: str, visitor_call: str) -> None:
        await self.check(id, secret)
        self.called.append((id, visitor_call))

    async def check(self, id: str, secret: str) -> Chat:
        self.checked = id + secret
        if self.refusal:
            raise ChatRefused(self.refusal, "refused")
        if secret != f"secret-{id}" or id not in self.chats:
            raise ChatRefused("gone", "There is no such chat.")
        return self.chats[id]


class Offers:
    """Implements engine.ports.Visitors. `held`: an offer is answered when it is set."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.held: asyncio.Event | None = None
        self.offered: list[tuple[str, str]] = []
        self.pressed: list[tuple[str, str]] = []
        self.left: list[str] = []
        self.refuses = False

    async def offer(self, sdp: str, dialled: str) -> VisitorAnswer:
        if self.refuses:
            raise VisitorRefused("too many")
        self.offered.append((sdp, dialled))
        self.asked.set()
        if self.held is not None:
            await self.held.wait()
        return VisitorAnswer("v1", "v=0\r\n")

    async def press(self, visitor_id: str, keys: str) -> None:
        if visitor_id != "v1":
            raise KeyError(visitor_id)
        self.pressed.append((visitor_id, keys))

    def __contains__(self, visitor_id: object) -> bool:
        return visitor_id == "v1" and not self.left

    async def hang_up(self, visitor_id: str) -> None:
        self.left.append(visitor_id)


def web_chat(
    sites: Mapping[str, ChatSite],
    side: EchoingSide,
    store: Store,
    clock: Clock,
    visitors: Visitors | None = None,
) -> WebChat:
    hours = OpeningHours(WARSAW, {day: parse_spans("8:00-16:00") for day in range(5)})
    return WebChat(
        lambda: sites,
        side,
        Offers() if visitors is None else visitors,  # one without visitors is false
        store.callbacks,
        hours={"office": hours}.get,
        clock=clock,
        ids=TimeOrderedIds(clock),
        region="PL",
        zone=WARSAW,
    )


def chat_application(chat: WebChat) -> web.Application:
    """As the console serves it, without the console."""

    def no_page(request: web.Request, status: int, message: str, language: str) -> web.Response:
        return web.Response(status=status, text=message)

    app = web.Application(client_max_size=64 * 1024, middlewares=[fault_middleware(no_page), guard])
    app[NAMES] = frozenset()
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(chat.close)
    app.add_routes(chat.routes())
    return app


@dataclass
class Browser:
    """One at the page of the frame. `post` and `get` send what its script sends."""

    server: TestServer
    session: aiohttp.ClientSession
    visitor: str = "0123456789abcdef"

    @property
    def origin(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    def headers(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        own = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
        return {name: value for name, value in {**own, **(more or {})}.items() if value}

    async def get(self, path: str, **headers: str) -> aiohttp.ClientResponse:
        return await self.session.get(self.server.make_url(path), headers=headers)

    async def post(
        self, name: str, body: Mapping[str, object], site: str = "shop", **headers: str
    ) -> tuple[int, Any]:
        url = self.server.make_url(f"/chat/{site}/{name}?language=en")
        async with self.session.post(url, json=body, headers=self.headers(headers)) as answer:
            return answer.status, (await answer.json() if answer.content_length else {})

    async def send_form(
        self, values: Mapping[str, str], accept: str = "application/json", **headers: str
    ) -> tuple[int, Any]:
        url = self.server.make_url("/chat/shop/form?language=en")
        sent = self.headers({"Accept": accept, **headers})
        async with self.session.post(url, data=dict(values), headers=sent) as answer:
            text = await answer.text()
            return answer.status, (await answer.json() if accept == "application/json" else text)

    def opening(self, stamp: str, **more: object) -> dict[str, object]:
        return {"stamp": stamp, "visitor": self.visitor, "consent": CONSENT["en"], "subject": "", **more}


def seen(address: str, title: str = "Pricing", ago: float = 5.0) -> dict[str, object]:
    return {"address": address, "title": title, "ago": ago}


SOON = timedelta(seconds=3)
SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
