"""SqlRecordings: what is kept of each recorded talk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from calls.talk_control import TalkFiles
from engine.ports import Clock
from engine.registers.actor import Actor
from engine.registers.pages import Page
from engine.registers.recordings import (
    Recording,
    RecordingBasis,
    RecordingFilter,
    RecordingState,
    Spoken,
    TranscriptState,
    Word,
)
from engine.registers.refusals import Missing, Refused
from history.interaction import Channel
from store.audit import note
from store.registers.legal_holds import held_calls
from store.registers.profiles import family, survivor_of
from store.registers.transactions import read, written
from store.tables import call_parts, interactions, recordings

# A row of the history comes within a wrap-up of its talk; after this it will not come any more.
_JOINED_WITHIN = timedelta(days=2)
_LISTED = [column for column in recordings.c if column.name not in ("peaks", "transcript")]
_columns = recordings.c


class SqlRecordings:
    """Implements engine.registers.recordings.RecordingRegister."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def get(self, recording_id: str) -> Recording:
        def work(connection: Connection) -> Recording:
            return _recording(_row(connection, recording_id))

        return await read(self._engine, work)

    async def of_call(self, call_id: str) -> Sequence[Recording]:
        return await self._all(_columns.call_id == call_id)

    async def page(
        self, wanted: RecordingFilter, *, limit: int, after: Sequence[str] | None = None
    ) -> Page[Recording]:
        conditions = _conditions(wanted)
        if after is not None:
            place = tuple_(_columns.started_at, _columns.id)
            conditions.append(place < tuple_(datetime.fromisoformat(after[0]), after[1]))

        def work(connection: Connection) -> Sequence[Row[Any]]:
            asked = select(*_LISTED).where(*conditions)
            if wanted.contact_id is not None:
                parts = family(connection, [survivor_of(connection, wanted.contact_id)])
                theirs = select(interactions.c.subject_id).where(interactions.c.contact_id.in_(parts))
                asked = asked.where(_columns.call_id.in_(theirs))
            newest = (_columns.started_at.desc(), _columns.id.desc())
            return connection.execute(asked.order_by(*newest).limit(limit + 1)).all()

        rows = await read(self._engine, work)
        found = tuple(_recording(row) for row in rows[:limit])
        last = found[-1] if len(rows) > limit else None
        return Page(found, None if last is None else (last.started_at.isoformat(), last.id))

    async def running(self, node: str) -> Sequence[Recording]:
        return await self._all(
            _columns.raw.is_not(None), _columns.node == node, _columns.state == RecordingState.RUNNING.value
        )

    async def with_raw(self, node: str) -> Sequence[Recording]:
        return await self._all(
            _columns.raw.is_not(None), _columns.node == node, _columns.state != RecordingState.RUNNING.value
        )

    async def raw_dropped(self, recording_id: str) -> None:
        gone = update(recordings).where(_columns.id == recording_id).values(raw=None, raw_heard=None)
        await written(self._engine, lambda connection: connection.execute(gone))

    async def put(self, recording: Recording) -> bool:
        values = {
            "state": recording.state.value,
            "raw": recording.raw and recording.raw.said,
            "raw_heard": recording.raw and recording.raw.heard,
            "seconds": recording.seconds,
            "codec": recording.codec,
            "bytes": recording.bytes,
            "sha256": recording.sha256,
            "key_id": recording.key_id,
            "path": recording.path,
            "pauses": recording.pauses,
            "peaks": recording.peaks,
            "transcript_state": recording.transcript_state.value,
            "detail": recording.detail,
        }
        mine = (_columns.id == recording.id) & (_columns.state != RecordingState.DELETED.value)

        def work(connection: Connection) -> bool:
            return connection.execute(update(recordings).where(mine).values(**values)).rowcount == 1

        return await written(self._engine, work)

    async def to_transcribe(self, node: str, languages: Collection[str]) -> Recording | None:
        asked = (
            select(recordings)
            .where(
                _columns.node == node,
                _columns.state == RecordingState.KEPT.value,
                (_columns.transcript_state == TranscriptState.WAITING.value)
                | (
                    (_columns.transcript_state == TranscriptState.NO_MODEL.value)
                    & _columns.language.in_(list(languages))
                ),
            )
            .order_by(_columns.started_at)
            .limit(1)
        )
        row = await read(self._engine, lambda connection: connection.execute(asked).one_or_none())
        return None if row is None else _recording(row)

    async def transcribed(
        self, recording_id: str, state: TranscriptState, transcript: Sequence[Spoken]
    ) -> None:
        told = [{"side": one.side, "words": [_listed(word) for word in one.words]} for one in transcript]
        # Sound and all may have been deleted while it was listened to: nothing may come back then.
        mine = (_columns.id == recording_id) & (_columns.state == RecordingState.KEPT.value)

        def work(connection: Connection) -> None:
            values = {"transcript_state": state.value, "transcript": told or None}
            connection.execute(update(recordings).where(mine).values(**values))
            if told:
                row = connection.execute(select(recordings).where(mine)).one_or_none()
                if row is not None:
                    _join(connection, row)

        await written(self._engine, work)

    async def unjoined(self) -> int:
        since = self._clock.now() - _JOINED_WITHIN
        wanted = select(recordings).where(
            _columns.started_at >= since,
            _columns.interaction_id.is_(None),
            _columns.transcript_state == TranscriptState.DONE.value,
            _columns.transcript.is_not(None),
        )

        def work(connection: Connection) -> int:
            return sum(_join(connection, row) for row in connection.execute(wanted).all() if row.transcript)

        return await written(self._engine, work)

    async def delete(self, actor: Actor, recording_id: str, reason: str, at: datetime) -> Recording:
        def work(connection: Connection) -> Recording:
            row = _row(connection, recording_id, locked=True)
            known = _recording(row)
            if known.state is RecordingState.DELETED:
                return known
            if known.state is RecordingState.RUNNING:
                raise Refused("It is still being recorded; try again once the talk is over.", "recording")
            if (
                connection.execute(
                    select(_columns.id).where(_columns.id == recording_id, _columns.call_id.in_(held_calls()))
                ).first()
                is not None
            ):
                raise Refused(
                    f"Call {known.call_id} or its contact is under legal hold; lift the hold first.",
                    "recording",
                )
            drop_sound(connection, [recording_id])
            drop_transcripts(connection, [recording_id])
            note(connection, actor, "recording.deleted", f"recording:{recording_id}", {"reason": reason}, at)
            return known

        return await written(self._engine, work)

    async def _all(self, *conditions: ColumnElement[bool]) -> Sequence[Recording]:
        asked = select(recordings).where(*conditions).order_by(_columns.started_at, _columns.id)
        rows = await read(self._engine, lambda connection: connection.execute(asked).all())
        return [_recording(row) for row in rows]


