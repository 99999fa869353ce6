"""Calls that we place: what is asked, written and rung, in which order, and what comes of each."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from calls.call import Direction
from calls.control import (
    ChannelEnded,
    ControlDropped,
    ControlLost,
    KeyPressed,
    LegAnswered,
    LegRinging,
    RequestRefused,
)
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from compliance.facts import Channel, Mode, Purpose
from engine.gatekeeper import busy
from engine.placing.outbound import CannotPlace, OrderRefused, PersonBusy, Placed
from engine.placing.ringing import OVERDUE_SECONDS, SETUP_SECONDS
from engine.ports import LedgerUnavailable
from tests.engine.outbound_stage import OURS, PERSON, REFUSED, Caller
from tests.engine.stage import Stage


async def test_a_person_answers_and_is_led_through_the_flow(news: Stage, caller: Caller) -> None:
    call_id, leg = await caller.answered(debt="d1", campaign="spring")
    assert news.control.asked("originate") == [(leg, PERSON, OURS)]
    assert news.control.words() == [f"We call {PERSON}.", "Keep or cancel?"]
    news.control.tell(KeyPressed(leg, "1"))
    row = await news.over(call_id)
    assert (row.direction, row.to, row.outcome) == (Direction.OUTBOUND, PERSON, Outcome.COMPLETED)
    assert row.point is not None
    assert row.point.value == PERSON
    assert (row.heard, row.path, row.language) == (("1",), ("tell", "what", "bye"), "en")
    assert row.campaign == "spring"
    assert row.data == {
        "ended_by": "flow",
        "cause": 16,
        "reached": "conversation",
        "purpose": "service",
        "abandoned": False,
        "debt": "d1",
    }
    kinds = news.ledger.kinds(call_id)
    assert kinds[:4] == [Kind.RECEIVED, Kind.LEG_CHANGED, Kind.ANSWERED, Kind.FLOW_STARTED]
    call = news.ledger.calls[call_id]
    assert (call.caller, call.dialled, call.trunk, call.network_id) == (OURS, PERSON, "carrier", leg)
    (asked,) = caller.gate.asked
    assert (asked.subject, asked.channel, asked.mode) == (f"call:{call_id}", Channel.CALL, Mode.AGENTLESS)
    assert (asked.purpose, asked.debt, asked.campaign) == (Purpose.SERVICE, "d1", "spring")


async def test_what_is_given_of_the_person_is_in_the_flow(news: Stage, caller: Caller) -> None:
    call_id = await caller.place(flow="offer", language=None, variables={"name": "Anna", "sum": 12.5})
    leg = f"{call_id}.callee"
    news.control.tell(LegAnswered(leg))
    row = await news.over(call_id)
    assert news.control.words() == ["Hello Anna, it is twelve zlotys and fifty groszy."]
    assert (row.outcome, row.data["reached"]) == (Outcome.COMPLETED, "connection")
    values = {str(data["name"]): data["value"] for data in news.ledger.of_kind(call_id, Kind.VALUE_SET)}
    assert values == {"name": "Anna", "sum": 12.5}


@pytest.mark.parametrize(
    ("cause", "rings", "outcome", "reached"),
    [
        (17, False, Outcome.BUSY, "failed"),
        (17, True, Outcome.BUSY, "attempt"),
        (19, True, Outcome.NO_ANSWER, "attempt"),
        (0, True, Outcome.NO_ANSWER, "attempt"),
        (1, False, Outcome.UNALLOCATED, "failed"),
        (34, False, Outcome.CONGESTION, "failed"),
        (21, False, Outcome.REFUSED, "attempt"),
        (22, False, Outcome.CHANGED, "failed"),
        (0, False, Outcome.FAILED, "failed"),
    ],
)
async def test_nobody_answers(
    news: Stage, caller: Caller, cause: int, rings: bool, outcome: Outcome, reached: str
) -> None:
    call_id = await caller.place()
    leg = f"{call_id}.callee"
    if rings:
        news.control.tell(LegRinging(leg), LegRinging(leg))
    news.control.tell(ChannelEnded(leg, cause))
    row = await news.over(call_id)
    assert (row.outcome, row.data["ended_by"], row.data["cause"]) == (outcome, "network", cause)
    assert (row.data["reached"], row.data["abandoned"]) == (reached, False)
    assert news.control.said == []
    assert Kind.ANSWERED not in news.ledger.kinds(call_id)
    assert news.ledger.kinds(call_id).count(Kind.LEG_CHANGED) == int(rings)


async def test_who_listens_and_hangs_up_was_a_connection(news: Stage, caller: Caller) -> None:
    call_id, leg = await caller.answered()
    news.hang_up(leg)
    row = await news.over(call_id)
    assert (row.outcome, row.data["ended_by"]) == (Outcome.COMPLETED, "caller")
    assert (row.data["reached"], row.data["abandoned"]) == ("connection", False)


async def test_who_hears_nothing_was_abandoned(news: Stage, caller: Caller) -> None:
    call_id = await caller.place()
    leg = f"{call_id}.callee"
    news.control.faults["is_wideband"] = ZeroDivisionError("a fault of ours")
    news.control.tell(LegRinging(leg), LegAnswered(leg))
    row = await news.over(call_id)
    assert (row.outcome, row.data["ended_by"]) == (Outcome.FAILED, "fault")
    assert (row.data["reached"], row.data["abandoned"]) == ("connection", True)
    assert news.control.asked("hang_up") == [(leg, 16)]
    assert news.control.asked("leave") == []  # nobody whom we called is asked for a message


async def test_the_gate_forbids_and_nothing_is_dialled_or_written(news: Stage, caller: Caller) -> None:
    caller.gate.refusal = REFUSED
    assert await caller.declined() is REFUSED
    assert news.control.requests == []
    assert news.ledger.log == {}
    assert len(news.live) == 0


async def test_without_a_database_nothing_is_dialled(news: Stage, caller: Caller) -> None:
    news.ledger.away = True
    with pytest.raises(LedgerUnavailable):
        await caller.outbound.place(caller.order())
    assert news.control.requests == []
    assert len(news.live) == 0
    news.ledger.away = False
    await caller.place()


async def test_the_call_is_written_before_it_is_dialled(news: Stage, caller: Caller) -> None:
    news.ledger.slow = asyncio.Event()
    placing = asyncio.create_task(caller.outbound.place(caller.order()))
    await asyncio.sleep(2)
    assert news.control.requests == []
    news.ledger.slow.set()
    placed = await placing
    assert isinstance(placed, Placed)
    assert news.ledger.kinds(placed.call_id)[0] is Kind.RECEIVED
    await news.until(lambda: bool(news.control.asked("originate")))


async def test_an_order_is_carried_out_once(news: Stage, caller: Caller) -> None:
    call_id = await caller.place()
    news.control.tell(ChannelEnded(f"{call_id}.callee", 17))
    await news.over(call_id)
    assert await caller.outbound.place(caller.order(id=call_id)) == Placed(call_id)
    assert len(news.control.asked("originate")) == 1


async def test_one_person_is_called_by_one_call_at_a_time(news: Stage, caller: Caller) -> None:
    news.ledger.slow = asyncio.Event()
    first = asyncio.create_task(caller.outbound.place(caller.order()))
    await asyncio.sleep(0.01)
    with pytest.raises(PersonBusy):
        await caller.outbound.place(caller.order())
    news.ledger.slow.set()
    await first
    with pytest.raises(PersonBusy):
        await caller.outbound.place(caller.order())
    assert len(caller.gate.asked) == 1


async def test_there_are_so_many_lines_and_calls_a_second(news: Stage) -> None:
    caller = Caller(news, most=3, calls_per_second=0.5)
    loop = asyncio.get_running_loop()
    began = loop.time()
    calls = [await caller.place(to=f"+4822000003{number}") for number in range(3)]
    assert loop.time() - began == pytest.approx(4, abs=0.1)
    with pytest.raises(CannotPlace, match="All 3 lines") as full:
        await caller.place()
    assert full.value.retry_seconds == 10
    news.control.tell(ChannelEnded(f"{calls[0]}.callee", 19))
    await news.over(calls[0])
    await caller.place()


async def test_who_would_wait_too_long_is_sent_away_and_takes_no_turn(news: Stage) -> None:
    caller = Caller(news, calls_per_second=0.1)
    await caller.place(to="+48220000031")
    for _ in range(3):
        with pytest.raises(CannotPlace, match="waiting to be placed"):
            await caller.place()
    await asyncio.sleep(10)
    await caller.place()


async def test_a_refused_order_takes_no_turn(news: Stage) -> None:
    caller = Caller(news, calls_per_second=0.1)
    caller.gate.refusal = REFUSED
    for _ in range(3):
        await caller.declined()
    caller.gate.refusal = None
    loop = asyncio.get_running_loop()
    began = loop.time()
    await caller.place()
    assert loop.time() - began < 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": "220000020"}, "to"),
        ({"to": "100"}, "to"),
        ({"to": "+48220000020@evil"}, "to"),
        ({"flow": "nothing"}, "flow"),
        ({"language": "ru"}, "language"),
        ({"ring_seconds": 14}, "ring_seconds"),
        ({"ring_seconds": 121}, "ring_seconds"),
        ({"flow": "front"}, "flow"),  # for those who call
        ({"variables": {"name": "Anna"}}, "variables"),
        ({"flow": "offer", "language": None, "variables": {"name": "Anna"}}, "variables"),
    ],
)
async def test_an_order_that_cannot_be_carried_out_is_told(
    caller: Caller, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(OrderRefused) as refused:
        await caller.outbound.place(caller.order(**changes))
    assert refused.value.field == field
    assert caller.gate.asked == []


async def test_without_a_trunk_or_asterisk_there_is_no_call(news: Stage) -> None:
    with pytest.raises(CannotPlace, match=r"sip\.trunks"):
        await Caller(news, trunk=None).place()
    caller = Caller(news)
    caller.unreachable.add("carrier")
    with pytest.raises(CannotPlace, match="'carrier' does not answer") as away:
        await caller.place()
    assert away.value.retry_seconds == 30
    assert caller.gate.asked == []
    caller.unreachable.clear()
    assert await caller.place()
    news.control.tell(ControlDropped())
    with pytest.raises(CannotPlace, match="Asterisk is away"):
        await Caller(news).place()


async def test_an_originate_that_asterisk_refuses_is_a_failed_call(news: Stage, caller: Caller) -> None:
    news.control.faults["originate"] = RequestRefused("no such trunk")
    call_id = await caller.place()
    row = await news.over(call_id)
    assert (row.outcome, row.data["reached"]) == (Outcome.FAILED, "failed")
    assert news.one(call_id, Kind.TROUBLE).data["detail"] == "no such trunk"


async def test_a_call_that_is_never_told_of_is_given_up(news: Stage, caller: Caller) -> None:
    call_id = await caller.place(ring_seconds=20)
    loop = asyncio.get_running_loop()
    began = loop.time()
    row = await news.over(call_id)
    assert loop.time() - began == pytest.approx(20 + SETUP_SECONDS + OVERDUE_SECONDS, abs=0.2)
    assert (row.outcome, row.data["cause"]) == (Outcome.NO_ANSWER, None)
    assert news.control.asked("hang_up") == [(f"{call_id}.callee", 16)]


async def test_a_person_who_talks_with_another_engine_is_busy(news: Stage, caller: Caller) -> None:
    caller.gate.refusal = busy(REFUSED, news.clock.now())
    with pytest.raises(PersonBusy, match="wait for its end"):
        await caller.place()
    assert news.control.asked("originate") == []


async def test_the_time_to_answer_begins_when_it_rings(news: Stage, caller: Caller) -> None:
    """However long the network took to find the person's telephone."""
    asked: list[int] = []
    originate = news.control.originate

    async def told(*which: Any, ring_seconds: int, **more: Any) -> None:
        asked.append(ring_seconds)
        await originate(*which, ring_seconds=ring_seconds, **more)

    news.control.originate = told  # type: ignore[method-assign]
    call_id = await caller.place(ring_seconds=20)
    assert asked == [20 + SETUP_SECONDS]
    leg = f"{call_id}.callee"
    await asyncio.sleep(9)
    news.control.tell(LegRinging(leg))
    await asyncio.sleep(10)
    news.control.tell(LegRinging(leg))  # a network may tell it more than once
    await asyncio.sleep(9.5)
    assert news.control.asked("hang_up") == []
    await asyncio.sleep(1)
    assert news.control.asked("hang_up") == [(leg, 16)]
    assert (await news.over(call_id)).outcome == Outcome.NO_ANSWER


