"""SqlRetention: rows and files that are older than they may be kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from calls.events import CallEventKind
from dialer.debts.debt import DebtState
from engine.registers.recordings import RecordingState, TranscriptState
from engine.registers.retention import Overdue, RetentionKind
from store.lead_keeping import delete_leads
from store.privacy.scanning import text_columns
from store.recordings.vault import SEALED
from store.registers.legal_holds import held_calls, held_contacts
from store.registers.overdue_rows import OverdueRows, among, dropping, of_ids, of_nobody_held
from store.registers.recordings import drop_sound, drop_transcripts
from store.registers.transactions import read, reading, written
from store.registers.written_retention import CHATS, ROWS_OF_MESSAGES, WORDS_OF_MESSAGES
from store.tables import (
    agent_events,
    attempts,
    audit_log,
    call_events,
    callback_asks,
    callback_requests,
    calls,
    campaign_minutes,
    campaigns,
    consents,
    debt_balances,
    debt_conflicts,
    debts,
    import_refusals,
    imports,
    interactions,
    leads,
    outbox,
    payments,
    promises,
    recordings,
)

BATCH_ROWS = 500
_HAVE_RECORDING = (CallEventKind.MESSAGE_LEFT.value, CallEventKind.CLIP_RECORDED.value)


class SqlRetention:
    """Implements engine.registers.retention.Retention. `recordings`: their folder; None: there is none."""

    def __init__(self, engine: AsyncEngine, recordings: Path | None) -> None:
        self._engine = engine
        self._recordings = recordings

    async def overdue(self, kind: RetentionKind, before: datetime) -> Overdue:
        rows = await read(self._engine, lambda connection: _overdue(connection, kind, before))
        if kind is not RetentionKind.RECORDINGS or self._recordings is None:
            return rows
        files = await self._old_files(before)
        sizes = await asyncio.to_thread(lambda: [path.stat().st_size for path in files])
        return Overdue(kind, rows.rows, len(files), sum(sizes), rows.oldest)

    async def delete_some(self, kind: RetentionKind, before: datetime) -> int:
        while found := await read(self._engine, lambda connection: _found(connection, kind, before)):
            of, keys = found
            drop = partial(_drop, of=of, keys=keys, before=before)
            if number := await written(self._engine, drop):
                return number
        if kind is not RetentionKind.RECORDINGS or self._recordings is None:
            return 0
        # No row names them any more.
        files = (await self._old_files(before))[:BATCH_ROWS]
        await asyncio.to_thread(_unlink, files)
        return len(files)

    async def _old_files(self, before: datetime) -> list[Path]:
        """In the folders of days that are wholly over, but those under legal hold or that prove a consent."""
        if self._recordings is None:
            return []
        found = await asyncio.to_thread(lambda folder: list(_files_before(folder, before)), self._recordings)
        async with reading(self._engine) as connection:
            held = {str(row[0]) for row in await connection.execute(held_calls())}
            proofs = {str(row[0]) for row in await connection.execute(_proofs())}
        folder = self._recordings
        return [
            path
            for path in found
            if not _is_of(path, held)
            and path.relative_to(folder).as_posix().removesuffix(SEALED) not in proofs
        ]


def _files_before(folder: Path, before: datetime) -> Iterator[Path]:
    """A call may go on past midnight, so the last day waits for the next one to be over."""
    last = (before.astimezone(UTC) - timedelta(days=1)).date()
    for day in sorted(folder.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]")):
        if "/".join(day.parts[-3:]) < f"{last:%Y/%m/%d}":
            yield from sorted(path for path in day.iterdir() if path.is_file())


def _unlink(files: list[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)


def _is_of(path: Path, calls_held: set[str]) -> bool:
    name = path.name.partition(".")[0]
    return name in calls_held or name.rpartition("-")[0] in calls_held


# --- what is held -----------------------------------------------------------------------------------------


def _interaction_free(*, before: datetime) -> ColumnElement[bool]:
    return (
        (interactions.c.at < before)
        & interactions.c.subject_id.not_in(held_calls())
        & of_nobody_held(interactions.c.contact_id)
    )


def _proofs() -> Select[tuple[str | None]]:
    """Recordings in which a consent to be contacted is heard: they and their calls stay as its row does."""
    return select(consents.c.proof_recording).where(
        consents.c.given, consents.c.channel != "", consents.c.proof_recording.is_not(None)
    )


def _talk_free(before: datetime) -> ColumnElement[bool]:
    return (
        (recordings.c.started_at < before)
        & (recordings.c.state != RecordingState.RUNNING.value)
        & recordings.c.call_id.not_in(held_calls())
        & or_(recordings.c.path.is_(None), recordings.c.path.not_in(_proofs()))
    )


# --- kinds ------------------------------------------------------------------------------------------------


def _ended_calls(before: datetime) -> ColumnElement[bool]:
    return (
        (calls.c.ended_at < before)
        & calls.c.id.not_in(held_calls())
        & or_(calls.c.recording.is_(None), calls.c.recording.not_in(_proofs()))
    )


def _drop_recordings(connection: Connection, keys: list[tuple[Any, ...]]) -> None:
    ids = [id_ for (id_,) in keys]
    connection.execute(update(calls).where(calls.c.id.in_(ids)).values(recording=None))
    connection.execute(update(interactions).where(interactions.c.subject_id.in_(ids)).values(recording=None))
    events = select(call_events).where(
        call_events.c.call_id.in_(ids), call_events.c.kind.in_(_HAVE_RECORDING)
    )
    for row in connection.execute(events).all():
        mine = (call_events.c.call_id == row.call_id) & (call_events.c.seq == row.seq)
        data = {**row.data, "recording": None}
        connection.execute(update(call_events).where(mine).values(data=data))


def _drop_transcripts(connection: Connection, keys: list[tuple[Any, ...]]) -> None:
    numbers = [number for (number,) in keys]
    connection.execute(update(interactions).where(interactions.c.number.in_(numbers)).values(transcript=None))


def _drop_calls(connection: Connection, keys: list[tuple[Any, ...]]) -> None:
    ids = [id_ for (id_,) in keys]
    connection.execute(delete(call_events).where(call_events.c.call_id.in_(ids)))
    connection.execute(delete(calls).where(calls.c.id.in_(ids)))


def _drop_callbacks(connection: Connection, keys: list[tuple[Any, ...]]) -> None:
    ids = [id_ for (id_,) in keys]
    connection.execute(delete(callback_asks).where(callback_asks.c.callback_id.in_(ids)))
    connection.execute(delete(callback_requests).where(callback_requests.c.id.in_(ids)))


def _drop_debts(connection: Connection, ids: list[str]) -> None:
    for table in (promises, payments, debt_balances, debt_conflicts):
        connection.execute(delete(table).where(table.c.debt.in_(ids)))
    connection.execute(delete(debts).where(debts.c.id.in_(ids)))


_campaign_over = select(campaigns.c.finished_at).where(campaigns.c.id == leads.c.campaign).scalar_subquery()
_finished = select(imports.c.finished_at).where(imports.c.id == import_refusals.c.import_id).scalar_subquery()
_settled = func.coalesce(outbox.c.done_at, outbox.c.dead_at)

_KINDS: Mapping[RetentionKind, tuple[OverdueRows, ...]] = {
    RetentionKind.RECORDINGS: (
        OverdueRows(
            calls,
            calls.c.started_at,
            lambda before: _ended_calls(before) & calls.c.recording.is_not(None),
            _drop_recordings,
        ),
        OverdueRows(
            recordings,
            recordings.c.started_at,
            lambda before: _talk_free(before) & recordings.c.path.is_not(None),
            of_ids(drop_sound),
        ),
    ),
    RetentionKind.TRANSCRIPTS: (
        OverdueRows(
            interactions,
            interactions.c.at,
            lambda before: _interaction_free(before=before) & interactions.c.transcript.is_not(None),
            _drop_transcripts,
        ),
        OverdueRows(
            recordings,
            recordings.c.started_at,
            lambda before: _talk_free(before) & (recordings.c.transcript_state == TranscriptState.DONE.value),
            of_ids(drop_transcripts),
        ),
    ),
    RetentionKind.CALLS: (
        OverdueRows(calls, calls.c.started_at, _ended_calls, _drop_calls),
        OverdueRows(
            recordings,
            recordings.c.started_at,
            lambda before: (
                _talk_free(before)
                & recordings.c.path.is_(None)
                & recordings.c.raw.is_(None)
                & (recordings.c.transcript_state != TranscriptState.DONE.value)
            ),
            dropping(recordings),
        ),
    ),
    RetentionKind.INTERACTIONS: (
        OverdueRows(
            interactions,
            interactions.c.at,
            lambda before: _interaction_free(before=before),
            dropping(interactions),
        ),
        *ROWS_OF_MESSAGES,
    ),
    RetentionKind.CALLBACKS: (
        OverdueRows(
            callback_requests,
            callback_requests.c.requested_at,
            lambda before: (
                (callback_requests.c.ended_at < before)
                & callback_requests.c.contact_id.not_in(held_contacts())
            ),
            _drop_callbacks,
        ),
    ),
    RetentionKind.CAMPAIGNS: (
        OverdueRows(
            attempts,
            attempts.c.at,
            lambda before: (
                (attempts.c.at < before)
                & attempts.c.ended_at.is_not(None)
                & attempts.c.id.not_in(held_calls())
                & of_nobody_held(attempts.c.contact_id)
            ),
            dropping(attempts),
        ),
        OverdueRows(
            campaign_minutes,
            campaign_minutes.c.at,
            lambda before: campaign_minutes.c.at < before,
            dropping(campaign_minutes),
        ),
        OverdueRows(
            leads,
            leads.c.added_at,
            lambda before: (_campaign_over < before) & leads.c.contact_id.not_in(held_contacts()),
            of_ids(delete_leads),
        ),
    ),
    RetentionKind.DEBTS: (
        OverdueRows(
            debts,
            debts.c.since,
            lambda before: (
                (debts.c.since < before)
                & debts.c.state.in_([DebtState.PAID.value, DebtState.WITHDRAWN.value])
                & debts.c.contact_id.not_in(held_contacts())
            ),
            of_ids(_drop_debts),
        ),
    ),
    RetentionKind.MESSAGES: (
        OverdueRows(
            outbox,
            outbox.c.created_at,
            # Deliveries of webhooks are tidied by their own worker.
            lambda before: (_settled < before) & ~outbox.c.topic.startswith("webhook:"),
            dropping(outbox),
        ),
        *WORDS_OF_MESSAGES,
    ),
    RetentionKind.CHATS: CHATS,
    RetentionKind.REFUSED_ROWS: (
        OverdueRows(import_refusals, None, lambda before: _finished < before, dropping(import_refusals)),
    ),
    RetentionKind.AGENTS: (
        OverdueRows(
            agent_events,
            agent_events.c.at,
            lambda before: agent_events.c.at < before,
            dropping(agent_events),
        ),
    ),
    RetentionKind.AUDIT: (
        OverdueRows(audit_log, audit_log.c.at, lambda before: audit_log.c.at < before, dropping(audit_log)),
    ),
    RetentionKind.CONSENT_PROOF: (
        OverdueRows(
            consents,
            consents.c.at,
            lambda before: (
                (consents.c.at < before)
                & consents.c.contact_id.is_(None)
                & consents.c.point_value.startswith("erased:")
            ),
            dropping(consents),
        ),
    ),
}


def _overdue(connection: Connection, kind: RetentionKind, before: datetime) -> Overdue:
    number, size, oldest = 0, 0, None
    for of in _KINDS[kind]:
        sizes = [func.coalesce(func.length(cast(column, Text)), 0) for column in text_columns(of.table)]
        total = func.sum(sum(sizes[1:], sizes[0]))
        since = literal(None) if of.at is None else func.min(of.at)
        row = connection.execute(
            select(func.count(), total, since).select_from(of.table).where(of.due(before))
        ).one()
        number, size = number + row[0], size + int(row[1] or 0)
        oldest = min((at for at in (oldest, row[2]) if at is not None), default=None)
    return Overdue(kind, number, 0, size, oldest)


def _found(
    connection: Connection, kind: RetentionKind, before: datetime
) -> tuple[OverdueRows, list[tuple[Any, ...]]] | None:
    """The keys of a batch that may go. Looked for outside of the writing, which keeps calls waiting."""
    for of in _KINDS[kind]:
        wanted = select(*of.table.primary_key.columns).where(of.due(before)).limit(BATCH_ROWS)
        if of.newest_first and of.at is not None:
            wanted = wanted.order_by(of.at.desc())
        keys = [tuple(row) for row in connection.execute(wanted)]
        if keys:
            return of, keys
    return None


def _drop(connection: Connection, of: OverdueRows, keys: list[tuple[Any, ...]], before: datetime) -> int:
    """What was put under legal hold meanwhile stays."""
    key = list(of.table.primary_key.columns)
    still = select(*key).where(among(key, keys), of.due(before))
    found = [tuple(row) for row in connection.execute(still)]
    if found:
        of.drop(connection, found)
    return len(found)
