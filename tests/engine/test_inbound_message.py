"""A message being left: kept, too short, ended by hanging up, refused, cut by a break."""

from __future__ import annotations

from calls.control import RecordingEnded, RequestRefused
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from engine.conversation import RECORDING_GRACE_SECONDS
from engine.ports import RecordingLost
from tests.engine.stage import Stage


def ended(recording_id: str, seconds: float, *, failed: bool = False) -> RecordingEnded:
    return RecordingEnded(recording_id, f"/spool/{recording_id}.wav", seconds, failed)


async def test_a_message_is_kept_and_thanked_for(stage: Stage) -> None:
    call_id, recording = await stage.recording()
    stage.control.tell(ended(recording, 7.25))
    row = await stage.over(call_id)
    assert stage.control.words()[-2:] == ["Leave a message.", "Thank you."]
    assert stage.one(call_id, Kind.MESSAGE_LEFT).data == {
        "box": "front",
        "recording": f"{call_id}.wav",
        "seconds": 7.2,
    }
    assert (row.outcome, row.channel, row.recording) == (Outcome.VOICEMAIL, "voicemail", f"{call_id}.wav")
    assert stage.recordings.kept == [(f"/spool/{recording}.wav", call_id)]


async def test_nothing_is_listened_to_while_a_message_is_recorded(stage: Stage) -> None:
    await stage.recording()
    assert stage.control.paths[-1].closed
    assert stage.recognizer.ear.closed


async def test_a_message_too_short_or_failed_is_none(stage: Stage) -> None:
    for caller, report in (("a", {"seconds": 0.4}), ("b", {"seconds": 9.0, "failed": True})):
        call_id, recording = await stage.recording(caller)
        stage.control.tell(ended(recording, **report))  # type: ignore[arg-type]
        row = await stage.over(call_id)
        assert stage.control.words()[-1] == "Goodbye."
        assert (row.outcome, row.recording) == (Outcome.COMPLETED, None)
        assert stage.recordings.discarded[-1] == f"/spool/{recording}.wav"
    assert stage.recordings.kept == []


async def test_a_message_ended_by_hanging_up_is_kept_whichever_is_told_first(stage: Stage) -> None:
    call_id, recording = await stage.recording("first")
    stage.hang_up("first")
    stage.control.tell(ended(recording, 5.0))
    row = await stage.over(call_id)
    assert (row.outcome, row.data["ended_by"]) == (Outcome.VOICEMAIL, "caller")

    call_id, recording = await stage.recording("second")
    stage.control.gone.add("second")
    stage.control.tell(ended(recording, 5.0))
    stage.hang_up("second", cause=26)
    row = await stage.over(call_id)
    assert (row.outcome, row.data["ended_by"], row.data["cause"]) == (Outcome.VOICEMAIL, "caller", 26)
    kinds = stage.ledger.kinds(call_id)
    assert kinds.count(Kind.MESSAGE_LEFT) == kinds.count(Kind.ENDED) == 1


async def test_a_message_whose_end_is_never_told_does_not_hold_the_end_of_the_call(stage: Stage) -> None:
    call_id, _ = await stage.recording()
    stage.hang_up()
    began = stage.clock.monotonic()
    row = await stage.over(call_id)
    assert row.recording is None
    assert RECORDING_GRACE_SECONDS <= stage.clock.monotonic() - began < RECORDING_GRACE_SECONDS + 1


async def test_a_message_that_cannot_be_kept_is_told_in_the_log(stage: Stage) -> None:
    stage.recordings.fault = RecordingLost("the disk is full; it lies in /spool")
    call_id, recording = await stage.recording()
    stage.control.tell(ended(recording, 5.0))
    row = await stage.over(call_id)
    assert row.outcome == Outcome.COMPLETED
    assert "the disk is full" in str(stage.one(call_id, Kind.TROUBLE).data["detail"])


async def test_a_recording_that_asterisk_refuses_is_an_empty_message(stage: Stage) -> None:
    stage.control.faults["record"] = RequestRefused("no space")
    call_id, _ = await stage.recording()
    row = await stage.over(call_id)
    assert stage.control.words()[-1] == "Goodbye."
    assert row.outcome == Outcome.COMPLETED
    assert stage.one(call_id, Kind.TROUBLE).data["detail"] == "no space"


async def test_a_recording_that_never_ends_is_given_up_and_its_late_end_means_nothing(stage: Stage) -> None:
    call_id, recording = await stage.recording()
    await stage.until(lambda: "Connecting." in stage.control.words(), 200)  # always.trouble
    assert stage.control.asked("stop_recording") == [(recording,)]
    stage.control.tell(ended(recording, 5.0))
    stage.hang_up()
    row = await stage.over(call_id)
    assert row.recording is None
