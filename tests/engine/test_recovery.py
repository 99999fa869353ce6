"""Calls of before, and calls that came while nobody was there: each gets a true end, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from calls.control import ChannelEnded, LegAnswered, RecordingEnded
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from engine.ports import LedgerUnavailable, LoggedCall, RecordingLost
from engine.recovery import LOOK_AGAIN_SECONDS, SETTLING
from tests.engine.fake_network import channel
from tests.engine.stage import CALLER, FLOW, QUESTION, Stage, load_shelf

SORRY = "Sorry, we were cut off for a moment."


@pytest.fixture
async def before(tmp_path: Path) -> AsyncIterator[Stage]:
    """The engine that will crash."""
    first = Stage(tmp_path)
    yield first
    await first.switchboard.close()


async def restarted(before: Stage, *, flow: str = FLOW) -> Stage:
    """The next engine, some seconds later."""
    await before.crash()
    await asyncio.sleep(5)
    return Stage(before.folder, after=before, shelf=load_shelf(flow))


def logged(network_id: str, started_at: datetime, seconds: float | None = None, **more: object) -> LoggedCall:
    """A call in Asterisk's log; without `seconds` it has no end."""
    ended_at = None if seconds is None else started_at + timedelta(seconds=seconds)
    seen_at = ended_at or started_at + timedelta(seconds=2)
    return LoggedCall(network_id, started_at, seen_at, CALLER, "100", "trunk", ended_at=ended_at, **more)  # type: ignore[arg-type]


async def test_a_call_goes_on_from_its_log(before: Stage) -> None:
    call_id = await before.in_menu()
    before.press("1")
    await before.until(lambda: "Which number?" in before.control.words())
    stage = await restarted(before)
    await stage.connect(channel("caller"))
    await stage.until(lambda: stage.control.words() == [SORRY, "Which number?"])
    stage.press("42")
    row = await stage.over(call_id)
    assert (row.outcome, row.heard) == (Outcome.COMPLETED, ("1", "4", "2"))
    kinds = stage.ledger.kinds(call_id)
    assert kinds.count(Kind.RECEIVED) == kinds.count(Kind.RESUMED) == kinds.count(Kind.ENDED) == 1
    playbacks = {asked[1] for asked in before.control.asked("play")}
    assert not playbacks & {asked[1] for asked in stage.control.asked("play")}
    await stage.switchboard.close()


async def test_a_message_that_is_being_left_is_kept_by_the_next_engine(before: Stage) -> None:
    call_id, recording = await before.recording()
    stage = await restarted(before)
    await stage.connect(channel("caller"))
    await stage.until(lambda: stage.control.asked("stop_recording") == [(recording,)])
    stage.control.tell(RecordingEnded(recording, "/spool/m.wav", 7.0, failed=False))
    row = await stage.over(call_id)
    assert (row.outcome, row.recording) == (Outcome.VOICEMAIL, f"{call_id}.wav")
    assert stage.one(call_id, Kind.MESSAGE_LEFT).data["box"] == "front"
    assert stage.control.words() == ["Thank you."]
    await stage.switchboard.close()


async def test_a_message_whose_caller_hung_up_while_nobody_was_there_is_kept(before: Stage) -> None:
    call_id, recording = await before.recording()
    stage = await restarted(before)
    began = stage.ledger.log[call_id][0].at
    stage.network_log.calls.append(logged("caller", began, 9))
    stage.network_log.messages[call_id] = (f"/spool/{recording}.wav", 4.0)
    await stage.connect()
    row = await stage.over(call_id)
    assert stage.recordings.kept == [(f"/spool/{recording}.wav", call_id)]
    assert row.recording == f"{call_id}.wav"
    assert stage.one(call_id, Kind.MESSAGE_LEFT).data["box"] == "front"
    await stage.switchboard.close()


