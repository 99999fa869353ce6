"""uk-ofcom: abandoned and silent calls in the United Kingdom."""

from __future__ import annotations

from datetime import date

from compliance.pack import CampaignLimits, Certainty, Pack
from compliance.rules.redial_locks import LockAfterAbandoned, SameDayAfterMachine

UK_OFCOM = Pack(
    name="uk-ofcom",
    title="Ofcom's statement on persistent misuse",
    version="1",
    in_force_from=date(2017, 3, 1),
    source="Communications Act 2003, ss. 128-131; Ofcom, Persistent Misuse, 20 December 2016",
    certainty=Certainty.MEDIUM,
    country="GB",
    rules=(
        LockAfterAbandoned(name="72h-after-abandoned", hours=72),
        SameDayAfterMachine(name="same-day-after-machine"),
    ),
    limits=CampaignLimits(
        abandon_cap=0.01,
        ring_seconds=15,
        agent_within_seconds=2.0,
        agent_from_speech_start=True,
        message=("name", "number"),
        caller_id_always=True,
    ),
)
