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
            raise ActionRefused(f"{name!r} is not a telephone number: write it as +48 22 000 00 01.")
        case TargetKind.QUEUE if name not in queues:
            raise ActionRefused(f"There is no queue {name!r}.")
        case TargetKind.FLOW if not flows(name):
            raise ActionRefused(f"There is no flow {name!r}.")


def dialled(target: Target, region: str) -> str:
    """A number as the trunk gets it."""
    return parse_number(target.name, region).shown


def _agent(name: str, queues: Queues) -> None:
    seat = queues.agent_view(name)
    if seat is None:
        raise ActionRefused(f"There is no agent {name!r}.")
    if seat.status is AgentStatus.OFFLINE or not seat.reachable:
        raise ActionRefused(f"{name} is not signed in.")
    if seat.status is not AgentStatus.AVAILABLE:
        raise ActionRefused(f"{name} is not available now.")
    if seat.state is not AgentState.IDLE:
        raise ActionRefused(f"{name} is busy with other work.")
