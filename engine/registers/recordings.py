"""Recordings of talks: what is kept of each, their files, and their transcripts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from calls.talk_control import TalkFiles
from engine.registers.actor import Actor
from engine.registers.pages import Page


class RecordingState(StrEnum):
    """`running`: being recorded, or not brought into its file yet. `lost`: nothing of it could be kept."""

    RUNNING = "running"
    KEPT = "kept"
    LOST = "lost"
    DELETED = "deleted"


class TranscriptState(StrEnum):
    """`no_model`: nobody here understands the language; it is tried again once a model is there."""

    OFF = "off"
    WAITING = "waiting"
    DONE = "done"
    NO_MODEL = "no_model"
    FAILED = "failed"
    DELETED = "deleted"


class RecordingBasis(StrEnum):
    """Why it was allowed: the caller agreed, was told that calls are recorded, or the setting says so."""

    CONSENT = "consent"
    NOTICE = "notice"
    SETTING = "setting"


@dataclass(frozen=True, slots=True)
class Word:
    """`start` and `end` in seconds from the recording's beginning; `confidence` in 0..1."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one side ("agent" or "caller") said between two silences."""

    side: str
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Recording:
    """One agent's part of a call. `pauses`: from and to, in seconds from `started_at`.

    `sha256` and `bytes` are of the sound as it is played, `key_id` of the key that its file is encrypted with
    (None: with none). `path` is its name among the recordings; `raw` where Asterisk writes it. `peaks`: the
    loudness over its length, 0 to 100, of the agent and of the caller. `detail` says what is wrong with it.
    """

    id: str
    call_id: str
    agent: str
    queue: str
    node: str
    basis: RecordingBasis
    started_at: datetime
    language: str | None = None
    raw: TalkFiles | None = None
    state: RecordingState = RecordingState.RUNNING
    seconds: float | None = None
    codec: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    key_id: str | None = None
    path: str | None = None
    pauses: tuple[tuple[float, float], ...] = ()
    peaks: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    transcript_state: TranscriptState = TranscriptState.WAITING
    transcript: tuple[Spoken, ...] = ()
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class RecordingFilter:
    """None: any. `contact_id`: of all calls of the person. `since`, `until` bound `started_at`."""

    call_id: str | None = None
    contact_id: str | None = None
    agent: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: RecordingState | None = None
    node: str | None = None


class RecordingRegister(Protocol):
    """Every method raises StoreUnavailable. Rows begin with the change RecordingBegun."""

    async def get(self, recording_id: str) -> Recording:
        """Raises Missing."""

    async def of_call(self, call_id: str) -> Sequence[Recording]:
        """Whole, in the order in which they were made."""

    async def page(
        self, wanted: RecordingFilter, *, limit: int, after: Sequence[str] | None = None
    ) -> Page[Recording]:
        """The latest first, without peaks and transcripts."""

    async def running(self, node: str) -> Sequence[Recording]: ...

    async def put(self, recording: Recording) -> bool:
        """As it is now. False when it was deleted meanwhile, or its person erased: then nothing is kept."""

    async def with_raw(self, node: str) -> Sequence[Recording]:
        """Kept, lost or deleted, and yet its raw files may be there."""

    async def raw_dropped(self, recording_id: str) -> None:
        """Its raw files are gone; nothing else of it is changed."""

    async def to_transcribe(self, node: str, languages: Collection[str]) -> Recording | None:
        """The oldest that waits, or that waited for a model of these languages."""

    async def transcribed(
        self, recording_id: str, state: TranscriptState, transcript: Sequence[Spoken]
    ) -> None:
        """Also into the history's row of the agent's part, so that it is found by its words."""

    async def unjoined(self) -> int:
        """Transcripts of talks whose rows of the history came later are joined now; how many were."""

    async def delete(self, actor: Actor, recording_id: str, reason: str, at: datetime) -> Recording:
        """Its row stays and tells of it; the file's name is that of what is returned.

        Raises Missing, and Refused while it is recorded or under legal hold.
        """


# --- files ------------------------------------------------------------------------------------------------


class RecordingDamaged(Exception):
    """A recording that was changed, cut off or encrypted with a key that is not here; the message says so."""


class Sound(Protocol):
    """A recording that is open. Its methods block."""

    @property
    def media_type(self) -> str: ...

    @property
    def size(self) -> int:
        """In bytes."""

    def read(self, start: int, stop: int) -> bytes: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class KeptSound:
    """As it was written: see Recording."""

    path: str
    codec: str
    seconds: float
    bytes: int
    sha256: str
    key_id: str | None
    peaks: tuple[tuple[int, ...], tuple[int, ...]] = field(default=((), ()))


class RecordingFiles(Protocol):
    """The recordings' folder, from which what is encrypted is read as it was."""

    def open(self, name: str, sha256: str | None = None) -> Sound | None:
        """None when there is no such sound inside the folder. Blocks. Raises RecordingDamaged.

        `sha256`: of the sound as it was recorded. A file that is not encrypted opens only if it is that one.
        """

    def has(self, name: str) -> bool:
        """Whether there is such a file, whatever is in it. Blocks."""

    async def keep_talk(self, raw: TalkFiles, recording_id: str, at: datetime, codec: str) -> KeptSound:
        """Brings raw files in, which stay; it may be done again. Raises engine.ports.RecordingLost."""

    async def raw_seconds(self, raw: TalkFiles) -> float | None:
        """How much sound is in them; None when neither is there."""

    async def room_bytes(self, raw: TalkFiles) -> int | None:
        """How much may still be written where they lie; None when that cannot be told."""

    async def drop_raw(self, raw: TalkFiles) -> bool:
        """False when one could not be deleted."""

    async def remove(self, name: str) -> bool:
        """False when it could not be deleted."""
