"""stop_contact: keep that a number wants no more contact."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ivr.commands import Errand, StopContact
from ivr.outward import Refused, outward_number
from ivr.steps.errand import ContactChannels, ErrandBody
from ivr.steps.sms import CALLER
from ivr.texts import TemplateText

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.flow import Step
    from ivr.talk import Talk


class StopContactStep(ErrandBody):
    """`stop_contact: {channels: [call, sms], number: "{caller}"}`."""

    verb: ClassVar[str] = "stop_contact"

    channels: ContactChannels
    number: TemplateText = Field(default_factory=lambda: CALLER)

    def errand(self, talk: Talk, step: Step) -> Callable[[int], Errand] | str:
        number = outward_number(talk, step, self.number)
        if number is None:
            # The caller must not believe that it is kept: a person takes it down.
            talk.trouble("not a number", f"step {step.name!r} knows no number to stop contact with")
            raise Refused
        return partial(StopContact, number=number, channels=self.channels)
