"""A campaign's flow that is taken away while it calls, by a file or a reload."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dialer.campaign import Campaign, CampaignState, Cause
from dialer.lead import LeadState
from dialer.reasons import ReasonCode
from engine.dialling.dialler import Dialler
from tests.engine.dialling_stage import Fate, numbers, office, spring
from tests.engine.test_campaign_failures import explained, news


@pytest.mark.parametrize("campaign", [news(flow="gone"), spring(flow="gone")], ids=["alone", "before-agent"])
async def test_a_flow_that_was_taken_away_is_waited_for(tmp_path: Path, campaign: Campaign) -> None:
    at = office(tmp_path)
    at.put(campaign, *numbers(2))
    at.log_in("anna", "jan")
    at.start()
    await at.until(lambda: "'gone' is not loaded" in str(explained(at).get("why")), 60)
    await at.pass_by(10)
    assert at.public.dialled == []
    assert at.stage.gate.asked == []  # which would count its answers as calls
    at.books.campaigns["autumn"] = replace(at.books.campaigns["autumn"], flow="news")
    await at.until(lambda: len(at.public.dialled) == 2, 60)
    await at.stop()


async def test_a_flow_that_a_reload_takes_away_stops_calls_at_once_and_pauses_the_campaign(
    tmp_path: Path,
) -> None:
    """Waiting for its flow and being paused for want of it follow each other; a person starts it again."""
    at = office(tmp_path)
    flows = at.means.exchange.flows

    def gone(campaign: Campaign) -> str:
        return "" if flows.by_name(campaign.flow or "") else "There is no flow 'news': add it."

    at.means = replace(at.means, gone=gone)
    at.dialler = Dialler(at.means)
    at.put(news(lines=1), *numbers(4))
    at.public.usual = Fate(holds=5)
    at.start()
    await at.until(lambda: bool(at.public.dialled))
    loaded = {name: flow for name in ("news", "nobody-free") if (flow := flows.by_name(name)) is not None}
    flows.replace({"nobody-free": loaded["nobody-free"]}, flows.unknown)
    before = len(at.public.dialled)
    await at.until(lambda: at.books.campaigns["autumn"].state is CampaignState.PAUSED, 30)
    campaign = at.books.campaigns["autumn"]
    assert (campaign.state_cause, campaign.state_note) == (
        Cause.NAMES_GONE,
        "There is no flow 'news': add it.",
    )
    assert len(at.public.dialled) == before
    flows.replace(loaded, flows.unknown)
    await at.pass_by(60)
    assert len(at.public.dialled) == before  # it was paused: a person starts it again
    at.books.campaigns["autumn"] = replace(campaign, state=CampaignState.RUNNING)
    await at.until(lambda: at.books.campaigns["autumn"].state is CampaignState.FINISHED)
    assert sorted(at.public.dialled) == list(numbers(4))
    await at.stop()


async def test_who_answers_hears_the_flow_that_a_reload_took_away_while_it_rang(tmp_path: Path) -> None:
    at = office(tmp_path)
    flows = at.means.exchange.flows
    at.put(news(), *numbers(1))
    at.public.usual = Fate(rings=10, holds=20)
    at.start()
    await at.until(lambda: bool(at.public.dialled))
    flows.replace({name: flow for name in ("nobody-free",) if (flow := flows.by_name(name))}, flows.unknown)
    await at.until(lambda: at.lead(1).state is LeadState.DONE, 60)
    assert at.stage.control.words() == ["Your parcel is here."]
    assert at.lead(1).reason.code is ReasonCode.LED_THROUGH
    await at.stop()
