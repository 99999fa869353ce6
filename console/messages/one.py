"""/messages/ID: a message's journey: its states with their times, its parts, and why the gate let it go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from compliance.facts import Channel
from console.accounts.admission import saw
from console.api.parts import ApiParts
from console.display import duration, money
from console.faults import Fault
from console.messages.listing import ORDERS
from console.messages.means import MessageMeans
from console.messages.telling import (
    ICONS,
    SHAPES,
    gate_answer,
    is_left,
    names_of_contacts,
    parts_told,
    why_told,
)
from console.pages import Pages
from console.words import Words
from engine.registers.decisions import DecisionFilter
from engine.registers.message_news import shown_text
from engine.registers.messages import LEFT, Message, MessageDirection, MessageEvent
from engine.registers.refusals import Missing

MOST_ANSWERS_OF_THE_GATE = 5
_SOON_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Stop:
    """A state of the journey. `later`: after the one before, "" at once. `english`: the provider's words."""

    event: MessageEvent
    shape: tuple[str, str]
    later: str
    why: str
    english: bool


class MessagePage:
    def __init__(self, pages: Pages, parts: ApiParts, means: MessageMeans) -> None:
        self._pages = pages
        self._parts = parts
        self._means = means

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/messages/{message_id}", self.one)]

    async def one(self, request: web.Request) -> web.Response:
        message_id, words = request.match_info["message_id"], self._pages.words_for(request)
        messages = self._means.messages
        try:
            message = await messages.get(message_id)
        except Missing:
            raise Fault(404, "There is no such message. They are listed at /messages.") from None
        saw(request, "message.seen", [f"message:{message.id}"])
        inbound = message.direction is MessageDirection.INBOUND
        asked = DecisionFilter(subject=f"message:{message.id}")
        logged = await self._parts.decisions.logged(asked, limit=MOST_ANSWERS_OF_THE_GATE)
        names = await names_of_contacts([message.contact_id], self._parts.history.contacts, words)
        cost = message.cost is not None and message.currency is not None
        return self._pages.page(
            request,
            "messages/message.html",
            page="messages",
            message=message,
            text=shown_text(message),
            hidden=shown_text(message) != message.text,
            name=names.get(message.contact_id or ""),
            inbound=inbound,
            stops=_stops(await messages.events(message.id), words),
            parts=await messages.parts(message.id),
            told=parts_told(message.text, words) if message.channel is Channel.SMS else None,
            gate=[gate_answer(one, words) for one in logged],
            cost=money(message.cost or 0, message.currency or "", words) if cost else "",
            orders=ORDERS.get(message.state, ()) if not inbound else (),
            left=is_left(message),
            shapes=SHAPES,
            icons=ICONS,
            done=request.query.get("done", ""),
            taken=_taken(message),
        )


def _stops(events: Sequence[MessageEvent], words: Words) -> list[Stop]:
    """The newest first, as the timeline has it."""
    found: list[Stop] = []
    before = None
    for event in events:
        seconds = 0.0 if before is None else (event.at - before).total_seconds()
        later = "" if seconds < _SOON_SECONDS else duration(seconds)
        why = why_told(event.why, event.code, words)
        found.append(Stop(event, SHAPES[event.state], later, why, why == event.why and event.code != LEFT))
        before = event.at
    return found[::-1]


def _taken(message: Message) -> str:
    """From when a provider had it until it was there, "" while it is not."""
    if message.sent_at is None or message.delivered_at is None:
        return ""
    return duration((message.delivered_at - message.sent_at).total_seconds())
