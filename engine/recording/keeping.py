"""The worker that brings recorded talks into their files, whenever and however they ended.

Its row and its call's log tell what a recording is: one that an engine died under is found at the next start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from calls.events import CallEvent, CallEventKind
from engine.health import Health
from engine.live import LiveCalls
from engine.lookout import Lookout
from engine.ports import Queries, RecordingLost, StoreUnavailable
from engine.recording.talks import HEALTH, missing_seconds
from engine.registers.recordings import (
    Recording,
    RecordingFiles,
    RecordingRegister,
    RecordingState,
    TranscriptState,
)

log = structlog.get_logger(__name__)

EVERY_SECONDS = 30.0
# The last event of a talk is written with others, and later when the database is slow.
SOON_SECONDS = (0.5, 3.0)
# Less than this is nobody's word.
SHORTEST_SECONDS = 0.3


class RecordingKeeper:
    """`codec` may be changed at any time. `on_kept` is called whenever there is something to transcribe."""

    def __init__(
        self,
        register: RecordingRegister,
        files: RecordingFiles,
        queries: Queries,
        live: LiveCalls,
        health: Health,
        node: str,
        codec: str,
    ) -> None:
        self.codec = codec
        self.on_kept: Callable[[], None] = lambda: None
        self._register = register
        self._files = files
        self._queries = queries
        self._live = live
        self._health = health
        self._node = node
        self.lookout = Lookout(
            "recordings", self.once, every_seconds=EVERY_SECONDS, soon_seconds=SOON_SECONDS
        )
        self._seen: dict[str, float | None] = {}

    async def once(self) -> None:
        """Keep what is over, delete raw files that are kept, and join transcripts to rows that came late."""
        kept, failure = 0, ""
        for recording in await self._register.running(self._node):
            events = await self._queries.events(recording.call_id)
            if not await self._over(recording, events):
                continue
            try:
                await self._keep(recording, events)
                kept += 1
            except RecordingLost as lost:
                failure = str(lost)
                log.warning("a recording waits to be kept", recording=recording.id, why=failure)
                if recording.detail != failure:
                    await self._register.put(replace(recording, detail=failure))
            except StoreUnavailable:
                raise
            except Exception as fault:  # the others are kept all the same
                failure = f"{recording.id} cannot be kept ({type(fault).__name__}); see the log."
                log.exception("a recording could not be kept", recording=recording.id)
        for recording in await self._register.with_raw(self._node):
            if recording.raw is not None and await self._files.drop_raw(recording.raw):
                await self._register.raw_dropped(recording.id)
        await self._register.unjoined()
        if failure:
            self._health.set(HEALTH, False, f"Recordings wait: {failure}", needed=False)
        elif kept:
            self._health.set(HEALTH, True, "Talks are recorded and kept", needed=False)
        if kept:
            self.on_kept()

    async def _over(self, recording: Recording, events: Sequence[CallEvent]) -> bool:
        if _ended_at(recording, events) is not None:
            return True
        if self._live.get(recording.call_id) is not None:
            return False
        # Nobody leads the call any more: what has stopped to grow will not go on.
        seconds = None if recording.raw is None else await self._files.raw_seconds(recording.raw)
        stands = recording.id in self._seen and self._seen[recording.id] == seconds
        self._seen[recording.id] = seconds
        return stands

    async def _keep(self, recording: Recording, events: Sequence[CallEvent]) -> None:
        self._seen.pop(recording.id, None)
        raw = recording.raw
        assert raw is not None
        pauses = _pauses(recording, events)
        seconds = await self._files.raw_seconds(raw)
        if seconds is None or seconds < SHORTEST_SECONDS:
            detail = "Nothing was recorded." if seconds is not None else f"Its file {raw.said} is not there."
            detail = " ".join((detail, *_troubles(recording, events)))
            lost = replace(
                recording,
                state=RecordingState.LOST,
                seconds=0.0,
                pauses=pauses,
                transcript_state=TranscriptState.OFF,
                detail=detail,
            )
            log.warning("a recording is lost", recording=recording.id, why=detail)
            await self._register.put(lost)
            return
        sound = await self._files.keep_talk(raw, recording.id, recording.started_at, self.codec)
        ended_at = _ended_at(recording, events)
        expected = seconds if ended_at is None else (ended_at - recording.started_at).total_seconds()
        missing = missing_seconds(expected, sound.seconds)
        troubles = _troubles(recording, events)
        if missing and not troubles:
            troubles.append(f"{missing:.0f} of {expected:.0f} seconds are missing.")
        kept = replace(
            recording,
            state=RecordingState.KEPT,
            seconds=sound.seconds,
            codec=sound.codec,
            bytes=sound.bytes,
            sha256=sound.sha256,
            key_id=sound.key_id,
            path=sound.path,
            peaks=sound.peaks,
            pauses=pauses,
            detail=" ".join(troubles) or None,
        )
        if not await self._register.put(kept):
            await self._files.remove(sound.path)
            await self._files.drop_raw(raw)


def _ended_at(recording: Recording, events: Sequence[CallEvent]) -> datetime | None:
    for event in events:
        mine = event.data.get("recording") == recording.id
        if event.kind is CallEventKind.ENDED or (event.kind is CallEventKind.RECORDING_ENDED and mine):
            return event.at
    return None


def _troubles(recording: Recording, events: Sequence[CallEvent]) -> list[str]:
    """Why something is missing in it, as the call's log tells."""
    return [
        str(event.data["detail"])
        for event in events
        if event.kind is CallEventKind.TROUBLE and event.data.get("recording") == recording.id
    ]


def _pauses(recording: Recording, events: Sequence[CallEvent]) -> tuple[tuple[float, float], ...]:
    found: list[tuple[float, float]] = []
    since: float | None = None
    last = 0.0
    for event in events:
        at = round((event.at - recording.started_at).total_seconds(), 2)
        if event.kind is CallEventKind.ENDED:
            last = at
        if event.data.get("recording") != recording.id:
            continue
        last = max(at, 0.0)
        if event.kind is CallEventKind.RECORDING_PAUSED:
            since = at if since is None else since
        elif since is not None:
            found.append((since, at))
            since = None
    return (*found, (since, max(last, since))) if since is not None else tuple(found)
