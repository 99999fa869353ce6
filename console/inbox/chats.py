"""/inbox/chats: who chats now, with whom and since when; read, taken over, passed on and ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from console.accounts.admission import saw
from console.api.pages_of import after_of, next_of
from console.api.problem import Problem
from console.campaigns.asking import actor_of
from console.desk.actions import refusal_told
from console.desk.chat import PHASES, ChatCard, card_of
from console.desk.dialogue_pages import target_of
from console.desk.forms import Form, WrongForm
from console.desk.pages import agent_of
from console.faults import Fault
from console.form_bodies import form_of
from console.inbox.pages import LONGEST_NAME, LONGEST_REASON
from console.pages import Pages
from engine.chat.sides import ChatItem
from engine.chat.supervising import SupervisedChats
from engine.desk.desks import Desks
from engine.desk.refusals import DeskRefused
from engine.ports import Clock
from engine.registers.actor import Actor
from engine.registers.chats import ChatFilter, Chats
from engine.registers.refusals import Missing
from messaging.chat import ChatPhase

ENDED_ROWS = 50
Deed = Callable[[str, str, Actor, Form, str], Awaitable[None]]


class InboxChatPages:
    """The list moves by itself; each deed wants a reason, which stands in the audit log.

    `past`: where those that are over are found; None: they are on no list.
    """

    def __init__(
        self, pages: Pages, desks: Desks, chats: SupervisedChats, clock: Clock, past: Chats | None = None
    ) -> None:
        self._pages = pages
        self._desks = desks
        self._chats = chats
        self._clock = clock
        self._past = past

    def routes(self) -> list[web.RouteDef]:
        one = "/inbox/chats/{chat_id}"
        return [
            web.get("/inbox/chats", self.list),
            web.get("/parts/inbox/chats", self.part),
            web.get(one, self.chat),
            web.get(f"/parts{one}", self.lines),
            web.post(f"{one}/take", self._done(self._take, "chat_taken", own=True)),
            web.post(f"{one}/give", self._done(self._give, "given")),
            web.post(f"{one}/close", self._done(self._close, "closed")),
        ]

    async def list(self, request: web.Request) -> web.Response:
        if self._past is not None and request.query.get("view") == "ended":
            return await self._ended(request, self._past)
        return await self._listed(request, "inbox/chats.html", past=self._past is not None)

    async def _ended(self, request: web.Request, past: Chats) -> web.Response:
        words, names, now = self._pages.words_for(request), self._desks.names(), self._clock.now()
        try:
            after = after_of(request.query.get("before") or None, "time", "id")
        except Problem as wrong:
            raise Fault(400, "`before` is not the place of a page. Open the list without it.") from wrong
        page = await past.list(ChatFilter(phases=(ChatPhase.CLOSED,)), limit=ENDED_ROWS, after=after)
        rows = [(card_of(ChatItem(one), words, names, now), one.chat) for one in page.items]
        saw(
            request,
            "contact.seen",
            sorted({f"contact:{card.contact_id}" for card, _ in rows if card.contact_id}),
        )
        return self._pages.page(
            request, "inbox/chats_ended.html", page="inbox", rows=rows, older=next_of(page), past=True
        )

    async def part(self, request: web.Request) -> web.Response:
        return await self._listed(request, "inbox/chat_rows.html")

    async def chat(self, request: web.Request) -> web.Response:
        return await self._show(request)

    async def lines(self, request: web.Request) -> web.Response:
        return self._pages.page(request, "inbox/chat_lines.html", card=await self._card(request))

    async def _listed(self, request: web.Request, template: str, *, past: bool = False) -> web.Response:
        words, names, now = self._pages.words_for(request), self._desks.names(), self._clock.now()
        cards = [card_of(one, words, names, now) for one in await self._chats.open_now()]
        saw(request, "contact.seen", sorted({f"contact:{one.contact_id}" for one in cards if one.contact_id}))
        return self._pages.page(request, template, page="inbox", cards=cards, phases=PHASES, past=past)

    async def _show(self, request: web.Request, wrong: str = "", status: int = 200) -> web.Response:
        me = await self._desk_of(request)
        card = await self._card(request)
        return self._pages.page(
            request,
            "inbox/chat.html",
            status=status,
            page="inbox",
            card=card,
            phases=PHASES,
            mine=bool(me) and card.agent == me,
            has_desk=bool(me),
            wrong=wrong,
            done=request.query.get("done", ""),
            targets=[one for one in self._desks.targets("") if one.kind in ("agent", "queue")],
        )

    async def _card(self, request: web.Request) -> ChatCard:
        """Raises Fault 404."""
        words, names = self._pages.words_for(request), self._desks.names()
        try:
            item = await self._chats.item(request.match_info["chat_id"])
        except Missing:
            raise Fault(
                404, "There is no such chat. Those that are open are listed at /inbox/chats."
            ) from None
        card = card_of(item, words, names, self._clock.now())
        if card.contact_id:
            saw(request, "contact.seen", [f"contact:{card.contact_id}"])
        return card

    async def _desk_of(self, request: web.Request, *, needed: bool = False) -> str:
        """The agent that the reader is; who has no desk may read, pass on and end all the same."""
        try:
            return await agent_of(request, self._desks)
        except Fault as fault:
            if needed or fault.status != 403:
                raise
            return ""

    def _done(
        self, deed: Deed, told: str, *, own: bool = False
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            me, key = await self._desk_of(request, needed=own), request.match_info["chat_id"]
            words, form = self._pages.words_for(request), await form_of(request)
            why = " ".join(form.get("reason", "").split())
            if not why or len(why) > LONGEST_REASON or not why.isprintable():
                return await self._show(request, words("inbox_wrong_reason", most=LONGEST_REASON), 422)
            try:
                await deed(me, key, actor_of(request), form, why)
            except WrongForm as wrong:
                return await self._show(request, words(wrong.words, None, **wrong.values), 422)
            except DeskRefused as refused:
                sentence, _ = refusal_told(refused, words, self._desks.names())
                return await self._show(request, sentence, 409)
            return web.Response(status=303, headers={"Location": f"/inbox/chats/{key}?done={told}"})

        return answer

    async def _take(self, me: str, key: str, actor: Actor, form: Form, why: str) -> None:
        await self._chats.take_over(actor, me, key, why)

    async def _give(self, me: str, key: str, actor: Actor, form: Form, why: str) -> None:
        to, queue = target_of(form)
        await self._chats.pass_on(actor, key, why, to=to, queue=queue)

    async def _close(self, me: str, key: str, actor: Actor, form: Form, why: str) -> None:
        await self._chats.end(actor, key, form.get("disposition", "")[:LONGEST_NAME], why)
