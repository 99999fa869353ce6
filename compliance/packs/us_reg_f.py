"""us-reg-f: collection of debts in the United States."""

from __future__ import annotations

from datetime import date, time

from compliance.pack import Certainty, Pack
from compliance.rules.calls_in_days import CallsInDays
from compliance.rules.contact_hours import ContactHours
from compliance.rules.silence_after_conversation import SilenceAfterConversation

US_REG_F = Pack(
    name="us-reg-f",
    title="Regulation F, debt collection",
    version="1",
    in_force_from=date(2021, 11, 30),
    source="12 CFR 1006.6(b), 1006.14(b)",
    certainty=Certainty.HIGH,
    country="US",
    rules=(
        ContactHours(begins=time(8), ends=time(21)),  # 1006.6(b)(1)(i)
        CallsInDays(name="7-in-7", calls=7, days=7, widened_days=7),  # 1006.14(b)(2)(i)(A), (b)(3)(i)
        SilenceAfterConversation(name="after-conversation", days=7, widened_days=7),  # 1006.14(b)(2)(i)(B)
    ),
)
