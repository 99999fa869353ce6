"""subflow: lead the caller through another file, and go on where its `return` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, StringConstraints, model_validator

from ivr.steps.body import StepBody
from ivr.steps.set import Values, set_values

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.talk import Talk

FlowName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
INTO = "into"
"""The way from this step to the first one of the called flow, once that stands in the caller's table."""


class Subflow(StepBody):
    """`subflow: identify`, or `subflow: {flow: identify, with: {name: "{value}"}}`.

    Its outcomes are the names that the called flow returns. The called flow's steps stand in the caller's
    table as STEP/NAME, so nothing is called at run time. Variables are shared; those of `with` are set first.
    """

    verb: ClassVar[str] = "subflow"
    required: ClassVar[tuple[str, ...]] = ()
    needs_caller: ClassVar[bool] = False

    flow: FlowName
    given: Values = Field(default_factory=dict, alias="with")

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"flow": value} if isinstance(value, str) else value

    def sets(self, outcome: str) -> frozenset[str]:
        return frozenset(self.given)

    def begin(self, talk: Talk, step: Step) -> None:
        if set_values(talk, self.given):
            talk.finish(INTO)
