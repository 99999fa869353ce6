"""return: go back to the flow that called this one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import StringConstraints, model_validator

from ivr.steps.body import Edge, StepBody

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.talk import Talk

ReturnName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Return(StepBody):
    """`return: found`. Its one outcome is that name; it leads where the calling step says.

    A flow that is rehearsed alone ends there, with the name as its reason.
    """

    verb: ClassVar[str] = "return"
    required: ClassVar[tuple[str, ...]] = ()
    needs_caller: ClassVar[bool] = False

    name: ReturnName

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    def edges(self, outcomes: Mapping[str, str], written: frozenset[str]) -> Iterator[Edge]:
        for outcome, target in outcomes.items():
            yield Edge(outcome, target, (self.verb,))

    def begin(self, talk: Talk, step: Step) -> None:
        if self.name in step.outcomes:
            talk.finish(self.name)
        else:
            talk.hang_up(self.name)
