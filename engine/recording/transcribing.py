"""The worker that has recorded talks written down, one at a time, behind everything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import structlog

from engine.live import LiveCalls
from engine.lookout import Lookout
from engine.ports import StoreUnavailable
from engine.registers.recordings import (
    Recording,
    RecordingDamaged,
    RecordingRegister,
    Spoken,
    TranscriptState,
)

log = structlog.get_logger(__name__)

EVERY_SECONDS = 60.0


class TranscriptionFailed(Exception):
    """A talk could not be written down; the message says why."""


class Transcriber(Protocol):
    def languages(self) -> frozenset[str]:
        """Those that it has models of."""

    async def transcribe(self, samples: Iterator[bytes], language: str, seconds: float) -> Sequence[Spoken]:
        """`samples`: s16le at 8 kHz, the agent left and the caller right, as long as `seconds`.

        Reading them blocks. In the order of time. Raises TranscriptionFailed.
        """


class SoundSamples(Protocol):
    def samples(self, name: str, sha256: str | None = None) -> Iterator[bytes]:
        """Of a recording: s16le, 8 kHz, both sides. Blocks. Raises RecordingDamaged, as for `open`."""


class TranscriptWorker:
    """What was begun when an engine ended is begun anew by the next one."""

    def __init__(
        self,
        register: RecordingRegister,
        sounds: SoundSamples,
        transcriber: Transcriber,
        live: LiveCalls,
        node: str,
    ) -> None:
        self._register = register
        self._sounds = sounds
        self._transcriber = transcriber
        self._live = live
        self._node = node
        self.lookout = Lookout("transcripts", self._all, every_seconds=EVERY_SECONDS)

    async def _all(self) -> None:
        while await self.once():
            pass

    async def once(self) -> bool:
        """Whether there was one to be written down."""
        languages = self._transcriber.languages()
        recording = await self._register.to_transcribe(self._node, languages)
        if recording is None:
            return False
        state = TranscriptState.NO_MODEL
        spoken: tuple[Spoken, ...] = ()
        if recording.language in languages:
            state, spoken = await self._written_down(recording, recording.language or "")
        await self._register.transcribed(recording.id, state, spoken)
        self._live.changed(recording.call_id)
        return True

    async def _written_down(
        self, recording: Recording, language: str
    ) -> tuple[TranscriptState, tuple[Spoken, ...]]:
        try:
            samples = self._sounds.samples(recording.path or "", recording.sha256)
            spoken = await self._transcriber.transcribe(samples, language, recording.seconds or 0.0)
        except (TranscriptionFailed, RecordingDamaged) as failure:
            log.warning("a talk was not written down", recording=recording.id, why=str(failure))
            return TranscriptState.FAILED, ()
        except StoreUnavailable:
            raise
        except Exception:  # else it would be the next one for ever, and those behind it never
            log.exception("a talk was not written down", recording=recording.id)
            return TranscriptState.FAILED, ()
        return TranscriptState.DONE, tuple(spoken)
