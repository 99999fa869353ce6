"""A call at a desk from the offer to its row in the history: notes, outcomes, wrap-up, and restarts in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from acd.agents import AgentState, AgentStatus
from acd.events import HoldChanged, TalkFound
from calls.events import CallEventKind as Kind
from engine.changes import CallPartKept, Change
from engine.desk.refusals import DeskRefused
from engine.desk.settings import DeskSettings, QueueDesk
from engine.desk.view import DeskPart, ScriptStep
from engine.registers.agents import AgentEventKind
from history.interaction import Channel
from history.permissions import Scope
from tests.engine.desk_stage import SETTINGS, DeskStage
from tests.engine.stage import CALLER


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskStage]:
    stage = await DeskStage(tmp_path).start()
    yield stage
    await stage.close()


def rows(desk: DeskStage, channel: Channel = Channel.TALK) -> list[object]:
    return [row for row in desk.ledger.interactions if row.channel is channel]


async def test_a_talk_becomes_a_row_of_the_history_when_it_is_wrapped_up(desk: DeskStage) -> None:
    await desk.here("anna")
    log = await desk.talks()
    await log.write(Kind.TALK_HELD, {"agent": "anna"})
    desk.queues.tell(HoldChanged("call1", "anna", True))
    await asyncio.sleep(20)
    await log.write(Kind.TALK_RESUMED, {"agent": "anna", "seconds": 20})
    desk.queues.tell(HoldChanged("call1", "anna", False))
    await asyncio.sleep(40)
    await desk.desks.save_note("anna", "call1", "Wants a copy.", 1)
    await desk.hangs_up("anna")
    assert (await desk.desks.view("anna")).state is AgentState.WRAP_UP
    await desk.desks.dispose("anna", "call1", "sale")
    await asyncio.sleep(5)
    assert not rows(desk)
    await desk.desks.finish_wrap_up("anna")
    await desk.settled()
    (row,) = [row for row in desk.ledger.interactions if row.channel is Channel.TALK]
    assert (row.subject_id, row.agent, row.disposition, row.note) == (
        "call1",
        "anna",
        "sale",
        "Wants a copy.",
    )
    assert row.duration_seconds == pytest.approx(60, abs=0.5)
    assert row.data["held_seconds"] == pytest.approx(20, abs=0.5)
    assert row.data["wrap_up_seconds"] == pytest.approx(5, abs=0.5)
    assert row.point == log.point
    # It comes behind the end, in the log and in what is stored of the call.
    assert desk.ledger.kinds("call1")[-2:] == [Kind.ENDED, Kind.WRAPPED_UP]
    assert desk.ledger.calls["call1"].last_seq == len(desk.ledger.log["call1"])
    assert desk.ledger.parts == {}
    with pytest.raises(DeskRefused, match="wrapped up already"):
        await desk.desks.save_note("anna", "call1", "Too late.", 2)


async def test_the_finished_call_is_on_the_desk_at_once(desk: DeskStage) -> None:
    await desk.here("anna")
    await desk.talks()
    await desk.hangs_up("anna")
    async with desk.desks.watch("anna", "page1") as news:
        await desk.desks.finish_wrap_up("anna")
        await desk.settled()
        (row,) = [row for row in desk.ledger.interactions if row.channel is Channel.TALK]
        async with asyncio.timeout(5):
            while await news.get() is not DeskPart.POPUP:
                pass
    popup = (await desk.desks.view("anna")).popup
    assert popup is not None
    assert popup.timeline == (row, *desk.registers.known.timeline)
    await desk.offered("call2", caller="+48600000099")
    popup = (await desk.desks.view("anna")).popup
    assert popup is not None
    assert popup.call_id == "call2"


async def test_the_days_numbers_are_those_of_the_log(desk: DeskStage) -> None:
    await desk.here("anna")
    await desk.talks()
    await asyncio.sleep(60)
    await desk.hangs_up("anna")
    await asyncio.sleep(31)  # the wrap-up runs out by itself
    await desk.settled()
    day = (await desk.desks.view("anna")).day
    assert (day.handled, day.missed) == (1, 0)
    assert day.talk_seconds == pytest.approx(60, abs=0.5)
    assert day.wrap_up_seconds == pytest.approx(30, abs=0.5)
    kinds = [event.kind for event in desk.registers.events_of("anna")]
    assert kinds.count(AgentEventKind.OFFERED) == kinds.count(AgentEventKind.TALKED) == 1
    assert kinds.count(AgentEventKind.WRAPPED_UP) == 1


async def test_an_older_note_never_replaces_a_newer(desk: DeskStage) -> None:
    await desk.here("anna")
    await desk.talks()
    await desk.desks.save_note("anna", "call1", "second", 2)
    kept = await desk.desks.save_note("anna", "call1", "first", 1)
    assert (kept.text, kept.seq) == ("second", 2)
    assert (await desk.desks.view("anna")).note == kept


async def test_a_queue_that_demands_an_outcome_is_not_left_without(desk: DeskStage) -> None:
    await desk.here("anna")
    await desk.talks(queue="strict")
    await desk.hangs_up("anna")
    with pytest.raises(DeskRefused, match="choose one first"):
        await desk.desks.finish_wrap_up("anna")
    with pytest.raises(DeskRefused, match="no outcome 'nonsense'"):
        await desk.desks.dispose("anna", "call1", "nonsense")
    await desk.desks.dispose("anna", "call1", "wrong_number")
    await desk.desks.finish_wrap_up("anna")
    assert (await desk.desks.view("anna")).state is AgentState.IDLE


async def test_a_wrap_up_goes_on_behind_a_restart(desk: DeskStage, tmp_path: Path) -> None:
    await desk.here("anna")
    await desk.talks()
    await desk.desks.save_note("anna", "call1", "Half a note", 1)
    await desk.hangs_up("anna")
    await asyncio.sleep(10)
    await desk.crash()
    after = await DeskStage(tmp_path, after=desk).start()
    try:
        view = await after.desks.view("anna")
        assert view.state is AgentState.WRAP_UP
        assert view.note is not None
        assert view.note.text == "Half a note"
        assert view.wrap_up is not None
        assert view.wrap_up.until is not None
        assert (view.wrap_up.until - view.now).total_seconds() == pytest.approx(20, abs=1)
        await after.desks.dispose("anna", "call1", "sale")
        await asyncio.sleep(21)
        await after.settled()
        (row,) = [row for row in after.ledger.interactions if row.channel is Channel.TALK]
        assert (row.note, row.disposition) == ("Half a note", "sale")
        assert after.ledger.kinds("call1")[-1] is Kind.WRAPPED_UP
    finally:
        await after.close()


async def test_a_talk_that_ended_while_the_engine_was_away_is_wrapped_up(
    desk: DeskStage, tmp_path: Path
) -> None:
    await desk.here("anna")
    log = await desk.talks()
    await desk.desks.save_note("anna", "call1", "Said before the crash", 1)
    await asyncio.sleep(40)
    await log.write(Kind.ENDED, {"by": "caller", "cause": 16, "outcome": "completed"})  # as was found later
    await desk.crash()
    after = await DeskStage(tmp_path, after=desk).start()
    try:
        await asyncio.sleep(95)
        (row,) = [row for row in after.ledger.interactions if row.channel is Channel.TALK]
        assert row.note == "Said before the crash"
        assert row.duration_seconds == pytest.approx(40, abs=1)
        assert after.ledger.parts == {}
    finally:
        await after.close()


async def test_a_database_that_is_away_loses_neither_note_nor_row(desk: DeskStage) -> None:
    await desk.here("anna")
    await desk.talks()
    desk.ledger.away = True
    kept = await desk.desks.save_note("anna", "call1", "On disk", 1)
    assert kept.text == "On disk"
    await desk.hangs_up("anna")
    await desk.desks.dispose("anna", "call1", "sale")
    view = await desk.desks.view("anna")  # the page is there all the same
    assert view.note is not None
    assert view.note.text == "On disk"
    await desk.desks.finish_wrap_up("anna")
    desk.ledger.away = False
    await desk.settled()
    (row,) = [row for row in desk.ledger.interactions if row.channel is Channel.TALK]
    assert (row.note, row.disposition) == ("On disk", "sale")


async def test_what_is_written_slowly_does_not_come_back_behind_the_wrap_up(
    desk: DeskStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = desk.ledger.commit

    async def late(changes: Sequence[Change], *, durable: bool = False) -> None:
        if any(isinstance(change, CallPartKept) for change in changes):
            await asyncio.sleep(0.5)
        await at_once(changes, durable=durable)

    await desk.here("anna")
    await desk.talks()
    monkeypatch.setattr(desk.ledger, "commit", late)
    saving = asyncio.ensure_future(desk.desks.save_note("anna", "call1", "The last word", 1))
    await asyncio.sleep(0.1)
    await desk.hangs_up("anna")
    await desk.desks.finish_wrap_up("anna")
    await saving
    await asyncio.sleep(5)
    assert desk.ledger.parts == {}
    (row,) = [row for row in desk.ledger.interactions if row.channel is Channel.TALK]
    assert row.note == "The last word"


async def test_an_outcome_that_ends_contacts_does_so_when_it_is_final(desk: DeskStage) -> None:
    stops = next(name for name, one in SETTINGS.dispositions.items() if one.next.value == "stop")
    await desk.here("anna")
    await desk.talks()
    await desk.desks.dispose("anna", "call1", stops)
    await desk.desks.dispose("anna", "call1", "sale")  # that was the wrong key
    await desk.hangs_up("anna")
    await desk.desks.finish_wrap_up("anna")
    await desk.settled()
    assert desk.ledger.objections == {}
    await desk.talks("call2")
    await desk.desks.dispose("anna", "call2", stops)
    await desk.hangs_up("anna", "call2")
    await desk.desks.finish_wrap_up("anna")
    await desk.settled()
    by_scope = {one.scope: one for one in desk.ledger.objections.values()}
    assert by_scope.keys() == {Scope.PERSON, Scope.NUMBER}
    assert (by_scope[Scope.NUMBER].value, by_scope[Scope.NUMBER].source) == (CALLER, "agent:anna")


async def test_a_status_chosen_in_a_talk_comes_after_it(desk: DeskStage) -> None:
    await desk.here("anna")
    await desk.talks()
    await desk.desks.set_status("anna", AgentStatus.BREAK, "lunch")
    view = await desk.desks.view("anna")
    assert (view.status, view.after, view.after_reason) == (
        AgentStatus.AVAILABLE,
        AgentStatus.BREAK,
        "lunch",
    )
    await desk.hangs_up("anna")
    await desk.desks.finish_wrap_up("anna")
    assert (await desk.desks.view("anna")).status is AgentStatus.BREAK


async def test_a_campaigns_call_has_the_campaigns_outcomes_and_script(tmp_path: Path) -> None:
    autumn = (ScriptStep({"en": "Greet"}, {"en": "Good morning."}),)
    stage = await DeskStage(tmp_path, settings=replace(SETTINGS, scripts={"autumn": autumn})).start()
    await stage.here("anna")
    await stage.talks(script="autumn", dispositions=["wrong_number", "gone_since", "sale"])
    view = await stage.desks.view("anna")
    assert [one.name for one in view.dispositions] == ["wrong_number", "sale"]
    assert view.script == autumn
    await stage.hangs_up("anna")
    assert [one.name for one in (await stage.desks.view("anna")).dispositions] == ["wrong_number", "sale"]
    with pytest.raises(DeskRefused):
        await stage.desks.dispose("anna", "call1", "transferred")
    await stage.desks.dispose("anna", "call1", "sale")
    await stage.close()


def test_settings_name_what_a_queue_offers() -> None:
    own = DeskSettings(region="PL", queues={"orders": QueueDesk(dispositions=("sale",))})
    assert [one.name for one in own.dispositions_of("orders", ["gone_since"])] == ["sale"]
    settings = DeskSettings(region="PL")
    assert [one.name for one in settings.dispositions_of("any")] == list(settings.dispositions)
    assert settings.script_of("any") == ()


@pytest.mark.parametrize("kind", [Kind.TRANSFERRED, Kind.CONFERENCE_STARTED])
@pytest.mark.parametrize("asked_first", [True, False])
async def test_who_takes_a_call_over_has_their_part_of_it(
    desk: DeskStage, kind: Kind, asked_first: bool
) -> None:
    await desk.here("anna")
    await desk.here("jan", "page2")
    log = await desk.talks()
    now = desk.stage.clock.now()
    given = {"agent": "anna", "kind": "agent", "target": "jan", "how": "attended"}
    if not asked_first and kind is Kind.TRANSFERRED:  # told before the queues know of it
        await log.write(kind, given)
    desk.queues.tell(TalkFound("call1", "jan", "orders", now))
    if asked_first or kind is Kind.CONFERENCE_STARTED:
        await log.write(kind, given)
    await asyncio.sleep(30)
    await desk.hangs_up("jan")
    await desk.desks.dispose("jan", "call1", "sale")
    await desk.desks.finish_wrap_up("jan")
    await desk.settled()
    mine = [row for row in desk.ledger.interactions if row.channel is Channel.TALK]
    (row,) = [row for row in mine if row.agent == "jan"]
    assert row.duration_seconds == pytest.approx(30, abs=1)
    assert row.outcome == "completed"
