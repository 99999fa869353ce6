"""The screen-pop: who calls is read before the page asks, and the way that they came is told in stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from acd.work import Waiting
from calls.control import PhoneChanged
from calls.events import CallEventKind as Kind
from engine.desk.view import DeskPart, StopKind
from engine.registers.desk import KnownCaller
from history.contact import Contact
from history.interaction import Channel, Interaction
from tests.engine.desk_stage import DeskStage
from tests.engine.stage import CALLER


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskStage]:
    stage = await DeskStage(tmp_path).start()
    await stage.here("anna")
    yield stage
    await stage.close()


def promise(desk: DeskStage, due: str) -> Interaction:
    return Interaction(due, desk.stage.clock.now(), Channel.PROMISE, "inbound", due, data={"due": due})


async def test_who_calls_is_known_when_the_browser_rings(desk: DeskStage) -> None:
    now = desk.stage.clock.now()
    over, open_ = promise(desk, "2026-03-01"), promise(desk, "2026-03-02")
    desk.registers.known = KnownCaller(Contact("c1", now, now, name="Anna"), promises=[over, open_])
    async with desk.desks.watch("anna", "page1") as news:
        await desk.offered()
        await desk.settled()
        told = [news.get_nowait() for _ in range(news.qsize())]
    assert DeskPart.OFFER in told
    assert DeskPart.POPUP in told
    assert len(told) == len(set(told))
    assert [point.value for point in desk.registers.asked] == [CALLER]
    view = await desk.desks.view("anna")
    assert len(desk.registers.asked) == 1  # the page asks nothing anew
    assert view.popup is not None
    assert view.popup.contact is not None
    assert view.popup.contact.name == "Anna"
    assert view.popup.promises == (open_,)
    assert view.offer is not None
    assert view.offer.number == CALLER


async def test_nobody_reads_for_an_agent_without_a_page(desk: DeskStage) -> None:
    await desk.desks.sign_out("anna")
    desk.queues.phone_changed(PhoneChanged("desk-phone", True))
    await desk.talks()
    await desk.settled()
    assert desk.registers.asked == []


async def test_the_way_is_told_in_stops(desk: DeskStage) -> None:
    log = await desk.call()
    await log.write(Kind.STEP_ENTERED, {"step": "what", "verb": "menu"})
    await log.write(Kind.KEY_PRESSED, {"key": "2"})
    await log.write(Kind.UNDERSTOOD, {"step": "what", "choice": "orders", "by": "key", "confidence": 1})
    for key in "17":
        await log.write(Kind.KEY_PRESSED, {"key": key})
    await log.write(Kind.UNDERSTOOD, {"step": "number", "value": "17", "by": "key", "confidence": 1})
    await log.write(Kind.KEY_PRESSED, {"key": "*"})
    await log.write(Kind.UNDERSTOOD, {"step": "pin", "value": "1234", "by": "key", "confidence": 1})
    words = {"text": "where is it", "confidence": 0.94, "seconds": 1.2, "language": "en"}
    await log.write(Kind.HEARD, words)
    await log.write(Kind.UNDERSTOOD, {"step": "why", "choice": "delivery", "by": "speech", "confidence": 0.9})
    await log.write(Kind.FETCHED, {"service": "shop", "status": 200, "seconds": 0.1})
    await log.write(Kind.QUEUED, {"queue": "orders", "position": 1})
    told = {"queue": "orders", "agent": "anna", "leg": "call1.leg.1"}
    await log.write(Kind.AGENT_OFFERED, told)
    popup = desk.desks._showing.popup(log)
    assert [(stop.kind, stop.text, stop.detail) for stop in popup.stops] == [
        (StopKind.ARRIVED, "100", ""),
        (StopKind.KEY, "2", "orders"),
        (StopKind.KEY, "17", "17"),
        (StopKind.KEY, "*", ""),
        (StopKind.WORDS, "where is it", "delivery"),
        (StopKind.LOOKED_UP, "shop", "200"),
        (StopKind.QUEUE, "orders", ""),
    ]
    assert popup.stops[4].language == "en"
    assert popup.stops[4].confidence == 0.94
    assert (popup.queue, popup.number, popup.direction) == ("orders", CALLER, "inbound")


async def test_a_database_that_is_away_is_said_and_asked_again(desk: DeskStage) -> None:
    desk.ledger.away = True
    await desk.talks()
    await desk.settled()
    view = await desk.desks.view("anna")
    assert view.popup is not None
    assert "does not answer" in view.popup.missing
    assert view.popup.stops  # what the call tells is there
    desk.ledger.away = False
    now = desk.stage.clock.now()
    desk.registers.known = KnownCaller(Contact("c1", now, now, name="Anna"))
    async with desk.desks.watch("anna", "page1") as news:
        await asyncio.sleep(4)
        assert DeskPart.POPUP in [news.get_nowait() for _ in range(news.qsize())]
    view = await desk.desks.view("anna")
    assert view.popup is not None
    assert view.popup.missing == ""
    assert view.popup.contact is not None


async def test_the_desk_is_empty_without_a_call(desk: DeskStage) -> None:
    view = await desk.desks.view("anna")
    assert (view.popup, view.talk, view.offer, view.note, view.wrap_up) == (None,) * 5
    assert [one.name for one in view.breaks] == ["lunch"]
    assert view.now - view.status_since < timedelta(seconds=5)  # type: ignore[operator]


async def test_a_call_that_rang_here_in_vain_is_forgotten(desk: DeskStage) -> None:
    log = await desk.offered()
    await desk.settled()
    await desk.desks.view("anna")
    desk.queues.leave("call1")
    desk.board.logs.clear()
    await log.write(Kind.ENDED, {"by": "caller", "cause": 16, "outcome": "abandoned"})
    await desk.settled()
    assert not desk.desks._parts._logs
    assert not desk.desks._showing._known


async def test_a_busy_hotline_has_pages_look_at_its_queues_every_two_seconds(desk: DeskStage) -> None:
    told = 0
    async with desk.desks.watch("anna", "page1") as news:
        for number in range(20):
            await desk.call(f"call{number}")
            now = desk.stage.clock.now()
            desk.queues.join(Waiting(f"call{number}", "strict", now), desk.commands.append)
            await asyncio.sleep(0.5)
            while not news.empty():
                told += news.get_nowait() is DeskPart.QUEUES
    assert 4 <= told <= 6