async def test_a_clip_whose_caller_hung_up_while_nobody_was_there_is_deleted(before: Stage) -> None:
    call_id = await before.in_menu()
    stage = await restarted(before)
    stage.network_log.calls.append(logged("caller", stage.ledger.log[call_id][0].at, 9))
    stage.network_log.clips[call_id] = (f"/spool/{call_id}.clip.7.wav",)
    await stage.connect()
    row = await stage.over(call_id)
    assert stage.recordings.discarded == [f"/spool/{call_id}.clip.7.wav"]
    assert (row.recording, stage.recordings.kept) == (None, [])
    await stage.switchboard.close()


async def test_two_who_talk_are_left_in_peace(before: Stage) -> None:
    call_id, leg = await before.in_transfer()
    before.control.tell(LegAnswered(leg))
    await before.until(lambda: not before.inbound(call_id).guarded)
    stage = await restarted(before)
    await stage.connect(channel("caller"), channel(leg, dialled="s"))
    await asyncio.sleep(30)
    assert stage.control.names() == ["guard"]
    assert stage.control.asked("guard") == [("caller", 0)]
    stage.control.tell(ChannelEnded(leg, 16))
    row = await stage.over(call_id)
    assert (row.outcome, stage.control.words()) == (Outcome.TRANSFERRED, ["Goodbye."])
    end = stage.one(call_id, Kind.TRANSFER_ENDED).data
    assert end["number"] == "200"
    assert end["seconds"] == pytest.approx(35, abs=0.2)
    assert stage.control.asked("destroy_bridge") == [before.control.asked("bridge")[0][:1]]
    await stage.switchboard.close()


async def test_a_leg_that_only_rings_is_rung_anew(before: Stage) -> None:
    call_id, leg = await before.in_transfer()
    stage = await restarted(before)
    await stage.connect(channel(leg, dialled="s", answered=False), channel("caller"))
    await stage.until(lambda: bool(stage.control.asked("originate")))
    assert stage.control.asked("hang_up") == [(leg, 16)]
    assert stage.control.asked("originate")[0][0] != leg
    assert stage.ledger.of_kind(call_id, Kind.TRANSFER_ENDED)[0]["outcome"] == Outcome.ABANDONED
    await stage.switchboard.close()


async def test_a_leg_whose_caller_is_gone_is_hung_up_and_no_caller(before: Stage) -> None:
    call_id, leg = await before.in_transfer()
    before.control.tell(LegAnswered(leg))
    await before.until(lambda: not before.inbound(call_id).guarded)
    stage = await restarted(before)
    await stage.connect(channel(leg, dialled="s"))
    assert stage.control.asked("hang_up") == [(leg, 16)]
    assert (await stage.over(call_id)).outcome == Outcome.LOST
    await asyncio.sleep(1)
    assert stage.control.words() == []
    await stage.switchboard.close()


async def test_a_call_whose_flow_has_changed_ends_and_its_caller_begins_anew(before: Stage) -> None:
    call_id = await before.in_menu()
    stage = await restarted(before, flow=FLOW.replace("Welcome.", "Good day."))
    await stage.connect(channel("caller"))
    row = await stage.over(call_id)
    assert row.outcome == Outcome.LOST
    await stage.until(lambda: stage.control.words() == ["Good day.", QUESTION])
    await stage.switchboard.close()


async def test_a_caller_who_came_while_nobody_was_there_is_served(stage: Stage) -> None:
    came_at = stage.clock.now() - timedelta(seconds=7)
    stage.network_log.calls = [logged("stranger", came_at)]
    await stage.connect(channel("stranger"), channel("media", dialled=""))
    await stage.until(lambda: "Welcome." in stage.control.words())
    (call,) = stage.live.all()
    assert call.started_at == came_at
    assert stage.control.asked("hang_up") == [("media", 16)]
    assert len(stage.switchboard.served()) == 1


async def test_a_call_without_a_channel_ends_as_asterisks_log_tells(before: Stage) -> None:
    call_id = await before.in_menu()
    began = before.events(call_id)[0].at
    before.network_log.calls.append(logged("caller", began, 4.5))
    stage = await restarted(before)
    await stage.connect()
    row = await stage.over(call_id)
    assert (row.outcome, row.data["ended_by"]) == (Outcome.LOST, "network")
    assert stage.one(call_id, Kind.ENDED).at == began + timedelta(seconds=4.5)
    await stage.connect()
    assert stage.ledger.kinds(call_id).count(Kind.RECONCILED) == 1
    assert len(stage.ledger.interactions) == 1


