"""What people and machines hear of a campaign for whom there is no agent, and what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from calls.control import ChannelEnded
from calls.events import CallEventKind as Kind
from dialer.attempt import Verdict
from dialer.machine import MachinePolicy
from dialer.results import AttemptResult
from tests.engine.campaign_stage import (
    CALL,
    CHANNEL,
    DETECTS,
    DIAL,
    PERSON,
    TELLS_MACHINES,
    Told,
    answers,
    dials,
    over,
    staffed,
    stage_of,
    talking,
)
from tests.engine.fake_network import channel
from tests.engine.stage import Stage

BUILT_IN = replace(DIAL, message=None, company="Example", opt_out_key="7")


async def test_without_a_flow_the_message_tells_who_called_and_a_key_ends_all_calls(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await answers(stage, BUILT_IN)
    await stage.until(lambda: bool(stage.control.words()))
    (said,) = stage.control.words()
    assert said.startswith("Hello, this is Example, calling from ")
    assert said.endswith("press 7.")
    stage.press("7", CHANNEL)
    ended = await over(stage)
    assert stage.control.words()[-1] == "We will not call this number any more."
    (stopped,) = stage.ledger.of_kind(CALL, Kind.CONTACT_STOPPED)
    assert stopped["number"] == PERSON
    assert stage.ledger.objections
    assert (ended.result, ended.message_played) == (AttemptResult.ABANDONED, True)


async def test_another_key_ends_nothing(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await answers(stage, BUILT_IN)
    await stage.until(lambda: bool(stage.control.words()))
    stage.press("9", CHANNEL)
    await over(stage)
    assert not stage.ledger.of_kind(CALL, Kind.CONTACT_STOPPED)


async def test_the_built_in_message_goes_on_after_the_engine_died(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await answers(stage, BUILT_IN)
    await stage.until(lambda: bool(stage.control.words()))
    await stage.crash()
    later = stage_of(tmp_path, after=stage)
    await later.connect(channel(CHANNEL))
    await later.until(lambda: bool(later.control.words()))
    later.press("7", CHANNEL)
    await over(later)
    assert later.ledger.of_kind(CALL, Kind.CONTACT_STOPPED)


async def test_a_machine_is_told_after_its_greeting(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, Verdict.MACHINE)
    await answers(stage, replace(DIAL, machine=TELLS_MACHINES))
    await stage.until(lambda: Kind.DETECTED in stage.ledger.kinds(CALL))
    began = stage.clock.monotonic()
    await stage.until(lambda: bool(stage.control.words()))
    assert stage.clock.monotonic() - began == pytest.approx(Told.greets, abs=0.1)
    ended = await over(stage)
    assert stage.control.words() == ["Please call us back."]
    assert (ended.result, ended.message_played, ended.abandoned) == (AttemptResult.MACHINE, True, False)


async def test_who_hangs_up_while_they_greet_is_told_nothing(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, Verdict.MACHINE)
    await answers(stage, replace(DIAL, machine=TELLS_MACHINES))
    await stage.until(lambda: Kind.DETECTED in stage.ledger.kinds(CALL))
    stage.control.tell(ChannelEnded(CHANNEL, 16))
    ended = await over(stage)
    assert (ended.result, stage.control.words()) == (AttemptResult.MACHINE, [])


async def test_a_machine_stays_one_after_the_engine_died(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, Verdict.MACHINE)
    dial = replace(DIAL, machine=TELLS_MACHINES)
    await answers(stage, dial)
    await stage.until(lambda: Kind.DETECTED in stage.ledger.kinds(CALL))
    await stage.crash()
    later = stage_of(tmp_path, Verdict.MACHINE, after=stage)
    staffed(later, "anna")
    await later.connect(channel(CHANNEL))
    await over(later)
    assert later.control.words() == ["Please call us back."]
    assert not later.control.asked("ring")


NEWS_DIAL = replace(DIAL, queue="", flow="news", variables={"order": "12"})


@pytest.mark.parametrize("verdict", [Verdict.HUMAN, Verdict.UNSURE])
async def test_without_agents_a_person_is_led_through_the_flow(tmp_path: Path, verdict: Verdict) -> None:
    stage = stage_of(tmp_path, verdict)
    await answers(stage, replace(NEWS_DIAL, machine=TELLS_MACHINES))
    ended = await over(stage)
    assert stage.control.words() == ["Order 12 is here."]
    assert (ended.result, ended.abandoned) == (AttemptResult.ANSWERED, False)


async def test_without_agents_a_machine_gets_the_message_for_machines(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, Verdict.MACHINE)
    await answers(stage, replace(NEWS_DIAL, machine=TELLS_MACHINES))
    assert (await over(stage)).result is AttemptResult.MACHINE
    assert stage.control.words() == ["Please call us back."]


async def test_without_agents_whoever_answered_as_the_engine_died_is_led_through_the_flow(
    tmp_path: Path,
) -> None:
    stage = stage_of(tmp_path)
    await dials(stage, NEWS_DIAL)
    await stage.crash()
    later = stage_of(tmp_path, after=stage)
    await later.connect(channel(CHANNEL))
    ended = await over(later)
    assert not later.control.asked("originate")
    assert (ended.result, later.control.words()) == (AttemptResult.ANSWERED, ["Order 12 is here."])


async def kept(stage: Stage) -> tuple[object, object]:
    """What the gate's rules count of the call: how far it got, and whether it was abandoned."""
    await over(stage)
    (row,) = [row for row in stage.ledger.interactions if row.subject_id == CALL]
    return row.data["reached"], row.data["abandoned"]


@pytest.mark.parametrize("message", ["nobody-free", None])
async def test_the_history_knows_who_was_abandoned_whatever_they_heard(
    tmp_path: Path, message: str | None
) -> None:
    stage = stage_of(tmp_path)
    await answers(stage, replace(DIAL, message=message))
    assert await kept(stage) == ("connection", True)


async def test_in_the_history_who_talked_with_an_agent_was_not_abandoned(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await talking(stage)
    stage.control.tell(ChannelEnded(CHANNEL, 16))
    assert await kept(stage) == ("conversation", False)


@pytest.mark.parametrize("policy", [DETECTS, TELLS_MACHINES])
async def test_in_the_history_no_machine_was_abandoned(tmp_path: Path, policy: MachinePolicy) -> None:
    stage = stage_of(tmp_path, Verdict.MACHINE)
    await answers(stage, replace(DIAL, machine=policy))
    assert await kept(stage) == ("connection", False)
