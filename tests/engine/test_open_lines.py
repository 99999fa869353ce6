"""Agents' telephones that stay off the hook: called once, moved into each talk and back."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

from acd.agents import AgentStatus
from acd.events import StatusChanged
from calls.control import ChannelEnded
from dialer.results import AttemptResult
from engine.dialling.open_lines import OpenLines
from engine.placing.manual_call import ManualDial, received_of_manual
from tests.engine.dialling_stage import OURS, Fate, Office, numbers, office, spring
from tests.engine.fake_network import channel
from tests.engine.stage import NODE
from tests.engine.talk_stage import together


def line_of(at: Office, agent: str) -> str:
    (leg,) = [str(leg) for leg, phone, _ in at.stage.control.asked("ring") if phone == agent]
    return leg


def line_of_all(at: Office) -> list[str]:
    """Of all lines that were opened, the last one last."""
    return [str(leg) for leg, _, _ in at.stage.control.asked("ring") if str(leg).endswith(".leg.line")]


async def opened(at: Office, *agents: str) -> None:
    """Their lines are open; nobody was called before."""
    lines = at.means.open_lines
    assert isinstance(lines, OpenLines)
    await at.until(lambda: all(lines.leg(agent) for agent in agents), 60)


async def test_an_agent_is_rung_once_and_talks_with_many(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",), open_lines=True)
    at.put(spring(), *numbers(3))
    at.public.usual = Fate(holds=5)
    at.log_in("anna")
    at.start()
    await at.until(lambda: all(lead.attempts for lead in at.books.leads.values()))
    ended = list(at.books.attempts.values())
    assert [one.result for one in ended] == [AttemptResult.ANSWERED] * 3
    for one in ended:
        assert one.answered_at is not None
        assert one.connected_at is not None
        assert (one.connected_at - one.answered_at).total_seconds() < 0.05
    leg = line_of(at, "anna")
    assert (leg,) not in at.stage.control.asked("hang_up")
    assert leg not in at.stage.control.gone
    assert together(at.stage) == [{leg}]
    await at.stop()


async def test_nobody_is_called_before_a_line_is_open(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",), open_lines=True)
    at.put(spring(), *numbers(1))
    at.log_in("anna")
    at.start()
    await at.until(lambda: bool(at.stage.control.asked("ring")))
    assert at.public.dialled == []
    await opened(at, "anna")
    await at.until(lambda: bool(at.public.dialled))
    await at.stop()


async def test_a_line_that_goes_away_in_a_talk_is_opened_anew(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",), open_lines=True)
    at.put(spring(), *numbers(1))
    at.log_in("anna")
    at.start()
    await at.until(lambda: any(one.connected_at for one in at.books.attempts.values()))
    leg = line_of(at, "anna")
    at.stage.control.tell(ChannelEnded(leg, 16))  # she hangs up
    await at.until(lambda: all(one.ended_at is not None for one in at.books.attempts.values()))
    assert next(iter(at.books.attempts.values())).result is AttemptResult.ANSWERED
    assert f"{next(iter(at.books.attempts))}.callee" in at.stage.control.gone
    at.books.leads["autumn-1"] = at.lead(1)
    at.put(spring(), *numbers(2))
    at.dialler.refresh_soon()
    await at.until(lambda: len(at.stage.control.asked("ring")) == 2, 120)
    await at.stop()


async def test_lines_are_hung_up_when_the_campaign_is_over(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",), open_lines=True)
    at.put(spring(), *numbers(1))
    at.public.usual = Fate(holds=None, cause=1)
    at.log_in("anna")
    at.start()
    await opened(at, "anna")
    leg = line_of(at, "anna")
    await at.until(lambda: leg in at.stage.control.gone, 120)
    assert at.means.agents.campaigns == {}
    await at.stop()


async def test_a_talk_goes_on_over_the_line_when_the_engine_dies(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",), open_lines=True)
    at.put(spring(), *numbers(1))
    at.public.usual = Fate(holds=10_000)
    at.log_in("anna")
    at.start()
    await at.until(lambda: any(one.connected_at for one in at.books.attempts.values()))
    (call,) = at.books.attempts
    leg = line_of(at, "anna")
    await at.crash()
    later = office(tmp_path, after=at, agents=("anna",), open_lines=True)
    later.start()
    await later.stage.connect(channel(f"{call}.callee"), channel(leg), channel("old.leg.line"))
    later.log_in("anna")
    await later.until(lambda: later.stage.switchboard.talk_of(call) is not None, 30)
    assert later.stage.control.asked("hang_up") == [("old.leg.line", 16)]
    later.stage.control.tell(ChannelEnded(f"{call}.callee", 16))
    await later.until(lambda: later.books.attempts[call].ended_at is not None)
    assert later.books.attempts[call].result is AttemptResult.ANSWERED
    assert leg not in later.stage.control.gone
    assert later.public.dialled == []
    await later.stop()


async def test_a_telephone_that_nobody_answers_is_left_alone_for_longer_each_time(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",), open_lines=True)
    at.put(spring(), *numbers(1))
    at.public.agents_answer = False
    at.log_in("anna")
    at.start()
    rung: list[float] = []

    def four_times() -> bool:
        count = len(at.stage.control.asked("ring"))
        if count > len(rung):
            rung.append(at.stage.clock.monotonic())
            leg = str(at.stage.control.asked("ring")[-1][0])
            at.stage.control.tell(ChannelEnded(leg, 19))
        return count == 4

    await at.until(four_times, 600)
    waits = [round(later - before, -1) for before, later in pairwise(rung)]
    assert waits == [40, 80, 160]
    assert at.public.dialled == []
    await at.stop()


async def test_a_telephone_has_one_call_at_a_time_and_its_line_comes_back(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",), open_lines=True)
    at.put(spring(), *numbers(1))
    at.public.usual = Fate(holds=None, cause=17)
    at.log_in("anna")
    at.start()
    await opened(at, "anna")
    line, stage = line_of(at, "anna"), at.stage
    call_log = stage.exchange.call_log("own")
    dial = ManualDial("anna", "+48600000099", OURS, 20)
    await call_log.begin(received_of_manual("own", dial, purpose="service", node=NODE))
    stage.switchboard.dial(call_log, dial)
    await at.until(lambda: any(str(leg).startswith("own.") for leg, _, _ in stage.control.asked("ring")), 10)
    assert line in stage.control.gone
    at.put(spring(), *numbers(2))
    at.dialler.refresh_soon()
    await opened(at, "anna")
    assert line_of_all(at)[-1] != line
    await at.stop()


async def test_a_break_ends_the_line_at_once(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna", "jan"), open_lines=True)
    at.put(spring(), *numbers(1))
    at.public.usual = Fate(rings=60)
    at.log_in("anna", "jan")
    at.start()
    await opened(at, "anna", "jan")
    line = line_of(at, "anna")
    at.stage.exchange.queues.tell(StatusChanged("anna", AgentStatus.BREAK, "lunch"))
    await at.until(lambda: line in at.stage.control.gone, 2)
    assert line_of(at, "jan") not in at.stage.control.gone
    await at.stop()


async def test_a_line_that_comes_back_slowly_is_not_taken_from_its_next_call(tmp_path: Path) -> None:
    at = office(tmp_path, agents=("anna",), open_lines=True)
    at.put(spring(), *numbers(1))
    at.public.usual = Fate(holds=None, cause=17)
    at.log_in("anna")
    at.start()
    await opened(at, "anna")
    at.task.cancel()
    lines, control = at.means.open_lines, at.stage.control
    assert isinstance(lines, OpenLines)
    leg, bridge = line_of(at, "anna"), control.bridge

    async def slowly(room: str, channels: list[str]) -> None:
        await asyncio.sleep(2)
        await bridge(room, channels)

    control.bridge = slowly  # type: ignore[method-assign]
    assert lines.take("anna", "first") == leg
    lines.release("first")
    for _ in range(3):
        await at.pass_by(0.5)
        lines.want(["anna"], ())  # as Asterisk is slow
    await at.until(lambda: lines.leg("anna") == leg, 5)
    moves = len(control.asked("bridge"))
    assert lines.take("anna", "second") == leg
    await at.pass_by(5)
    lines.want([], ["second"])
    assert lines.leg("anna") is None  # the second call has it still
    assert len(control.asked("bridge")) == moves
    assert leg not in control.gone
    await at.dialler.close()
