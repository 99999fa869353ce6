"""play: a recorded file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import StringConstraints, model_validator

from ivr.activity import Activity, Saying
from ivr.commands import Sound
from ivr.steps.body import StepBody

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.talk import Talk

# A name below the prompts folder: it can lead nowhere else.
SoundName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,3}$")]


class Play(StepBody):
    """`play: name`, or `play: {file: name, interrupt: false}`; the file of the language that is spoken."""

    verb: ClassVar[str] = "play"

    file: SoundName
    interrupt: bool = True

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"file": value} if isinstance(value, str) else value

    def begin(self, talk: Talk, step: Step) -> Activity:
        return Saying(talk, step, (Sound(self.file, ""),), interrupt=self.interrupt)
