"""Whether a running campaign stops itself now, and why."""

from __future__ import annotations

from datetime import datetime

from dialer.campaign import Campaign, CampaignMove, CampaignState, Cause, Change
from dialer.goals import Tally, progress
from dialer.schedule import days_of


def own_change(campaign: Campaign, tally: Tally, now: datetime) -> Change | None:
    """The first rule that says so, in the order of this function; None: it goes on.

    Leads that are on the line keep `standing` above 0: a list has not ended while anybody is talked with.
    """
    if campaign.state is not CampaignState.RUNNING:
        return None
    goal, stop = campaign.goal, campaign.stop
    if goal is not None and (reached := progress(goal, tally)) >= goal.count:
        return _system(CampaignMove.FINISH, Cause.GOAL, now, f"{reached} of {goal.count}")
    _, end = days_of(campaign)
    if end is not None and now >= end:
        return _system(CampaignMove.FINISH, Cause.LAST_DAY, now, str(campaign.last_day))
    if stop.attempts is not None and tally.attempts >= stop.attempts:
        return _system(CampaignMove.FINISH, Cause.ATTEMPTS, now, f"{tally.attempts} calls")
    if stop.refused_in_row is not None and tally.refused_in_row >= stop.refused_in_row:
        return _system(CampaignMove.PAUSE, Cause.ALL_REFUSED, now, f"{tally.refused_in_row} leads on end")
    if stop.list_ended and tally.standing == 0:
        return _system(CampaignMove.FINISH, Cause.LIST_ENDED, now, "")
    return None


def _system(move: CampaignMove, cause: Cause, at: datetime, note: str) -> Change:
    return Change(move, at, "system", cause, note)
