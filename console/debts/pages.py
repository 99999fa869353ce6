"""/debts: what is owed, with filters; a debt's balances, promises, reminders and calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from console.accounts.admission import saw
from console.api.pages_of import next_of
from console.api.parts import ApiParts
from console.campaigns.asking import actor_of
from console.campaigns.people import names_of
from console.display import contact_name, money, short_date_time
from console.faults import Fault
from console.form_bodies import form_of
from console.pages import Pages
from console.query_values import place_of
from console.refusal_telling import refusal_told
from console.words import Words
from dialer.attempt import Attempt
from dialer.debts.debt import TRANSITIONS, Debt, DebtMove, DebtState
from dialer.debts.promise import Promise, PromiseCheck, PromiseState, check
from dialer.lead import Lead
from engine.registers.debts import DebtFilter, ReminderRow
from engine.registers.refusals import Changed, Missing, Refused
from engine.registers.timeline import TimelineFilter
from history.interaction import Channel, Interaction

PAGE_ROWS = 40
LONGEST_SEARCH = 100
LONGEST_REASON = 500
_CALLS = 20
# What a person may say of a debt; the others follow from payments, promises and files.
MOVES = (DebtMove.DISPUTE, DebtMove.UPHOLD, DebtMove.STOP, DebtMove.RELEASE)
SHAPES: Mapping[DebtState | PromiseState, tuple[str, str]] = {
    DebtState.OPEN: ("tag-calm", "circle-dot"),
    DebtState.PROMISED: ("tag-note", "hand-coins"),
    DebtState.DISPUTED: ("tag-warn", "triangle-alert"),
    DebtState.STOPPED: ("tag-bad", "ban"),
    DebtState.PAID: ("tag-good", "check"),
    DebtState.WITHDRAWN: ("tag-calm", "minus"),
    PromiseState.OPEN: ("tag-note", "hourglass"),
    PromiseState.KEPT: ("tag-good", "check"),
    PromiseState.BROKEN: ("tag-bad", "triangle-alert"),
    PromiseState.REPLACED: ("tag-calm", "minus"),
    PromiseState.CANCELLED: ("tag-calm", "minus"),
}


@dataclass(frozen=True, slots=True)
class PromiseShown:
    """A promise with what the payments say of it, and its reminders."""

    promise: Promise
    told: PromiseCheck
    reminders: Sequence[ReminderRow]
    by: str


class DebtPages:
    def __init__(self, pages: Pages, parts: ApiParts) -> None:
        self._pages = pages
        self._parts = parts
        self._debts = parts.debts

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/debts", self.debts),
            web.get("/debts/{debt_id}", self.debt),
            web.post("/debts/{debt_id}/moves/{move}", self.move),
        ]

    async def debts(self, request: web.Request) -> web.Response:
        state = request.query.get("state", "")
        if state and state not in list(DebtState):
            raise Fault(400, f"`state` is one of {', '.join(DebtState)}.")
        typed = {name: " ".join(request.query.get(name, "").split()) for name in ("q", "creditor")}
        for name, text in typed.items():
            if len(text) > LONGEST_SEARCH or not text.isprintable():
                raise Fault(
                    400, f"`{name}` has at most {LONGEST_SEARCH} letters that can be seen. Shorten it."
                )
        after = place_of(request, "id")
        wanted = DebtFilter(
            (DebtState(state),) if state else (), typed["creditor"] or None, typed["q"] or None
        )
        page = await self._debts.page(wanted, limit=PAGE_ROWS, after=after)
        saw(request, "debt.seen", [f"debt:{one.id}" for one in page.items])
        words = self._pages.words_for(request)
        return self._pages.page(
            request,
            "debts/list.html",
            page="campaigns",
            rows=[(one, await self._name(one, words)) for one in page.items],
            states=tuple(DebtState),
            state=state,
            typed=typed,
            first=after is None,
            next=next_of(page),
            shapes=SHAPES,
            money_of=lambda amount, currency: money(amount, currency, words),
        )

    async def debt(self, request: web.Request) -> web.Response:
        debt = await self._read(request)
        saw(request, "debt.seen", [f"debt:{debt.id}"])
        words, now = self._pages.words_for(request), self._parts.clock.now()
        payments, promises = await self._debts.payments(debt.id), await self._debts.promises(debt.id)
        leads = await self._parts.leads.of_debt(debt.id)
        names = await names_of([debt.by], self._parts.accounts.people, words)
        shown = [
            PromiseShown(one, check(one, payments, now), await self._debts.reminders(one.id), one.agent or "")
            for one in promises
        ]
        return self._pages.page(
            request,
            "debts/debt.html",
            page="campaigns",
            debt=debt,
            name=await self._name(debt, words),
            by=names.get(debt.by, debt.by),
            moves=[move for move in MOVES if (debt.state, move) in TRANSITIONS],
            promises=shown,
            payments=payments,
            calls=await self._calls(leads),
            called_us=await self._called_us(debt),
            leads=leads,
            shapes=SHAPES,
            done=request.query.get("done", ""),
            money_of=lambda amount: money(amount, debt.currency, words),
            when=short_date_time,
        )

    async def move(self, request: web.Request) -> web.Response:
        debt, form = await self._read(request), await form_of(request)
        words = self._pages.words_for(request)
        move = next((one for one in MOVES if one == request.match_info["move"]), None)
        if move is None:
            raise Fault(404, f"What is said of a debt is {', '.join(MOVES)}.")
        reason = " ".join(form.get("reason", "").split())
        if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
            raise Fault(422, f"Write why, in 1 to {LONGEST_REASON} letters that can be seen.")
        try:
            await self._debts.move(actor_of(request), debt.id, move, reason)
        except Refused as refused:
            raise Fault(409, refusal_told(refused, words), words.language) from None
        except Changed:
            raise Fault(409, words("refused_meanwhile"), words.language) from None
        return web.Response(status=303, headers={"Location": f"/debts/{debt.id}?done={move}"})

    # --- inside -------------------------------------------------------------------------------------------

    async def _read(self, request: web.Request) -> Debt:
        try:
            return await self._debts.get(request.match_info["debt_id"])
        except Missing:
            raise Fault(404, "There is no such debt. They are listed at /debts.") from None

    async def _name(self, debt: Debt, words: Words) -> str:
        try:
            return contact_name(await self._parts.history.contacts.get(debt.contact_id), words)
        except Missing:
            return words("contact_unnamed")

    async def _called_us(self, debt: Debt) -> Sequence[Interaction]:
        """The newest calls from the person since the debt is known; of what they spoke, the call tells."""
        wanted = TimelineFilter(Channel.CALL, "inbound", since=debt.created_at)
        try:
            return (await self._parts.history.timeline.of(debt.contact_id, wanted, limit=_CALLS)).items
        except Missing:
            return ()

    async def _calls(self, leads: Sequence[Lead]) -> list[Attempt]:
        """Of all campaigns, the newest first."""
        found: list[Attempt] = []
        for lead in leads:
            found += (await self._parts.leads.facts(lead.id, attempts=_CALLS)).attempts
        return sorted(found, key=lambda one: one.reserved_at, reverse=True)[:_CALLS]
