"""us-tsr: telemarketing in the United States."""

from __future__ import annotations

from datetime import date, time

from compliance.facts import Channel, Mode, Purpose
from compliance.pack import CampaignLimits, Certainty, Pack
from compliance.rules.consent_needed import ConsentNeeded, Where
from compliance.rules.contact_hours import ContactHours

US_TSR = Pack(
    name="us-tsr",
    title="Telemarketing Sales Rule and the FCC's delivery restrictions",
    version="1",
    in_force_from=date(2003, 10, 1),
    source="16 CFR 310.4; 47 CFR 64.1200",
    certainty=Certainty.HIGH,
    country="US",
    rules=(
        # 16 CFR 310.4(c), 47 CFR 64.1200(c)(1)
        ContactHours(begins=time(8), ends=time(21), channels=(Channel.CALL, Channel.SMS)),
        # 47 CFR 64.1200(a)(2) for mobiles; 16 CFR 310.4(b)(1)(v) for a recorded voice to any line
        ConsentNeeded(
            name="written-consent",
            purposes=(Purpose.MARKETING,),
            where=(
                Where(
                    channels=(Channel.CALL, Channel.SMS),
                    modes=(Mode.PREDICTIVE, Mode.PROGRESSIVE, Mode.AGENTLESS),
                    fixed_lines=False,
                ),
                Where(channels=(Channel.CALL,), modes=(Mode.AGENTLESS,)),
            ),
        ),
    ),
    limits=CampaignLimits(
        abandon_cap=0.03,  # 16 CFR 310.4(b)(4)(i)
        abandon_window_days=30,
        ring_seconds=15,  # 310.4(b)(4)(ii): or four rings
        agent_within_seconds=2.0,  # 310.4(b)(1)(iv): of the completed greeting
        message=("name", "number", "opt_out"),  # 310.4(b)(4)(iii), 47 CFR 64.1200(a)(7)(i)
        caller_id_always=True,  # 310.4(a)(8)
    ),
)
