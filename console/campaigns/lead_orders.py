"""Several leads at once: stopped or called again with a reason; and the filtered list as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, tzinfo

from aiohttp import web

from console.accounts.admission import saw_all
from console.api.parts import ApiParts
from console.campaigns.asking import actor_of, campaign_read
from console.campaigns.lead_filters import asked_of
from console.campaigns.people import disposition_names, names_of
from console.campaigns.telling import told
from console.faults import Fault
from console.form_bodies import form_of
from console.pages import Pages
from console.refusal_telling import refusal_told
from console.sending import send
from console.words import Words
from dialer.campaign import Campaign
from dialer.lead import Lead
from engine.registers.leads import LeadFilter
from engine.registers.refusals import Changed, Missing, Refused
from history.importing.cells import no_formula

LONGEST_REASON = 500
MOST_AT_ONCE = 100
_PAGE_ROWS = 500
_PREFIX = "lead:"


class LeadOrders:
    def __init__(self, pages: Pages, parts: ApiParts) -> None:
        self._pages = pages
        self._parts = parts

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/campaigns/{campaign_id}/leads/orders", self.order),
            web.get("/campaigns/{campaign_id}/leads.csv", self.file),
        ]

    async def order(self, request: web.Request) -> web.Response:
        """Those that are ticked; each that cannot be is told with why, and the others are done."""
        campaign, form = await campaign_read(self._parts.campaigns, request), await form_of(request)
        words = self._pages.words_for(request)
        ids = [name.removeprefix(_PREFIX) for name in form if name.startswith(_PREFIX)]
        what, reason = form.get("order", ""), " ".join(form.get("reason", "").split())
        if what not in ("stop", "reopen"):
            raise Fault(400, "`order` is stop or reopen.")
        if not 0 < len(ids) <= MOST_AT_ONCE:
            raise Fault(422, words("lead_orders_none", None, most=MOST_AT_ONCE), words.language)
        if not 0 < len(reason) <= LONGEST_REASON or not reason.isprintable():
            raise Fault(422, words("lead_orders_reason", None, most=LONGEST_REASON), words.language)
        leads, actor = self._parts.leads, actor_of(request)
        did, refused = 0, []
        for lead_id in ids:
            try:
                lead = await leads.get(lead_id)
                if lead.campaign != campaign.id:
                    raise Missing(f"There is no lead {lead_id} in this campaign.")
                await (leads.stop if what == "stop" else leads.reopen)(actor, lead_id, reason)
                did += 1
            except Refused as why:
                refused.append(refusal_told(why, words))
            except (Changed, Missing):
                refused.append(words("refused_meanwhile"))
        if refused:
            part = words("lead_orders_part", None, done=did, left=len(refused))
            raise Fault(409, " ".join([part, *dict.fromkeys(refused[:3])]), words.language)
        back = asked_of(form).query(done=f"leads_{what}")
        return web.Response(status=303, headers={"Location": f"/campaigns/{campaign.id}/leads?{back}"})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """The leads that the page's address shows, all of them, as CSV."""
        campaign = await campaign_read(self._parts.campaigns, request)
        wanted = asked_of(request.query).filter(self._parts.zone)
        words = self._pages.words_for(request)
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/csv; charset=utf-8",
                "Content-Disposition": f'attachment; filename="{campaign.id}-leads.csv"',
            }
        )
        await response.prepare(request)
        labels, zone = disposition_names(self._parts.campaign_rules.known(), words), self._parts.zone
        # Spreadsheets know UTF-8 by its mark.
        await send(response, ("\ufeff" + _line(_HEADERS)).encode())
        async for leads in self._pages_of(campaign, wanted):
            await saw_all(request, "lead.seen", [f"lead:{lead.id}" for lead in leads])
            people = [lead.reason.data.get("who") for lead in leads]
            names = {**labels, **await names_of(people, self._parts.accounts.people, words)}
            rows = [_line(_row(lead, words, told(lead.reason, words, names, zone), zone)) for lead in leads]
            await send(response, "".join(rows).encode())
        await response.write_eof()
        return response

    async def _pages_of(self, campaign: Campaign, wanted: LeadFilter) -> AsyncIterator[Sequence[Lead]]:
        after: Sequence[str] | None = None
        while True:
            page = await self._parts.leads.page(campaign.id, wanted, limit=_PAGE_ROWS, after=after)
            yield page.items
            if (after := page.after) is None:
                return


_HEADERS = (
    "lead", "name", "numbers", "state", "reason", "why", "attempts",
    "last_call", "last_outcome", "last_disposition", "not_before", "contact",
)  # fmt: skip


def _row(lead: Lead, words: Words, why: str, zone: tzinfo) -> tuple[str, ...]:
    return (
        lead.id,
        lead.name,
        " ".join(number.e164 for number in lead.numbers),
        words(f"lead_state_{lead.state}"),
        lead.reason.code.value,
        why,
        str(lead.attempts),
        _time(lead.last_at, zone),
        lead.last_outcome or "",
        lead.last_disposition or "",
        _time(lead.not_before, zone),
        lead.contact_id,
    )


def _time(at: datetime | None, zone: tzinfo) -> str:
    return "" if at is None else at.astimezone(zone).isoformat(timespec="seconds")


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([no_formula(cell) for cell in cells])
    return text.getvalue()
