"""Agents: what they can do, and the log of what they did. People who sign in are in `accounts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from engine.registers.access import Role
from engine.registers.actor import Actor


class AgentEventKind(StrEnum):
    """What an agent did, or what was done to them. The keys of `AgentEvent.data` are listed behind each."""

    SIGNED_IN = "signed_in"  # telephone ("browser", "sip", "number")
    SIGNED_OUT = "signed_out"  # why ("agent", "supervisor", "elsewhere", "gone", "engine")
    STATUS_CHANGED = "status_changed"  # status, reason, by (a person's name; "" the agent, "rule": missed)
    STATE_CHANGED = "state_changed"  # state, work, queue; until (ISO 8601) for wrap_up
    OFFERED = "offered"  # work, queue
    MISSED = "missed"  # work, queue, outcome
    TALKED = "talked"  # work, queue, direction, seconds, held_seconds
    WRAPPED_UP = "wrapped_up"  # work, queue, disposition, seconds
    ANSWERED = "answered"  # work, queue, channel, seconds (they waited), first
    CHATTED = "chatted"  # work, queue, seconds, answers, answer_seconds (waited for each, on average)
    GIVEN_BACK = "given_back"  # work, queue, seconds: it was open so long without a deed
    SKILLS_CHANGED = "skills_changed"  # skills, reason, by
    CAPACITY_CHANGED = "capacity_changed"  # capacity, reason, by


@dataclass(frozen=True, slots=True)
class AgentEvent:
    """`at` is aware UTC; `agent` the agent's name; `id` sorts by time."""

    id: str
    agent: str
    at: datetime
    kind: AgentEventKind
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """`name`: as queues and telephones know them; `person_id`, `shown`: who signs in.

    `skills`: skill -> level from 1 to 5. `capacity`: kind of work -> how much at once; a kind that is absent
    has the default (call 1, chat 3, task 1).
    """

    name: str
    person_id: str | None
    shown: str
    skills: Mapping[str, int] = field(default_factory=dict)
    capacity: Mapping[str, int] = field(default_factory=dict)
    version: int = 1
    role: Role = Role.AGENT


@dataclass(frozen=True, slots=True)
class AgentStanding:
    """What an engine that starts must know: the last status, and since when; wrap-up that goes on."""

    agent: str
    status: str
    reason: str
    since: datetime
    wrap_up_work: str | None = None
    wrap_up_until: datetime | None = None
    wrap_up_queue: str = ""


@dataclass(frozen=True, slots=True)
class AgentDay:
    """An agent's own numbers since a moment. Seconds are sums."""

    handled: int = 0
    outbound: int = 0
    missed: int = 0
    talk_seconds: float = 0.0
    hold_seconds: float = 0.0
    wrap_up_seconds: float = 0.0
    break_seconds: float = 0.0
    signed_in_seconds: float = 0.0
    chats: int = 0


class AgentRegister(Protocol):
    """Every method raises StoreUnavailable. Changes write the audit row in the same transaction."""

    async def profiles(self) -> Sequence[AgentProfile]:
        """Of all people who may sit at a desk and are not disabled, by name."""

    async def of_person(self, actor: Actor, person_id: str) -> AgentProfile:
        """Made from the person's name when they had none. Raises Missing, and Refused for a disabled one."""

    async def get(self, name: str) -> AgentProfile:
        """Raises Missing."""

    async def set_skills(
        self,
        actor: Actor,
        name: str,
        skills: Mapping[str, int],
        reason: str,
        at: datetime,
        seen_version: int | None = None,
    ) -> AgentProfile:
        """Raises Missing, Changed and Refused."""

    async def set_capacity(
        self,
        actor: Actor,
        name: str,
        capacity: Mapping[str, int],
        reason: str,
        at: datetime,
        seen_version: int | None = None,
    ) -> AgentProfile:
        """Raises Missing, Changed and Refused."""

    async def change(
        self,
        actor: Actor,
        name: str,
        skills: Mapping[str, int] | None,
        capacity: Mapping[str, int] | None,
        reason: str,
        at: datetime,
        seen_version: int | None = None,
    ) -> AgentProfile:
        """Both at once, or one of them (None: as it is). Raises Missing, Changed and Refused."""

    async def standings(self) -> Sequence[AgentStanding]:
        """As the log tells it, of agents who did not sign out."""

    async def day(self, name: str, since: datetime, now: datetime) -> AgentDay: ...

    async def events(self, name: str, *, limit: int, before: str | None = None) -> Sequence[AgentEvent]:
        """Newest first; those before the id `before`."""
