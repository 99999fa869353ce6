"""What is kept of recordings: found, written down, held, exported, erased and deleted in time."""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from calls.talk_control import TalkFiles
from console.contacts.archive import zipped
from engine.changes import CallPartKept, CallPartOver, RecordingBegun
from engine.registers.desk import CallPart
from engine.registers.recordings import (
    Recording,
    RecordingFilter,
    RecordingState,
    Spoken,
    TranscriptState,
    Word,
)
from engine.registers.refusals import Missing, Refused
from engine.registers.retention import RetentionKind
from engine.registers.timeline import TimelineFilter
from engine.retention import delete_overdue
from history.interaction import ContactPoint, PointKind
from store.recordings.vault import RecordingVault
from store.spooled import Commit, commit_of, line_of
from store.store import Store
from tests.conftest import HandClock
from tests.recordings.people_talking import CALLER, House, house
from tests.store.people import WE

SAID = (
    Spoken("agent", (Word("zażółć", 0.5, 0.9, 0.93), Word("gęślą", 1.0, 1.4, 0.41))),
    Spoken("caller", (Word("jaźń", 1.6, 2.0, 0.88),)),
)
POINT = ContactPoint(PointKind.PHONE, CALLER)


@pytest.fixture
async def home(url: str, make_store: object, clock: HandClock, tmp_path: Path) -> House:
    store: Store = make_store(url, recordings=tmp_path / "recordings")  # type: ignore[operator]
    await store.start()
    return house(store, clock, tmp_path)


async def kept(home: House, call_id: str = "c1") -> Recording:
    recording_id = await home.recorded(call_id)
    await home.keeper.once()
    return await home.store.recordings.get(recording_id)


async def words_found(home: House, text: str) -> list[str]:
    found = await home.store.history.timeline.search(text, TimelineFilter())
    return [one.interaction.subject_id for one in found.items]


async def test_recordings_are_found_by_call_person_agent_and_time(home: House) -> None:
    first = await kept(home, "c1")
    home.clock.pass_seconds(3600)
    second = await kept(home, "c2")
    register = home.store.recordings
    contact = await home.store.history.contacts.by_point(POINT)
    assert contact is not None

    async def ids(wanted: RecordingFilter, limit: int = 10) -> list[str]:
        return [one.id for one in (await register.page(wanted, limit=limit)).items]

    assert await ids(RecordingFilter()) == [second.id, first.id]
    assert await ids(RecordingFilter(call_id="c1")) == [first.id]
    assert await ids(RecordingFilter(contact_id=contact.id)) == [second.id, first.id]
    assert await ids(RecordingFilter(agent="jan")) == []
    assert await ids(RecordingFilter(since=second.started_at)) == [second.id]
    assert await ids(RecordingFilter(until=second.started_at)) == [first.id]
    page = await register.page(RecordingFilter(), limit=1)
    assert page.after is not None
    following = await register.page(RecordingFilter(), limit=1, after=page.after)
    assert [one.id for one in following.items] == [first.id]
    assert following.after is None
    with pytest.raises(Missing):
        await register.get("nobody")


async def test_what_was_said_is_found_in_the_history(home: House) -> None:
    recording = await kept(home)
    waiting = await home.store.recordings.to_transcribe("infolinia", ["en"])
    assert waiting is not None
    assert waiting.id == recording.id
    assert await home.store.recordings.to_transcribe("another", ["en"]) is None
    await home.store.recordings.transcribed(recording.id, TranscriptState.DONE, SAID)
    known = await home.store.recordings.get(recording.id)
    assert (known.transcript, known.transcript_state) == (SAID, TranscriptState.DONE)
    assert await words_found(home, "zazolc gesla") == ["c1"]
    assert await home.store.recordings.to_transcribe("infolinia", ["en"]) is None
    assert await home.store.recordings.unjoined() == 0


async def test_a_row_of_the_history_that_comes_later_gets_its_words(home: House) -> None:
    recording_id = await home.recorded("c1", ended=False)
    log = home.log("c1")
    log.resume(await home.events("c1"))
    await home.keeper.once()
    await home.store.recordings.transcribed(recording_id, TranscriptState.DONE, SAID)
    assert await words_found(home, "jaźń") == []
    await home.end(log)
    await home.settled()
    await home.keeper.once()
    assert await words_found(home, "jaźń") == ["c1"]


async def test_a_talk_waits_for_a_model_of_its_language(home: House) -> None:
    recording = await kept(home)
    await home.store.recordings.transcribed(recording.id, TranscriptState.NO_MODEL, ())
    assert await home.store.recordings.to_transcribe("infolinia", ["pl"]) is None
    found = await home.store.recordings.to_transcribe("infolinia", ["pl", "en"])
    assert found is not None


async def test_a_deleted_one_leaves_its_row_and_nothing_else(home: House) -> None:
    recording = await kept(home)
    await home.store.recordings.transcribed(recording.id, TranscriptState.DONE, SAID)
    hold = await home.store.privacy.hold(WE, "call:c1", "a court asks")
    with pytest.raises(Refused, match="legal hold"):
        await home.store.recordings.delete(WE, recording.id, "asked for", home.clock.now())
    await home.store.privacy.lift(WE, hold.id)
    deleted = await home.store.recordings.delete(WE, recording.id, "asked for", home.clock.now())
    assert deleted.path == recording.path
    left = await home.store.recordings.get(recording.id)
    assert (left.state, left.path, left.peaks, left.transcript) == (RecordingState.DELETED, None, None, ())
    assert await words_found(home, "jaźń") == []
    # What was being done with it meanwhile brings nothing back.
    assert not await home.store.recordings.put(recording)
    await home.store.recordings.transcribed(recording.id, TranscriptState.DONE, SAID)
    assert (await home.store.recordings.get(recording.id)).transcript == ()
    again = await home.store.recordings.delete(WE, recording.id, "asked for", home.clock.now())
    assert again.path is None


