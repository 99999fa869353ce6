"""/contacts/ID: who it is, what happened and what comes, what they allow, and may we contact them now."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from calls.call import Call
from compliance.zones import zone_named
from console import display
from console.accounts.admission import saw
from console.accounts.people import People
from console.agent_names import shown_names
from console.api.pages_of import after_of, next_of
from console.api.problem import Problem
from console.contacts.chats import past_chats
from console.contacts.forms import CHANNELS, PURPOSES, point_key
from console.contacts.permissions import CHANNEL_ICONS, forbidden, standing, their_time, ways, zones_of
from console.contacts.timeline import coming, days
from console.faults import Fault
from console.pages import Pages
from console.words import Words
from engine.explaining import Ways
from engine.live import LiveCalls
from engine.ports import Clock
from engine.registers.agents import AgentRegister
from engine.registers.callbacks import CallbackFilter
from engine.registers.contacts import Merge
from engine.registers.permissions import ObjectionFilter, PersonFacts
from engine.registers.refusals import Missing
from engine.registers.timeline import TimelineFilter
from history.callbacks import STANDING
from history.contact import Contact
from history.dispositions import Disposition
from history.interaction import Channel, ContactPoint, PointKind
from history.permissions import Objection, Scope

TIMELINE_ROWS = 30
MOST_COMING = 20
MOST_CONSENTS = 200
# Of somebody with more points, the gate is asked about these: each answer is a piece of the page.
MOST_POINTS = 8
NAMED_ICONS: Mapping[PointKind, str] = {
    PointKind.PHONE: "phone",
    PointKind.EMAIL: "mail",
    PointKind.MESSENGER: "smartphone",
    PointKind.VISITOR: "user",
}
DONE = frozenset({"profile", "consent", "objection", "lift", "merge", "undo"})


class ContactPages:
    """`dispositions`: as configured now."""

    def __init__(
        self,
        pages: Pages,
        people: People,
        live: LiveCalls,
        clock: Clock,
        agents: AgentRegister | None = None,
        dispositions: Callable[[], Mapping[str, Disposition]] = dict,
    ) -> None:
        self._pages = pages
        self._people = people
        self._live = live
        self._clock = clock
        self._agents = agents
        self._dispositions = dispositions

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/contacts/{contact_id}", self.contact),
            web.get("/parts/contact/{contact_id}", self.part_timeline),
        ]

    async def contact(self, request: web.Request) -> web.StreamResponse:
        contact = await self.read(request)
        if contact.id != request.match_info["contact_id"]:  # it was merged into this one
            return web.Response(status=303, headers={"Location": f"/contacts/{contact.id}"})
        return await self.show(request, contact)

    async def part_timeline(self, request: web.Request) -> web.Response:
        contact = await self.read(request)
        saw(request, "contact.seen", [f"contact:{contact.id}"])
        values = await self._timeline(request, contact)
        return self._pages.page(request, "parts/timeline.html", **values)

    async def read(self, request: web.Request) -> Contact:
        """Raises Fault 404."""
        try:
            return await self._people.history.contacts.get(request.match_info["contact_id"])
        except Missing:
            raise Fault(404, "There is no such contact. The list of contacts is at /contacts.") from None

    async def show(
        self,
        request: web.Request,
        contact: Contact,
        *,
        status: int = 200,
        form: str = "",
        typed: Mapping[str, str] | None = None,
        wrong: Mapping[str, str] | None = None,
        sentence: str = "",
    ) -> web.Response:
        """The page; with `form`, that one is open as it was `typed`, with a sentence by each wrong field."""
        saw(request, "contact.seen", [f"contact:{contact.id}"])
        words, now = self._pages.words_for(request), self._clock.now()
        person, explained = await self._people.explainer.explain(
            contact_id=contact.id, ways=Ways(), most_points=MOST_POINTS
        )
        zones = zones_of(explained, zone_named(contact.time_zone) if contact.time_zone else None)
        done = request.query.get("done", "")
        return self._pages.page(
            request,
            "contact.html",
            status=status,
            page="contacts",
            **await self._timeline(request, contact),
            title=display.contact_name(contact, words),
            zones=[str(zone) for zone in zones],
            their_time=their_time(zones, now),
            worth=_worth(contact, words),
            attributes=[(name, _shown(value)) for name, value in sorted(contact.attributes.items())],
            ways=ways(explained, words, now),
            consents=standing(await self._people.permissions.consents_of(contact.id, limit=MOST_CONSENTS)),
            forbidden=forbidden(await self.objections(contact, person), person),
            merges=await self._of(contact),
            duplicates=[
                (one, display.contact_name(one.contact, words))
                for one in await self._people.history.merges.duplicates(contact.id, limit=5)
            ],
            point_icons=NAMED_ICONS,
            channel_icons=CHANNEL_ICONS,
            points_left_out=max(0, len(contact.points) - MOST_POINTS),
            channels=CHANNELS,
            purposes=PURPOSES,
            points=[(point_key(point), display.point_shown(point, words)) for point in contact.points],
            form=form,
            typed=typed or {},
            wrong=wrong or {},
            sentence=sentence,
            done=done if done in DONE else "",
        )

    async def objections(self, contact: Contact, person: PersonFacts | None = None) -> Sequence[Objection]:
        """In force, of this person: of every contact merged into it, its points and households."""
        ids = (
            person.contact_ids
            if person
            else {contact.id, *(one.merged_id for one in await self._of(contact))}
        )
        asked = [(Scope.PERSON, contact_id) for contact_id in sorted(ids)]
        asked += [(Scope.NUMBER, point.value) for point in contact.points]
        asked += [(Scope.HOUSEHOLD, group.id) for group in contact.groups]
        found: list[Objection] = []
        for scope, value in asked:
            found += await self._people.permissions.objections(ObjectionFilter(scope, value))
        return tuple(sorted(found, key=lambda one: one.at, reverse=True))

    async def _timeline(self, request: web.Request, contact: Contact) -> dict[str, Any]:
        words, now = self._pages.words_for(request), self._clock.now()
        before = request.query.get("before") or None
        try:
            after = after_of(before, "time", "id")
        except Problem as wrong:
            raise Fault(400, "`before` is not the place of a page. Open the contact without it.") from wrong
        timeline = self._people.history.timeline
        page = await timeline.of(contact.id, TimelineFilter(), limit=TIMELINE_ROWS, after=after)
        next_ones: tuple[Any, ...] = ()
        calls: list[Call] = []
        if after is None:
            promised = TimelineFilter(channel=Channel.PROMISE)
            asked = CallbackFilter(states=STANDING, contact_id=contact.id)
            next_ones = coming(
                (await self._people.callbacks.list(asked, limit=MOST_COMING)).items,
                (await timeline.of(contact.id, promised, limit=MOST_COMING)).items,
                words,
                now,
            )
            calls = [
                call
                for call in self._live.all()
                if ContactPoint(PointKind.PHONE, call.person) in contact.points
            ]
        names = await shown_names(self._agents)
        chats = await past_chats(self._people.chats, page.items, words, names, visitor=contact.name)
        return {
            "contact": contact,
            "coming": next_ones,
            "calls": calls,
            "days": days(page.items, words, now, names, self._dispositions(), chats),
            "older": next_of(page),
            "first": after is None,
        }

    async def _of(self, contact: Contact) -> Sequence[Merge]:
        """The merges of the person that stand."""
        return [one for one in await self._people.history.merges.of(contact.id) if one.undone_at is None]


def _worth(contact: Contact, words: Words) -> str:
    amount, currency = contact.lifetime_value, contact.value_currency
    return "" if amount is None or currency is None else display.money(amount, currency, words)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else text[:299] + "…"
