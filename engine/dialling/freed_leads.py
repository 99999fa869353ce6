"""Leads that a rule forbade for ever come back when what forbade them is gone.

What is told of consents and objections names the people to look at; once a day all refused leads are looked
at, for what nobody tells: a list replaced, a law's date, the company's own numbers. Several engines may look
at once: a lead is kept at the version that was read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from dialer.allowed_again import allowed_again, is_free, refused_numbers
from dialer.campaign import Campaign, CampaignState
from dialer.lead import Lead, LeadState
from dialer.reasons import ReasonCode
from engine.gatekeeper import Gate
from engine.lead_reasons import contact_of
from engine.lookout import Lookout
from engine.registers.campaigns import Campaigns
from engine.registers.leads import LeadFilter, Leads
from engine.registers.publications import PublicationLog, Told
from engine.registers.refusals import Missing
from history.permissions import Scope
from history.publication import Kind

NEWS_SECONDS = 5.0
DAY_SECONDS = 86_400.0
AWAY_SECONDS = 30.0
# Between two leads of a look at all of them, so that it is not felt by calls.
BREATH_SECONDS = 0.02
_AT_ONCE = 200
_KINDS = (Kind.CONSENT_GIVEN, Kind.DO_NOT_CONTACT_LIFTED)
_LISTED = (CampaignState.RUNNING, CampaignState.PAUSED)
_FORBIDDEN = LeadFilter(states=(LeadState.STOPPED,), reasons=(ReasonCode.GATE_FOREVER,))

log = structlog.get_logger(__name__)


class FreedLeads:
    def __init__(
        self,
        campaigns: Campaigns,
        leads: Leads,
        publications: PublicationLog,
        gate: Gate,
        *,
        news_seconds: float = NEWS_SECONDS,
        day_seconds: float = DAY_SECONDS,
    ) -> None:
        self._campaigns = campaigns
        self._leads = leads
        self._publications = publications
        self._gate = gate
        self._read: int | None = None
        self._begun = asyncio.Event()
        self._news = Lookout(
            "leads that are free again", self._new, every_seconds=news_seconds, away_seconds=AWAY_SECONDS
        )
        self._day = Lookout("refused leads", self._all, every_seconds=day_seconds, away_seconds=AWAY_SECONDS)

    async def run(self) -> None:
        """Until it is cancelled. A look at all may take hours on a large list: the news do not wait for it.

        The first one is made at once, since the engine may have been away.
        """
        async with asyncio.TaskGroup() as both:
            both.create_task(self._news.run())
            await self._begun.wait()  # what changes from here on is told
            both.create_task(self._day.run())

    async def _new(self) -> None:
        await self.look_at_news()

    async def _all(self) -> None:
        await self.look_at_all()

    async def look_at_news(self) -> int:
        """Of what was told since the last time; the first time says from where on. Leads that came back."""
        settled = await self._publications.settled()
        if self._read is None:
            self._read = settled
            self._begun.set()
        back = 0
        while self._read < settled:
            told = await self._publications.between(self._read, settled, limit=_AT_ONCE, kinds=_KINDS)
            if any(_is_of_many(one) for one in told):
                back += await self.look_at_all()
            for one in told:
                for lead in await self._named_by(one):
                    back += await self._look_at(lead)
            self._read = told[-1].number if len(told) == _AT_ONCE else settled
        return back

    async def look_at_all(self) -> int:
        """Every lead that is forbidden for ever, of campaigns that run or may go on. Those that came back."""
        back = 0
        for campaign in await self._listed():
            after: Sequence[str] | None = None
            while True:
                page = await self._leads.page(campaign.id, _FORBIDDEN, limit=_AT_ONCE, after=after)
                for lead in page.items:
                    back += await self._look_at(lead, campaign)
                    await asyncio.sleep(BREATH_SECONDS)
                after = page.after
                if after is None:
                    break
        if back:
            log.info("leads may be called again", leads=back)
        return back

    async def _look_at(self, lead: Lead, campaign: Campaign | None = None) -> int:
        """1 if the gate lets it back."""
        numbers = refused_numbers(lead)
        if not numbers:
            return 0
        campaign = campaign or await self._campaigns.get(lead.campaign)
        if campaign.state is CampaignState.FINISHED:
            return 0
        free = [number for number in numbers if await self._is_free(campaign, lead, number)]
        if not free:
            return 0
        changed = await self._leads.keep([allowed_again(lead, free)])
        return 0 if changed else 1  # another one had it meanwhile, and has looked too

    async def _is_free(self, campaign: Campaign, lead: Lead, number: str) -> bool:
        try:
            return is_free(await self._gate.would_be(contact_of(campaign, lead, number, f"lead:{lead.id}")))
        except Missing:  # the contact is gone
            return False

    async def _named_by(self, told: Told) -> Sequence[Lead]:
        contact, number = _person_of(told), _number_of(told)
        if contact is not None:
            try:
                return await self._leads.of_contact(contact)
            except Missing:
                return ()
        if number is None:
            return ()
        wanted = LeadFilter(search=number)
        pages = [await self._leads.page(one.id, wanted, limit=_AT_ONCE) for one in await self._listed()]
        return [lead for page in pages for lead in page.items]

    async def _listed(self) -> Sequence[Campaign]:
        found: list[Campaign] = []
        after: Sequence[str] | None = None
        while True:
            page = await self._campaigns.list(_LISTED, limit=_AT_ONCE, after=after)
            found += page.items
            after = page.after
            if after is None:
                return found


def _person_of(told: Told) -> str | None:
    data: Mapping[str, object] = told.data
    if told.kind == Kind.CONSENT_GIVEN:
        return _text(data.get("contact_id"))
    return _text(data.get("value")) if data.get("scope") == Scope.PERSON else None


def _number_of(told: Told) -> str | None:
    data: Mapping[str, object] = told.data
    return _text(data.get("value")) if data.get("scope") == Scope.NUMBER else None


def _is_of_many(told: Told) -> bool:
    """A prefix, a household or a domain was freed: nobody is named."""
    if told.kind != Kind.DO_NOT_CONTACT_LIFTED:
        return False
    return told.data.get("scope") not in (Scope.PERSON, Scope.NUMBER)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
