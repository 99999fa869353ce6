"""transfer: connect the caller to a person at another number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, field_validator, model_validator

from ivr import commands
from ivr.activity import Activity, Working
from ivr.reading.shape import Seconds
from ivr.steps.body import StepBody
from ivr.texts import TemplateText, Texts
from wording.templates import Template

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.talk import Talk

_NUMBER = re.compile(r"\+?[0-9]{1,15}", re.ASCII)
# Two people may talk this long after they were connected; then the performer must have lost them.
LONGEST_CONVERSATION_SECONDS = 12 * 3600.0


class Transfer(StepBody):
    """`transfer: "200"`, or `transfer: {to: "200", ring: 30s, prompt: {…}}`. `next`: they have talked."""

    verb: ClassVar[str] = "transfer"
    optional: ClassVar[tuple[str, ...]] = ("busy", "no_answer", "refused", "failed")
    turns: ClassVar[frozenset[str]] = frozenset({"next"})
    outlives_engine: ClassVar[bool] = True

    to: TemplateText
    ring: Seconds = Field(default=30.0, ge=5.0, le=300.0)
    prompt: Texts | None = None

    @model_validator(mode="before")
    @classmethod
    def _number_alone(cls, value: Any) -> Any:
        return {"to": value} if isinstance(value, str) else value

    @field_validator("to")
    @classmethod
    def _dialable(cls, number: Template) -> Template:
        if number.static and not _NUMBER.fullmatch(number.source):
            raise ValueError(f"{number.source!r} is not a number: digits, with + before a country code")
        return number

    def begin(self, talk: Talk, step: Step) -> Activity | None:
        number = self.to.render(talk.scope, str(talk.scope["language"]))
        if not _NUMBER.fullmatch(number):
            # A value from outside never reaches a dial string unless it is a number.
            talk.trouble("not a number", f"{step.name} was to transfer to {talk.shown(self.to, 'en')!r}")
            return None
        return Working(
            talk,
            step,
            self.prompt,
            lambda work_id: commands.Transfer(work_id, number, round(self.ring)),
            limit_seconds=self.ring + LONGEST_CONVERSATION_SECONDS,
        )
