"""hangup: end the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import model_validator

from ivr.steps.body import StepBody

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.talk import Talk


class Hangup(StepBody):
    """`hangup: normal`, `busy` or `congestion`."""

    verb: ClassVar[str] = "hangup"
    required: ClassVar[tuple[str, ...]] = ()
    needs_caller: ClassVar[bool] = False

    reason: Literal["normal", "busy", "congestion"]

    @model_validator(mode="before")
    @classmethod
    def _reason_alone(cls, value: Any) -> Any:
        return {"reason": value} if isinstance(value, str) else value

    def begin(self, talk: Talk, step: Step) -> None:
        talk.hang_up(self.reason)
