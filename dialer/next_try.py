"""One lead after one attempt, on its way to a plan: what asks for a next try, and what caps leave of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from compliance.pack import CampaignLimits
from dialer.attempt import Attempt
from dialer.best_time import next_moment
from dialer.campaign import Campaign
from dialer.caps import capped, held_back, trouble_wait
from dialer.lead import Lead, LeadCallback, LeadMove, NumberState, moved
from dialer.lead_plan import CallbackGivenUp, CallbackPutBack, LeadEvent, LeadPlan, NumberWentBad
from dialer.local_day import zone_of
from dialer.numbers import after, usable, with_state
from dialer.reasons import IN_TURN, Reason, ReasonCode, waits
from dialer.results import OURS, AttemptResult

# After a call that was lost, where no rule tells how long to wait after one that ended like this.
LOST_WAIT_SECONDS = {AttemptResult.NO_ANSWER: 3600, AttemptResult.ANSWERED: 86_400}

# A callback whose person was not reached like this is tried again within its window.
NOT_REACHED = frozenset(
    {AttemptResult.NO_ANSWER, AttemptResult.BUSY, AttemptResult.MACHINE, AttemptResult.CANCELLED}
)


class NextTry:
    """One lead after one attempt, on its way to a plan."""

    def __init__(
        self,
        campaign: Campaign,
        lead: Lead,
        attempt: Attempt,
        now: datetime,
        limits: CampaignLimits,
        events: list[LeadEvent],
    ) -> None:
        self._campaign = campaign
        self._lead = lead
        self._attempt = attempt
        self._now = now
        self._limits = limits
        self._events = events

    def over(self, move: LeadMove, reason: Reason) -> LeadPlan:
        lead = self._lead
        if lead.callback is not None:
            self._events.append(CallbackGivenUp(lead.callback.request, reason))
        over = replace(
            lead,
            state=moved(lead.state, move),
            reason=reason,
            not_before=None,
            next_number=None,
            callback=None,
        )
        return LeadPlan(over, tuple(self._events))

    def number_is_bad(self, why: str) -> None:
        self._lead = with_state(self._lead, self._attempt.number, NumberState.BAD)
        self._events.append(NumberWentBad(self._attempt.number, why))

    def next_number_at_once(self) -> LeadPlan:
        return self.again(self._now, IN_TURN)

    def callback_at(self, callback: LeadCallback) -> LeadPlan:
        self._lead = replace(self._lead, callback=callback)
        begins = max(callback.window_from or self._now, self._now)
        # They asked for this very number, which they spoke on.
        return self.again(begins, waits(ReasonCode.CALLBACK, begins), number=self._attempt.number)

    def retry(self, wait: timedelta) -> LeadPlan:
        at = self._now + wait
        return self.again(at, waits(ReasonCode.RETRY, at, result=self._result))

    def by_result(self) -> LeadPlan:
        lead, result = self._lead, self._attempt.result
        assert result is not None
        if result in OURS:
            return self.lost()
        rule = self._campaign.retry.recycling.get(result)
        times = lead.results.get(result, 0)
        within_window = (
            lead.callback is not None and lead.callback.window_to is not None and result in NOT_REACHED
        )
        if within_window:  # of what was promised the caps alone are the limit
            at = self._now + timedelta(seconds=self._campaign.retry.caps.gap_seconds)
            reason = waits(ReasonCode.RETRY, at, result=self._result)
            return self.again(at, reason, number=self._attempt.number)
        if rule is None or times > rule.most:
            data = {"result": result.value, "times": times}
            return self.over(LeadMove.FINISH, Reason(ReasonCode.OUTCOME_FINAL, data))
        wait, number = timedelta(seconds=rule.after_seconds), self._attempt.number
        if rule.next_number:
            number = after(lead, self._attempt.number, self._campaign.retry.caps) or number
            if self._tried_less(number):
                wait = timedelta(0)  # the gap between calls to one person is kept below
        at = self._now + wait
        return self.again(at, waits(ReasonCode.RETRY, at, result=self._result), number=number)

    def lost(self) -> LeadPlan:
        """They may have answered and heard nothing: as after an answer, and no sooner than after silence.

        Whoever asked for the call is tried again as if nobody had answered.
        """
        asked = self._lead.callback is not None
        like = AttemptResult.NO_ANSWER if asked else AttemptResult.ANSWERED
        rule = self._campaign.retry.recycling.get(like)
        seconds = LOST_WAIT_SECONDS[like] if rule is None else rule.after_seconds
        if not asked:
            seconds = max(seconds, 3600 * (self._limits.redial_lock_hours or 0))
        at = self._now + timedelta(seconds=seconds)
        return self.again(at, waits(ReasonCode.INTERRUPTED, at))

    def network_trouble(self) -> LeadPlan:
        wait = trouble_wait(self._lead.troubles)
        at = self._now + wait
        reason = waits(ReasonCode.NETWORK_TROUBLE, at, result=self._result)
        return self.again(at, reason, number=self._attempt.number)

    def again(
        self,
        at: datetime,
        reason: Reason,
        *,
        number: str | None = None,
        keep_callback: bool = True,
    ) -> LeadPlan:
        """Not before `at`, and not before anything else allows it; over, if a cap is reached."""
        campaign, lead = self._campaign, self._lead
        ended = capped(campaign, lead)
        if ended is not None:
            return self.over(LeadMove.FINISH, ended)
        choice = [one.e164 for one in usable(lead, campaign.retry.caps)]
        chosen = number if number in choice else after(lead, self._attempt.number, campaign.retry.caps)
        if not keep_callback and lead.callback is not None:
            self._events.append(CallbackGivenUp(lead.callback.request, reason))
            lead = replace(lead, callback=None)
        at, reason = self._allowed(lead, at, reason)
        at = max(at, self._now)
        self._lead = lead = self._with_callback_at(lead, at)
        waiting = replace(
            lead,
            state=moved(lead.state, LeadMove.RETRY),
            not_before=at,
            next_number=chosen,
            reason=reason,
        )
        return LeadPlan(waiting, tuple(self._events))

    def _allowed(self, lead: Lead, at: datetime, reason: Reason) -> tuple[datetime, Reason]:
        """The first moment from `at` on that the gap, the lock, the day and the best time leave."""
        campaign, attempt = self._campaign, self._attempt
        rules, zone = campaign.retry, zone_of(lead, campaign)
        hours = self._limits.redial_lock_hours
        if hours is not None and (attempt.result is AttemptResult.ABANDONED or attempt.abandoned):
            free = (attempt.ended_at or self._now) + timedelta(hours=hours)
            if at <= free:
                at, reason = free, waits(ReasonCode.REDIAL_LOCK, free)
        at, reason = held_back(campaign, lead, at) or (at, reason)
        if lead.callback is None and attempt.result is AttemptResult.NO_ANSWER:
            best = next_moment(lead, rules.best_time, zone, at)
            if best > at:
                at, reason = best, waits(ReasonCode.BEST_TIME, best)
        return at, reason

    def _with_callback_at(self, lead: Lead, at: datetime) -> Lead:
        """A callback that is tried again must still be within its window then."""
        callback = lead.callback
        if callback is None:
            return lead
        if callback.window_to is not None and at >= callback.window_to:
            reason = waits(ReasonCode.CALLBACK, at)
            self._events.append(CallbackGivenUp(callback.request, reason))
            return replace(lead, callback=None)
        if self._attempt.callback == callback.request:
            self._events.append(CallbackPutBack(callback.request, at))
        return lead

    def _tried_less(self, number: str) -> bool:
        other, dialled = self._lead.number(number), self._lead.number(self._attempt.number)
        return other is not None and dialled is not None and other.attempts < dialled.attempts

    @property
    def _result(self) -> str:
        return str(self._attempt.disposition or self._attempt.result)
