"""What a visitor does in a chat: opens it, writes, presses buttons, moves on, asks for a call, ends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from calls.numbers import parse_number
from console.api.rate_limits import address_key
from console.web_chat.asking import (
    CallMe,
    OfChat,
    Opening,
    Press,
    Seen,
    Words,
    sent,
)
from console.web_chat.door import Door
from console.web_chat.refusals import Turned, code_of, refusal
from engine.chat.sides import Arrival, ChatRefused, VisitorSide
from engine.ports import Clock
from history.names import cleaned
from messaging.chat_limits import LONGEST_WORDS
from messaging.chat_site import ChatSite

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def turned_away(door: Door, handler: Handler) -> Handler:
    """`handler`, whose refusals are answered in the visitor's language."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Turned as turned:
            code, more = turned.code, turned.more
        except ChatRefused as refused:
            code, more = code_of(refused), {}
        language: str = request.query.get("language") or request.headers.get("Accept-Language") or ""
        return refusal(code, door.words(language[:2].lower()), more)

    return answered


class Talking:
    """POST /chat/{site}/open, say, press, seen, typing, end and call-me. All take and answer JSON."""

    def __init__(self, door: Door, side: VisitorSide, clock: Clock, region: str) -> None:
        self._door = door
        self._side = side
        self._clock = clock
        self._region = region

    def routes(self) -> list[web.RouteDef]:
        handlers: dict[str, Handler] = {
            "open": self.open,
            "say": self.say,
            "press": self.press,
            "seen": self.seen,
            "typing": self.typing,
            "end": self.end,
            "call-me": self.call_me,
        }
        return [
            web.post(f"/chat/{{site}}/{name}", turned_away(self._door, handler))
            for name, handler in handlers.items()
        ]

    async def open(self, request: web.Request) -> web.Response:
        """-> 201 {"chat", "secret"}."""
        site = self._door.from_own_page(request)
        asked = await sent(Opening, request)
        self._door.newcomer(request, site, stamp=asked.stamp, decoy=asked.subject, who=asked.visitor)
        language = self._door.language(request, site)
        if asked.consent != site.said(site.consent, language):  # what they ticked is what we keep
            raise Turned("consent")
        if not self._side.can_open(site.name):
            raise Turned("nobody")
        opened = await self._side.open(self._arrival(request, site, language, asked))
        return web.json_response({"chat": opened.id, "secret": opened.secret}, status=201)

    def _arrival(self, request: web.Request, site: ChatSite, language: str, asked: Opening) -> Arrival:
        now = self._clock.now()
        seen = [page.seen(site, now) for page in asked.path]
        rule = site.invitation if asked.invited else None
        return Arrival(
            site=site.name,
            visitor=asked.visitor,
            language=language,
            path=tuple(page for page in seen if page is not None),
            name=cleaned(asked.name) or "",
            consent=asked.consent,
            invited=site.said(rule.text, language) if rule else "",
            remote=address_key(request.remote),
        )

    async def say(self, request: web.Request) -> web.Response:
        """-> {"seq"}."""
        self._door.from_own_page(request)
        words = await sent(Words, request)
        self._door.of_chat(words.chat)
        text = words.text.strip()
        if not text:
            raise Turned("empty")
        if len(text) > LONGEST_WORDS:
            raise Turned("too_long")
        seq = await self._side.say(words.chat, words.secret, text, words.client_id)
        return web.json_response({"seq": seq})

    async def press(self, request: web.Request) -> web.Response:
        """-> {"seq"}."""
        self._door.from_own_page(request)
        press = await sent(Press, request)
        self._door.of_chat(press.chat)
        seq = await self._side.press(press.chat, press.secret, press.value, press.client_id)
        return web.json_response({"seq": seq})

    async def seen(self, request: web.Request) -> web.Response:
        site = self._door.from_own_page(request)
        seen = await sent(Seen, request)
        self._door.of_chat(seen.chat)
        page = seen.page.seen(site, self._clock.now())
        if page is not None:
            await self._side.seen(seen.chat, seen.secret, page)
        return web.Response(status=204)

    async def typing(self, request: web.Request) -> web.Response:
        self._door.from_own_page(request)
        chat = await sent(OfChat, request)
        self._door.of_chat(chat.chat)
        await self._side.typing(chat.chat, chat.secret)
        return web.Response(status=204)

    async def end(self, request: web.Request) -> web.Response:
        self._door.from_own_page(request)
        chat = await sent(OfChat, request)
        self._door.of_chat(chat.chat)
        await self._side.end(chat.chat, chat.secret)
        return web.Response(status=204)

    async def call_me(self, request: web.Request) -> web.Response:
        """-> {"number"}, in E.164."""
        self._door.from_own_page(request)
        wanted = await sent(CallMe, request)
        self._door.of_chat(wanted.chat)
        await self._side.check(wanted.chat, wanted.secret)
        if (known := parse_number(wanted.number, self._region).e164) is not None:
            self._door.number(wanted.chat)
            self._door.number(known)  # as the form: whoever opens many chats could have somebody called
        number = await self._side.wants_call(wanted.chat, wanted.secret, wanted.number)
        return web.json_response({"number": number})
