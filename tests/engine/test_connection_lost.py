"""The connection to Asterisk is cut and comes back, or does not; Asterisk does not answer in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from calls.control import (
    CallArrived,
    ChannelEnded,
    ControlDropped,
    ControlLost,
    ControlRestored,
    LegAnswered,
    LegRinging,
    RecordingEnded,
)
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from engine.switchboard import ASTERISK_AWAY_SECONDS
from tests.engine.fake_network import channel
from tests.engine.stage import CALLER, Stage
from tests.virtual_time import ANCHOR

SORRY = "Sorry, we were cut off for a moment."


def drop(stage: Stage) -> None:
    stage.control.lost = True
    stage.control.tell(ControlDropped())


def restore(stage: Stage, *channels: str, ringing: str = "", restarted: bool = False) -> None:
    stage.control.lost = False
    found = [channel(channel_id) for channel_id in channels]
    if ringing:
        found.append(channel(ringing, dialled="s", answered=False))
    stage.control.tell(ControlRestored(tuple(found), restarted))


async def test_a_call_goes_on_at_its_question_when_the_connection_is_back(stage: Stage) -> None:
    call_id = await stage.in_menu()
    drop(stage)
    assert [condition.ok for condition in stage.health.all()] == [False]
    await asyncio.sleep(5)
    restore(stage, "caller")
    await stage.until(lambda: stage.control.words()[-2:] == [SORRY, "Order, message or agent?"])
    assert stage.health.ready
    assert stage.switchboard.take_unclaimed() == []
    stage.press("1")
    await stage.until(lambda: stage.control.words()[-1] == "Which number?")
    kinds = stage.ledger.kinds(call_id)
    assert kinds.count(Kind.RESUMED) == kinds.count(Kind.ANSWERED) == 1


async def test_a_request_that_fails_in_the_break_waits_for_its_end(stage: Stage) -> None:
    call_id = await stage.in_menu()
    drop(stage)
    stage.press("0")  # the last that was heard of the caller
    await asyncio.sleep(20)
    assert stage.serves(call_id)
    assert Kind.RESUMED not in stage.ledger.kinds(call_id)
    restore(stage, "caller")
    await stage.until(lambda: bool(stage.control.asked("originate")))


async def test_a_call_is_lost_at_the_time_of_the_drop_when_asterisk_was_restarted(stage: Stage) -> None:
    call_id = await stage.in_menu()
    dropped_at = stage.clock.now()
    drop(stage)
    await asyncio.sleep(7)
    restore(stage, restarted=True)
    row = await stage.over(call_id)
    assert (row.outcome, row.data["ended_by"]) == (Outcome.LOST, "network")
    assert stage.one(call_id, Kind.ENDED).at == dropped_at
    assert SORRY not in stage.control.words()


async def test_a_call_is_given_up_when_asterisk_does_not_come_back(stage: Stage) -> None:
    call_id = await stage.in_menu()
    dropped_at = stage.clock.now()
    drop(stage)
    row = await stage.over(call_id, ASTERISK_AWAY_SECONDS + 5)
    assert row.outcome == Outcome.LOST
    assert stage.one(call_id, Kind.ENDED).at == dropped_at
    assert stage.clock.now() - dropped_at >= timedelta(seconds=ASTERISK_AWAY_SECONDS)
    restore(stage, "caller")  # it had only been out of reach
    assert [found.channel_id for found in stage.switchboard.take_unclaimed()] == ["caller"]


async def test_two_breaks_at_once_resume_the_call_once(stage: Stage) -> None:
    call_id = await stage.in_menu()
    drop(stage)
    restore(stage, "caller")
    drop(stage)
    restore(stage, "caller")
    await stage.until(lambda: stage.control.words()[-1] == "Order, message or agent?")
    await asyncio.sleep(3)
    assert stage.control.words().count(SORRY) == 1
    assert stage.ledger.kinds(call_id).count(Kind.RESUMED) == 1


async def test_a_call_is_not_taken_up_before_what_was_done_for_it_has_let_go(stage: Stage) -> None:
    call_id = await stage.in_menu()
    ask, closed = stage.control.ask, asyncio.Event()

    async def slow_to_close(name: str, *arguments: object) -> None:
        if name == "close_voice":
            await closed.wait()
        await ask(name, *arguments)

    stage.control.ask = slow_to_close  # type: ignore[method-assign]
    drop(stage)
    for _ in range(3):
        restore(stage, "caller")
        await asyncio.sleep(1)
    assert Kind.RESUMED not in stage.ledger.kinds(call_id)
    closed.set()
    await stage.until(lambda: SORRY in stage.control.words())
    assert stage.ledger.kinds(call_id).count(Kind.RESUMED) == 1


async def test_two_who_talk_are_left_in_peace_in_a_break(stage: Stage) -> None:
    call_id, leg = await stage.in_transfer()
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: not stage.inbound(call_id).guarded)
    drop(stage)
    await asyncio.sleep(5)
    stage.control.requests.clear()
    restore(stage, "caller", leg)
    assert stage.switchboard.take_unclaimed() == []
    await asyncio.sleep(ASTERISK_AWAY_SECONDS + 10)  # nothing of the break comes later
    assert set(stage.control.names()) == {"guard"}
    assert set(stage.control.asked("guard")) == {("caller", 0)}
    stage.control.tell(ChannelEnded(leg, 16))
    row = await stage.over(call_id)
    assert row.outcome == Outcome.TRANSFERRED
    assert SORRY not in stage.control.words()


async def test_a_talk_whose_other_side_ended_in_the_break_is_over(stage: Stage) -> None:
    call_id, leg = await stage.in_transfer()
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: not stage.inbound(call_id).guarded)
    drop(stage)
    stage.control.gone.add(leg)
    restore(stage, "caller")
    await stage.until(lambda: SORRY in stage.control.words())
    assert stage.ledger.of_kind(call_id, Kind.TRANSFER_ENDED)[0]["outcome"] == Outcome.COMPLETED
    assert stage.inbound(call_id).guarded


async def test_a_leg_that_still_rings_after_a_break_is_hung_up_and_rung_anew(stage: Stage) -> None:
    call_id, leg = await stage.in_transfer()
    stage.control.tell(LegRinging(leg))
    drop(stage)
    restore(stage, "caller", ringing=leg)
    assert stage.switchboard.take_unclaimed() == []
    await stage.until(lambda: len(stage.control.asked("originate")) == 2)
    assert (leg, 16) in stage.control.asked("hang_up")
    assert stage.ledger.of_kind(call_id, Kind.TRANSFER_ENDED)[0]["outcome"] == Outcome.ABANDONED


async def test_the_leg_of_a_caller_who_is_gone_after_the_break_is_hung_up(stage: Stage) -> None:
    call_id, leg = await stage.in_transfer()
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: not stage.inbound(call_id).guarded)
    drop(stage)
    stage.control.gone.add("caller")
    restore(stage, leg)
    row = await stage.over(call_id)
    assert stage.control.asked("hang_up") == [(leg, 16)]
    assert (row.outcome, row.data["ended_by"]) == (Outcome.TRANSFERRED, "network")


async def test_a_message_that_goes_on_over_a_break_is_kept(stage: Stage) -> None:
    call_id, recording = await stage.recording()
    drop(stage)
    restore(stage, "caller")
    await stage.until(lambda: (recording,) in stage.control.asked("stop_recording"))
    stage.control.tell(RecordingEnded(recording, "/spool/x.wav", 12.0))
    row = await stage.over(call_id)
    assert row.outcome == Outcome.VOICEMAIL
    assert SORRY not in stage.control.words()


async def test_a_message_that_ended_in_the_break_is_asked_for_again(stage: Stage) -> None:
    _, recording = await stage.recording()
    drop(stage)
    stage.control.gone.add(recording)
    restore(stage, "caller")
    await stage.until(lambda: len(stage.control.asked("record")) == 2)
    assert stage.control.words()[-2:] == [SORRY, "Leave a message."]
    assert stage.control.asked("record")[1][1] != recording


async def test_a_caller_whom_nobody_had_answered_yet_is_answered_after_the_break(stage: Stage) -> None:
    stage.control.lost = True
    call_id = await stage.arrive()
    stage.control.tell(ControlDropped())
    await asyncio.sleep(2)
    restore(stage, "caller")
    await stage.until(lambda: "Welcome." in stage.control.words())
    assert len(stage.control.asked("answer")) == 2
    assert stage.ledger.kinds(call_id).count(Kind.ANSWERED) == 1


async def test_a_hang_up_that_did_not_reach_asterisk_is_asked_for_again(stage: Stage) -> None:
    call_id = await stage.in_menu()
    stage.press("1")
    await stage.until(lambda: stage.control.words()[-1] == "Which number?")
    stage.control.faults["hang_up"] = ControlLost("no answer")
    stage.press("42")
    await stage.until(lambda: bool(stage.control.asked("hang_up")))
    del stage.control.faults["hang_up"]
    row = await stage.over(call_id)
    assert row.data["ended_by"] == "flow"


async def test_a_request_without_an_answer_on_a_living_connection_only_delays_the_call(stage: Stage) -> None:
    call_id = await stage.in_menu()
    stage.control.faults["originate"] = ControlLost("no answer within 5 s")
    stage.press("0")
    await stage.until(lambda: bool(stage.control.asked("originate")))
    leg = stage.control.asked("originate")[0][0]
    del stage.control.faults["originate"]
    await stage.until(lambda: len(stage.control.asked("originate")) == 2)
    assert (leg, 16) in stage.control.asked("hang_up")  # it may ring all the same
    assert stage.ledger.kinds(call_id).count(Kind.RESUMED) == 1
    stage.hang_up()
    await stage.over(call_id)


async def test_a_caller_who_hangs_up_while_a_request_waits_is_not_kept(stage: Stage) -> None:
    call_id = await stage.in_menu()
    stage.control.faults["music"] = ControlLost("no answer within 5 s")
    stage.press("0")
    await stage.until(lambda: bool(stage.control.asked("music")))
    stage.hang_up()
    row = await stage.over(call_id)
    assert row.data["ended_by"] == "caller"


async def test_a_talk_is_not_cut_when_lifting_its_dead_man_is_not_answered(stage: Stage) -> None:
    call_id, leg = await stage.in_transfer()
    stage.control.faults["guard"] = ControlLost("no answer within 5 s")
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: ("caller", 0) in stage.control.asked("guard"))
    del stage.control.faults["guard"]
    stage.control.requests.clear()
    await stage.until(lambda: stage.control.asked("guard") == [("caller", 0)])
    assert not stage.inbound(call_id).guarded
    assert stage.control.asked("hang_up") == []


async def test_a_caller_whom_the_dialplan_had_taken_back_goes_on(stage: Stage) -> None:
    call_id = await stage.in_menu()
    again = CallArrived("caller", "caller", CALLER, "100", "trunk", attempts=1, answered=True)
    # A stopped engine finds both at once when it goes on.
    stage.control.listener(ChannelEnded("caller", 0))
    stage.control.listener(again)
    await stage.until(lambda: stage.control.words()[-2:] == [SORRY, "Order, message or agent?"])
    assert stage.serves(call_id)
    assert list(stage.ledger.log) == [call_id]
    assert stage.one(call_id, Kind.RESUMED).data["why"] == "the dialplan had taken the caller back"


async def test_a_caller_who_comes_back_after_the_end_of_their_call_is_a_new_one(stage: Stage) -> None:
    call_id = await stage.in_menu()
    stage.hang_up()
    await stage.over(call_id)
    stage.control.gone.clear()
    assert await stage.arrive() != call_id


async def test_ends_are_written_on_the_anchored_clock(stage: Stage) -> None:
    call_id = await stage.in_menu()
    await asyncio.sleep(1)
    stage.hang_up()
    row = await stage.over(call_id)
    assert row.at >= ANCHOR
    assert row.duration_seconds == (stage.one(call_id, Kind.ENDED).at - row.at).total_seconds() > 1