async def test_an_originate_without_an_answer_is_not_repeated(news: Stage, caller: Caller) -> None:
    news.control.faults["originate"] = ControlLost("no answer in 5 s")
    call_id = await caller.place()
    leg = f"{call_id}.callee"
    await news.until(lambda: Kind.RESUMED in news.ledger.kinds(call_id))
    news.control.faults.clear()
    news.control.tell(LegRinging(leg), LegAnswered(leg))
    await news.until(lambda: "Keep or cancel?" in news.control.words())
    assert len(news.control.asked("originate")) == 1


@pytest.mark.parametrize("rings", [False, True])
async def test_hanging_up_from_outside_while_it_rings(news: Stage, caller: Caller, rings: bool) -> None:
    call_id = await caller.place()
    leg = f"{call_id}.callee"
    if rings:
        news.control.tell(LegRinging(leg))
    assert await news.switchboard.hang_up(call_id, "api")
    row = await news.over(call_id)
    assert (row.outcome, row.data["ended_by"]) == (Outcome.NO_ANSWER, "api")
    assert news.control.asked("hang_up") == [(leg, 16)]
    assert not await news.switchboard.hang_up(call_id, "api")


async def test_hanging_up_from_outside_in_the_middle(news: Stage, caller: Caller) -> None:
    call_id, _ = await caller.answered()
    assert await news.switchboard.hang_up(call_id, "api")
    row = await news.over(call_id)
    assert (row.outcome, row.data["ended_by"]) == (Outcome.COMPLETED, "api")


async def test_the_dead_man_is_renewed_from_the_answer_on(news: Stage, caller: Caller) -> None:
    call_id = await caller.place(ring_seconds=60)
    leg = f"{call_id}.callee"
    news.control.tell(LegRinging(leg))
    await asyncio.sleep(30)
    assert news.control.asked("guard") == []
    news.control.tell(LegAnswered(leg))
    await news.until(lambda: (leg, 15) in news.control.asked("guard"), 6)
