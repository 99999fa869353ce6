"""What the steps share whose work is an errand: it touches the world, not the caller's channel."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator

from ivr.activity import Activity, Working
from ivr.commands import Errand
from ivr.outward import Refused
from ivr.steps.body import StepBody
from ivr.texts import NotEmpty

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.flow import Step
    from ivr.talk import Talk

# compliance.facts has the same words; a flow is refused for any other.
ContactChannel = Literal["call", "sms", "email", "push", "messenger"]
ContactPurpose = Literal["marketing", "collections", "service", "information"]


def _each_once(channels: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(channels)) < len(channels):
        raise ValueError("a channel is named twice")
    return channels


ContactChannels = Annotated[tuple[ContactChannel, ...], NotEmpty, AfterValidator(_each_once)]

# A performer has reported by then: it gives up its own waits earlier.
ERRAND_LIMIT_SECONDS = 15.0


class ErrandBody(StepBody):
    """A step that has one errand done, without a word to the caller."""

    @abstractmethod
    def errand(self, talk: Talk, step: Step) -> Callable[[int], Errand] | str:
        """What makes the command of its work's id; or the outcome, when there is nothing to be done."""

    def begin(self, talk: Talk, step: Step) -> Activity | None:
        try:
            errand = self.errand(talk, step)
        except Refused:
            return None
        if isinstance(errand, str):
            talk.finish(errand)
            return None
        return Working(talk, step, None, errand, limit_seconds=ERRAND_LIMIT_SECONDS, keeps_keys=True)
