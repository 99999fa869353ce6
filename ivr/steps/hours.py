"""hours: go where the company's opening hours lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import StringConstraints, model_validator

from ivr.steps.body import StepBody

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.talk import Talk


class Hours(StepBody):
    """`hours: office`. `holiday` goes where `closed` goes when it is not written."""

    verb: ClassVar[str] = "hours"
    required: ClassVar[tuple[str, ...]] = ("open", "closed")
    optional: ClassVar[tuple[str, ...]] = ("holiday",)
    goes_with: ClassVar[Mapping[str, str]] = {"holiday": "closed"}
    needs_caller: ClassVar[bool] = False

    hours: Annotated[str, StringConstraints(min_length=1, max_length=40)]

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError("the name of opening hours is wanted here, such as office")
        return {"hours": value}

    def begin(self, talk: Talk, step: Step) -> None:
        try:
            state = talk.surroundings.opening(self.hours, talk.now)
        except KeyError:
            talk.trouble(
                "unknown hours", f"step {step.name!r} asks for {self.hours!r}, which are not configured"
            )
        else:
            talk.finish(state)
            talk.decide(f"{self.hours}: {state}", step.outcomes.get("closed" if state == "open" else "open"))
