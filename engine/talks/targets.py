"""Whom a call can be given to, or who can be asked, now."""

from __future__ import annotations

from collections.abc import Callable

from acd.agents import AgentState, AgentStatus
from acd.talks.talk import Action, ActionRefused, Consult, Target, TargetKind, Transfer
from calls.numbers import parse_number
from engine.queues import Queues


def checked(action: Action, queues: Queues, flows: Callable[[str], bool], region: str) -> None:
    """Raises ActionRefused when there is no such target, or it cannot take a call now."""
    if not isinstance(action, Consult | Transfer):
        return
    name = action.target.name
    match action.target.kind:
        case TargetKind.AGENT:
            _agent(name, queues)
        case TargetKind.NUMBER if parse_number(name, region).e164 is None:
            raise ActionRefused(
                "number", f"{name!r} is not a telephone number: write it as +48 22 000 00 01.", number=name
            )
        case TargetKind.QUEUE if name not in queues:
            raise ActionRefused("no_queue", f"There is no queue {name!r}.", name=name)
        case TargetKind.FLOW if not flows(name):
            raise ActionRefused("no_flow", f"There is no flow {name!r}.", name=name)


def dialled(target: Target, region: str) -> str:
    """A number as the trunk gets it."""
    return parse_number(target.name, region).shown


def _agent(name: str, queues: Queues) -> None:
    seat = queues.agent_view(name)
    if seat is None:
        raise ActionRefused("no_agent", f"There is no agent {name!r}.", name=name)
    if seat.status is AgentStatus.OFFLINE or not seat.reachable:
        raise ActionRefused("agent_offline", f"{name} is not signed in.", name=name)
    if seat.status is not AgentStatus.AVAILABLE:
        raise ActionRefused("agent_away", f"{name} is not available now.", name=name)
    if seat.state is not AgentState.IDLE:
        raise ActionRefused("agent_busy", f"{name} is busy with other work.", name=name)
