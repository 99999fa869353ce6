"""Sitting at a desk: one page at a time, the telephone's password, and what comes of a page that goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acd.agents import Agent, AgentState, AgentStatus
from acd.events import CancelOffer
from calls.control import ControlLost, ControlRestored, PhoneChanged
from calls.events import CallEventKind as Kind
from engine.desk.refusals import DeskRefused
from engine.desk.sittings import AWAY_SECONDS
from engine.desk.view import DeskPart
from engine.queues import AgentLine
from engine.registers.agents import AgentEventKind
from tests.engine.desk_stage import DeskStage


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskStage]:
    stage = await DeskStage(tmp_path).start()
    yield stage
    await stage.close()


def log_of(desk: DeskStage, agent: str = "anna") -> list[tuple[AgentEventKind, object]]:
    told = ("why", "status", "telephone")
    return [
        (event.kind, next((event.data[key] for key in told if key in event.data), None))
        for event in desk.registers.events_of(agent)
    ]


async def test_each_page_gets_a_password_of_its_own(desk: DeskStage) -> None:
    first = await desk.desks.sign_in("anna", "page1")
    assert (first.phone, first.password) == ("anna", desk.phones.passwords["anna"])
    assert len(first.password) >= 43  # 32 random bytes
    second = await desk.desks.sign_in("anna", "page2")
    assert second.password != first.password
    assert desk.phones.passwords["anna"] == second.password
    assert first.password not in repr(first)


async def test_the_page_that_came_last_is_the_desk_and_takes_the_talk_over(desk: DeskStage) -> None:
    await desk.here("anna", "page1")
    async with desk.desks.watch("anna", "page1") as old:
        await desk.talks()
        while not old.empty():
            old.get_nowait()
        await desk.desks.sign_in("anna", "page2")
        assert old.get_nowait() is DeskPart.ELSEWHERE
        async with desk.desks.watch("anna", "page2") as new:
            await desk.desks.set_status("anna", AgentStatus.BREAK, "lunch")
            assert new.get_nowait() is DeskPart.STATE
            assert old.empty()
            view = await desk.desks.view("anna")
            assert (view.state, view.popup is not None) == (AgentState.TALKING, True)
    async with desk.desks.watch("anna", "page1") as again:  # it finds its stream cut, and comes back
        assert again.get_nowait() is DeskPart.ELSEWHERE
    signed_in = [kind for kind, _ in log_of(desk) if kind is AgentEventKind.SIGNED_IN]
    assert len(signed_in) == 1


async def test_who_closes_the_page_is_offline_after_a_while(desk: DeskStage) -> None:
    await desk.here("anna")
    async with desk.desks.watch("anna", "page1"):
        await asyncio.sleep(120)
        assert (await desk.desks.view("anna")).status is AgentStatus.AVAILABLE
    await asyncio.sleep(15)
    async with desk.desks.watch("anna", "page1"):  # loaded anew in time
        await asyncio.sleep(60)
        assert (await desk.desks.view("anna")).status is AgentStatus.AVAILABLE
    await desk.desks.gone("anna", "page1")
    await asyncio.sleep(21)
    view = await desk.desks.view("anna")
    assert (view.status, view.signed_in) == (AgentStatus.OFFLINE, False)
    assert desk.phones.passwords == {}
    assert log_of(desk)[-1] == (AgentEventKind.SIGNED_OUT, "gone")


async def test_a_page_that_never_opens_its_stream_does_not_stay(desk: DeskStage) -> None:
    await desk.here("anna")
    await asyncio.sleep(21)
    assert (await desk.desks.view("anna")).status is AgentStatus.OFFLINE


async def test_a_page_that_closes_in_a_talk_leaves_the_agent_signed_in_until_it_is_over(
    desk: DeskStage,
) -> None:
    await desk.here("anna")
    async with desk.desks.watch("anna", "page1"):
        await desk.talks()
    await asyncio.sleep(60)
    assert (await desk.desks.view("anna")).signed_in
    await desk.hangs_up("anna")
    await desk.settled()
    view = await desk.desks.view("anna")
    assert (view.signed_in, view.state) == (False, AgentState.WRAP_UP)
    assert log_of(desk)[-1] == (AgentEventKind.SIGNED_OUT, "gone")
    await asyncio.sleep(31)
    assert (await desk.desks.view("anna")).status is AgentStatus.OFFLINE
    assert Kind.WRAPPED_UP in desk.ledger.kinds("call1")


async def test_a_telephone_that_goes_has_its_offer_taken_back(desk: DeskStage) -> None:
    await desk.here("anna")
    await desk.offered()
    desk.queues.phone_changed(PhoneChanged("anna", False))
    assert desk.commands[-1] == CancelOffer("call1", "anna")
    assert not (await desk.desks.view("anna")).phone_ready


async def test_signing_out_waits_for_the_talk_unless_a_supervisor_does_it(desk: DeskStage) -> None:
    await desk.here("anna")
    await desk.talks()
    with pytest.raises(DeskRefused, match="end it first"):
        await desk.desks.sign_out("anna")
    async with desk.desks.watch("anna", "page1") as news:
        await desk.desks.sign_out("anna", "Maria")
        told = [news.get_nowait() for _ in range(news.qsize())]
    assert DeskPart.SIGNED_OUT in told
    assert (await desk.desks.view("anna")).state is AgentState.TALKING
    await desk.settled()
    assert log_of(desk)[-1] == (AgentEventKind.SIGNED_OUT, "supervisor")


async def test_asterisk_that_was_restarted_knows_the_browsers_again(desk: DeskStage) -> None:
    await desk.here("anna")
    password = desk.phones.passwords.pop("anna")
    desk.desks.on_network_event(ControlRestored((), False))
    await desk.settled()
    assert desk.phones.passwords == {}
    desk.desks.on_network_event(ControlRestored((), True))
    await desk.settled()
    assert desk.phones.passwords == {"anna": password}


async def test_without_asterisk_nobody_signs_in(desk: DeskStage) -> None:
    desk.phones.fault = ControlLost("not connected")
    with pytest.raises(DeskRefused, match="Asterisk does not answer"):
        await desk.desks.sign_in("anna", "page1")
    assert not (await desk.desks.view("anna")).signed_in


async def test_after_a_restart_pages_find_their_desk_and_a_break_is_as_old_as_it_was(
    desk: DeskStage, tmp_path: Path
) -> None:
    await desk.here("anna")
    await desk.here("jan")
    await desk.desks.set_status("anna", AgentStatus.BREAK, "lunch")
    since = (await desk.desks.view("anna")).status_since
    await desk.settled()
    await desk.crash()
    after = await DeskStage(tmp_path, after=desk).start()
    try:
        view = await after.desks.view("anna")
        assert (view.status, view.reason, view.status_since) == (AgentStatus.BREAK, "lunch", since)
        async with after.desks.watch("anna", "page1") as news:
            assert news.get_nowait() is DeskPart.PHONE  # its password is not known here
            await asyncio.sleep(120)
            assert (await after.desks.view("anna")).status is AgentStatus.BREAK
        assert (await after.desks.view("jan")).status is AgentStatus.OFFLINE  # who did not come back
        await after.settled()
        breaks = [what for what in log_of(after) if what == (AgentEventKind.STATUS_CHANGED, "break")]
        assert len(breaks) == 1  # the restart is none of theirs
    finally:
        await after.close()


async def test_a_break_of_who_has_their_own_telephone_goes_on_over_a_restart(
    desk: DeskStage, tmp_path: Path
) -> None:
    desk.queues.phone_changed(PhoneChanged("desk-phone", True))
    await desk.desks.set_status("desk-phone", AgentStatus.BREAK, "lunch")
    await desk.settled()
    await desk.crash()
    after = await DeskStage(tmp_path, after=desk).start()
    try:
        after.queues.phone_changed(PhoneChanged("desk-phone", True))
        assert (await after.desks.view("desk-phone")).status is AgentStatus.BREAK
        for reachable in (False, True):
            after.queues.phone_changed(PhoneChanged("desk-phone", reachable))
        assert (await after.desks.view("desk-phone")).status is AgentStatus.AVAILABLE
    finally:
        await after.close()


async def test_an_agents_own_telephone_tells_whether_they_are_there(desk: DeskStage) -> None:
    credentials = await desk.desks.sign_in("desk-phone", "page1")
    assert (credentials.phone, desk.phones.passwords) == ("", {})
    desk.queues.phone_changed(PhoneChanged("desk-phone", True))
    desk.queues.phone_changed(PhoneChanged("desk-phone", False))
    await desk.settled()
    assert log_of(desk, "desk-phone") == [
        (AgentEventKind.SIGNED_IN, "sip"),
        (AgentEventKind.STATUS_CHANGED, "available"),
        (AgentEventKind.SIGNED_OUT, "gone"),
        (AgentEventKind.STATUS_CHANGED, "offline"),
    ]


async def test_an_offer_that_rings_out_is_missed_until_the_agent_says_otherwise(desk: DeskStage) -> None:
    await desk.here("anna")
    log = await desk.offered()
    view = await desk.desks.view("anna")
    assert view.offer is not None
    assert view.offer.deadline is not None
    async with desk.desks.watch("anna", "page1"):
        await asyncio.sleep(25)
    await log.write(Kind.AGENT_MISSED, {"queue": "orders", "agent": "anna", "outcome": "no_answer"})
    view = await desk.desks.view("anna")
    assert (view.status, view.offer) == (AgentStatus.MISSED, None)
    await desk.settled()
    changed = [e for e in desk.registers.events_of("anna") if e.data.get("status") == "missed"]
    assert [event.data["by"] for event in changed] == ["rule"]
    with pytest.raises(DeskRefused, match="not chosen"):
        await desk.desks.set_status("anna", AgentStatus.MISSED)
    await desk.desks.set_status("anna", AgentStatus.AVAILABLE)
    assert (await desk.desks.view("anna")).day.missed == 1


async def test_a_break_has_one_of_the_reasons(desk: DeskStage) -> None:
    await desk.here("anna")
    with pytest.raises(DeskRefused, match="Choose a break: lunch"):
        await desk.desks.set_status("anna", AgentStatus.BREAK, "fishing")


async def test_a_disabled_person_has_no_desk(desk: DeskStage) -> None:
    assert await desk.desks.agent_of("anna") == "anna"
    desk.registers.disabled.add("jan")
    with pytest.raises(DeskRefused, match="disabled"):
        await desk.desks.agent_of("jan")


async def test_a_person_disabled_in_a_talk_finishes_it_and_leaves_a_row(desk: DeskStage) -> None:
    await desk.here("anna")
    await desk.talks()
    desk.queues.reconfigure(desk.queues._core.queues.values(), [desk.queues.line("jan")])
    await desk.settled()
    assert desk.commands[-1].work_id == "call1"
    await desk.hangs_up("anna")
    await asyncio.sleep(31)
    await desk.settled()
    assert [row.agent for row in desk.ledger.interactions if row.channel == "talk"] == ["anna"]
    with pytest.raises(DeskRefused, match="no agent 'anna'"):
        await desk.desks.view("anna")
    assert desk.phones.passwords == {}


async def test_a_person_who_is_new_finds_a_desk_at_once(desk: DeskStage) -> None:
    async def refresh() -> None:
        lines = [*desk.queues._lines.values(), AgentLine(Agent("ewa"), browser=True)]
        desk.queues.reconfigure(desk.queues._core.queues.values(), lines)

    desk.desks._people._refresh = refresh
    agent = await desk.desks.agent_of("ewa")
    await desk.here(agent)
    view = await desk.desks.view(agent)
    assert (view.shown, view.status, view.phone_ready) == ("Ewa", AgentStatus.AVAILABLE, True)


async def test_who_comes_back_in_the_moment_of_being_given_up_has_a_telephone(desk: DeskStage) -> None:
    await desk.here("anna")
    async with desk.desks.watch("anna", "page1"):
        pass
    await asyncio.sleep(AWAY_SECONDS - 0.5)
    desk.phones.seconds = 1.0  # the desk's time runs out meanwhile
    await desk.desks.sign_in("anna", "page2")
    await desk.settled()
    assert "anna" in desk.phones.passwords
    assert (await desk.desks.view("anna")).status is AgentStatus.AVAILABLE


async def test_who_signs_in_while_the_telephone_is_still_being_dismissed_has_one(desk: DeskStage) -> None:
    await desk.here("anna")
    desk.phones.seconds = 1.0
    leaving = asyncio.create_task(desk.desks.sign_out("anna"))
    await asyncio.sleep(0.5)
    desk.phones.seconds = 0.0
    await desk.desks.sign_in("anna", "page2")
    await leaving
    assert "anna" in desk.phones.passwords


async def test_a_telephone_that_goes_after_a_supervisors_choice_goes_by_itself(desk: DeskStage) -> None:
    desk.queues.phone_changed(PhoneChanged("desk-phone", True))
    await desk.desks.set_status("desk-phone", AgentStatus.BREAK, "lunch", by="Maria")
    desk.queues.phone_changed(PhoneChanged("desk-phone", True, in_use=True))
    assert (await desk.desks.view("desk-phone")).status is AgentStatus.BREAK
    desk.queues.phone_changed(PhoneChanged("desk-phone", False))
    await desk.settled()
    changed = [
        (e.data["status"], e.data["by"])
        for e in desk.registers.events_of("desk-phone")
        if e.kind is AgentEventKind.STATUS_CHANGED
    ]
    assert changed == [("available", ""), ("break", "Maria"), ("offline", "")]
