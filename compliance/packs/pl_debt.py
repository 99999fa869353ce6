"""pl-debt: collection of debts in Poland. No law gives numbers: these are defaults of ours."""

from __future__ import annotations

from datetime import time

from compliance.facts import Channel
from compliance.pack import Certainty, Pack
from compliance.rules.contact_hours import ContactHours
from compliance.rules.contacts_a_period import ContactsAPeriod, Period

PL_DEBT = Pack(
    name="pl-debt",
    title="Good practices of Polish debt collectors",
    version="1",
    in_force_from=None,
    source="Trade code of Polish debt collectors (hours); Kodeks karny art. 190a, Kodeks wykroczeń art. 107",
    certainty=Certainty.LOW,
    country="PL",
    rules=(
        ContactHours(begins=time(6), ends=time(22), rest_begins=time(8), rest_ends=time(20), country="PL"),
        ContactsAPeriod("conversations-a-day", 1, Period.DAY, (Channel.CALL,), conversations=True),
        ContactsAPeriod("conversations-a-week", 3, Period.WEEK, (Channel.CALL,), conversations=True),
    ),
)
