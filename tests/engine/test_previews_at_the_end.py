"""A preview campaign that is paused or whose engine stops: no lead stays at a desk, no minute is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from compliance.facts import Mode
from dialer.campaign import CampaignState
from dialer.lead import LeadState
from tests.engine.dialling_stage import Office, numbers, office, spring


def begun(folder: Path) -> Office:
    at = office(folder, agents=("anna",))
    at.means.previews.attend(lambda agent: True, lambda agent: None)
    at.put(spring(mode=Mode.PREVIEW, preview_seconds=600), *numbers(2))
    at.log_in("anna")
    at.start()
    return at


async def test_a_campaign_is_not_left_before_its_last_lead_went_back(tmp_path: Path) -> None:
    """It is looked at whether it still runs between two ticks, by whatever has just noticed the pause."""
    at = begun(tmp_path)
    previews = at.means.previews
    await at.until(lambda: previews.of("anna") is not None, 60)
    at.books.campaigns["autumn"] = replace(at.books.campaigns["autumn"], state=CampaignState.PAUSED)
    await at.dialler._refresh()
    await at.until(lambda: previews.of("anna") is None, 20)
    await at.until(lambda: at.dialler.explain("autumn") is None, 20)
    assert {lead.state for lead in at.books.leads.values()} == {LeadState.WAITING}
    await at.stop()


async def test_the_minute_that_goes_on_is_kept(tmp_path: Path) -> None:
    at = begun(tmp_path)
    await at.pass_by(40)
    await at.stop()
    logged = sum(one.ready_seconds for one in at.books.minutes.values())
    assert 20 < logged <= 41
