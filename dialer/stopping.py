"""Whether a running campaign stops itself now, and why."""

from __future__ import annotations

from datetime import datetime

from compliance.pack import CampaignLimits
from dialer.campaign import Campaign, CampaignKind, CampaignMove, CampaignState, Cause, Change
from dialer.goals import Tally, progress
from dialer.machine import DetectionCounts, detection_error, detection_refused
from dialer.schedule import days_of

NO_LIMITS, NOTHING_HEARD = CampaignLimits(), DetectionCounts()


def own_change(
    campaign: Campaign,
    tally: Tally,
    now: datetime,
    limits: CampaignLimits = NO_LIMITS,
    detection: DetectionCounts = NOTHING_HEARD,
    gone: str = "",
) -> Change | None:
    """The first rule that says so, in the order of this function; None: it goes on.

    Leads that are on the line keep `standing` above 0: a list has not ended while anybody is talked with. A
    callback campaign's never ends: people ask.
    `limits`: of the campaign's packs. `detection`: its verdicts so far, and what was listened to of them.
    `gone`: what it cannot dial without and the installation has no more, as a sentence; "": nothing.
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
    if gone:
        return _system(CampaignMove.PAUSE, Cause.NAMES_GONE, now, gone)
    error = detection_error(detection)
    if error.measured and detection_refused(campaign.mode, campaign.machine, limits.abandon_cap, error):
        note = f"{error.counted:.2%} of people taken for machines"
        return _system(CampaignMove.PAUSE, Cause.DETECTION_ERROR, now, note)
    if stop.list_ended and tally.standing == 0 and campaign.kind is not CampaignKind.CALLBACK:
        return _system(CampaignMove.FINISH, Cause.LIST_ENDED, now, "")
    return None


def _system(move: CampaignMove, cause: Cause, at: datetime, note: str) -> Change:
    return Change(move, at, "system", cause, note)
