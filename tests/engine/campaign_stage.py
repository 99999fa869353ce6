"""One call of a campaign on an engine of fakes, on virtual time: `CALL`, to `PERSON`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from acd.agents import Agent
from acd.queues import Queue
from calls.control import LegAnswered, LegRinging
from calls.events import CallEventKind as Kind
from compliance.facts import Mode, Purpose
from dialer.attempt import Attempt, Verdict
from dialer.machine import Detect, MachinePolicy, OnMachine
from engine.dialling.attempt_folding import attempt_after
from engine.dialling.campaign_dial import CampaignDial, received_of_campaign
from engine.dialling.verdicts import Judged
from engine.flows import FlowShelf
from engine.queues import AgentLine
from ivr.reading.loader import load_flow
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
