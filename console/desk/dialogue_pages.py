"""/desk/written: what people wrote to this agent, and what the agent does about it."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from console.accounts.admission import may, saw
from console.accounts.identity import identified
from console.desk.actions import Deed
from console.desk.dialogue import SHAPES, card_of, length_told
from console.desk.forms import Form, WrongForm, count_of, text_of
from console.desk.pages import agent_of
from console.form_bodies import form_of
from console.pages import Pages
from console.words import Words
from engine.desk.desks import Desks
from engine.desk.written_work import LONGEST_ANSWER, WrittenWork


class DialoguePages:
    """`deeds` are forms of the desk, answered as its others are."""

    def __init__(self, pages: Pages, desks: Desks, written: WrittenWork) -> None:
        self._pages = pages
        self._desks = desks
        self._written = written

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/desk/written", self.part), web.post("/desk/written-length", self.length)]

    def deeds(self) -> Mapping[str, Deed]:
        return {
            "written-take": self.take,
            "written-decline": self.decline,
            "written-answer": self.answer,
            "written-give": self.give,
            "written-close": self.close,
        }

    async def part(self, request: web.Request) -> web.Response:
        agent = await agent_of(request, self._desks)
        words, names = self._pages.words_for(request), self._desks.names()
        desk = await self._written.desk(agent)
        cards = [card_of(one, words, names, desk.now) for one in desk.items]
        saw(request, "contact.seen", sorted({f"contact:{one.contact_id}" for one in cards if one.contact_id}))
        return self._pages.page(
            request,
            "desk/written.html",
            cards=cards,
            day=desk.day,
            returned=desk.returned,
            shapes=SHAPES,
            targets=[one for one in self._desks.targets(agent) if one.kind in ("agent", "queue")],
            may_read=may(identified(request), "/contacts/{contact_id}"),
        )

    async def length(self, request: web.Request) -> web.Response:
        form = await form_of(request)
        text, key = form.get("text", "")[: 2 * LONGEST_ANSWER], form.get("dialogue", "")
        if key:
            self._written.touched(await agent_of(request, self._desks), key)
        return web.json_response({"said": length_told(text, self._pages.words_for(request))})

    async def take(self, agent: str, form: Form, words: Words) -> str:
        await self._written.take(agent, text_of(form, "dialogue"))
        return ""

    async def decline(self, agent: str, form: Form, words: Words) -> str:
        self._written.decline(agent, text_of(form, "dialogue"))
        return ""

    async def answer(self, agent: str, form: Form, words: Words) -> str:
        key, text = text_of(form, "dialogue"), form.get("text", "")
        await self._written.answer(agent, key, text, after=count_of(form, "sent"))
        return words("written_sent")

    async def give(self, agent: str, form: Form, words: Words) -> str:
        to, queue = target_of(form)
        await self._written.pass_on(agent, text_of(form, "dialogue"), to=to, queue=queue)
        return words("written_given")

    async def close(self, agent: str, form: Form, words: Words) -> str:
        await self._written.end(agent, text_of(form, "dialogue"), form.get("disposition", "")[:80])
        return words("written_closed")


def target_of(form: Form) -> tuple[str | None, str | None]:
    """An agent, or a queue: `to` is "agent:NAME" or "queue:NAME"."""
    kind, _, name = form.get("to", "").partition(":")
    if kind not in ("agent", "queue") or not name or len(name) > 80:
        raise WrongForm("desk_wrong_target")
    return (name, None) if kind == "agent" else (None, name)
