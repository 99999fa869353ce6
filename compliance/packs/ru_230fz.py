"""ru-230fz: collection of debts in Russia."""

from __future__ import annotations

from datetime import date, time

from compliance.facts import Channel
from compliance.pack import Certainty, Pack
from compliance.rules.contact_hours import ContactHours
from compliance.rules.contacts_a_period import ContactsAPeriod, Period

_CALLS = (Channel.CALL,)
_MESSAGES = (Channel.SMS, Channel.EMAIL, Channel.PUSH, Channel.MESSENGER)

RU_230FZ = Pack(
    name="ru-230fz",
    title="О защите прав и законных интересов физических лиц при возврате просроченной задолженности",
    version="1",
    in_force_from=date(2017, 1, 1),
    source="Федеральный закон от 03.07.2016 № 230-ФЗ, ст. 7; о голосовых агентах 467-ФЗ, с 01.02.2024",
    certainty=Certainty.HIGH,
    country="RU",
    rules=(
        ContactHours(begins=time(8), ends=time(22), rest_begins=time(9), rest_ends=time(20), country="RU"),
        ContactsAPeriod("conversations-a-day", 1, Period.DAY, _CALLS, conversations=True),
        ContactsAPeriod("conversations-a-week", 2, Period.WEEK, _CALLS, conversations=True),
        ContactsAPeriod("conversations-a-month", 8, Period.MONTH, _CALLS, conversations=True),
        ContactsAPeriod("messages-a-day", 2, Period.DAY, _MESSAGES, conversations=False),
        ContactsAPeriod("messages-a-week", 4, Period.WEEK, _MESSAGES, conversations=False),
        ContactsAPeriod("messages-a-month", 16, Period.MONTH, _MESSAGES, conversations=False),
    ),
)
