"""A campaign's calls: the person first, then an agent in time, or the message."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from acd.agents import Agent, AgentState
from acd.queues import Queue
from calls.call import fold
from calls.control import ChannelEnded, LegAnswered, LegRinging
from calls.events import CallEventKind as Kind
from compliance.facts import Mode, Purpose
from dialer.attempt import Attempt, Verdict
from dialer.machine import Detect, MachinePolicy, OnMachine
from dialer.results import AttemptResult
from engine.dialling.attempt_folding import attempt_after
from engine.dialling.campaign_dial import CampaignDial, received_of_campaign
from engine.dialling.verdicts import Judged
from engine.flows import FlowShelf
from engine.queues import AgentLine
from ivr.reading.loader import load_flow
from tests.engine.fake_network import channel
from tests.engine.queue_stage import log_in
from tests.engine.stage import NODE, UNKNOWN, Stage

PERSON, OURS = "+48600000020", "+48220000010"
CALL = "out1"
CHANNEL = f"{CALL}.callee"
NOBODY = """
flow: nobody-free
languages: [en]
always: {agent: bye, trouble: bye}
start: sorry
steps:
  sorry: {say: {text: {en: "Nobody is free."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""
MACHINES = """
flow: for-machines
languages: [en]
always: {agent: bye, trouble: bye}
start: told
steps:
  told: {say: {text: {en: "Please call us back."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""
NEWS = """
flow: news
languages: [en]
takes: [order]
always: {agent: bye, trouble: bye}
start: told
steps:
  told: {say: {text: {en: "Order {order} is here."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""
DIAL = CampaignDial("spring", PERSON, OURS, 25, "sales", message="nobody-free", language="en")
DETECTS = MachinePolicy(Detect.AMD, OnMachine.HANG_UP)
TELLS_MACHINES = MachinePolicy(Detect.AMD, OnMachine.MESSAGE, "for-machines")


class Told:
    """Verdicts that a test tells. `greets`: for so many seconds longer."""

    greets = 6.0

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.waited: list[str] = []

    async def greeting_over(self, channel_id: str, *, seconds: int) -> None:
        self.waited.append(channel_id)
        await asyncio.sleep(min(self.greets, seconds))

    async def of(self, channel_id: str, policy: MachinePolicy, language: str) -> Judged:
        return Judged(self.verdict, 0.5, "said so")


def stage_of(folder: Path, verdict: Verdict | None = None, after: Stage | None = None) -> Stage:
    shelf = FlowShelf(
        {
            name: load_flow(text, f"{name}.yaml")
            for name, text in (("nobody-free", NOBODY), ("for-machines", MACHINES), ("news", NEWS))
        },
        {},
        unknown=load_flow(UNKNOWN, "unknown.yaml"),
        region="PL",
    )
    stage = Stage(
        folder,
        after=after,
        shelf=shelf,
        queues=[Queue("sales", wrap_up_seconds=5.0)],
        agents=[AgentLine(Agent("anna")), AgentLine(Agent("jan"))],
        verdicts=None if verdict is None else Told(verdict),
    )
    stage.crew.start()
    return stage


async def dials(stage: Stage, dial: CampaignDial = DIAL) -> None:
    call_log = stage.exchange.call_log(CALL)
    first = received_of_campaign(
        CALL, dial, purpose=Purpose.MARKETING, mode=Mode.PREDICTIVE, debt=None, node=NODE
    )
    await call_log.begin(first)
    stage.switchboard.dial(call_log, dial)
    await stage.until(lambda: bool(stage.control.asked("originate")))


async def answers(stage: Stage, dial: CampaignDial = DIAL) -> None:
    await dials(stage, dial)
    stage.control.tell(LegRinging(CHANNEL), LegAnswered(CHANNEL))
    await stage.until(lambda: Kind.ANSWERED in stage.ledger.kinds(CALL))


def attempt(stage: Stage) -> Attempt:
    begun = Attempt(CALL, "lead", "spring", "contact", PERSON, OURS, Mode.PREDICTIVE, stage.clock.now())
    return attempt_after(begun, stage.ledger.log[CALL])


async def over(stage: Stage) -> Attempt:
    await stage.until(lambda: Kind.ENDED in stage.ledger.kinds(CALL))
    return attempt(stage)


def staffed(stage: Stage, *agents: str) -> None:
    log_in(stage, *agents)
    stage.crew.assign(dict.fromkeys(agents, "spring"))


async def talking(stage: Stage) -> str:
    """Anna talks with the person; her leg."""
    staffed(stage, "anna")
    await answers(stage)
    await stage.until(lambda: bool(stage.control.asked("ring")))
    leg = str(stage.control.asked("ring")[-1][0])
    stage.control.tell(LegRinging(leg), LegAnswered(leg))
    await stage.until(lambda: Kind.AGENT_CONNECTED in stage.ledger.kinds(CALL))
    return leg


async def test_who_answers_gets_the_agent_who_has_been_idle_longest(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    leg = await talking(stage)
    assert {CHANNEL, leg} in [set(members) for _, members in stage.control.asked("bridge")]  # type: ignore[call-overload]
    seat = stage.exchange.queues.agent_view("anna")
    assert seat is not None
    assert (seat.state, seat.work) == (AgentState.TALKING, CALL)
    stage.control.tell(ChannelEnded(CHANNEL, 16))
    ended = await over(stage)
    assert (ended.result, ended.agent, ended.conversation) == (AttemptResult.ANSWERED, "anna", True)
    seat = stage.exchange.queues.agent_view("anna")
    assert seat is not None
    assert seat.state is AgentState.WRAP_UP


async def test_without_an_agent_in_time_the_message_is_heard(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await answers(stage)
    ended = await over(stage)
    assert "Nobody is free." in stage.control.words()
    assert (ended.result, ended.abandoned, ended.message_played) == (AttemptResult.ABANDONED, True, True)
    (none,) = stage.ledger.of_kind(CALL, Kind.NO_AGENT)
    assert none == {"queue": "sales", "waited_seconds": pytest.approx(2.0, abs=0.05)}


async def test_an_agent_who_comes_free_in_time_gets_them(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await answers(stage)
    staffed(stage, "jan")
    await stage.until(lambda: bool(stage.control.asked("ring")))
    assert stage.control.asked("ring")[-1][1] == "jan"


async def test_a_telephone_that_does_not_answer_in_time_is_let_go(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    staffed(stage, "anna")
    await answers(stage)
    ended = await over(stage)
    assert ended.result is AttemptResult.ABANDONED
    seat = stage.exchange.queues.agent_view("anna")
    assert seat is not None
    assert seat.work is None
    assert stage.crew.free("anna")


async def test_who_hangs_up_before_an_agent_is_due_is_not_abandoned(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await answers(stage)
    stage.control.tell(ChannelEnded(CHANNEL, 16))
    ended = await over(stage)
    assert (ended.result, ended.abandoned) == (AttemptResult.ANSWERED, False)


@pytest.mark.parametrize(
    ("cause", "result"),
    [
        (17, AttemptResult.BUSY),
        (1, AttemptResult.UNALLOCATED),
        (0, AttemptResult.NO_ANSWER),
        (21, AttemptResult.REFUSED),
        (34, AttemptResult.CONGESTION),
        (22, AttemptResult.CHANGED),
    ],
)
async def test_what_the_network_says(tmp_path: Path, cause: int, result: AttemptResult) -> None:
    stage = stage_of(tmp_path)
    await dials(stage)
    stage.control.tell(LegRinging(CHANNEL), ChannelEnded(CHANNEL, cause))
    ended = await over(stage)
    assert ended.result is result
    assert ended.dialled_at is not None
    assert ended.ringing_at is not None
    assert ended.answered_at is None


async def test_the_time_to_answer_begins_when_it_rings(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await dials(stage, CampaignDial("spring", PERSON, OURS, 2, "sales"))
    await asyncio.sleep(3.0)  # the network seeks them
    stage.control.tell(LegRinging(CHANNEL))
    ended = await over(stage)
    assert stage.control.asked("hang_up")
    assert ended.result is AttemptResult.NO_ANSWER
    assert ended.ringing_at is not None
    assert ended.ended_at is not None
    assert 1.9 < (ended.ended_at - ended.ringing_at).total_seconds() < 2.5


async def test_a_call_that_is_not_needed_any_more_is_cancelled(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await dials(stage)
    stage.control.tell(LegRinging(CHANNEL))
    await stage.switchboard.hang_up(CALL, "engine")
    assert (await over(stage)).result is AttemptResult.CANCELLED


async def test_a_machine_is_hung_up_on_and_takes_no_agent(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, Verdict.MACHINE)
    staffed(stage, "anna")
    await answers(stage, CampaignDial("spring", PERSON, OURS, 25, "sales", machine=DETECTS))
    ended = await over(stage)
    assert (ended.result, ended.verdict) == (AttemptResult.MACHINE, Verdict.MACHINE)
    assert not stage.control.asked("ring")


async def test_a_trunk_that_refuses_burns_nothing(tmp_path: Path) -> None:
    from calls.control import RequestRefused

    stage = stage_of(tmp_path)
    stage.control.faults["originate"] = RequestRefused("no such trunk")
    await dials(stage)
    ended = await over(stage)
    assert ended.result is AttemptResult.FAILED


async def test_an_engine_that_died_in_a_talk_leaves_it_going_on(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    leg = await talking(stage)
    await stage.crash()
    later = stage_of(tmp_path, after=stage)
    log_in(later, "anna")
    await later.connect(channel(CHANNEL), channel(leg))
    await later.until(lambda: later.switchboard.talk_of(CALL) is not None)
    assert not later.control.asked("originate")
    assert not later.control.asked("hang_up")
    later.control.tell(ChannelEnded(CHANNEL, 16))
    ended = await over(later)
    assert (ended.result, ended.agent) == (AttemptResult.ANSWERED, "anna")


async def test_an_engine_that_died_behind_a_talk_seeks_no_other_agent(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    leg = await talking(stage)
    stage.control.tell(ChannelEnded(leg, 16))
    await over(stage)
    await stage.crash()
    written = stage.ledger.log[CALL]
    del written[stage.ledger.kinds(CALL).index(Kind.TALK_ENDED) + 1 :]
    stage.ledger.calls[CALL] = fold(written)
    later = stage_of(tmp_path, after=stage)
    staffed(later, "anna", "jan")
    await later.connect(channel(CHANNEL))
    await later.until(lambda: Kind.ENDED in later.ledger.kinds(CALL))
    assert (CHANNEL, 16) in later.control.asked("hang_up")
    assert not later.control.asked("ring")


async def test_an_engine_that_died_while_it_rang_dials_nobody_again(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    await dials(stage)
    stage.control.tell(LegRinging(CHANNEL))
    await stage.until(lambda: len(stage.ledger.kinds(CALL)) == 3)
    await stage.crash()
    later = stage_of(tmp_path, after=stage)
    staffed(later, "anna")
    await later.connect(channel(CHANNEL, answered=False))
    later.control.tell(LegAnswered(CHANNEL))
    await later.until(lambda: bool(later.control.asked("ring")))
    assert not later.control.asked("originate")


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
