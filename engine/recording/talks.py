"""Talks are recorded when the caller's consent, a notice or a setting allows it.

What a flow's callers answered is in the call's log: who refused is not recorded, whatever the queue says.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import structlog

from calls.control import CallControlError
from calls.events import CallEvent, CallEventKind
from calls.talk_control import TalkControl, TalkFiles
from engine.call_log import CallLog
from engine.changes import RecordingBegun
from engine.health import Health
from engine.ports import Clock, Ledger, LedgerUnavailable, StoreUnavailable
from engine.recording.recorder import RecordingState, TalkRecorder
from engine.registers.recordings import (
    Recording,
    RecordingBasis,
    RecordingFiles,
    RecordingRegister,
    TranscriptState,
)
from engine.registers.refusals import Missing

log = structlog.get_logger(__name__)

# A recording that did not grow for this long, although people talk, is told of at once.
LOOK_SECONDS = 5.0
STANDS_SECONDS = 15.0
# Asterisk writes 32 KiB of each side at once.
LEAST_ROOM_BYTES = 4 * 32 * 1024
# That a recording begins is in the database before its first sound; a slow one is not waited for longer.
BEGUN_SECONDS = 1.0
# What may be missing: the file is begun a moment late, and written in blocks.
MISSING_SHARE, MISSING_SECONDS = 0.05, 2.0
HEALTH = "recordings"
ROOM = "room for recordings"


class When(StrEnum):
    ALWAYS = "always"
    CONSENT = "consent"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class RecordingRules:
    """`queues`: where a queue says otherwise than `talks`; `manual`: of calls that an agent dials."""

    talks: When = When.CONSENT
    manual: When = When.NEVER
    queues: Mapping[str, When] = field(default_factory=dict)
    transcripts: bool = True
    language: str | None = None

    def basis(self, queue: str, consented: bool | None) -> RecordingBasis | None:
        """Why it may be recorded; None: it may not. `consented`: what the caller answered, if asked."""
        when = self.manual if not queue else self.queues.get(queue, self.talks)
        if when is When.NEVER or consented is False:
            return None
        if consented:
            return RecordingBasis.CONSENT
        if when is When.CONSENT:
            return None
        return RecordingBasis.NOTICE if queue in self.queues else RecordingBasis.SETTING


@dataclass(slots=True)
class _Running:
    id: str
    channel_id: str
    raw: TalkFiles | None
    started_at: datetime
    paused: bool = False
    seconds: float = 0.0
    stood_since: float | None = None
    told: bool = False


def missing_seconds(expected: float, recorded: float) -> float:
    """How much of a talk its recording lacks; 0 when no more than always."""
    missing = expected - recorded
    return missing if missing > MISSING_SECONDS + expected * MISSING_SHARE else 0.0


class TalkRecording:
    """Implements TalkRecorder for one call."""

    def __init__(self, desk: TalkRecordings) -> None:
        self._desk = desk
        self._log: CallLog | None = None
        self._running: _Running | None = None

    @property
    def state(self) -> RecordingState:
        if self._running is None:
            return "off"
        return "paused" if self._running.paused else "on"

    async def begin(self, log: CallLog, channel_id: str, talk: str, *, agent: str, queue: str = "") -> None:
        await self.end()
        self._log = log
        desk = self._desk
        basis = desk.rules.basis(queue, log.recording_consent)
        if basis is None or log.ended:
            return
        recording_id = f"{log.id}.rec.{log.last_seq}"
        now, raw = desk.clock.now(), desk.control.talk_files(recording_id)
        language = log.call.language or desk.rules.language
        told = TranscriptState.WAITING if desk.rules.transcripts else TranscriptState.OFF
        begun = Recording(
            recording_id, log.id, agent, queue, desk.node, basis, now, language, raw, transcript_state=told
        )
        started = {"recording": recording_id, "basis": basis.value}
        running = _Running(recording_id, channel_id, raw, now)
        self._go_on(running)  # before pages are told of it
        await log.add(CallEventKind.RECORDING_STARTED, started, RecordingBegun(begun), durable=False)
        # An engine that is killed now leaves no sound behind of which nobody knows.
        with contextlib.suppress(LedgerUnavailable, TimeoutError):
            async with asyncio.timeout(BEGUN_SECONDS):
                await desk.ledger.commit([], durable=True)
        await self._record(running)

    async def take_over(self, log: CallLog, events: Sequence[CallEvent], channel_id: str) -> None:
        self._log = log
        running: _Running | None = None
        for event in events:
            match event.kind:
                case CallEventKind.RECORDING_STARTED:
                    running = _Running(str(event.data["recording"]), channel_id, None, event.at)
                case CallEventKind.RECORDING_PAUSED | CallEventKind.RECORDING_RESUMED if running:
                    running.paused = event.kind is CallEventKind.RECORDING_PAUSED
                case CallEventKind.RECORDING_ENDED if running and event.data["recording"] == running.id:
                    running = None
        if running is None:  # nothing may be recorded of which the log does not tell
            with contextlib.suppress(CallControlError):
                await self._desk.control.end_recording(channel_id)
            return
        with contextlib.suppress(StoreUnavailable, Missing):  # then nobody looks whether it grows
            running.raw = (await self._desk.register.get(running.id)).raw
        self._go_on(running)
        raw = running.raw
        if raw is not None and not running.paused and await self._desk.files.raw_seconds(raw) is None:
            await self._stop(running)  # the earlier engine had not come to it, or nobody has spoken since
            await self._record(running)

    async def pause(self, on: bool, agent: str) -> None:
        running = self._running
        if running is None or running.paused is on or self._log is None:
            return
        try:
            await self._desk.control.pause_recording(running.channel_id, on=on)
        except CallControlError as failure:
            await self._trouble(f"It was not {'paused' if on else 'resumed'}: {failure}")
            return
        running.paused = on
        kind = CallEventKind.RECORDING_PAUSED if on else CallEventKind.RECORDING_RESUMED
        await self._log.write(kind, {"recording": running.id, "agent": agent})

    async def end(self) -> None:
        if self._running is None:
            return
        running, desk = self._taken(), self._desk
        await self._stop(running)
        expected = (desk.clock.now() - running.started_at).total_seconds()
        raw = running.raw
        recorded = expected if raw is None else (await desk.files.raw_seconds(raw) or 0.0)
        if (missing := missing_seconds(expected, recorded)) and not running.told:
            full = "" if raw is None else await desk.full(raw)
            why = f": {full}" if full else "."
            await self._trouble(f"{missing:.0f} of {expected:.0f} seconds were not recorded{why}", running)
        await self._over(running, expected)

    async def look(self, monotonic: float) -> None:
        """Whether it grows. One that stands is told of once: the disk is full, or Asterisk has lost it."""
        running, desk = self._running, self._desk
        if running is None or running.raw is None:
            return
        if self._log is None or self._log.ended:  # with its call, which nobody ended otherwise
            desk.running.pop(running.id, None)
            return
        seconds = await desk.files.raw_seconds(running.raw) or 0.0
        if seconds > running.seconds or running.stood_since is None:
            running.seconds, running.stood_since = seconds, monotonic
        elif full := await desk.full(running.raw):
            if self._running is not running:  # it has ended meanwhile
                return
            # What Asterisk could not write is gone: behind it both sides would be out of step.
            await self._stop(self._taken())
            await self._trouble(f"It is cut short after {seconds:.0f} seconds: {full}", running)
            await self._over(running, seconds)
        elif monotonic - running.stood_since >= STANDS_SECONDS and not running.told:
            running.told = True
            detail = f"It stands at {seconds:.0f} seconds: its files cannot be written."
            desk.health.set(HEALTH, False, f"A talk is not recorded any more. {detail}", needed=False)
            await self._trouble(detail, running)

    def _go_on(self, running: _Running) -> None:
        self._running = running
        self._desk.running[running.id] = self

    def _taken(self) -> _Running:
        """What is recorded, of which nobody else sees to the end from now on."""
        running, self._running = self._running, None
        assert running is not None
        self._desk.running.pop(running.id, None)
        return running

    async def _record(self, running: _Running) -> None:
        try:
            await self._desk.control.record_talk(running.channel_id, running.id)
        except CallControlError as failure:
            if self._running is running:
                self._taken()
                await self._trouble(f"It was not begun: {failure}", running)
                await self._over(running, 0.0)

    async def _stop(self, running: _Running) -> None:
        try:
            await self._desk.control.end_recording(running.channel_id)
        except CallControlError as failure:  # it ends with the channel
            log.info("a recording was not ended", recording=running.id, why=str(failure))

    async def _over(self, running: _Running, seconds: float) -> None:
        assert self._log is not None
        await self._log.write(
            CallEventKind.RECORDING_ENDED, {"recording": running.id, "seconds": round(seconds, 1)}
        )
        self._desk.on_ended()

    async def _trouble(self, detail: str, lacking: _Running | None = None) -> None:
        """`lacking`: whose sound is not all there, for this reason."""
        assert self._log is not None
        log.warning("a talk's recording failed", call=self._log.id, why=detail)
        told = {"what": "recording", "detail": detail}
        if lacking is not None:
            told["recording"] = lacking.id
        await self._log.write(CallEventKind.TROUBLE, told)


class TalkRecordings:
    """Implements TalkRecorders. `rules` may be replaced at any time; what is being recorded goes on."""

    def __init__(
        self,
        control: TalkControl,
        ledger: Ledger,
        register: RecordingRegister,
        files: RecordingFiles,
        clock: Clock,
        health: Health,
        node: str,
        rules: RecordingRules,
    ) -> None:
        self.control = control
        self.ledger = ledger
        self.register = register
        self.files = files
        self.clock = clock
        self.health = health
        self.node = node
        self.rules = rules
        self.running: dict[str, TalkRecording] = {}
        self.on_ended: Callable[[], None] = lambda: None
        self._full: TalkFiles | None = None  # which had no room when they were looked at last

    def of_call(self) -> TalkRecording:
        return TalkRecording(self)

    async def full(self, raw: TalkFiles) -> str:
        """One sentence, told to health too, when there is no room where these files lie; else ""."""
        room = await self.files.room_bytes(raw)
        if room is None or room >= LEAST_ROOM_BYTES:
            return ""
        self._full = raw
        folder = Path(raw.said).parent
        sentence = f"the disk of {folder} is full; make room there."
        self.health.set(ROOM, False, f"Talks are not recorded: {sentence}", needed=False)
        return sentence

    async def watch(self) -> None:
        """Look after what is being recorded, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for recording in tuple(self.running.values()):
                try:
                    await recording.look(self.clock.monotonic())
                except Exception:
                    log.exception("a recording could not be looked at")
            await self.look_for_room()

    async def look_for_room(self) -> None:
        """Whether a disk that was full is so no more."""
        if self._full is not None and not await self.full(self._full):
            self._full = None
            self.health.set(ROOM, True, "Talks can be recorded again", needed=False)


class _NoRecorder:
    """Implements TalkRecorder."""

    @property
    def state(self) -> RecordingState:
        return "off"

    async def begin(self, log: CallLog, channel_id: str, talk: str, *, agent: str, queue: str = "") -> None:
        pass

    async def take_over(self, log: CallLog, events: Sequence[CallEvent], channel_id: str) -> None:
        pass

    async def pause(self, on: bool, agent: str) -> None:
        pass

    async def end(self) -> None:
        pass


class _NothingRecorded:
    """Implements TalkRecorders."""

    def of_call(self) -> TalkRecorder:
        return _NoRecorder()


NOTHING_RECORDED = _NothingRecorded()
