"""A hotline of fakes with a queue, and what its callers and agents do."""

from __future__ import annotations

from pathlib import Path

from acd.agents import Agent
from acd.queues import Queue
from calls.control import LegAnswered, LegRinging, PhoneChanged
from engine.flows import FlowShelf
from engine.queues import AgentLine
from ivr.reading.loader import load_flow
from tests.engine.stage import UNKNOWN, Stage

FLOW = """
flow: front
languages: [en]
always: {agent: agents, trouble: sorry}
start: hello
steps:
  hello: {say: {text: "Welcome.", interrupt: false}, next: agents}
  agents:
    queue:
      name: orders
      max_wait: 3m
      announce: {position: 30s}
      offer: {after: 40s, key: 1, next: other}
    next: thanks
    timeout: late
    nobody: nobody
    full: full
    closed: closed
  thanks: {say: {text: "Thank you.", interrupt: false}, next: bye}
  late: {say: {text: "Nobody had time.", interrupt: false}, next: bye}
  nobody: {say: {text: "Nobody is here.", interrupt: false}, next: bye}
  full: {say: {text: "Too many wait.", interrupt: false}, next: bye}
  closed: {say: {text: "We are closed.", interrupt: false}, next: bye}
  other: {say: {text: "Something else.", interrupt: false}, next: bye}
  sorry: {say: {text: "Sorry.", interrupt: false}, next: bye}
  bye: {hangup: normal}
"""
ORDERS = Queue("orders", capacity=2, ring_seconds=20.0, wrap_up_seconds=10.0)
PLACE = "You are number one in the queue."
MUSIC_ON, MUSIC_OFF = ("caller", True), ("caller", False)


def stage_of(folder: Path, *, after: Stage | None = None, jan: str | None = None) -> Stage:
    shelf = FlowShelf(
        {"front": load_flow(FLOW, "front.yaml")},
        {"100": "front"},
        unknown=load_flow(UNKNOWN, "unknown.yaml"),
        region="PL",
    )
    agents = [AgentLine(Agent("anna")), AgentLine(Agent("jan"), jan)]
    return Stage(folder, after=after, shelf=shelf, queues=[ORDERS], agents=agents)


def log_in(stage: Stage, *agents: str) -> None:
    for agent in agents:
        stage.control.tell(PhoneChanged(agent, True))


async def waits(stage: Stage, channel_id: str = "caller") -> str:
    """A caller who has music in their ear."""
    call_id = await stage.arrive(channel_id)
    await stage.until(lambda: (channel_id, True) in stage.control.asked("music"))
    return call_id


async def rung(stage: Stage, count: int = 1) -> tuple[str, str]:
    """(leg, agent) of the telephone that was rung last, once so many were."""
    await stage.until(lambda: len(stage.control.asked("ring")) >= count)
    leg, agent, _ = stage.control.asked("ring")[-1]
    return str(leg), str(agent)


async def talks(stage: Stage) -> tuple[str, str]:
    """A caller who talks with Anna: (call id, leg)."""
    log_in(stage, "anna")
    call_id = await stage.arrive()
    leg, _ = await rung(stage)
    stage.control.tell(LegRinging(leg), LegAnswered(leg))
    await stage.until(lambda: ("caller", 0) in stage.control.asked("guard"))
    return call_id, leg
