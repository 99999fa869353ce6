"""eu-eprivacy: marketing by automatic calls and messages in the European Union."""

from __future__ import annotations

from datetime import date

from compliance.facts import Channel, Mode, Purpose
from compliance.pack import Certainty, Pack
from compliance.rules.consent_needed import ConsentNeeded, Where

EU_EPRIVACY = Pack(
    name="eu-eprivacy",
    title="Directive on privacy and electronic communications",
    version="1",
    in_force_from=date(2003, 10, 31),  # the day by which member states had to apply it
    source="Directive 2002/58/EC, art. 13",
    certainty=Certainty.MEDIUM,
    rules=(
        ConsentNeeded(
            name="consent",
            purposes=(Purpose.MARKETING,),
            where=(
                Where((Channel.SMS, Channel.EMAIL, Channel.PUSH, Channel.MESSENGER)),
                Where((Channel.CALL,), (Mode.AGENTLESS,)),  # live calls are left to national law, art. 13(3)
            ),
            soft_opt_in=(Channel.SMS, Channel.EMAIL),  # "electronic mail", art. 13(2)
        ),
    ),
)
