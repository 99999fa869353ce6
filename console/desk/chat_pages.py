"""/desk/chats: what is offered to this agent and what they have, and what the agent does in it."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from console.accounts.admission import may, saw
from console.accounts.identity import identified
from console.desk.actions import Deed
from console.desk.chat import LONGEST_LINE, card_of
from console.desk.dialogue_pages import target_of
from console.desk.forms import LONGEST_NAME, Form, WrongForm, text_of
from console.desk.pages import agent_of
from console.form_bodies import form_of
from console.pages import Pages
from console.words import Words
from engine.chat.sides import AgentSide
from engine.desk.desks import Desks
from engine.ports import Clock


class ChatPages:
    """`deeds` are forms of the desk, answered as its others are."""

    def __init__(self, pages: Pages, desks: Desks, chats: AgentSide, clock: Clock) -> None:
        self._pages = pages
        self._desks = desks
        self._chats = chats
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/desk/chats", self.part), web.post("/desk/chat-typing", self.typing)]

    def deeds(self) -> Mapping[str, Deed]:
        return {
            "chat-take": self.take,
            "chat-decline": self.decline,
            "chat-say": self.say,
            "chat-give": self.give,
            "chat-end": self.end,
            "chat-call": self.call,
        }

    async def part(self, request: web.Request) -> web.Response:
        agent = await agent_of(request, self._desks)
        words, names = self._pages.words_for(request), self._desks.names()
        now = self._clock.now()
        cards = [card_of(one, words, names, now) for one in await self._chats.desk(agent)]
        saw(request, "contact.seen", sorted({f"contact:{one.contact_id}" for one in cards if one.contact_id}))
        targets = [one for one in self._desks.targets(agent) if one.kind in ("agent", "queue")]
        return self._pages.page(
            request,
            "desk/chats.html",
            offers=[one for one in cards if one.offered],
            cards=[one for one in cards if not one.offered],
            targets=targets,
            may_read=may(identified(request), "/contacts/{contact_id}"),
        )

    async def typing(self, request: web.Request) -> web.Response:
        """The agent writes. Whether anybody is told of it is no matter of theirs."""
        agent = await agent_of(request, self._desks)
        key = (await form_of(request)).get("chat", "")
        if 0 < len(key) <= LONGEST_NAME:
            self._chats.typing(agent, key)
        return web.Response(status=204)

    async def take(self, agent: str, form: Form, words: Words) -> str:
        await self._chats.take(agent, text_of(form, "chat"))
        return ""

    async def decline(self, agent: str, form: Form, words: Words) -> str:
        self._chats.decline(agent, text_of(form, "chat"))
        return ""

    async def say(self, agent: str, form: Form, words: Words) -> str:
        text = form.get("text", "").replace("\r\n", "\n").strip()
        if not text or len(text) > LONGEST_LINE:
            raise WrongForm("chats_wrong_text", most=LONGEST_LINE)
        await self._chats.say(agent, text_of(form, "chat"), text, form.get("line", "")[:LONGEST_NAME])
        return ""

    async def give(self, agent: str, form: Form, words: Words) -> str:
        to, queue = target_of(form)
        await self._chats.pass_on(agent, text_of(form, "chat"), to=to, queue=queue)
        return words("written_given")

    async def end(self, agent: str, form: Form, words: Words) -> str:
        await self._chats.end(agent, text_of(form, "chat"), form.get("disposition", "")[:LONGEST_NAME])
        return words("written_closed")

    async def call(self, agent: str, form: Form, words: Words) -> str:
        await self._chats.offer_call(agent, text_of(form, "chat"))
        return words("chats_call_sent")
