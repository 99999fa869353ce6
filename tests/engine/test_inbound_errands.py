"""A flow's errands in a call: performed, given up when the caller leaves, never done twice over a break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from calls.control import ControlDropped, RecordingEnded
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from engine.ports import Reply, ServiceFailed
from history.interaction import Channel, ContactPoint, PointKind
from tests.engine.fake_network import channel
from tests.engine.stage import CALLER, Stage, load_shelf

FLOW = """
flow: front
languages: [en]
always: {agent: trouble, trouble: trouble}
use: {services: [orders], campaigns: [callbacks]}
start: what
steps:
  what:
    menu:
      prompt: {en: "What?"}
      choices:
        1: {next: lookup}
        2: {next: text}
        3: {next: check}
        4: {next: clip}
      attempts: 1
    otherwise: bye
  lookup:
    webhook: {service: orders, get: "/orders/7", into: reply, timeout: 3s}
    next: status
    failed: sorry
  status: {say: {text: {en: "It is {reply.status}."}, interrupt: false}, next: keep}
  keep: {contact: {set: last_status, to: "{reply.status}"}, next: know, unknown: bye}
  know: {contact: {get: last_status, into: known}, next: text, unknown: bye}
  text:
    sms: {to: "{caller}", text: {en: "Your order."}}
    next: call_back
    failed: sorry
  call_back:
    callback: {campaign: callbacks, within: 4h}
    next: goodbye
    unreachable: sorry
  check:
    verify:
      code: {to: "{caller}", text: {en: "Your code is {code}."}, digits: 6}
      prompt: {en: "Enter the code."}
      attempts: 2
    verified: promise
    failed: sorry
  promise: {promise: {amount: "120", due: "2026-03-05", reference: "D-7"}, next: goodbye, refused: sorry}
  clip:
    record: {into: clip, prompt: {en: "Say your name."}, longest: 30s}
    next: goodbye
    empty: sorry
  sorry: {say: {text: {en: "Sorry."}, interrupt: false}, next: bye}
  trouble: {say: {text: {en: "Trouble."}, interrupt: false}, next: bye}
  goodbye: {say: {text: {en: "Goodbye."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""


@pytest.fixture
async def stage(tmp_path: Path, logs: list[MutableMapping[str, Any]]) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, shelf=load_shelf(FLOW))
    yield stage
    await stage.switchboard.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"still running after close(): {left}"
    assert "background work failed" not in [entry["event"] for entry in logs]


async def chose(stage: Stage, key: str) -> str:
    """A caller who was asked and pressed a key."""
    call_id = await stage.arrive()
    await stage.until(lambda: "What?" in stage.control.words())
    stage.press(key)
    return call_id


def dones(stage: Stage, call_id: str) -> list[tuple[object, object]]:
    return [(data["step"], data["outcome"]) for data in stage.ledger.of_kind(call_id, Kind.WORK_DONE)]


async def test_a_flow_asks_keeps_sends_and_requests(stage: Stage) -> None:
    call_id = await chose(stage, "1")
    row = await stage.over(call_id)
    assert stage.control.words() == ["What?", "It is sent.", "Goodbye."]
    assert dones(stage, call_id) == [
        ("lookup", "next"),
        ("keep", "next"),
        ("know", "next"),
        ("text", "next"),
        ("call_back", "next"),
    ]
    assert stage.services.asked == [("orders", "get", "/orders/7", None)]
    kept = stage.ledger.attributes[ContactPoint(PointKind.PHONE, CALLER), "last_status"]
    assert (kept.value, kept.source) == ("sent", call_id)
    assert list(stage.ledger.jobs) == [f"{call_id}:sms:4"]
    assert list(stage.ledger.callbacks) == [f"{call_id}-5"]
    assert row.outcome == Outcome.COMPLETED
    assert [event.seq for event in stage.events(call_id)] == list(range(1, len(stage.events(call_id)) + 1))


async def test_a_service_that_fails_is_said_and_the_call_goes_on(stage: Stage) -> None:
    stage.services.replies = [ServiceFailed("it answered 500", 500)]
    call_id = await chose(stage, "1")
    await stage.over(call_id)
    assert stage.control.words() == ["What?", "Sorry."]
    assert stage.one(call_id, Kind.FETCHED).data["error"] == "it answered 500"


async def test_a_reply_of_another_shape_is_trouble_of_the_flow_not_the_end_of_the_call(stage: Stage) -> None:
    stage.services.replies = [Reply(200, ["no table"])]
    call_id = await chose(stage, "1")
    row = await stage.over(call_id)
    assert stage.control.words() == ["What?", "Trouble."]
    assert row.outcome == Outcome.COMPLETED


async def test_without_a_database_messages_fail_with_a_sentence_for_the_caller(stage: Stage) -> None:
    call_id = await chose(stage, "")
    stage.ledger.away = True
    stage.press("2")
    await stage.over(call_id)
    assert stage.control.words() == ["What?", "Sorry."]
    assert stage.ledger.jobs == {}
    assert stage.one(call_id, Kind.TROUBLE).data["what"] == "message_queued"


# --- the caller leaves ------------------------------------------------------------------------------------


async def test_a_caller_who_leaves_while_a_service_is_asked_is_not_waited_for(stage: Stage) -> None:
    stage.services.gate.clear()
    call_id = await chose(stage, "1")
    await stage.until(lambda: bool(stage.services.asked))
    stage.hang_up()
    began = stage.clock.monotonic()
    await stage.over(call_id)
    assert stage.clock.monotonic() - began < 0.5
    stage.services.gate.set()
    assert Kind.FETCHED not in stage.ledger.kinds(call_id)


async def test_a_message_being_written_as_the_caller_leaves_is_written_before_the_end(stage: Stage) -> None:
    stage.ledger.slow = asyncio.Event()
    call_id = await chose(stage, "2")
    await stage.until(lambda: stage.live.all()[0].path[-1] == "text")
    asyncio.get_running_loop().call_later(1.0, stage.ledger.slow.set)
    stage.hang_up()
    await stage.over(call_id)
    assert list(stage.ledger.jobs) == [f"{call_id}:sms:1"]
    kinds = stage.ledger.kinds(call_id)
    assert kinds.index(Kind.MESSAGE_QUEUED) < kinds.index(Kind.ENDED) == len(kinds) - 1


# --- breaks -----------------------------------------------------------------------------------------------


async def cut(stage: Stage) -> None:
    """The connection to Asterisk breaks and comes back; the caller is still there."""
    stage.control.tell(ControlDropped())
    await asyncio.sleep(0.1)
    await stage.connect(channel("caller"))


async def test_a_message_being_written_over_a_break_is_written_once(stage: Stage) -> None:
    stage.ledger.slow = asyncio.Event()
    call_id = await chose(stage, "2")
    await stage.until(lambda: stage.live.all()[0].path[-1] == "text")
    asyncio.get_running_loop().call_later(0.3, stage.ledger.slow.set)  # after the break
    await cut(stage)
    await stage.over(call_id)
    assert stage.control.words() == ["What?", "Goodbye."]
    assert list(stage.ledger.jobs) == [f"{call_id}:sms:1"]
    assert list(stage.ledger.callbacks) == [f"{call_id}-2"]


async def test_a_service_asked_over_a_break_is_asked_again(stage: Stage) -> None:
    stage.services.gate.clear()
    call_id = await chose(stage, "1")
    await stage.until(lambda: bool(stage.services.asked))
    await cut(stage)
    await stage.until(lambda: len(stage.services.asked) == 2)
    stage.services.gate.set()
    await stage.over(call_id)
    assert "It is sent." in stage.control.words()
    assert [done for done in dones(stage, call_id) if done[0] == "lookup"] == [("lookup", "next")]


async def test_another_engine_does_what_was_begun_once(stage: Stage, tmp_path: Path) -> None:
    call_id = await chose(stage, "2")
    await stage.until(lambda: bool(stage.ledger.jobs))
    events = stage.ledger.log[call_id]
    # As if the engine had died between the message and the note that the work is done.
    died_at = next(at for at, event in enumerate(events) if event.kind is Kind.MESSAGE_QUEUED)
    await stage.crash()
    del events[died_at + 1 :]
    stage.ledger.callbacks.clear()
    after = Stage(tmp_path, after=stage, shelf=load_shelf(FLOW))
    await after.connect(channel("caller"))
    await after.over(call_id)
    assert after.control.words()[-1] == "Goodbye."
    assert list(after.ledger.jobs) == [f"{call_id}:sms:1"]
    assert list(after.ledger.callbacks) == [f"{call_id}-2"]
    await after.switchboard.close()


# --- codes, promises, clips -------------------------------------------------------------------------------


async def test_a_caller_gives_the_code_and_promises(stage: Stage) -> None:
    call_id = await chose(stage, "3")
    await stage.until(lambda: "Enter the code." in " ".join(stage.control.words()))
    stage.press("999999")
    await stage.until(lambda: bool(stage.ledger.of_kind(call_id, Kind.IDENTITY_CHECKED)))
    await asyncio.sleep(5)
    stage.press("111111")
    await stage.over(call_id)
    passed = [data["passed"] for data in stage.ledger.of_kind(call_id, Kind.IDENTITY_CHECKED)]
    assert passed == [False, True]
    assert stage.one(call_id, Kind.PROMISE_MADE).data == {
        "amount": "120.00",
        "currency": "PLN",
        "due": "2026-03-05",
        "reference": "D-7",
    }
    (promise,) = [row for row in stage.ledger.interactions if row.channel is Channel.PROMISE]
    assert promise.subject_id == call_id
    assert promise.point is not None
    assert promise.data["due"] == "2026-03-05"
    whole = str(stage.ledger.log) + str(stage.ledger.interactions)
    assert "111111" not in whole
    assert "999999" not in whole


async def test_a_clip_is_kept_for_the_flow_and_is_no_message(stage: Stage) -> None:
    call_id = await chose(stage, "4")
    await stage.until(lambda: bool(stage.control.asked("record")))
    (_, recording) = stage.control.asked("record")[0]
    assert str(recording).startswith(f"{call_id}.clip.")
    stage.control.tell(RecordingEnded(str(recording), "/spool/x.wav", 3.0))
    row = await stage.over(call_id)
    assert stage.control.words()[-1] == "Goodbye."
    assert stage.one(call_id, Kind.CLIP_RECORDED).data == {"recording": f"{call_id}.wav", "seconds": 3.0}
    assert stage.one(call_id, Kind.VALUE_SET).data == {"name": "clip", "value": f"{call_id}.wav"}
    assert (row.outcome, row.recording, row.channel) == (Outcome.COMPLETED, None, "call")


async def test_a_clip_ended_by_hanging_up_is_kept_too(stage: Stage) -> None:
    call_id = await chose(stage, "4")
    await stage.until(lambda: bool(stage.control.asked("record")))
    (_, recording) = stage.control.asked("record")[0]
    stage.hang_up()
    stage.control.tell(RecordingEnded(str(recording), "/spool/x.wav", 3.0))
    await stage.over(call_id)
    assert stage.one(call_id, Kind.CLIP_RECORDED).data["seconds"] == 3.0


async def test_a_clip_being_recorded_is_taken_over_by_the_next_engine(stage: Stage, tmp_path: Path) -> None:
    call_id = await chose(stage, "4")
    await stage.until(lambda: bool(stage.control.asked("record")))
    (_, recording) = stage.control.asked("record")[0]
    await stage.crash()
    after = Stage(tmp_path, after=stage, shelf=load_shelf(FLOW))
    await after.connect(channel("caller"))
    await after.until(lambda: after.control.asked("stop_recording") == [(recording,)])
    after.control.tell(RecordingEnded(str(recording), "/spool/x.wav", 3.0))
    await after.over(call_id)
    assert after.control.words() == ["Goodbye."]
    assert after.one(call_id, Kind.CLIP_RECORDED).data["recording"] == f"{call_id}.wav"
    await after.switchboard.close()