async def test_a_call_that_no_log_knows_ends_at_its_last_sign_of_life(before: Stage) -> None:
    call_id = await before.in_menu()
    last_at = before.events(call_id)[-1].at
    stage = await restarted(before)
    await stage.connect()
    await stage.over(call_id)
    assert stage.one(call_id, Kind.ENDED).at == last_at
    assert "no log" in str(stage.one(call_id, Kind.RECONCILED).data["source"])


async def test_a_caller_whom_the_dialplan_still_has_is_ended_when_they_hang_up(before: Stage) -> None:
    call_id = await before.in_menu()
    began = before.events(call_id)[0].at
    before.network_log.calls.append(logged("caller", began))
    stage = await restarted(before)
    await stage.connect()
    assert Kind.ENDED not in stage.ledger.kinds(call_id)
    (going,) = stage.network_log.calls
    ended_at = began + timedelta(seconds=40)
    stage.network_log.calls = [
        logged("caller", going.started_at, 40, message_path="/spool/m.wav", message_seconds=6.0)
    ]
    watching = asyncio.create_task(stage.recovery.watch())
    await stage.until(lambda: Kind.ENDED in stage.ledger.kinds(call_id), LOOK_AGAIN_SECONDS + 1)
    row = await stage.over(call_id)
    watching.cancel()
    assert (row.outcome, row.recording) == (Outcome.VOICEMAIL, f"{call_id}.wav")
    assert stage.one(call_id, Kind.ENDED).at == ended_at
    await stage.switchboard.close()


async def test_a_call_handed_over_after_a_fault_gets_its_end_and_its_message(stage: Stage) -> None:
    stage.control.faults["open_voice"] = ZeroDivisionError("a fault of ours")
    failed = {}
    for caller, message in (("silent", None), ("speaks", "/spool/m.wav")):
        call_id = failed[caller] = await stage.arrive(caller)
        began = stage.events(call_id)[0].at
        stage.network_log.calls.append(logged(caller, began, 30, message_path=message, message_seconds=4))
        await stage.until(lambda call_id=call_id: not stage.serves(call_id))  # type: ignore[misc]
    watching = asyncio.create_task(stage.recovery.watch())
    silent = await stage.over(failed["silent"], 90)
    speaks = await stage.over(failed["speaks"], 90)
    watching.cancel()
    assert (silent.outcome, silent.data["ended_by"]) == (Outcome.FAILED, "fault")
    assert silent.duration_seconds == 30
    assert (speaks.outcome, speaks.recording) == (Outcome.VOICEMAIL, f"{failed['speaks']}.wav")


async def test_a_missed_call_is_written_once_with_its_message(stage: Stage) -> None:
    yesterday = stage.clock.now() - timedelta(days=1)
    stage.network_log.calls = [
        logged(
            "missed",
            yesterday,
            42,
            answered_at=yesterday + timedelta(seconds=3),
            message_path="/spool/m.wav",
            message_seconds=6.04,
        )
    ]
    await stage.connect()
    await stage.connect()
    (row,) = stage.ledger.interactions
    assert (row.at, row.duration_seconds, row.outcome) == (yesterday, 42, Outcome.VOICEMAIL)
    assert row.point is not None
    assert row.point.value == CALLER
    assert stage.recordings.kept == [("/spool/m.wav", row.subject_id)]
    assert stage.ledger.kinds(row.subject_id) == [
        Kind.RECEIVED,
        Kind.ANSWERED,
        Kind.RECONCILED,
        Kind.MESSAGE_LEFT,
        Kind.ENDED,
    ]
    assert len(stage.live) == 0


