"""`recording:` of the configuration: which talks are recorded, and how they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from engine.recording.talks import RecordingRules, When
from infolinia.sections.queues import QueueSections

Talks = Literal["always", "consent", "never"]


class RecordingSection(BaseModel):
    """`talks`: of queues that say nothing else. `manual`: calls that an agent dials.

    `consent` records those whose caller agreed in the flow's `consent: {to: recording}`. `language`: of talks
    whose flow has chosen none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    talks: Talks = "consent"
    manual: Talks = "never"
    codec: Literal["flac", "opus"] = "flac"
    key_file: Path | None = None
    transcripts: bool = True
    language: Literal["pl", "en", "ru"] | None = None


def recording_rules(section: RecordingSection, queues: QueueSections) -> RecordingRules:
    own: Mapping[str, When] = {
        name: When(queue.record) for name, queue in queues.items() if queue.record is not None
    }
    return RecordingRules(
        When(section.talks), When(section.manual), own, section.transcripts, section.language
    )
