"""A forecast from the configuration and the database alone, whether a hotline runs or not."""

from __future__ import annotations

import math
from collections.abc import Sequence

from compliance.facts import Mode
from dialer.campaign import Campaign
from dialer.checking import Known
from engine.campaign_rules import CampaignRules
from engine.clock import SystemClock
from engine.eligibility import MOST_JUDGED
from engine.forecasting import CampaignForecast, Progress, make_forecast
from engine.forecasts import ForecastOrder, ForecastPlace, ForecastState, KeptForecast, settings_of
from engine.gatekeeper import Gatekeeper
from infolinia.assembly.campaign_rules import schedule
from infolinia.configuration import Configuration
from infolinia.sections.rules import rule_book
from store.opening import open_dry_run


async def forecast_of(
    configuration: Configuration,
    id: str,
    *,
    agents: int | None,
    days: int,
    changes: Sequence[int] = (),
    place: ForecastPlace,
    by: str,
    most_judged: int = MOST_JUDGED,
    most_seconds: float = math.inf,
    progress: Progress = lambda stage, done, of: None,
) -> CampaignForecast:
    """The forecast, which is then kept as the campaign's last one.

    `agents` None: all that its queue has in the configuration. `place`, `by`: as ForecastOrder has them; the
    rest as `make_forecast` has it.
    Raises StoreError, StoreUnavailable, Missing, and ValueError with a sentence when no agents are known.
    """
    clock = SystemClock()
    state = configuration.place(configuration.state)
    async with open_dry_run(configuration.database_url, clock, configuration.node, state) as books:
        campaign = await books.campaigns.get(id)
        book = rule_book(configuration.rules, configuration.country)
        hours = schedule(configuration)
        rules = CampaignRules(book, books.campaigns, clock, known=Known, hours=hours)
        there = agents_of(configuration, campaign) if agents is None else agents
        made = await make_forecast(
            campaign,
            agents=there,
            days=days,
            changes=changes,
            samples=books.samples,
            campaigns=books.campaigns,
            leads=books.leads,
            attempts=books.attempts,
            rules=rules,
            gate=Gatekeeper(books.permissions, books.decisions, book, clock),
            clock=clock,
            most_judged=most_judged,
            most_seconds=most_seconds,
            progress=progress,
        )
        await books.forecasts.keep(
            KeptForecast(
                campaign.id,
                ForecastOrder(there, days, tuple(changes), place, by),
                made.made_at,
                ForecastState.DONE,
                ended_at=clock.now(),
                result=made.as_json(),
                settings=settings_of(campaign),
            )
        )
        return made


def agents_of(configuration: Configuration, campaign: Campaign) -> int:
    """Raises ValueError."""
    if campaign.queue is None or campaign.mode is Mode.AGENTLESS:
        return 0
    queue = configuration.queues.get(campaign.queue)
    count = 0 if queue is None else len(queue.agents or configuration.agents)
    if not count:
        raise ValueError("The configuration has no agents of the campaign's queue: say how many there are.")
    return count
