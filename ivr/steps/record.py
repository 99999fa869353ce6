"""record: take a clip of the caller's voice for the flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ivr.activity import Activity, Working
from ivr.commands import Record
from ivr.reading.shape import Seconds
from ivr.steps.body import StepBody
from ivr.steps.set import VariableName
from ivr.steps.voicemail import REPORT_GRACE_SECONDS
from ivr.texts import Texts

if TYPE_CHECKING:
    from ivr.events import Finished
    from ivr.flow import Step
    from ivr.talk import Talk


class RecordStep(StepBody):
    """`record: {into: clip, prompt: {…}, longest: 1m}`. `into` takes the recording's name."""

    verb: ClassVar[str] = "record"
    optional: ClassVar[tuple[str, ...]] = ("empty",)
    turns: ClassVar[frozenset[str]] = frozenset({"next"})
    outlives_engine: ClassVar[bool] = True

    into: VariableName
    prompt: Texts | None = None
    longest: Seconds = Field(default=60.0, ge=2.0, le=1800.0)
    silence: Seconds = Field(default=4.0, ge=1.0, le=30.0)

    def sets(self, outcome: str) -> frozenset[str]:
        return frozenset({self.into}) if outcome == "next" else frozenset()

    def begin(self, talk: Talk, step: Step) -> Activity:
        limit = self.longest + REPORT_GRACE_SECONDS
        return Working(talk, step, self.prompt, self.record, limit_seconds=limit)

    def record(self, work_id: int) -> Record:
        return Record(work_id, None, round(self.longest), round(self.silence))

    def finished(self, talk: Talk, step: Step, work: Finished) -> None:
        if work.outcome != "next" or talk.set(self.into, work.values.get("recording", "")):
            talk.finish(work.outcome)
