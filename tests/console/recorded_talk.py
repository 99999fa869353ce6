"""A recorded talk for pages: its sound is real, its words are given."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from calls.events import CallEvent
from calls.events import CallEventKind as Kind
from engine.registers.recordings import (
    Recording,
    RecordingBasis,
    RecordingState,
    Spoken,
    TranscriptState,
    Word,
)
from engine.registers.refusals import Missing
from store.recordings.vault import RecordingVault
from tests.console.stage import START, log, order_call
from tests.hotline.human_voice import last_group, silence, word
from tests.recordings.sounds import RATE, written

BEGUN = 32.0


class Recorded:
    """A RecordingRegister of some recordings, as far as pages ask."""

    def __init__(self, *recordings: Recording) -> None:
        self.recordings = list(recordings)

    async def get(self, recording_id: str) -> Recording:
        for one in self.recordings:
            if one.id == recording_id:
                return one
        raise Missing(f"There is no recording {recording_id}.")

    async def of_call(self, call_id: str) -> Sequence[Recording]:
        return [one for one in self.recordings if one.call_id == call_id]


def talk_events() -> list[CallEvent]:
    """An order call that goes on to an agent: held once, paused once."""
    flow = order_call(ended=False)
    recording = {"recording": "c1.rec.40", "agent": "anna"}
    held: dict[str, object] = {"agent": "anna"}
    entries: list[tuple[float, Kind, dict[str, object]]] = [
        (13.8, Kind.CONSENT_KEPT, {"purpose": "recording", "given": True, "by": "silence"}),
        (
            13.9,
            Kind.STEP_ENTERED,
            {
                "step": "sales",
                "verb": "queue",
                "came_from": "late",
                "because": "order_age > 2",
                "otherwise": "goodbye",
            },
        ),
        (14.0, Kind.QUEUED, {"queue": "sales", "position": 1}),
        (
            28.0,
            Kind.AGENT_OFFERED,
            {
                "queue": "sales",
                "agent": "anna",
                "leg": "c1.leg.25",
                "strategy": "longest_idle",
                "considered": [
                    {"agent": "anna", "why": "chosen", "idle_seconds": 61.2},
                    {"agent": "jan", "why": "later", "idle_seconds": 12.0},
                    {"agent": "ola", "why": "skills", "lacks": "english 3"},
                    {"agent": "piotr", "why": "break"},
                ],
                "others": 2,
            },
        ),
        (32.0, Kind.AGENT_CONNECTED, {"queue": "sales", "agent": "anna", "waited_seconds": 18}),
        (32.0, Kind.RECORDING_STARTED, {"recording": "c1.rec.40", "basis": "consent"}),
        (42.0, Kind.TALK_HELD, held),
        (50.0, Kind.TALK_RESUMED, {"agent": "anna", "seconds": 8}),
        (56.0, Kind.RECORDING_PAUSED, {**recording}),
        (62.0, Kind.RECORDING_RESUMED, {**recording}),
        (72.0, Kind.RECORDING_ENDED, {"recording": "c1.rec.40", "seconds": 40}),
        (72.0, Kind.TALK_ENDED, {"agent": "anna", "by": "caller", "talked_seconds": 40, "held_seconds": 8}),
        (72.0, Kind.ENDED, {"by": "caller", "cause": 16, "outcome": "completed"}),
    ]
    more = log("c1", START, entries)
    return [*flow, *(replace(event, seq=event.seq + len(flow)) for event in more)]


async def recorded_talk(folder: Path, **changes: Any) -> Recording:
    """Forty seconds of people's voices."""
    words = word("digits/tomorrow", RATE) + silence(0.7, RATE) + word("digits/today", RATE)
    said = silence(0.5, RATE) + (words + silence(3.5, RATE)) * 7
    heard = silence(3.0, RATE) + (last_group(RATE) + silence(2.0, RATE)) * 8
    length = 40 * RATE * 2
    raw = written(folder.parent, "talk", (said + bytes(length))[:length], (heard + bytes(length))[:length])
    kept = await RecordingVault(folder).keep_talk(raw, "c1.rec.40", START, "flac")
    await asyncio.to_thread(Path(raw.said).unlink)
    recording = Recording(
        "c1.rec.40",
        "c1",
        "anna",
        "sales",
        "n",
        RecordingBasis.CONSENT,
        START + timedelta(seconds=BEGUN),
        language="en",
        state=RecordingState.KEPT,
        seconds=kept.seconds,
        codec=kept.codec,
        bytes=kept.bytes,
        sha256=kept.sha256,
        path=kept.path,
        pauses=((24.0, 30.0),),
        peaks=kept.peaks,
        transcript_state=TranscriptState.DONE,
        transcript=(
            Spoken("agent", (Word("tomorrow", 0.7, 1.1, 0.96), Word("today", 1.9, 2.3, 0.44))),
            Spoken(
                "caller",
                (Word("oh", 3.1, 3.3, 0.9), Word("one", 3.5, 3.8, 0.93), Word("eight", 4.1, 4.5, 0.97)),
            ),
            Spoken("agent", (Word("tomorrow", 19.2, 19.6, 0.91),)),
            Spoken("caller", (Word("three", 33.0, 33.4, 0.87),)),
        ),
    )
    return replace(recording, **changes)
