"""/desk: the agent's page, and its parts, each of which is fetched anew when something in it has changed."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from acd.agents import AgentState
from console import display
from console.accounts.admission import may, saw
from console.accounts.identity import identified
from console.accounts.people import People
from console.contacts.chats import past_chats
from console.desk import band, customer, leads
from console.desk.chat_customer import OF_CHAT, ChatCustomers
from console.desk.earlier_chat import EarlierChat, earlier_chat
from console.desk.messages import Length, length_of
from console.faults import Fault
from console.pages import Pages
from console.words import Words
from engine.desk.desks import Desks
from engine.desk.refusals import DeskRefused
from engine.desk.view import EVERYTHING, DeskDetail, DeskView, SmsTemplate
from engine.registers.actor import ActorKind
from engine.registers.refusals import Missing
from engine.registers.timeline import TimelineFilter
from history.dispositions import Disposition
from history.interaction import Interaction


@dataclass(frozen=True, slots=True)
class Part:
    """What of the desk a part shows, and what is drawn for it."""

    details: frozenset[DeskDetail] = frozenset()
    drawn: frozenset[str] = frozenset()


_CALL = frozenset({DeskDetail.CALL})
PARTS: Mapping[str, Part] = {
    "status": Part(drawn=frozenset({"pill", "after", "breaks"})),
    "band": Part(_CALL, frozenset({"pill", "band", "who", "lead"})),
    "customer": Part(_CALL, frozenset({"who", "lead"})),
    "timeline": Part(_CALL | {DeskDetail.QUEUES}, frozenset({"band", "who", "past"})),
    "side": Part(
        _CALL | {DeskDetail.SIDE},
        frozenset({"band", "lead", "outcomes", "script", "texts", "call_again"}),
    ),
    "strip": Part(frozenset({DeskDetail.DAY})),
    "queues": Part(frozenset({DeskDetail.QUEUES})),
    "targets": Part(drawn=frozenset({"pill"})),
}
# The parts that are about a person.
OF_A_CHAT = frozenset({"customer", "timeline"})
# So many rows are looked through by the timeline's filters, and for the words that are sought.
MOST_ROWS = 200
LONGEST_SOUGHT = 80
CALLBACK_HOURS = 2
EARLIEST_HOUR, LATEST_HOUR = 9, 20
DIGITS = "1234567890"


class DeskPages:
    """`people` None: the timeline has the rows of the popup only. `dispositions`: as configured now."""

    def __init__(
        self,
        pages: Pages,
        desks: Desks,
        people: People | None = None,
        dispositions: Callable[[], Mapping[str, Disposition]] = dict,
        chatting: ChatCustomers | None = None,
    ) -> None:
        self._pages = pages
        self._desks = desks
        self._people = people
        self._dispositions = dispositions
        self._chatting = chatting

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/desk", self.desk), web.get("/desk/parts/{part}", self.part)]

    async def desk(self, request: web.Request) -> web.Response:
        view = await self._view(request)
        more = {"page_id": secrets.token_urlsafe(9), "chat_before": await self._chat_before(request, view)}
        return self._show(request, "desk/desk.html", view, page="desk", **more)

    async def part(self, request: web.Request) -> web.Response:
        """Raises Fault 404."""
        name = request.match_info["part"]
        if name not in PARTS:
            raise Fault(404, "The desk has no such part. Open it at /desk.")
        view = await self._view(request, PARTS[name].details)
        if name in OF_A_CHAT:
            view = await self._with_chat(request, view)
        more: dict[str, Any] = {}
        if name == "customer":
            more["chat_before"] = await self._chat_before(request, view)
        if name == "timeline":
            more["past"] = await self._past(request, view)
        if name == "targets":
            agent = view.agent
            more["targets"] = self._desks.targets(agent)
        return self._show(request, f"desk/{name}.html", view, **more)

    async def _view(self, request: web.Request, details: frozenset[DeskDetail] = EVERYTHING) -> DeskView:
        agent = await agent_of(request, self._desks)
        try:
            view = await self._desks.view(agent, details)
        except DeskRefused as refused:
            raise Fault(409, str(refused)) from None
        if view.popup is not None and view.popup.contact is not None:
            saw(request, "contact.seen", [f"contact:{view.popup.contact.id}"])
        return view

    async def _with_chat(self, request: web.Request, view: DeskView) -> DeskView:
        """While no call is there, the person is the one of the chat that the agent looks at."""
        chat = request.query.get("chat", "")
        if not chat or len(chat) > LONGEST_SOUGHT or self._chatting is None or view.preview is not None:
            return view
        if view.state is not AgentState.IDLE or view.offer is not None or view.talk is not None:
            return view
        popup = await self._chatting.popup(await agent_of(request, self._desks), chat)
        if popup is None:
            return view
        if popup.contact is not None:
            saw(request, "contact.seen", [f"contact:{popup.contact.id}"])
        return replace(view, popup=popup)

    async def _chat_before(self, request: web.Request, view: DeskView) -> EarlierChat | None:
        """What whoever calls has written on the web site just before."""
        popup, chats = view.popup, None if self._people is None else self._people.chats
        if popup is None or popup.contact is None or chats is None or popup.call_id.startswith(OF_CHAT):
            return None
        words = self._pages.words_for(request)
        return await earlier_chat(chats, popup.contact.id, words, view.names, view.now)

    async def _past(self, request: web.Request, view: DeskView) -> customer.Past:
        kind, sought = request.query.get("kind", "all"), request.query.get("q", "").strip()
        if kind != "all" and kind not in customer.KINDS:
            raise Fault(400, self._pages.words_for(request)("desk_wrong_filter"))
        if len(sought) > LONGEST_SOUGHT:
            raise Fault(400, self._pages.words_for(request)("desk_wrong_sought", most=LONGEST_SOUGHT))
        rows: Sequence[Interaction] = view.popup.timeline if view.popup else ()
        contact = view.popup.contact if view.popup else None
        if (kind != "all" or sought) and contact is not None and self._people is not None:
            timeline = self._people.history.timeline
            with contextlib.suppress(Missing):  # erased meanwhile: what rang with the call is still here
                rows = (await timeline.of(contact.id, TimelineFilter(), limit=MOST_ROWS)).items
        words = self._pages.words_for(request)
        chats = await past_chats(
            self._people.chats if self._people else None,
            rows,
            words,
            view.names,
            visitor=contact.name if contact else None,
        )
        return customer.past_of(rows, view, words, kind, sought, self._dispositions(), chats)

    def _show(
        self, request: web.Request, template: str, view: DeskView, page: str = "", **more: Any
    ) -> web.Response:
        words = self._pages.words_for(request)
        popup = view.popup
        drawn: dict[str, Callable[[], Any]] = {
            "pill": lambda: band.pill_of(view, words),
            "after": lambda: band.after_of(view, words),
            "breaks": lambda: band.breaks_of(view.breaks, words),
            "band": lambda: band.band_of(view, words),
            "lead": lambda: leads.lead_of(view, words),
            "who": lambda: customer.customer_of(view, words),
            "past": lambda: customer.past_of(
                popup.timeline if popup else (), view, words, "all", "", self._dispositions()
            ),
            "outcomes": lambda: _outcomes(view, words),
            "script": lambda: [
                (display.labelled(one.title, "", words), _in_their_language(one.text, view, words))
                for one in view.script
            ],
            "texts": lambda: [_text(one, view, words) for one in view.templates],
            "call_again": lambda: _moments(view.now, words),
        }
        part = template.removeprefix("desk/").removesuffix(".html")
        wanted = PARTS[part].drawn if part in PARTS else drawn.keys()
        made = {name: make() for name, make in drawn.items() if name in wanted and name not in more}
        return self._pages.page(
            request,
            template,
            page=page,
            view=view,
            hears=view.agent,
            may_read_calls=may(identified(request), "/calls/{call_id}"),
            **made,
            **more,
        )


async def agent_of(request: web.Request, desks: Desks) -> str:
    """Raises Fault: only a person has a desk."""
    identity = identified(request)
    if identity is None or identity.actor.kind is not ActorKind.PERSON:
        raise Fault(
            403,
            "A desk is a person's own. Add the first one with `infolinia people add NAME --role admin`, "
            "others with `--role agent`, then sign in at /sign-in.",
        )
    try:
        return await desks.agent_of(identity.actor.id)
    except DeskRefused as refused:
        raise Fault(503 if refused.why == "store" else 403, str(refused)) from None


def _outcomes(view: DeskView, words: Words) -> list[tuple[str, str, str, str]]:
    """Digit, name, word and what comes next; those after the tenth have no digit."""
    digits = [*DIGITS, *[""] * len(view.dispositions)]
    return [
        (digit, one.name, display.labelled(one.label, one.name, words), one.next)
        for digit, one in zip(digits, view.dispositions, strict=False)
    ]


def _in_their_language(text: Mapping[str, str], view: DeskView, words: Words) -> tuple[str, str]:
    """What is to be said to the customer, and its language: theirs, else the agent's, else any."""
    for language in (*_languages(view), words.language, *text):
        if language in text:
            return text[language], language
    return "", ""


def _languages(view: DeskView) -> list[str]:
    popup = view.popup
    asked = [popup.contact.language if popup and popup.contact else None, popup.language if popup else None]
    return [one[:2] for one in asked if one]


def _text(one: SmsTemplate, view: DeskView, words: Words) -> tuple[str, str, str, Length]:
    """Name, text, its language and its length."""
    text, language = _in_their_language(one.text, view, words)
    return one.name, text, language, length_of(text)


def _moments(now: datetime, words: Words) -> list[tuple[str, str]]:
    """When people are called back most often: later today, unless it is late, and tomorrow morning."""
    here = now.astimezone()
    later = (here + timedelta(hours=CALLBACK_HOURS)).replace(minute=0, second=0, microsecond=0)
    morning = (here + timedelta(days=1)).replace(hour=EARLIEST_HOUR, minute=0, second=0, microsecond=0)
    found = [(f"{later:%Y-%m-%dT%H:%M}", f"{words('today')} {later:%H:%M}")]
    if later.date() != here.date() or not EARLIEST_HOUR <= later.hour < LATEST_HOUR:
        found = []
    return [*found, (f"{morning:%Y-%m-%dT%H:%M}", f"{words('tomorrow')} {morning:%H:%M}")]
