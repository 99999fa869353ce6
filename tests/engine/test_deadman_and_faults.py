"""The dead-man, faults of our own, and the end of the engine: nobody is left in silence, nothing goes on."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from itertools import pairwise
from typing import Any

import pytest

from calls.control import (
    CallArrived,
    ChannelGone,
    ControlDropped,
    ControlLost,
    ControlRestored,
    LegAnswered,
    RequestRefused,
)
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from engine.deadmen import DEADMAN_SECONDS
from engine.switchboard import CLOSING_SECONDS
from tests.engine.fake_network import channel
from tests.engine.stage import CALLER, Stage


def break_the_recognizer(stage: Stage) -> None:
    def listen(**_: object) -> object:
        raise ZeroDivisionError("a fault of ours")

    stage.recognizer.listen = listen  # type: ignore[method-assign, assignment]


async def test_the_dead_man_is_renewed_in_time_for_every_call(stage: Stage) -> None:
    for caller in ("a", "b"):
        await stage.recording(caller)
    renewed: dict[object, list[float]] = {"a": [stage.clock.monotonic()], "b": [stage.clock.monotonic()]}
    guard = stage.control.guard

    async def noted(channel_id: str, seconds: int) -> None:
        assert seconds == DEADMAN_SECONDS
        renewed[channel_id].append(stage.clock.monotonic())
        await guard(channel_id, seconds)

    stage.control.guard = noted  # type: ignore[method-assign]
    await stage.until(lambda: stage.clock.monotonic() > 40)
    for times in renewed.values():
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert len(gaps) >= 6
        assert max(gaps) < DEADMAN_SECONDS - 3


async def test_of_a_caller_found_waiting_the_dead_man_is_renewed_at_once(stage: Stage) -> None:
    await stage.connect(channel("waiting"))
    await stage.until(lambda: stage.control.asked("guard") == [("waiting", DEADMAN_SECONDS)], 1)


async def test_one_call_that_cannot_be_renewed_does_not_cost_the_others_theirs(stage: Stage) -> None:
    guard = stage.control.guard
    fault: Exception = ControlLost("no answer")

    async def failing(channel_id: str, seconds: int) -> None:
        await guard(channel_id, seconds)
        if channel_id == "a":
            raise fault

    stage.control.guard = failing  # type: ignore[method-assign]
    for caller in ("a", "b"):
        await stage.recording(caller)
    await asyncio.sleep(11)
    fault = ZeroDivisionError("a fault of ours")
    stage.control.requests.clear()
    await asyncio.sleep(21)
    assert len(stage.control.asked("guard")) == 8


async def test_a_call_that_ended_unnoticed_is_found_by_the_dead_man(stage: Stage) -> None:
    call_id = await stage.in_menu()
    stage.control.gone.add("caller")
    row = await stage.over(call_id, 11)
    assert (row.outcome, row.data["cause"]) == (Outcome.ABANDONED, 0)


async def test_a_refused_renewal_is_no_end_of_the_call(
    stage: Stage, logs: list[MutableMapping[str, Any]]
) -> None:
    stage.control.faults["guard"] = RequestRefused("permission denied")
    call_id, _ = await stage.recording()
    await asyncio.sleep(11)
    assert stage.serves(call_id)
    assert "a dead-man was not renewed" in [entry["event"] for entry in logs]


async def test_no_dead_man_is_renewed_without_a_connection(stage: Stage) -> None:
    await stage.in_menu()
    stage.control.tell(ControlDropped())
    stage.control.requests.clear()
    await asyncio.sleep(30)
    assert stage.control.asked("guard") == []


async def test_a_fault_of_ours_leads_the_caller_to_the_dialplans_voicemail(
    stage: Stage, logs: list[MutableMapping[str, Any]]
) -> None:
    break_the_recognizer(stage)
    call_id = await stage.arrive()
    await stage.until(lambda: not stage.serves(call_id))
    assert stage.control.asked("leave") == [("caller", "voicemail")]
    assert "a fault of ours" in str(stage.one(call_id, Kind.TROUBLE).data["detail"])
    assert [entry["call"] for entry in logs if entry["event"] == "a call failed"] == [call_id]
    assert stage.control.paths[0].closed
    # They are still on the line: the end, and the message, are told by Asterisk's log.
    assert stage.live.get(call_id) is not None
    assert Kind.ENDED not in stage.ledger.kinds(call_id)


@pytest.mark.parametrize("why", [ChannelGone("gone"), RequestRefused("no"), ControlLost("away")])
async def test_a_call_that_cannot_be_handed_over_ends_as_failed(stage: Stage, why: Exception) -> None:
    break_the_recognizer(stage)
    stage.control.faults["leave"] = why
    call_id = await stage.arrive()
    row = await stage.over(call_id)
    assert (row.outcome, row.data["ended_by"]) == (Outcome.FAILED, "fault")


async def test_a_fault_during_a_transfer_ends_the_other_leg_too(stage: Stage) -> None:
    call_id, leg = await stage.in_transfer()
    stage.control.faults["bridge"] = ZeroDivisionError("a fault of ours")
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: not stage.serves(call_id))
    assert stage.control.asked("hang_up") == [(leg, 16)]
    assert stage.control.asked("leave") == [("caller", "voicemail")]


async def test_a_call_is_handed_over_and_forgotten_even_when_nothing_can_be_written(stage: Stage) -> None:
    stage.ledger.fault = OSError("no memory")
    stage.control.tell(CallArrived("caller", "caller", CALLER, "100", "trunk"))
    await stage.until(lambda: bool(stage.control.asked("leave")))
    await stage.until(lambda: not stage.switchboard.served())
    stage.ledger.fault = None


async def test_one_calls_fault_does_not_touch_another(stage: Stage) -> None:
    healthy = await stage.in_menu("healthy")
    break_the_recognizer(stage)
    broken = await stage.arrive("broken")
    await stage.until(lambda: not stage.serves(broken))
    assert stage.serves(healthy)


async def test_closing_hangs_up_and_writes_every_call(stage: Stage) -> None:
    calls = [await stage.arrive(caller) for caller in ("a", "b")]
    await stage.switchboard.close()
    assert sorted(str(asked[0]) for asked in stage.control.asked("hang_up")) == ["a", "b"]
    for call_id in calls:
        row = await stage.over(call_id, 0)
        assert (row.outcome, row.data["ended_by"], row.data["cause"]) == (Outcome.LOST, "engine", 16)


async def test_closing_does_not_wait_for_an_asterisk_that_says_nothing(stage: Stage) -> None:
    call_id = await stage.in_menu()
    stage.control.ends_on_hang_up = False
    began = stage.clock.monotonic()
    await stage.switchboard.close()
    assert stage.clock.monotonic() - began < CLOSING_SECONDS + 1
    row = await stage.over(call_id, 0)
    assert (row.outcome, row.data["ended_by"]) == (Outcome.LOST, "engine")


async def test_closing_without_a_connection_ends_the_calls_too(stage: Stage) -> None:
    call_id = await stage.in_menu()
    stage.control.lost = True
    stage.control.tell(ControlDropped())
    await stage.switchboard.close()
    row = await stage.over(call_id, 0)
    assert row.outcome == Outcome.LOST


async def test_a_closing_engine_takes_no_call(stage: Stage) -> None:
    await stage.switchboard.close()
    stage.control.tell(CallArrived("late", "late", CALLER, "100", "trunk"))
    await asyncio.sleep(1)
    assert stage.control.requests == []
    assert not stage.ledger.log


async def test_channels_of_nobody_are_handed_out_once(stage: Stage) -> None:
    stage.control.tell(ControlRestored((channel("stranger"),), False))
    assert [found.channel_id for found in stage.switchboard.take_unclaimed()] == ["stranger"]
    assert stage.switchboard.take_unclaimed() == []


async def test_a_caller_who_came_in_meanwhile_is_not_handed_out(stage: Stage) -> None:
    stage.control.tell(ControlRestored((channel("caller"),), False))
    await stage.arrive("caller")
    assert stage.switchboard.take_unclaimed() == []
