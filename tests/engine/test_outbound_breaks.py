"""Calls that we place, when Asterisk, the connection or the engine dies meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from calls.control import ChannelEnded, ControlDropped, ControlRestored, KeyPressed, LegAnswered, LegRinging
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from engine.changes import Change
from engine.placing.broken_off import IN_DOUBT
from engine.ports import LedgerUnavailable, LoggedLeg
from tests.engine.fake_network import channel
from tests.engine.outbound_stage import PERSON, Caller, shelf_with_news
from tests.engine.stage import Stage


async def test_asterisk_dies_while_it_rings_and_while_they_talk(news: Stage, caller: Caller) -> None:
    ringing = await caller.place(to="+48220000031")
    talking, _ = await caller.answered()
    news.control.tell(LegRinging(f"{ringing}.callee"))
    news.control.tell(ControlDropped())
    await asyncio.sleep(3)
    news.control.tell(ControlRestored((), restarted=True))
    reached = {}
    for call_id in (ringing, talking):
        row = await news.over(call_id)
        assert (row.outcome, row.data["ended_by"]) == (Outcome.LOST, "network")
        reached[call_id] = row.data["reached"]
    assert reached == {ringing: "attempt", talking: "connection"}
    assert len(news.control.asked("originate")) == 2


async def test_the_connection_is_cut_while_it_rings(news: Stage, caller: Caller) -> None:
    call_id = await caller.place()
    leg = f"{call_id}.callee"
    news.control.tell(LegRinging(leg), ControlDropped())
    await asyncio.sleep(3)
    news.control.tell(ControlRestored((channel(leg, dialled="", answered=False),), restarted=False))
    news.control.tell(LegAnswered(leg))
    await news.until(lambda: "Keep or cancel?" in news.control.words())
    assert len(news.control.asked("originate")) == 1


async def restarted(before: Stage) -> Stage:
    await before.crash()
    await asyncio.sleep(5)
    return Stage(before.folder, after=before, shelf=shelf_with_news())


async def test_the_next_engine_goes_on_ringing(news: Stage, caller: Caller) -> None:
    call_id = await caller.place()
    leg = f"{call_id}.callee"
    news.control.tell(LegRinging(leg))
    await news.until(lambda: Kind.LEG_CHANGED in news.ledger.kinds(call_id))
    stage = await restarted(news)
    await stage.connect(channel(leg, dialled="", answered=False))
    assert stage.control.asked("guard") == []
    stage.control.tell(LegAnswered(leg))
    await stage.until(lambda: stage.control.words() == [f"We call {PERSON}.", "Keep or cancel?"])
    stage.control.tell(KeyPressed(leg, "1"))
    row = await stage.over(call_id)
    assert (row.outcome, row.data["reached"], row.language) == (Outcome.COMPLETED, "conversation", "en")
    assert stage.control.asked("originate") == []
    await stage.switchboard.close()


async def test_the_next_engine_goes_on_with_whoever_answered_meanwhile(news: Stage, caller: Caller) -> None:
    call_id = await caller.place()
    leg = f"{call_id}.callee"
    stage = await restarted(news)
    await stage.connect(channel(leg, dialled="", answered=True))
    await stage.until(lambda: "Keep or cancel?" in stage.control.words())
    assert Kind.ANSWERED in stage.ledger.kinds(call_id)
    stage.hang_up(leg)
    assert (await stage.over(call_id)).data["reached"] == "connection"
    await stage.switchboard.close()


async def test_the_next_engine_goes_on_with_the_conversation(news: Stage, caller: Caller) -> None:
    call_id, leg = await caller.answered()
    stage = await restarted(news)
    await stage.connect(channel(leg, dialled=""))
    await stage.until(lambda: stage.control.words()[-1:] == ["Keep or cancel?"])
    stage.control.tell(KeyPressed(leg, "9"))
    row = await stage.over(call_id)
    assert (row.outcome, row.heard, row.data["reached"]) == (Outcome.COMPLETED, ("9",), "conversation")
    assert stage.control.asked("originate") == []
    await stage.switchboard.close()


async def test_the_next_engine_closes_what_is_gone_and_dials_nobody(news: Stage, caller: Caller) -> None:
    ringing = await caller.place(to="+48220000031")
    talking, _ = await caller.answered()
    stage = await restarted(news)
    await stage.connect()
    for call_id, reached in ((ringing, "attempt"), (talking, "connection")):
        row = await stage.over(call_id)
        assert (row.outcome, row.data["reached"]) == (Outcome.LOST, reached)
    assert stage.control.requests == []
    await stage.switchboard.close()


async def test_a_person_whose_call_is_over_is_not_taken_for_a_caller(news: Stage, caller: Caller) -> None:
    call_id = await caller.place()
    leg = f"{call_id}.callee"
    news.control.tell(ChannelEnded(leg, 17))
    await news.over(call_id)
    stage = await restarted(news)
    await stage.connect(channel(leg, dialled="s"))
    await stage.until(lambda: stage.control.asked("hang_up") == [(leg, 16)])
    assert len(stage.ledger.log) == 1
    await stage.switchboard.close()


async def test_the_engine_stops_while_it_rings(news: Stage, caller: Caller) -> None:
    call_id = await caller.place()
    news.control.tell(LegRinging(f"{call_id}.callee"))
    await news.switchboard.close()
    row = await news.over(call_id)
    assert (row.outcome, row.data["ended_by"], row.data["reached"]) == (Outcome.LOST, "engine", "attempt")


@pytest.mark.parametrize("again", [False, True], ids=["the same engine", "the next one"])
async def test_a_call_in_doubt_that_was_never_dialled_is_closed(
    news: Stage, caller: Caller, again: bool
) -> None:
    """The database has taken its first event, and its answer was lost."""
    commit = news.ledger.commit

    async def cut(changes: Sequence[Change], *, durable: bool = False) -> None:
        await commit(changes, durable=durable)
        if changes and durable:
            raise LedgerUnavailable("The connection was closed.")

    news.ledger.commit = cut  # type: ignore[method-assign]
    with pytest.raises(LedgerUnavailable):
        await caller.outbound.place(caller.order())
    news.ledger.commit = commit  # type: ignore[method-assign]
    stage = await restarted(news) if again else news
    watch = asyncio.create_task(stage.recovery.watch())
    await asyncio.sleep(IN_DOUBT.total_seconds() - 10)
    assert again or Kind.ENDED not in news.ledger.kinds("out1")  # it may be about to be dialled
    await stage.until(lambda: Kind.ENDED in stage.ledger.kinds("out1"))
    row = await stage.over("out1")
    assert row.data["ended_by"] == "network"
    assert (row.outcome, row.data["reached"]) in ((Outcome.FAILED, "failed"), (Outcome.LOST, "attempt"))
    assert (row.outcome == Outcome.FAILED) != again  # of another engine nobody knows
    assert news.control.asked("originate") == []
    watch.cancel()
    await stage.switchboard.close()


async def test_a_call_that_goes_on_is_not_taken_for_one_in_doubt(news: Stage, caller: Caller) -> None:
    call_id = await caller.place(ring_seconds=120)
    watch = asyncio.create_task(news.recovery.watch())
    await asyncio.sleep(IN_DOUBT.total_seconds() + 20)
    assert Kind.ENDED not in news.ledger.kinds(call_id)
    watch.cancel()


async def test_the_log_tells_that_somebody_answered_while_no_engine_was_there(
    news: Stage, caller: Caller
) -> None:
    call_id = await caller.place()
    at = news.clock.now() + timedelta(seconds=3)
    stage = await restarted(news)
    stage.network_log.legs[f"{call_id}.callee"] = LoggedLeg(at, at + timedelta(seconds=1), 16)
    await stage.connect()
    row = await stage.over(call_id)
    assert (row.outcome, row.data["reached"]) == (Outcome.LOST, "connection")
    assert stage.one(call_id, Kind.ANSWERED).at == at
    await stage.switchboard.close()
