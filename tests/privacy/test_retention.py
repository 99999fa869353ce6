"""What is kept too long: told by a dry run that changes nothing, then deleted; what is held stays."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.gatekeeper import Gatekeeper
from engine.registers.retention import RetentionKind
from engine.retention import RetentionWorker, delete_overdue
from infolinia.sections.retention import RetentionSection, length
from store.store import Store
from tests.conftest import HandClock
from tests.privacy.conftest import Dump
from tests.privacy.lives import lived
from tests.store.people import WE

ALL = {kind: timedelta(days=30) for kind in RetentionKind}


@pytest.mark.parametrize(
    ("written", "days"), [("30 days", 30), ("1 day", 1), ("24 months", 730), ("6 years", 2192)]
)
def test_periods_are_read(written: str, days: int) -> None:
    assert length(written) == timedelta(days=days)


@pytest.mark.parametrize("written", ["", "0 days", "30", "1 week", "-1 days", "1000 years", "30  days"])
def test_wrong_periods_are_refused(written: str) -> None:
    with pytest.raises(ValidationError, match="30 days"):
        RetentionSection(calls=written)


def test_what_is_kept_forever_is_in_no_period() -> None:
    periods = RetentionSection(calls="forever").periods()
    assert RetentionKind.CALLS not in periods
    assert RetentionKind.INTERACTIONS not in periods
    assert periods[RetentionKind.REFUSED_ROWS] == timedelta(days=30)


async def test_a_dry_run_tells_what_a_run_deletes_and_changes_nothing(
    store: Store, gate: Gatekeeper, clock: HandClock, recordings: Path, dump: Dump
) -> None:
    await lived(store, gate, clock, recordings)
    await _unproved(store)
    await _settle(store)
    written = await dump()
    for seconds, number in ((0, 0), (29 * 86_400, 0), (3 * 86_400, 1)):
        clock.pass_seconds(seconds)
        found = {kind: await store.retention.overdue(kind, clock.now() - ALL[kind]) for kind in ALL}
        assert {kind.value for kind, one in found.items() if one.rows} == (
            {
                *("recordings", "calls", "interactions", "campaigns", "messages", "transcripts"),
                *("refused_rows", "audit", "chats"),
            }
            if number
            else set()
        )
    assert await dump() == written
    assert (found[RetentionKind.RECORDINGS].rows, found[RetentionKind.RECORDINGS].files) == (2, 2)
    assert found[RetentionKind.RECORDINGS].size_bytes == 24
    assert found[RetentionKind.CALLS].oldest == clock.now() - timedelta(days=32)
    deleted = await delete_overdue(store.retention, ALL, clock)
    assert deleted[RetentionKind.CALLS] == 2
    assert not await asyncio.to_thread(lambda: list(recordings.rglob("*.wav")))
    after = await dump()
    gone = (
        "calls:",
        "call_events:",
        "interactions:",
        "attempts:",
        "leads:",
        "lead_numbers:",
        "lead_progress:",
        "chats:",
        "chat_lines:",
    )
    for table in (*gone, "import_refusals:", "audit_log:"):
        assert f"\n{table}" not in after, table
    assert "\nconsents:" in after, "of a person who is not erased"
    assert not any((await delete_overdue(store.retention, ALL, clock)).values())


async def test_what_is_under_legal_hold_stays(
    store: Store, gate: Gatekeeper, clock: HandClock, recordings: Path, dump: Dump
) -> None:
    life = await lived(store, gate, clock, recordings)
    await _unproved(store)
    await store.privacy.hold(WE, f"contact:{life.merged_id}", "a court asks")
    clock.pass_seconds(40 * 86_400)
    await delete_overdue(store.retention, ALL, clock)
    after = "".join(
        line for line in (await dump()).splitlines() if line.startswith(("calls", "interactions"))
    )
    assert life.recording.exists()
    assert not (recordings / "2026/11/21/01CALL72.wav").exists()
    assert "01CALL71" in after
    assert "01MAIL71" in after
    assert "01MAIL72" not in after
    (hold,) = await store.privacy.holds()
    await store.privacy.lift(WE, hold.id)
    await delete_overdue(store.retention, ALL, clock)
    assert not life.recording.exists()


async def test_recordings_are_forgotten_before_they_are_deleted(
    store: Store, gate: Gatekeeper, clock: HandClock, recordings: Path, dump: Dump
) -> None:
    life = await lived(store, gate, clock, recordings)
    await _unproved(store)
    clock.pass_seconds(40 * 86_400)
    before = clock.now() - timedelta(days=30)
    assert await store.retention.delete_some(RetentionKind.RECORDINGS, before) == 2
    assert life.recording.exists()
    assert "01CALL71.wav" not in "".join(
        line for line in (await dump()).splitlines() if line.startswith(("calls", "call_events", "interac"))
    )
    assert await store.retention.delete_some(RetentionKind.RECORDINGS, before) == 2
    assert not life.recording.exists()


async def test_what_proves_a_consent_stays_as_long_as_the_consent(
    store: Store, gate: Gatekeeper, clock: HandClock, recordings: Path, dump: Dump
) -> None:
    life = await lived(store, gate, clock, recordings)
    clock.pass_seconds(40 * 86_400)
    told = await store.retention.overdue(RetentionKind.RECORDINGS, clock.now() - timedelta(days=30))
    assert (told.rows, told.files) == (1, 1)
    await delete_overdue(store.retention, ALL, clock)
    assert life.recording.exists()
    assert not (recordings / "2026/11/21/01CALL72.wav").exists()
    kept = [line for line in (await dump()).splitlines() if line.startswith("calls")]
    assert "01CALL71" in str(kept)
    assert "01CALL72" not in str(kept)


async def test_the_worker_goes_on_with_erasures(
    store: Store, gate: Gatekeeper, clock: HandClock, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = await lived(store, gate, clock, recordings)

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("store.privacy.leavings.Leavings.delete_recordings", killed)
        with pytest.raises(KeyboardInterrupt):
            await store.privacy.erase(WE, life.contact_id, "asked")
    assert await RetentionWorker(store.retention, store.privacy, {}, clock).once()
    assert not life.recording.exists()


async def _unproved(store: Store) -> None:
    """No consent was recorded."""
    async with store._engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE consents SET proof_recording = NULL")


async def _settle(store: Store) -> None:
    async with store._engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE outbox SET done_at = '2026-11-21 16:05:00+00' WHERE topic = 'sms'"
            if connection.dialect.name == "postgresql"
            else "UPDATE outbox SET done_at = '2026-11-21 16:05:00.000000' WHERE topic = 'sms'"
        )
        await connection.exec_driver_sql("UPDATE imports SET finished_at = created_at")
