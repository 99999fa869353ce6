"""voicemail: take a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, StringConstraints

from ivr.activity import Activity, Working
from ivr.commands import Record
from ivr.reading.shape import Seconds
from ivr.steps.body import StepBody
from ivr.texts import Texts

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.talk import Talk

# A performer reports at most this long after the longest message would have ended.
REPORT_GRACE_SECONDS = 60.0


class Voicemail(StepBody):
    """`voicemail: {box: orders, prompt: {…}, longest: 2m}`. `empty`: nothing was said."""

    verb: ClassVar[str] = "voicemail"
    optional: ClassVar[tuple[str, ...]] = ("empty",)
    turns: ClassVar[frozenset[str]] = frozenset({"next"})
    outlives_engine: ClassVar[bool] = True

    box: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
    prompt: Texts | None = None
    longest: Seconds = Field(default=120.0, ge=5.0, le=1800.0)
    silence: Seconds = Field(default=4.0, ge=1.0, le=30.0)

    def begin(self, talk: Talk, step: Step) -> Activity:
        return Working(
            talk,
            step,
            self.prompt,
            self.record,
            limit_seconds=self.longest + REPORT_GRACE_SECONDS,
        )

    def record(self, work_id: int) -> Record:
        return Record(work_id, self.box, round(self.longest), round(self.silence))
