"""/mailings: one text to many people: made, looked at before it starts, and watched while it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web

from console.accounts.admission import saw
from console.api.pages_of import next_of
from console.api.parts import ApiParts
from console.campaigns.asking import actor_of
from console.display import money
from console.faults import Fault
from console.form_bodies import form_of
from console.gate_telling import gate_told
from console.messages.figures import FigureReading, plot_words
from console.messages.filters import CHANNELS
from console.messages.mailing_forms import FIELDS, WrongForm, choices, mailing_of, typed_of
from console.messages.telling import SHAPES, names_of_contacts
from console.pages import Pages
from console.query_values import place_of
from console.refusal_telling import refusal_told
from console.words import Words
from engine.followup.mailing_desk import MailingDesk, Preview
from engine.registers.mailings import Mailing, MailingFigures
from engine.registers.refusals import Changed, Missing, Refused
from messaging.mailing import ORDERS, OVER, MailingState, Order, Progress
from messaging.states import FINAL, MessageState

PAGE_ROWS = 20
MOST_SEGMENTS = 200
LONGEST_REASON = 500
# What many pages show that are open at once is counted once.
KEPT_SECONDS = 3.0
STATE_SHAPES: Mapping[MailingState, tuple[str, str]] = {
    MailingState.DRAFT: ("pill-offline", "pencil"),
    MailingState.CHECKED: ("pill-offline", "check"),
    MailingState.PREPARING: ("pill-offline", "clock"),
    MailingState.RUNNING: ("pill-talking", "send"),
    MailingState.PAUSED: ("pill-wrap", "circle-pause"),
    MailingState.STOPPED: ("pill-break", "ban"),
    MailingState.FINISHED: ("pill-ready", "check"),
}
# What a person may order on the page; the engine checks and finishes by itself.
_BY_PEOPLE = (Order.START, Order.PAUSE, Order.GO_ON, Order.STOP)


@dataclass(frozen=True, slots=True)
class Row:
    mailing: Mailing
    progress: Progress


class MailingPages:
    def __init__(self, pages: Pages, parts: ApiParts, desk: MailingDesk, reading: FigureReading) -> None:
        self._pages = pages
        self._parts = parts
        self._desk = desk
        self._reading = reading
        self._kept: dict[str, tuple[float, MailingFigures]] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/mailings", self.list),
            web.get("/mailings/new", self.new),
            web.post("/mailings/new", self.make),
            web.get("/mailings/{mailing_id}", self.one),
            web.get("/parts/mailings/{mailing_id}", self.part),
            web.get("/parts/mailings/{mailing_id}/plots", self.plots),
            web.get("/mailings/{mailing_id}/change", self.edit),
            web.post("/mailings/{mailing_id}/change", self.change),
            web.post("/mailings/{mailing_id}/orders/{order}", self.order),
        ]

    async def list(self, request: web.Request) -> web.Response:
        after = place_of(request, "time", "id")
        page = await self._desk.mailings.list(limit=PAGE_ROWS, after=after)
        progress = await self._desk.mailings.progress(page.items)
        return self._pages.page(
            request,
            "messages/mailings.html",
            page="messages",
            tab="mailings",
            rows=[Row(one, progress[one.id]) for one in page.items],
            shapes=STATE_SHAPES,
            first=after is None,
            next=next_of(page),
        )

    # --- made and changed ---------------------------------------------------------------------------------

    async def new(self, request: web.Request) -> web.Response:
        return await self._form(request, None, typed_of(None, self._parts.zone))

    async def make(self, request: web.Request) -> web.Response:
        now = self._parts.clock.now()
        return await self._saved(request, None, Mailing("", "", now, now))

    async def edit(self, request: web.Request) -> web.Response:
        mailing = await self._read(request)
        return await self._form(request, mailing, typed_of(mailing, self._parts.zone))

    async def change(self, request: web.Request) -> web.Response:
        mailing = await self._read(request)
        return await self._saved(request, mailing, mailing)

    async def _saved(self, request: web.Request, before: Mailing | None, known: Mailing) -> web.Response:
        form, words = await form_of(request), self._pages.words_for(request)
        if before is not None:
            _check_seen(form, before, words)
        typed = {name: form.get(name, "") for name in FIELDS}
        try:
            wanted = await mailing_of(
                form,
                known,
                contacts=self._parts.history.contacts,
                region=self._parts.region,
                zone=self._parts.zone,
                words=words,
            )
            save = self._desk.create if before is None else self._desk.change
            kept = await save(actor_of(request), wanted)
        except WrongForm as wrong:
            return await self._form(request, before, typed, {wrong.field: str(wrong)}, 422)
        except Refused as refused:
            field = refused.field if refused.field in FIELDS else "what"
            return await self._form(request, before, typed, {field: refusal_told(refused, words)}, 422)
        except Changed:
            raise Fault(409, words("refused_meanwhile"), words.language) from None
        return web.Response(status=303, headers={"Location": f"/mailings/{quote(kept.id)}"})

    async def _form(
        self,
        request: web.Request,
        mailing: Mailing | None,
        typed: Mapping[str, str],
        wrong: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> web.Response:
        shelf = self._desk.shelf
        segments = (await self._parts.history.segments.list(limit=MOST_SEGMENTS)).items
        return self._pages.page(
            request,
            "messages/mailing_form.html",
            status=status,
            page="messages",
            tab="mailings",
            mailing=mailing,
            typed=typed,
            wrong=wrong or {},
            choices=choices(shelf.templates, shelf.cascades),
            channels=CHANNELS,
            segments=sorted(((one.id, one.name) for one in segments), key=lambda one: one[1].lower()),
        )

    # --- one ----------------------------------------------------------------------------------------------

    async def one(self, request: web.Request) -> web.Response:
        mailing, words = await self._read(request), self._pages.words_for(request)
        waits = mailing.state in (MailingState.DRAFT, MailingState.CHECKED)
        preview = await self._preview(mailing, words) if waits else None
        names: Mapping[str, str] = {}
        if preview is not None:
            seen = [one.contact_id for one in preview.first]
            names = await names_of_contacts(seen, self._parts.history.contacts, words)
            saw(request, "contact.seen", [f"contact:{one}" for one in names])
        return self._pages.page(
            request,
            "messages/mailing.html",
            page="messages",
            tab="mailings",
            preview=preview,
            names=names,
            cost="" if preview is None else _cost(preview.cost, preview.currency, words),
            told=lambda reason: gate_told(reason, words),
            done=request.query.get("done", ""),
            orders=_orders(mailing.state),
            changeable=Order.CHANGE in ORDERS[mailing.state],
            plots=None if waits else await self._reading.of_mailing(mailing),
            **plot_words(words),
            **await self._drawn(mailing, words),
        )

    async def part(self, request: web.Request) -> web.Response:
        """How far it is. A page of one that is over asks no more."""
        mailing, words = await self._read(request), self._pages.words_for(request)
        drawn = await self._drawn(mailing, words)
        response = self._pages.page(request, "messages/mailing_board.html", state_shapes=SHAPES, **drawn)
        if mailing.state in OVER and request.query.get("state", mailing.state) != mailing.state:
            response.headers["HX-Refresh"] = "true"
        return response

    async def plots(self, request: web.Request) -> web.Response:
        mailing, words = await self._read(request), self._pages.words_for(request)
        drawn = {"plots": await self._reading.of_mailing(mailing), **plot_words(words)}
        return self._pages.page(request, "messages/mailing_plots.html", **drawn)

    async def order(self, request: web.Request) -> web.Response:
        mailing, form = await self._read(request), await form_of(request)
        words = self._pages.words_for(request)
        order = next((one for one in _BY_PEOPLE if one == request.match_info["order"]), None)
        if order is None:
            raise Fault(404, f"What is ordered of a mailing is {', '.join(_BY_PEOPLE)}.")
        reason = " ".join(form.get("reason", "").split())
        needed = order in (Order.PAUSE, Order.STOP)
        if (needed and not reason) or len(reason) > LONGEST_REASON or not reason.isprintable():
            raise Fault(422, words("lead_orders_reason", None, most=LONGEST_REASON), words.language)
        try:
            if order is Order.START:
                _check_seen(form, mailing, words)
                await self._desk.start(actor_of(request), mailing.id)
            else:
                await self._desk.order(actor_of(request), mailing.id, order, reason)
        except Refused as refused:
            raise Fault(409, refusal_told(refused, words), words.language) from None
        except Changed:
            raise Fault(409, words("refused_meanwhile"), words.language) from None
        self._kept.pop(mailing.id, None)
        return web.Response(status=303, headers={"Location": f"/mailings/{quote(mailing.id)}?done={order}"})

    # --- inside -------------------------------------------------------------------------------------------

    async def _read(self, request: web.Request) -> Mailing:
        try:
            return await self._desk.mailings.get(request.match_info["mailing_id"])
        except Missing:
            raise Fault(404, "There is no such mailing. They are listed at /mailings.") from None

    async def _preview(self, mailing: Mailing, words: Words) -> Preview:
        try:
            return await self._desk.preview(mailing)
        except (Missing, Refused) as why:
            return Preview((str(why),))

    async def _drawn(self, mailing: Mailing, words: Words) -> dict[str, Any]:
        figures = await self._figures(mailing.id)
        progress = figures.progress
        currency = self._desk.shelf.prices.currency if self._desk.shelf.prices else None
        return {
            "mailing": mailing,
            "shape": STATE_SHAPES[mailing.state],
            "figures": figures,
            "bars": bars_of(figures),
            "spent": _cost(progress.cost, currency, words) if progress.cost else "",
            "running": mailing.state not in OVER and mailing.started_at is not None,
        }

    async def _figures(self, mailing_id: str) -> MailingFigures:
        now = self._parts.clock.monotonic()
        kept = self._kept.get(mailing_id)
        if kept is None or not 0 <= now - kept[0] < KEPT_SECONDS:
            self._kept = {id_: one for id_, one in self._kept.items() if 0 <= now - one[0] < KEPT_SECONDS}
            kept = self._kept[mailing_id] = now, await self._desk.mailings.figures(mailing_id)
        return kept[1]


def _check_seen(form: Mapping[str, str], mailing: Mailing, words: Words) -> None:
    """Raises Fault 409 when it is not any more what the form's page showed."""
    if form.get("version") != str(mailing.version):
        raise Fault(409, words("refused_meanwhile"), words.language)


def _orders(state: MailingState) -> list[Order]:
    """A draft is checked as it starts."""
    possible = {*ORDERS[state], *((Order.START,) if Order.CHECK in ORDERS[state] else ())}
    return [order for order in _BY_PEOPLE if order in possible]


def bars_of(figures: MailingFigures) -> Sequence[tuple[MessageState, int, float]]:
    """State, messages, and their share of all that are to be, as percents; those with a final state last."""
    progress = figures.progress
    whole = max(1, progress.begun + max(0, progress.to_come))
    ordered = sorted(progress.counts, key=lambda state: (state in FINAL, list(MessageState).index(state)))
    return [(state, progress.counts[state], 100 * progress.counts[state] / whole) for state in ordered]


def _cost(amount: int | None, currency: str | None, words: Words) -> str:
    return "" if amount is None or currency is None else money(amount, currency, words)
