"""Whole lists through plans and the gate, in virtual time: every lead ends, lawfully, and says why."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from compliance.facts import Callee, Channel, Facts, Mode, PastContact, Purpose, Request
from compliance.gate import PACKS, decide
from dialer.attempt import Attempt, furthest
from dialer.before_dialling import ToDial, before_dialling, refused
from dialer.callbacks import asked
from dialer.choosing import chosen
from dialer.lead import OVER, Lead, LeadCallback, LeadMove, LeadNumber, LeadState, moved
from dialer.lead_plan import LeadPlan
from dialer.reasons import sentence
from dialer.recycling import AttemptCaps, RetryRules
from dialer.results import AttemptResult
from dialer.retry import plan
from history.dispositions import TRADE
from tests.dialer.leads_and_calls import HOME, MOBILE, R, attempt, campaign
from tests.gate_cases import utc

NEW_YORK = ZoneInfo("America/New_York")
FATES = [R.NO_ANSWER] * 6 + [R.BUSY, R.MACHINE, R.ANSWERED, R.ABANDONED, R.CONGESTION, R.REFUSED, R.LOST]


class List:
    """A list, its history, and what the gate is told of it."""

    def __init__(self, seed: int, begins: datetime, caps: AttemptCaps) -> None:
        self._random = Random(seed)
        self.now = begins
        self.campaign = campaign(
            purpose=Purpose.COLLECTIONS,
            mode=Mode.PROGRESSIVE,
            retry=RetryRules(caps=caps),
            time_zone="America/New_York",
        )
        self.leads = {
            f"l{number}": Lead(
                f"l{number}",
                "autumn",
                f"c{number}",
                tuple(LeadNumber(one) for one in ((MOBILE, HOME) if number % 2 else (MOBILE,))),
                begins,
                time_zone="America/New_York",
            )
            for number in range(12)
        }
        self.calls: dict[str, list[Attempt]] = {one: [] for one in self.leads}

    def run(self) -> None:
        while any(lead.state not in OVER for lead in self.leads.values()):
            due = chosen(self.leads.values(), self.now, 1)
            if due:
                self._call(due[0])
                self.now += timedelta(seconds=self._random.randint(1, 120))
            else:
                self.now = min(lead.not_before for lead in self.leads.values() if lead.not_before)

    def _call(self, lead: Lead) -> None:
        taken = replace(lead, state=moved(lead.state, LeadMove.RESERVE))
        found = before_dialling(self.campaign, taken, self.now)
        if isinstance(found, LeadPlan):
            return self._keep(found)
        decision = decide(self._request(lead, found), self._facts(lead), [PACKS["us-reg-f"]], self.now)
        if not decision.allowed:
            return self._keep(refused(self.campaign, taken, found.number, decision, self.now))
        result = self._random.choice(FATES)
        if result is R.CONGESTION and taken.troubles > 2:
            result = R.NO_ANSWER
        call = attempt(result, self.now, found.number, talked=result is R.ANSWERED, lead=lead.id)
        self.calls[lead.id].append(call)
        word = TRADE[self._random.choice(["callback", "right_party"])] if result is R.ANSWERED else None
        end = self.now + timedelta(seconds=30)
        wish = LeadCallback(f"r{len(self.calls[lead.id])}", end, end, end + timedelta(hours=30))
        calling = replace(taken, state=LeadState.WRAP_UP if word else LeadState.DIALLING)
        self._keep(plan(self.campaign, calling, call, word, end, callback=wish))
        if result is R.NO_ANSWER and self._random.random() < 0.1:
            self._keep(asked(self.campaign, self.leads[lead.id], wish, end))
        return None

    def _keep(self, plan: LeadPlan) -> None:
        self.leads[plan.lead.id] = replace(plan.lead, version=plan.lead.version + 1)

    def _request(self, lead: Lead, found: ToDial) -> Request:
        callee = Callee(lead.contact_id, found.number, lead.time_zone)
        return Request(Channel.CALL, Purpose.COLLECTIONS, Mode.PROGRESSIVE, callee, "d1")

    def _facts(self, lead: Lead) -> Facts:
        rows = (
            PastContact(call.dialled_at or call.reserved_at, Channel.CALL, furthest(call), debt="d1")
            for call in self.calls[lead.id]
        )
        return Facts(history=tuple(rows))


@pytest.mark.parametrize("begins", ["2026-03-06 12:00", "2026-10-30 12:00"])  # clocks change that weekend
@pytest.mark.parametrize(
    "caps", [AttemptCaps(), AttemptCaps(lead=20, number=20, day=9, gap_seconds=300), AttemptCaps(2, 1, 1, 0)]
)
def test_every_lead_ends_within_its_caps_and_the_law(begins: str, caps: AttemptCaps) -> None:
    for seed in range(3):
        calls = List(seed, utc(begins), caps)
        calls.run()
        for lead in calls.leads.values():
            assert lead.state in OVER
            assert "?" not in sentence(lead.reason)
            made = [call for call in calls.calls[lead.id] if call.result is not AttemptResult.CONGESTION]
            assert len(made) == lead.attempts <= caps.lead
            assert max(Counter(call.number for call in made).values(), default=0) <= caps.number
            times = [call.dialled_at for call in made if call.dialled_at is not None]
            local = [at.astimezone(NEW_YORK) for at in times]
            assert max(Counter(at.date() for at in local).values(), default=0) <= caps.day
            assert all(8 <= at.hour < 21 for at in local)
            for first, second in pairwise(times):
                assert (second - first).total_seconds() >= caps.gap_seconds
            # A number that was busy was not reached: the law does not count it.
            days = [at.date() for at, call in zip(local, made, strict=True) if call.result is not R.BUSY]
            for day in days:
                assert sum(timedelta(0) <= day - other < timedelta(days=7) for other in days) <= 7
