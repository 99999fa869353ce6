"""`debts:` of the configuration: what may be promised, and the reminders of promises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dialer.debts.promising import PromiseTerms
from dialer.debts.reminders import ReminderKind, ReminderPlan
from engine.debt_desk import PromiseRules
from infolinia.sections.desk import SmsText
from wording.templates import Template, parse_template

# What stands for values in a reminder's text.
PLACES = frozenset({"amount", "currency", "due", "creditor", "reference", "instalment", "instalments"})
_Days = Annotated[int, Field(ge=0, le=30)]


def _texts(value: Mapping[str, str]) -> Mapping[str, str]:
    for language, text in value.items():
        unknown = sorted(parse_template(text).names - PLACES)
        if unknown:
            raise ValueError(
                f"the text ({language}) reads {unknown[0]!r}; what it may read is {', '.join(sorted(PLACES))}"
            )
    return value


def _at(value: str) -> str:
    try:
        time.fromisoformat(value)
    except ValueError:
        raise ValueError('write a time of day such as "10:00"') from None
    return value


class ReminderSection(BaseModel):
    """Days are counted from that of an instalment. `texts`: kind -> language -> text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before_days: tuple[_Days, ...] = (2,)
    on_due: bool = True
    late_days: tuple[_Days, ...] = (1,)
    at: Annotated[str, AfterValidator(_at)] = "10:00"
    texts: Mapping[Literal["before", "due", "late"], Annotated[SmsText, AfterValidator(_texts)]] = {}


class DebtsSection(BaseModel):
    """`grace_days`: a payment is waited for so long behind its day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_within_days: Annotated[int, Field(ge=1, le=366)] = 30
    last_within_days: Annotated[int, Field(ge=1, le=3660)] = 366
    most_instalments: Annotated[int, Field(ge=1, le=60)] = 12
    least_instalment: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    grace_days: Annotated[int, Field(ge=0, le=30)] = 2
    reminders: ReminderSection = ReminderSection()

    def rules(self) -> PromiseRules:
        reminders = self.reminders
        texts: dict[ReminderKind, dict[str, Template]] = {
            ReminderKind(kind): {language: parse_template(text) for language, text in known.items()}
            for kind, known in reminders.texts.items()
        }
        return PromiseRules(
            PromiseTerms(
                self.first_within_days, self.last_within_days, self.most_instalments, self.least_instalment
            ),
            self.grace_days,
            ReminderPlan(
                reminders.before_days, reminders.on_due, reminders.late_days, time.fromisoformat(reminders.at)
            ),
            texts,
        )
