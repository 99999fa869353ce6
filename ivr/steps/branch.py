"""branch: go where the first condition that holds leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

from ivr.steps.body import Edge, StepBody
from ivr.texts import Condition, NotEmpty

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.talk import Talk


class Case(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    when: Condition
    next: str


class Branch(StepBody):
    """`branch: [{when: …, next: …}, …]` and `otherwise`."""

    verb: ClassVar[str] = "branch"
    required: ClassVar[tuple[str, ...]] = ("otherwise",)
    needs_caller: ClassVar[bool] = False

    cases: Annotated[tuple[Case, ...], NotEmpty]

    @model_validator(mode="before")
    @classmethod
    def _cases_alone(cls, value: Any) -> Any:
        return {"cases": value}

    def edges(self, outcomes: Mapping[str, str], written: frozenset[str]) -> Iterator[Edge]:
        for index, case in enumerate(self.cases):
            yield Edge(f"case {index + 1}", case.next, (self.verb, index, "next"))
        yield from super().edges(outcomes, written)

    def begin(self, talk: Talk, step: Step) -> None:
        language = str(talk.scope["language"])
        for index, case in enumerate(self.cases):
            if case.when.holds(talk.scope, language):
                talk.go(case.next, f"case {index + 1}")
                talk.decide(case.when.source, step.outcomes["otherwise"])
                return
        talk.finish("otherwise")
        talk.decide("otherwise")
