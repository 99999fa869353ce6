"""contact: read or write an attribute of the caller's profile."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, StringConstraints, model_validator

from ivr.commands import Errand, ReadProfile, WriteProfile
from ivr.outward import Refused, outward_text
from ivr.steps.errand import ErrandBody
from ivr.steps.set import VariableName
from ivr.texts import TemplateText

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.events import Finished
    from ivr.flow import Step
    from ivr.talk import Talk

AttributeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A name in a profile."""

LONGEST_VALUE = 1000


class Contact(ErrandBody):
    """`contact: {get: attribute, into: name}` or `contact: {set: attribute, to: "{value}"}`."""

    verb: ClassVar[str] = "contact"
    optional: ClassVar[tuple[str, ...]] = ("unknown",)

    get: AttributeName | None = None
    into: VariableName | None = None
    written: AttributeName | None = Field(default=None, alias="set")
    to: TemplateText | None = None

    @model_validator(mode="after")
    def _reads_or_writes(self) -> Contact:
        given = [self.get is not None, self.into is not None, self.written is not None, self.to is not None]
        if given not in ([True, True, False, False], [False, False, True, True]):
            raise ValueError('write {get: attribute, into: name} or {set: attribute, to: "{value}"}')
        return self

    def sets(self, outcome: str) -> frozenset[str]:
        return frozenset({self.into}) if outcome == "next" and self.into is not None else frozenset()

    def errand(self, talk: Talk, step: Step) -> Callable[[int], Errand] | str:
        if self.get is not None:
            return partial(ReadProfile, attribute=self.get)
        assert self.written is not None
        assert self.to is not None
        value = outward_text(talk, step, self.to)
        if len(value) > LONGEST_VALUE:
            talk.trouble("too long", f"step {step.name!r} would keep {len(value):,} characters")
            raise Refused
        return partial(WriteProfile, attribute=self.written, value=value)

    def finished(self, talk: Talk, step: Step, work: Finished) -> None:
        value = work.values.get("value")
        if work.outcome != "next" or self.into is None:
            talk.finish(work.outcome)
        elif value is None:  # as good as none
            talk.finish("unknown")
        elif talk.set(self.into, value):
            talk.finish("next")
