"""When a talk is recorded, what its call's log tells of it, and what becomes of its files."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, NoReturn

import pytest

from calls.control import RequestRefused
from calls.events import CallEventKind as Kind
from calls.talk_control import TalkFiles
from engine.recording.talks import (
    LOOK_SECONDS,
    STANDS_SECONDS,
    RecordingRules,
    TalkRecording,
    When,
    missing_seconds,
)
from engine.registers.recordings import RecordingBasis, RecordingState, TranscriptState
from store.recordings import vault as vault_module
from store.store import Store
from tests.conftest import HandClock
from tests.recordings.people_talking import House, house


@pytest.fixture
async def home(store: Store, clock: HandClock, tmp_path: Path) -> House:
    return house(store, clock, tmp_path)


@pytest.fixture
async def sqlite_home(make_store: Callable[..., Store], clock: HandClock, tmp_path: Path) -> House:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    return house(store, clock, tmp_path)


ALWAYS, CONSENT, NEVER = When.ALWAYS, When.CONSENT, When.NEVER


@pytest.mark.parametrize(
    ("rules", "queue", "consented", "basis"),
    [
        (RecordingRules(), "sales", None, None),
        (RecordingRules(), "sales", True, RecordingBasis.CONSENT),
        (RecordingRules(), "sales", False, None),
        (RecordingRules(ALWAYS), "sales", None, RecordingBasis.SETTING),
        (RecordingRules(ALWAYS), "sales", False, None),
        (RecordingRules(NEVER), "sales", True, None),
        (RecordingRules(queues={"sales": ALWAYS}), "sales", None, RecordingBasis.NOTICE),
        (RecordingRules(queues={"sales": ALWAYS}), "sales", True, RecordingBasis.CONSENT),
        (RecordingRules(queues={"sales": ALWAYS}), "sales", False, None),
        (RecordingRules(queues={"sales": ALWAYS}), "other", None, None),
        (RecordingRules(ALWAYS, queues={"sales": NEVER}), "sales", True, None),
        (RecordingRules(ALWAYS, queues={"sales": CONSENT}), "sales", None, None),
        (RecordingRules(ALWAYS), "", None, None),
        (RecordingRules(NEVER, ALWAYS), "", None, RecordingBasis.SETTING),
    ],
)
def test_why_a_talk_may_be_recorded(
    rules: RecordingRules, queue: str, consented: bool | None, basis: RecordingBasis | None
) -> None:
    assert rules.basis(queue, consented) is basis


def test_a_little_is_always_missing() -> None:
    assert missing_seconds(60, 58) == 0
    assert missing_seconds(60, 30) == 30
    assert missing_seconds(1, 0) == 0


async def test_a_talk_is_recorded_paused_and_kept(home: House) -> None:
    log = await home.call("c1", False, True)  # the last answer counts
    recorder = home.talks.of_call()
    assert recorder.state == "off"
    await recorder.begin(log, "c1.leg.4", "c1", agent="anna", queue="sales")
    assert recorder.state == "on"
    (_, channel, recording_id) = home.line.asked[-1]
    assert (channel, recording_id.startswith("c1.rec.")) == ("c1.leg.4", True)
    home.clock.pass_seconds(4)
    await recorder.pause(True, "anna")
    await recorder.pause(True, "anna")
    assert recorder.state == "paused"
    home.clock.pass_seconds(2)
    await recorder.pause(False, "anna")
    home.clock.pass_seconds(4)
    home.speak(recording_id, 10)
    await home.settled()
    await home.keeper.once()
    assert (await home.store.recordings.get(recording_id)).state is RecordingState.RUNNING
    await recorder.end()
    await recorder.end()
    assert [asked[0] for asked in home.line.asked] == ["record", "pause", "resume", "end"]
    told = [(e.kind, e.data) for e in await home.events("c1") if e.kind.value.startswith("recording_")]
    assert told == [
        (Kind.RECORDING_STARTED, {"recording": recording_id, "basis": "consent"}),
        (Kind.RECORDING_PAUSED, {"recording": recording_id, "agent": "anna"}),
        (Kind.RECORDING_RESUMED, {"recording": recording_id, "agent": "anna"}),
        (Kind.RECORDING_ENDED, {"recording": recording_id, "seconds": 10.0}),
    ]
    await home.keeper.once()
    kept = await home.store.recordings.get(recording_id)
    assert (kept.state, kept.seconds, kept.pauses, kept.detail) == (
        RecordingState.KEPT,
        10.0,
        ((4.0, 6.0),),
        None,
    )
    assert (kept.agent, kept.queue, kept.language, kept.raw) == ("anna", "sales", "en", None)
    assert kept.transcript_state is TranscriptState.WAITING
    assert kept.path is not None
    assert home.vault.has(kept.path)
    assert not os.listdir(home.line.folder)


async def test_nobody_who_refused_is_recorded(sqlite_home: House) -> None:
    home = sqlite_home
    home.talks.rules = RecordingRules(ALWAYS, ALWAYS, {"sales": ALWAYS})
    log = await home.call("c1", True, False)
    recorder = home.talks.of_call()
    await recorder.begin(log, "c1.leg.4", "c1", agent="anna", queue="sales")
    await recorder.pause(True, "anna")
    await recorder.end()
    assert home.line.asked == []
    assert not [e for e in await home.events("c1") if e.kind.value.startswith("recording_")]


async def test_what_asterisk_refuses_is_told_and_the_talk_goes_on(sqlite_home: House) -> None:
    home = sqlite_home
    log = await home.call("c1", True)
    recorder = home.talks.of_call()
    home.line.fault = RequestRefused("no MixMonitor")
    await recorder.begin(log, "c1.leg.4", "c1", agent="anna", queue="sales")
    assert recorder.state == "off"
    home.line.fault = None
    await recorder.begin(log, "c1.leg.4", "c1", agent="anna", queue="sales")
    home.line.fault = RequestRefused("no such monitor")
    await recorder.pause(True, "anna")
    assert recorder.state == "on"
    await recorder.end()
    troubles = [e.data["detail"] for e in await home.events("c1") if e.kind is Kind.TROUBLE]
    assert troubles == ["It was not begun: no MixMonitor", "It was not paused: no such monitor"]


async def stands(home: House, recorder: TalkRecording, recording_id: str) -> None:
    """Ten seconds are written, and for twenty-five more seconds nothing."""
    for seconds in (5.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0):
        home.clock.pass_seconds(LOOK_SECONDS)
        home.speak(recording_id, seconds)
        await recorder.look(home.clock.monotonic())


async def test_a_recording_that_stands_is_told_while_the_talk_goes_on(sqlite_home: House) -> None:
    home = sqlite_home
    log = await home.call("c1", True)
    recorder = home.talks.of_call()
    await recorder.begin(log, "c1.leg.4", "c1", agent="anna", queue="sales")
    recording_id = home.line.asked[-1][2]
    await stands(home, recorder, recording_id)
    assert STANDS_SECONDS <= 5 * LOOK_SECONDS
    (condition,) = [one for one in home.health.all() if one.name == "recordings"]
    assert (condition.ok, condition.needed) == (False, False)
    assert recorder.state == "on", "it may go on"
    await recorder.end()
    await home.end(log)
    (trouble,) = [e.data for e in await home.events("c1") if e.kind is Kind.TROUBLE]
    detail = "It stands at 10 seconds: its files cannot be written."
    assert trouble == {"what": "recording", "detail": detail, "recording": recording_id}
    await home.keeper.once()
    kept = await home.store.recordings.get(recording_id)
    assert (kept.state, kept.seconds, kept.detail) == (RecordingState.KEPT, 10.0, detail)


async def test_on_a_full_disk_a_recording_is_cut_short_and_the_next_talk_is_recorded(
    sqlite_home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = sqlite_home
    log = await home.call("c1", True)
    recorder = home.talks.of_call()
    await recorder.begin(log, "c1.leg.4", "c1", agent="anna", queue="sales")
    recording_id = home.line.asked[-1][2]
    room = [0]

    async def room_bytes(raw: TalkFiles) -> int:
        return room[0]

    monkeypatch.setattr(home.vault, "room_bytes", room_bytes)
    await stands(home, recorder, recording_id)
    assert home.line.asked[-1] == ("end", "c1.leg.4"), "what comes later would be out of step"
    assert recorder.state == "off"
    (condition,) = home.health.all()
    assert (condition.name, condition.ok, condition.needed) == ("room for recordings", False, False)
    await home.keeper.once()
    kept = await home.store.recordings.get(recording_id)
    folder = home.line.folder
    detail = f"It is cut short after 10 seconds: the disk of {folder} is full; make room there."
    assert (kept.state, kept.seconds, kept.detail) == (RecordingState.KEPT, 10.0, detail)
    await home.talks.look_for_room()
    assert not [one for one in home.health.all() if one.name == condition.name and one.ok]
    room[0] = 10_000_000
    await home.talks.look_for_room()
    assert [one.ok for one in home.health.all() if one.name == condition.name] == [True]
    await recorder.begin(log, "c1.leg.9", "c1", agent="jan", queue="sales")
    assert recorder.state == "on"


async def test_a_recording_of_nothing_is_lost_and_told(sqlite_home: House) -> None:
    home = sqlite_home
    recording_id = await home.recorded("c1", 0.0)
    await home.keeper.once()
    lost = await home.store.recordings.get(recording_id)
    assert (lost.state, lost.path, lost.detail) == (RecordingState.LOST, None, "Nothing was recorded.")
    assert lost.transcript_state is TranscriptState.OFF
    assert not os.listdir(home.line.folder)


async def test_a_disk_that_is_full_afterwards_keeps_the_raw_files_until_it_is_not(
    sqlite_home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = sqlite_home
    recording_id = await home.recorded("c1")

    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(vault_module, "seal", full)
        await home.keeper.once()
    (condition,) = home.health.all()
    assert not condition.ok
    assert "No space left" in condition.detail
    assert (await home.store.recordings.get(recording_id)).state is RecordingState.RUNNING
    await home.keeper.once()
    assert home.health.all()[0].ok
    assert (await home.store.recordings.get(recording_id)).seconds == 3.0


async def test_one_that_cannot_be_kept_holds_up_no_other(
    sqlite_home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = sqlite_home
    first, second = await home.recorded("c1"), await home.recorded("c2")
    encode = vault_module.encode

    def broken(raw: TalkFiles, target: IO[bytes], codec: str) -> float:
        if first in raw.said:
            raise ValueError("what nobody thought of")
        return encode(raw, target, codec)

    monkeypatch.setattr(vault_module, "encode", broken)
    await home.keeper.once()
    assert (await home.store.recordings.get(first)).state is RecordingState.RUNNING
    assert (await home.store.recordings.get(second)).state is RecordingState.KEPT
    assert first in home.health.all()[0].detail


async def test_an_engine_that_died_leaves_nothing_behind(home: House) -> None:
    """Its call is closed by the next engine, or nobody ever closes it: the recording is kept in both."""
    for call_id, closed in (("c1", True), ("c2", False)):
        log = await home.call(call_id, True)
        await home.talks.of_call().begin(log, f"{call_id}.leg.4", call_id, agent="anna", queue="sales")
        home.speak(home.line.asked[-1][2], 5)
        home.clock.pass_seconds(5)
        if closed:
            await home.end(log)
        else:
            home.live._calls.pop(call_id)
    await home.settled()
    first, second = (asked[2] for asked in home.line.asked)
    await home.keeper.once()
    assert (await home.store.recordings.get(first)).seconds == 5.0
    assert (await home.store.recordings.get(second)).state is RecordingState.RUNNING, "it may still grow"
    await home.keeper.once()
    assert (await home.store.recordings.get(second)).seconds == 5.0


async def test_the_next_engine_goes_on_with_a_recording(sqlite_home: House) -> None:
    home = sqlite_home
    log = await home.call("c1", True)
    before = home.talks.of_call()
    await before.begin(log, "c1.leg.4", "c1", agent="anna", queue="sales")
    recording_id = home.line.asked[-1][2]
    await before.pause(True, "anna")
    after = home.talks.of_call()
    again = home.log("c1")
    events = await home.events("c1")
    again.resume(events)
    await after.take_over(again, events, "c1.leg.4")
    assert after.state == "paused"
    await after.pause(False, "anna")
    home.speak(recording_id, 7)
    home.clock.pass_seconds(7)
    await after.end()
    await home.settled()
    await home.keeper.once()
    assert (await home.store.recordings.get(recording_id)).detail is None
    third = home.talks.of_call()
    await third.take_over(again, await home.events("c1"), "c1.leg.4")
    assert third.state == "off"
    assert home.line.asked[-1] == ("end", "c1.leg.4"), "nothing of which the log does not tell"


async def test_an_engine_that_died_before_the_first_sound_has_its_recording_begun_by_the_next(
    sqlite_home: House,
) -> None:
    home = sqlite_home
    log = await home.call("c1", True)
    await home.talks.of_call().begin(log, "c1.leg.4", "c1", agent="anna", queue="sales")
    recording_id = home.line.asked[-1][2]
    raw = home.line.talk_files(recording_id)
    for path in (raw.said, raw.heard):
        os.unlink(path)
    after = home.talks.of_call()
    await after.take_over(log, await home.events("c1"), "c1.leg.4")
    assert home.line.asked[-2:] == [("end", "c1.leg.4"), ("record", "c1.leg.4", recording_id)]
    assert after.state == "on"


async def test_the_next_agents_part_is_a_recording_of_its_own(sqlite_home: House) -> None:
    home = sqlite_home
    log = await home.call("c1", True)
    recorder = home.talks.of_call()
    await recorder.begin(log, "c1.leg.4", "c1", agent="anna", queue="sales")
    await recorder.begin(log, "c1.leg.9", "c1", agent="jan", queue="sales")
    await recorder.end()
    await home.settled()
    assert [one.agent for one in await home.store.recordings.of_call("c1")] == ["anna", "jan"]
