"""say: tell the caller something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import model_validator

from ivr.activity import Activity, Saying
from ivr.steps.body import StepBody
from ivr.texts import Texts

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.talk import Talk


class Say(StepBody):
    """`say: {pl: …, en: …}`, or `say: {text: {…}, interrupt: false}`."""

    verb: ClassVar[str] = "say"

    text: Texts
    interrupt: bool = True

    @model_validator(mode="before")
    @classmethod
    def _text_alone(cls, value: Any) -> Any:
        if isinstance(value, dict) and any(len(key) > 2 for key in value):
            return value
        return {"text": value}

    def begin(self, talk: Talk, step: Step) -> Activity:
        return Saying(talk, step, (self.text,), interrupt=self.interrupt)