def drop_sound(connection: Connection, ids: Collection[str]) -> None:
    """The row stays, and says that it was deleted. Raw files that are still there go by the keeper."""
    gone = {"path": None, "peaks": None, "state": RecordingState.DELETED.value}
    connection.execute(update(recordings).where(_columns.id.in_(ids)).values(**gone))


def drop_transcripts(connection: Connection, ids: Collection[str]) -> None:
    """From the history too."""
    gone = {"transcript": None, "transcript_state": TranscriptState.DELETED.value}
    theirs = select(_columns.interaction_id).where(_columns.id.in_(ids), _columns.interaction_id.is_not(None))
    connection.execute(update(interactions).where(interactions.c.id.in_(theirs)).values(transcript=None))
    connection.execute(update(recordings).where(_columns.id.in_(ids)).values(**gone))


def _join(connection: Connection, row: Row[Any]) -> bool:
    """Fill in the transcript of the agent's part, once; of the call, when it has no parts."""
    column = interactions.c
    own = connection.execute(
        select(column.id, column.channel, column.recording, column.transcript)
        .where(
            column.subject_id == row.call_id,
            column.source.is_(None),
            (column.channel == Channel.CALL.value)
            | ((column.channel == Channel.TALK.value) & (column.agent == row.agent)),
        )
        .order_by(column.number)
    ).all()
    parts = [one for one in own if one.channel == Channel.TALK.value and one.transcript is None]
    found = [one for one in parts if one.recording == row.id] or parts
    if not found:
        wrapping_up = select(call_parts.c.call_id).where(call_parts.c.call_id == row.call_id).limit(1)
        if connection.execute(wrapping_up).first() is not None:
            return False
        found = [one for one in own if one.channel == Channel.CALL.value and one.transcript is None]
    if not found:
        return False
    text = "\n".join(" ".join(word[0] for word in one["words"]) for one in row.transcript)
    connection.execute(update(interactions).where(column.id == found[0].id).values(transcript=text))
    connection.execute(update(recordings).where(_columns.id == row.id).values(interaction_id=found[0].id))
    return True


def _conditions(wanted: RecordingFilter) -> list[ColumnElement[bool]]:
    named = ((name, getattr(wanted, name)) for name in ("call_id", "agent", "node"))
    found: list[ColumnElement[bool]] = [_columns[name] == value for name, value in named if value is not None]
    if wanted.state is not None:
        found.append(_columns.state == wanted.state.value)
    if wanted.since is not None:
        found.append(_columns.started_at >= wanted.since)
    if wanted.until is not None:
        found.append(_columns.started_at < wanted.until)
    return found


def _row(connection: Connection, recording_id: str, *, locked: bool = False) -> Row[Any]:
    asked = select(recordings).where(_columns.id == recording_id)
    row = connection.execute(asked.with_for_update() if locked else asked).one_or_none()
    if row is None:
        raise Missing(f"There is no recording {recording_id}.")
    return row


def _listed(word: Word) -> list[object]:
    return [word.text, word.start, word.end, word.confidence]


def _recording(row: Row[Any]) -> Recording:
    whole = row._mapping
    peaks, transcript = whole.get("peaks"), whole.get("transcript")
    return Recording(
        id=row.id,
        call_id=row.call_id,
        agent=row.agent,
        queue=row.queue,
        node=row.node,
        basis=RecordingBasis(row.basis),
        started_at=row.started_at,
        language=row.language,
        raw=None if row.raw is None else TalkFiles(row.raw, row.raw_heard or ""),
        state=RecordingState(row.state),
        seconds=row.seconds,
        codec=row.codec,
        bytes=row.bytes,
        sha256=row.sha256,
        key_id=row.key_id,
        path=row.path,
        pauses=tuple((begin, end) for begin, end in row.pauses),
        peaks=None if peaks is None else (tuple(peaks[0]), tuple(peaks[1])),
        transcript_state=TranscriptState(row.transcript_state),
        transcript=tuple(
            Spoken(one["side"], tuple(Word(*word) for word in one["words"])) for one in transcript or ()
        ),
        detail=row.detail,
    )
