"""Why a lead is, or is not, called now: every lead has a sentence, the deciding one first."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from compliance.decision import Decision
from dialer.campaign import CampaignState
from dialer.lead import Lead, LeadState
from dialer.reasons import Reason, ReasonCode, sentence, waits
from dialer.schedule import Dialling
from dialer.trunk_trouble import Trunk, TrunkState
from dialer.why import why
from tests.dialer.leads_and_calls import MONDAY, callback, campaign, lead, rules
from tests.gate_cases import utc

OPEN, CLOSED = Dialling(True, None), Dialling(False, utc("2026-11-24 08:00"))
LATER = utc("2026-11-23 12:00")
NO = Decision(False, "us-reg-f/7-in-7", "7 calls placed in 7 days.", utc("2026-11-24 07:00"), ())
NEVER = Decision(False, "do-not-contact", "the person objected", None, ())
BROKEN = Trunk("main", TrunkState.BROKEN, until=utc("2026-11-23 08:05"))


def waiting(**changed: Any) -> Lead:
    return lead(state=LeadState.WAITING, **changed)


@pytest.mark.parametrize(
    ("person", "more", "sentences"),
    [
        (waiting(), {}, ["It is called in its turn."]),
        (waiting(callback=callback()), {}, ["A callback is due: it goes first."]),
        (lead(state=LeadState.RESERVED), {}, ["It has been taken to be called now."]),
        (lead(state=LeadState.TALKING), {"gate": NO}, ["There is a call with this person."]),
        (
            waiting(not_before=LATER, reason=waits(ReasonCode.RETRY, LATER, result="busy")),
            {},
            ["The last call ended as busy; the next try is due 2026-11-23 12:00 UTC."],
        ),
        (
            lead(state=LeadState.DONE, reason=Reason(ReasonCode.DISPOSITION, {"disposition": "sale"})),
            {"gate": NO},
            ["The agent closed it as sale."],
        ),
        (
            waiting(),
            {"gate": NO},
            [
                "Rule us-reg-f/7-in-7 forbids it now: 7 calls placed in 7 days; "
                "it may be called from 2026-11-24 07:00 UTC on."
            ],
        ),
        (waiting(), {"gate": NEVER}, ["Rule do-not-contact forbids it: the person objected."]),
        (waiting(), {"dialling": CLOSED}, ["The campaign's hours begin 2026-11-24 08:00 UTC."]),
        (waiting(), {"dialling": Dialling(False, None)}, ["The campaign is past its last day."]),
        (
            waiting(),
            {"trunk": BROKEN},
            ["The trunk main fails; dialling is tried again 2026-11-23 08:05 UTC."],
        ),
        (
            waiting(attempts=6, callback=callback()),
            {},
            ["It was called 6 times, the most that is set."],
        ),
        (
            waiting(attempts=1, attempts_today=1, today=MONDAY.date()),
            {},
            ["It was called once today, the most that is set; it goes on 2026-11-23 23:00 UTC."],
        ),
        (
            waiting(not_before=LATER),
            {"state": CampaignState.PAUSED, "gate": NEVER, "dialling": CLOSED},
            [
                "The campaign is paused.",
                "The last call ended as ?; the next try is due 2026-11-23 12:00 UTC.",
                "Rule do-not-contact forbids it: the person objected.",
            ],
        ),
    ],
)
def test_why(person: Lead, more: dict[str, Any], sentences: list[str]) -> None:
    calling = campaign(state=more.pop("state", CampaignState.RUNNING), retry=rules(day=1))
    dialling = more.pop("dialling", OPEN)
    assert [sentence(one) for one in why(calling, person, MONDAY, dialling, **more)] == sentences


def test_times_are_shown_in_the_readers_zone() -> None:
    reason = waits(ReasonCode.OUTSIDE_HOURS, utc("2026-11-24 08:00"))
    assert sentence(reason, ZoneInfo("Europe/Warsaw")) == (
        "The campaign's hours begin 2026-11-24 09:00 Europe/Warsaw."
    )
