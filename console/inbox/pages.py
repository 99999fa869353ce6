"""/inbox: dialogues that are open, who has them, how long an answer is owed; taken over and assigned."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from console.accounts.admission import saw
from console.api.pages_of import next_of
from console.campaigns.asking import actor_of
from console.desk.actions import refusal_told
from console.desk.dialogue import SHAPES, DialogueCard, card_of
from console.desk.dialogue_pages import target_of
from console.desk.forms import Form, WrongForm, count_of
from console.desk.pages import agent_of
from console.faults import Fault
from console.form_bodies import form_of
from console.pages import Pages
from console.query_values import place_of
from engine.desk.days import midnight
from engine.desk.desks import Desks
from engine.desk.refusals import DeskRefused
from engine.desk.written_work import WrittenItem, WrittenWork
from engine.ports import Clock
from engine.registers.actor import Actor
from engine.registers.dialogues import DialogueFilter
from engine.registers.refusals import Missing, Refused
from messaging.dialogue import DialogueState

PAGE_ROWS = 40
LONGEST_REASON = 500
LONGEST_NAME = 80
VIEWS = ("owed", "open", "closed")

Deed = Callable[[str, str, Actor, Form, str], Awaitable[None]]


class InboxPages:
    def __init__(self, pages: Pages, desks: Desks, written: WrittenWork, clock: Clock) -> None:
        self._pages = pages
        self._desks = desks
        self._written = written
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/inbox", self.inbox),
            web.get("/inbox/{dialogue_id}", self.dialogue),
            web.post("/inbox/{dialogue_id}/take", self._done(self._take, "taken", own=True)),
            web.post("/inbox/{dialogue_id}/give", self._done(self._give, "given")),
            web.post(
                "/inbox/{dialogue_id}/answer", self._done(self._answer, "answered", reason=False, own=True)
            ),
            web.post("/inbox/{dialogue_id}/close", self._done(self._close, "closed")),
        ]

    async def inbox(self, request: web.Request) -> web.Response:
        view = request.query.get("view", "owed")
        if view not in VIEWS:
            raise Fault(400, f"`view` is one of {', '.join(VIEWS)}.")
        chosen = {name: request.query.get(name, "")[:LONGEST_NAME] for name in ("queue", "agent")}
        after = place_of(request, "id")
        agent = chosen["agent"]
        wanted = DialogueFilter(
            state=DialogueState.CLOSED if view == "closed" else DialogueState.OPEN,
            queue=chosen["queue"] or None,
            agent={"": None, "-": ""}.get(agent, agent),
            owed=view == "owed",
        )
        words, names, now = self._pages.words_for(request), self._desks.names(), self._clock.now()
        page = await self._written.register.list(wanted, limit=PAGE_ROWS, after=after)
        cards = [card_of(WrittenItem(row), words, names, now) for row in page.items]
        saw(request, "contact.seen", sorted({f"contact:{one.contact_id}" for one in cards if one.contact_id}))
        number, owed, since = await self._written.register.counts()
        return self._pages.page(
            request,
            "inbox/list.html",
            page="inbox",
            cards=cards,
            view=view,
            views=VIEWS,
            chosen=chosen,
            queues=sorted(self._desks.settings.queues),
            agents=sorted(names.items(), key=lambda pair: pair[1]),
            counts={"open": number, "owed": owed},
            owed_since=since,
            day=await self._written.register.figures(midnight(now, self._desks.settings.zone)),
            first=after is None,
            next=next_of(page),
        )

    async def dialogue(self, request: web.Request) -> web.Response:
        return await self._show(request)

    async def _show(self, request: web.Request, wrong: str = "", status: int = 200) -> web.Response:
        me = await self._desk_of(request)
        words, names = self._pages.words_for(request), self._desks.names()
        try:
            item = await self._written.item(request.match_info["dialogue_id"], me)
        except Missing:
            raise Fault(404, "There is no such dialogue. They are listed at /inbox.") from None
        card: DialogueCard = card_of(item, words, names, self._clock.now())
        if card.contact_id:
            saw(request, "contact.seen", [f"contact:{card.contact_id}"])
        return self._pages.page(
            request,
            "inbox/dialogue.html",
            status=status,
            page="inbox",
            card=card,
            mine=bool(me) and item.row.dialogue.agent == me,
            has_desk=bool(me),
            shapes=SHAPES,
            wrong=wrong,
            done=request.query.get("done", ""),
            targets=[one for one in self._desks.targets("") if one.kind in ("agent", "queue")],
        )

    async def _desk_of(self, request: web.Request, *, needed: bool = False) -> str:
        """The agent that the reader is; who has no desk may read, assign and close all the same."""
        try:
            return await agent_of(request, self._desks)
        except Fault as fault:
            if needed or fault.status != 403:
                raise
            return ""

    def _done(
        self, deed: Deed, told: str, *, reason: bool = True, own: bool = False
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            me, key = await self._desk_of(request, needed=own), request.match_info["dialogue_id"]
            words, form = self._pages.words_for(request), await form_of(request)
            why = " ".join(form.get("reason", "").split())
            if reason and (not why or len(why) > LONGEST_REASON or not why.isprintable()):
                return await self._show(request, words("inbox_wrong_reason", most=LONGEST_REASON), 422)
            try:
                await deed(me, key, actor_of(request), form, why)
            except WrongForm as wrong:
                return await self._show(request, words(wrong.words, None, **wrong.values), 422)
            except DeskRefused as refused:
                sentence, _ = refusal_told(refused, words, self._desks.names())
                return await self._show(request, sentence, 409)
            except (Missing, Refused) as refused:
                raise Fault(409, str(refused)) from None
            return web.Response(status=303, headers={"Location": f"/inbox/{key}?done={told}"})

        return answer

    async def _take(self, me: str, key: str, actor: Actor, form: Form, why: str) -> None:
        await self._written.take_over(me, key, actor=actor, why=why)

    async def _give(self, me: str, key: str, actor: Actor, form: Form, why: str) -> None:
        to, queue = target_of(form)
        await self._written.pass_on("", key, to=to, queue=queue, actor=actor, why=why)

    async def _answer(self, me: str, key: str, actor: Actor, form: Form, why: str) -> None:
        if "\0" in form.get("text", ""):
            raise WrongForm("desk_wrong_zero")
        await self._written.answer(me, key, form.get("text", ""), after=count_of(form, "sent"))

    async def _close(self, me: str, key: str, actor: Actor, form: Form, why: str) -> None:
        await self._written.end("", key, form.get("disposition", "")[:LONGEST_NAME], actor=actor, why=why)
