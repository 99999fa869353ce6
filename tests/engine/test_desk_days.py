"""An agent's numbers of the day: read once, and right all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from acd.agents import AgentStatus
from engine.agent_days import day_of
from engine.desk.days import LASTS_SECONDS, SETTLES_SECONDS, Days
from engine.ports import StoreUnavailable
from engine.registers.agents import AgentDay, AgentEvent, AgentEventKind
from tests.conftest import HandClock

AVAILABLE, BREAK = AgentStatus.AVAILABLE, AgentStatus.BREAK


class Log:
    """An agent's log in the database, where `day` reads what has come there so far."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.events: list[AgentEvent] = []
        self.reads = 0
        self.away = False
        self.days = Days(self, clock, lambda: ZoneInfo("Europe/Warsaw"))  # type: ignore[arg-type]

    async def day(self, name: str, since: datetime, now: datetime) -> AgentDay:
        if self.away:
            raise StoreUnavailable("The database is away.")
        self.reads += 1
        return day_of([one for one in self.events if since <= one.at < now], since, now)

    def happens(self, kind: AgentEventKind, *, late: bool = False, **data: object) -> AgentEvent:
        """`late`: it is not in the database yet."""
        event = AgentEvent(f"e{self.clock.now()}{kind}", "anna", self.clock.now(), kind, data)
        self.days.noted(event)
        if not late:
            self.events.append(event)
        return event

    async def seen(self, status: AgentStatus = AVAILABLE) -> AgentDay:
        return await self.days.of("anna", status)


async def test_chats_are_counted_as_they_end(clock: HandClock) -> None:
    log = Log(clock)
    await log.seen()
    log.happens(AgentEventKind.CHATTED, late=True, seconds=60.0, answers=2)
    log.happens(AgentEventKind.MISSED, late=True)
    seen = await log.seen()
    assert (seen.chats, seen.missed, seen.handled, seen.talk_seconds) == (1, 1, 0, 0.0)


async def test_calls_are_counted_without_reading(clock: HandClock) -> None:
    log = Log(clock)
    log.happens(AgentEventKind.SIGNED_IN)
    clock.pass_seconds(10)
    await log.seen()
    for _ in range(5):
        log.happens(AgentEventKind.STATE_CHANGED, state="talking")
        clock.pass_seconds(40)
        log.happens(AgentEventKind.TALKED, seconds=40.0, held_seconds=5.0, direction="inbound")
        log.happens(AgentEventKind.WRAPPED_UP, seconds=3.0)
        seen = await log.seen()
    log.happens(AgentEventKind.TALKED, seconds=1.0, held_seconds=0.0, direction="outbound")
    log.happens(AgentEventKind.MISSED)
    seen = await log.seen()
    assert log.reads == 1
    assert seen == AgentDay(
        handled=5,
        outbound=1,
        missed=1,
        talk_seconds=201.0,
        hold_seconds=25.0,
        wrap_up_seconds=15.0,
        signed_in_seconds=210.0,
    )


async def test_a_break_goes_on_while_nothing_is_read(clock: HandClock) -> None:
    log = Log(clock)
    log.happens(AgentEventKind.SIGNED_IN)
    log.happens(AgentEventKind.STATUS_CHANGED, status="break")
    clock.pass_seconds(1)
    await log.seen(BREAK)
    clock.pass_seconds(100)
    seen = await log.seen(BREAK)
    assert (seen.break_seconds, seen.signed_in_seconds, log.reads) == (101.0, 101.0, 1)
    log.happens(AgentEventKind.STATUS_CHANGED, status="available")
    clock.pass_seconds(SETTLES_SECONDS)
    await log.seen()
    clock.pass_seconds(100)
    seen = await log.seen()
    assert (seen.break_seconds, log.reads) == (101.0, 2)


async def test_what_was_on_its_way_when_the_day_was_read_is_counted_once(clock: HandClock) -> None:
    log = Log(clock)
    log.events.append(log.happens(AgentEventKind.MISSED, late=True))
    clock.pass_seconds(0.1)
    assert (await log.seen()).missed == 1
    late = log.happens(AgentEventKind.MISSED, late=True)
    log.days = Days(log, clock, lambda: UTC)  # type: ignore[arg-type]
    log.days.noted(late)
    clock.pass_seconds(0.1)
    assert (await log.seen()).missed == 1
    log.events.append(late)
    clock.pass_seconds(SETTLES_SECONDS)
    assert (await log.seen()).missed == 2
    clock.pass_seconds(1)
    assert ((await log.seen()).missed, log.reads) == (2, 3)


async def test_another_day_begins_at_nothing(clock: HandClock) -> None:
    log = Log(clock)
    log.happens(AgentEventKind.MISSED)
    clock.pass_seconds(1)
    assert (await log.seen()).missed == 1
    log.away = True
    clock.pass_seconds(LASTS_SECONDS)
    assert (await log.seen()).missed == 1  # as it was last
    clock.pass_seconds(timedelta(hours=12).total_seconds())
    assert (await log.seen()).missed == 0
    log.away = False
    log.happens(AgentEventKind.MISSED)
    clock.pass_seconds(1)
    assert (await log.seen()).missed == 1