async def test_a_message_taken_after_our_end_of_the_call_is_a_row_of_its_own(stage: Stage) -> None:
    call_id = await stage.in_menu()
    stage.hang_up()
    await stage.over(call_id)
    network_id = stage.ledger.calls[call_id].network_id
    began = stage.clock.now() - timedelta(seconds=50)
    stage.network_log.calls = [
        logged(network_id, began, 45, message_path="/spool/late.wav", message_seconds=5.0)
    ]
    await asyncio.sleep(60)
    await stage.connect()
    await stage.connect()
    first, message = stage.ledger.interactions
    assert (first.outcome, first.recording) == (Outcome.ABANDONED, None)
    assert (message.subject_id, message.outcome, message.recording) == (
        call_id,
        "voicemail",
        f"{call_id}.wav",
    )
    assert message.point == first.point
    assert stage.recordings.kept == [("/spool/late.wav", call_id)]


async def test_missed_calls_without_a_message_or_under_a_dying_asterisk(stage: Stage) -> None:
    yesterday = stage.clock.now() - timedelta(days=1)
    stage.recordings.fault = RecordingLost("m.wav is gone")
    stage.network_log.calls = [
        logged("gone", yesterday, 9),
        logged("crashed", yesterday),
        logged("lost message", yesterday, 9, message_path="/spool/m.wav"),
    ]
    stage.network_log.crashed.add("crashed")
    await stage.connect()
    outcomes = {stage.ledger.calls[row.subject_id].network_id: row for row in stage.ledger.interactions}
    assert (outcomes["gone"].outcome, outcomes["gone"].data["ended_by"]) == (Outcome.ABANDONED, "caller")
    assert (outcomes["crashed"].outcome, outcomes["crashed"].data["ended_by"]) == (Outcome.LOST, "network")
    assert outcomes["lost message"].outcome == Outcome.ABANDONED
    assert Kind.TROUBLE in stage.ledger.kinds(outcomes["lost message"].subject_id)


async def test_a_call_of_this_engine_is_not_missed_while_it_is_being_written(stage: Stage) -> None:
    await stage.connect()
    await asyncio.sleep(60)
    stage.network_log.calls = [logged("just now", stage.clock.now() - timedelta(seconds=2), 1)]
    await stage.connect()
    assert stage.ledger.interactions == []
    await asyncio.sleep(SETTLING.total_seconds())
    await stage.connect()
    assert len(stage.ledger.interactions) == 1


async def test_a_call_in_progress_is_neither_ended_nor_missed(stage: Stage) -> None:
    call_id = await stage.in_menu()
    stage.network_log.calls = [logged("caller", stage.events(call_id)[0].at)]
    await stage.recovery.after_connecting()
    assert stage.serves(call_id)
    stage.hang_up()
    await stage.over(call_id)
    stage.network_log.end("caller", stage.clock.now())
    await asyncio.sleep(60)
    await stage.recovery.after_connecting()
    assert len(stage.ledger.interactions) == 1


async def test_nothing_is_compared_while_the_database_is_away(
    stage: Stage, logs: list[MutableMapping[str, Any]]
) -> None:
    stage.network_log.calls = [logged("missed", stage.clock.now() - timedelta(days=1), 5)]
    stage.ledger.fault = LedgerUnavailable("The database is away.")
    with pytest.raises(LedgerUnavailable):
        await stage.connect(channel("stranger"))
    watching = asyncio.create_task(stage.recovery.watch())
    await asyncio.sleep(LOOK_AGAIN_SECONDS + 1)
    assert "calls are not compared with Asterisk's log" in [entry["event"] for entry in logs]
    stage.ledger.fault = None
    await stage.until(lambda: "Welcome." in stage.control.words())  # the stranger is served after all
    watching.cancel()
    await stage.until(lambda: watching.done())


async def test_one_call_that_cannot_be_recovered_does_not_keep_the_others_from_it(
    before: Stage, logs: list[MutableMapping[str, Any]]
) -> None:
    broken = await before.in_menu("broken")
    whole = await before.in_menu("whole")
    stage = await restarted(before)
    before.ledger.log[broken].clear()
    await stage.connect()
    assert (await stage.over(whole)).outcome == Outcome.LOST
    assert "a call could not be recovered; trying again" in [entry["event"] for entry in logs]
