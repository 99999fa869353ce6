"""`rate_by_sms` of a queue: the person is asked for a grade in a message after the talk."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ivr.reading.shape import Seconds
from messaging.followups import Event, Rule
from messaging.reading import NAME

DAY = 86_400.0


def _template(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError("a template's name has small letters, digits, '-' and '_', a letter first")
    return value


TemplateName = Annotated[str, AfterValidator(_template)]


class RateBySms(BaseModel):
    """After a talk of the queue: the template that asks for a grade, and how long an answer counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: TemplateName
    within: Annotated[Seconds, Field(ge=60, le=7 * DAY)] = DAY
    once_per: Annotated[Seconds, Field(ge=60, le=31 * DAY)] | None = 7 * DAY

    def rule(self, queue: str) -> Rule:
        return Rule(
            name=f"rate:{queue}",
            on=Event.CALL_ENDED,
            send=self.template,
            once_per=None if self.once_per is None else timedelta(seconds=self.once_per),
            queues=frozenset({queue}),
            rate_within=timedelta(seconds=self.within),
        )