async def test_one_that_is_being_recorded_is_not_deleted(home: House) -> None:
    recording_id = await home.recorded("c1")
    with pytest.raises(Refused, match="still being recorded"):
        await home.store.recordings.delete(WE, recording_id, "asked for", home.clock.now())


async def test_each_thing_goes_when_its_period_is_over(home: House) -> None:
    recording = await kept(home)
    await home.store.recordings.transcribed(recording.id, TranscriptState.DONE, SAID)
    home.clock.pass_seconds(40 * 86_400)
    retention, sounds = home.store.retention, {RetentionKind.RECORDINGS: timedelta(days=30)}
    overdue = await retention.overdue(RetentionKind.RECORDINGS, home.clock.now() - timedelta(days=30))
    assert (overdue.rows, overdue.files) == (1, 1)
    hold = await home.store.privacy.hold(WE, "call:c1", "a court asks")
    await delete_overdue(retention, sounds, home.clock)
    assert home.vault.has(recording.path or "")
    await home.store.privacy.lift(WE, hold.id)
    await delete_overdue(retention, sounds, home.clock)
    left = await home.store.recordings.get(recording.id)
    assert (left.state, left.path, left.transcript) == (RecordingState.DELETED, None, SAID)
    assert not home.vault.has(recording.path or "")
    await delete_overdue(retention, {RetentionKind.CALLS: timedelta(days=30)}, home.clock)
    assert await home.store.recordings.get(recording.id), "its transcript is kept longer"
    await delete_overdue(retention, {RetentionKind.TRANSCRIPTS: timedelta(days=30)}, home.clock)
    assert (await home.store.recordings.get(recording.id)).transcript == ()
    assert await words_found(home, "jaźń") == []
    await delete_overdue(retention, {RetentionKind.CALLS: timedelta(days=30)}, home.clock)
    with pytest.raises(Missing):
        await home.store.recordings.get(recording.id)


async def test_a_person_is_given_their_recordings_and_erased_with_them(home: House) -> None:
    recording = await kept(home)
    await home.store.recordings.transcribed(recording.id, TranscriptState.DONE, SAID)
    contact = await home.store.history.contacts.by_point(POINT)
    assert contact is not None
    record = await home.store.privacy.export(WE, contact.id)
    assert recording.path in record.recordings
    (row,) = record.tables["recordings"]
    assert row["transcript"]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(await asyncio.to_thread(list, zipped(record, home.vault)))))
    assert archive.read(f"recordings/{recording.id}.flac")[:4] == b"fLaC"
    running = await home.recorded("c2")
    with pytest.raises(Refused, match="not brought into its file yet"):
        await home.store.privacy.erase(WE, contact.id, "asked")
    await home.keeper.once()
    part = CallPart("p1", "c2", "anna", "sales", home.clock.now(), note="a note")
    await home.store.ledger.commit([CallPartKept(part)], durable=True)
    with pytest.raises(Refused, match="being wrapped up by anna"):
        await home.store.privacy.erase(WE, contact.id, "asked")
    await home.store.ledger.commit([CallPartOver(part.id)], durable=True)
    erasure = await home.store.privacy.erase(WE, contact.id, "asked")
    assert (erasure.left, erasure.counts["recordings"]) == ({}, 4)  # two rows and two files
    assert not [
        path for path in await asyncio.to_thread(list, home.vault.folder.rglob("*")) if path.is_file()
    ]
    for one in (recording.id, running):
        with pytest.raises(Missing):
            await home.store.recordings.get(one)
    assert not await home.store.recordings.put(recording), "nothing of an erased person comes back"


async def test_raw_files_go_though_the_recording_was_deleted_before_them(home: House) -> None:
    recording_id = await home.recorded("c1")

    class Stuck(RecordingVault):
        async def drop_raw(self, raw: TalkFiles) -> bool:
            return False

    free = home.keeper._files
    home.keeper._files = Stuck(home.vault.folder, home.vault._keys)
    await home.keeper.once()
    await home.store.recordings.transcribed(recording_id, TranscriptState.DONE, SAID)
    await home.store.recordings.delete(WE, recording_id, "asked", home.clock.now())
    assert await asyncio.to_thread(list, home.line.folder.iterdir())
    home.keeper._files = free
    await home.keeper.once()
    assert not await asyncio.to_thread(list, home.line.folder.iterdir())
    left = await home.store.recordings.get(recording_id)
    assert (left.state, left.raw, left.transcript_state) == (
        RecordingState.DELETED,
        None,
        TranscriptState.DELETED,
    )


async def test_what_is_written_down_meanwhile_is_not_asked_for_again(home: House) -> None:
    """The keeper deletes raw files while the transcript is made."""
    recording_id = await home.recorded("c1")
    register = home.store.recordings

    class Slow(RecordingVault):
        async def drop_raw(self, raw: TalkFiles) -> bool:
            await register.transcribed(recording_id, TranscriptState.DONE, SAID)
            return await super().drop_raw(raw)

    home.keeper._files = Slow(home.vault.folder, home.vault._keys)
    await home.keeper.once()
    known = await register.get(recording_id)
    assert (known.raw, known.transcript_state) == (None, TranscriptState.DONE)


async def test_what_was_spooled_is_read_again(home: House) -> None:
    """A talk that begins while the database is away."""
    recording = await kept(home)
    commit = Commit(home.clock.now(), (RecordingBegun(recording),))
    assert commit_of(line_of(commit)) == commit
