"""Agents and queues as desks and boards show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from acd.agents import AgentState, AgentStatus
from acd.work import WorkKind


@dataclass(frozen=True, slots=True)
class WorkView:
    """One piece of an agent's work. `queue` is "" for work that came from none."""

    work_id: str
    kind: WorkKind
    queue: str
    state: AgentState
    since: datetime  # of the state


@dataclass(frozen=True, slots=True)
class AgentView:
    """`next_status`: chosen during work, to be taken after it. `work` and `queue`: of the piece of work that
    gives the state, None and "" when idle; `all_work`: every piece. Times are None when never seen."""

    name: str
    status: AgentStatus
    reason: str
    status_since: datetime | None
    next_status: AgentStatus | None
    next_reason: str
    state: AgentState
    state_since: datetime | None
    work: str | None
    queue: str
    all_work: tuple[WorkView, ...]
    wrap_up_until: datetime | None
    skills: Mapping[str, int]
    signed_in: bool
    reachable: bool  # a call can ring there
    room_for_call: bool = True  # beside what they are at now


@dataclass(frozen=True, slots=True)
class QueueView:
    """`agents`: state -> how many of the queue's agents; those idle but not available count by their status,
    those who chat as "chatting" and those who answer messages as "writing".

    `waiting`: callers. `free`: how many could be offered a call now. `chats`: visitors who wait in writing.
    """

    name: str
    waiting: int
    longest_wait_since: datetime | None
    agents: Mapping[str, int]
    free: int
    service_level_seconds: float
    is_open: bool
    chats: int = 0
    longest_chat_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class BoardNews:
    """One thing that looks otherwise now: an agent, or a queue. `agent_gone`: the name of one taken away."""

    agent: AgentView | None = None
    queue: QueueView | None = None
    agent_gone: str = ""
    queue_gone: str = ""
