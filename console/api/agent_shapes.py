"""Agents and queues as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, model_validator

from acd.agents import AgentState, AgentStatus
from acd.views import AgentView, QueueView
from console.api.operation import Shape
from console.api.pages_of import PageQuery
from console.api.shapes import PLAIN, Reason, Time, no_default
from engine.registers.agents import AgentDay, AgentEvent, AgentEventKind, AgentProfile

Skill = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Skills = Annotated[
    Mapping[Skill, Annotated[int, Field(ge=1, le=5)]],
    Field(max_length=50, description="Skill to level, from 1 (can) to 5 (master)."),
]


class CapacityShape(Shape):
    """So much work of a kind at once. What is left out has the default: 1 call, 3 chats, 1 task."""

    call: Annotated[int, Field(ge=0, le=10)] | None = Field(default=None, json_schema_extra=no_default)
    chat: Annotated[int, Field(ge=0, le=50)] | None = Field(default=None, json_schema_extra=no_default)
    task: Annotated[int, Field(ge=0, le=50)] | None = Field(default=None, json_schema_extra=no_default)

    @property
    def given(self) -> dict[str, int]:
        return {name: value for name, value in self.model_dump().items() if value is not None}


class AgentShape(Shape):
    """`status` is what the agent has chosen, `state` what they are busy with."""

    name: str
    person: Annotated[str | None, Field(description="By which they sign in; null: a telephone alone.")]
    status: AgentStatus
    reason: Annotated[str, Field(description="Of a break: its name.")]
    status_since: Time | None
    next_status: Annotated[AgentStatus | None, Field(description="Chosen during work, taken after it.")]
    state: AgentState
    state_since: Time | None
    work: Annotated[str | None, Field(description="The call's id.")]
    queue: str | None
    wrap_up_until: Time | None
    skills: Mapping[str, int]
    signed_in: bool
    reachable: Annotated[bool, Field(description="A call can ring there.")]


class AgentList(Shape):
    items: list[AgentShape]


class DayShape(Shape):
    """Sums since `since`."""

    since: Time
    handled: Annotated[int, Field(description="Talks that came from a queue.")]
    outbound: int
    chats: Annotated[int, Field(description="Talks in writing, with visitors, that are over.")]
    missed: int
    talk_seconds: float
    hold_seconds: float
    wrap_up_seconds: float
    break_seconds: float
    signed_in_seconds: float


class WholeAgent(AgentShape):
    """`version` and `capacity` of an agent who signs in; what configuration alone tells has none."""

    version: int | None
    capacity: CapacityShape
    day: DayShape


class AgentQuery(Shape):
    since: Annotated[
        Time | None,
        Field(
            description="Of the day's numbers, at most 31 days ago. Left out: midnight of the company's zone."
        ),
    ] = None


class AgentPatch(Shape):
    """Skills and capacity are replaced as a whole."""

    skills: Skills | None = Field(default=None, json_schema_extra=no_default)
    capacity: CapacityShape | None = Field(default=None, json_schema_extra=no_default)
    reason: Reason

    @model_validator(mode="after")
    def _something(self) -> AgentPatch:
        if self.skills is None and self.capacity is None:
            raise ValueError("Give skills, capacity or both.")
        return self


class NewStatus(Shape):
    """`break_reason`: the name of a break, for the status break."""

    status: Literal["available", "break", "training", "offline"]
    break_reason: Annotated[str, Field(max_length=40, pattern=PLAIN)] = ""
    reason: Reason


class AgentEventShape(Shape):
    id: str
    at: Time
    kind: AgentEventKind
    data: Mapping[str, JsonValue]


class AgentEventPage(Shape):
    items: list[AgentEventShape]
    next: str | None


class AgentEventQuery(PageQuery):
    pass


class QueueShape(Shape):
    name: str
    waiting: Annotated[int, Field(description="Callers who wait.")]
    longest_wait_since: Time | None
    agents: Annotated[
        Mapping[str, int], Field(description="State to how many; those idle but not available by status.")
    ]
    free: Annotated[int, Field(description="Agents who could be offered a call now.")]
    service_level_seconds: float
    open: bool


class QueueList(Shape):
    items: list[QueueShape]


class WaitingShape(Shape):
    """Callers by their calls: who they are, `/calls/{call_id}` tells."""

    call_id: str
    position: Annotated[int, Field(description="From 1, as they are served.")]
    since: Time
    skills: Annotated[list[str], Field(description="That the caller wants, beside those of the queue.")]
    priority: int
    offered_to: Annotated[str | None, Field(description="The agent who is rung for them.")]


class WaitingList(Shape):
    items: list[WaitingShape]


def agent_form(view: AgentView, person: str | None) -> dict[str, Any]:
    """The members of AgentShape."""
    return {
        "name": view.name,
        "person": person,
        "status": view.status,
        "reason": view.reason,
        "status_since": view.status_since,
        "next_status": view.next_status,
        "state": view.state,
        "state_since": view.state_since,
        "work": view.work,
        "queue": view.queue or None,
        "wrap_up_until": view.wrap_up_until,
        "skills": dict(view.skills),
        "signed_in": view.signed_in,
        "reachable": view.reachable,
    }


def whole_agent(view: AgentView, profile: AgentProfile | None, day: AgentDay, since: object) -> WholeAgent:
    return WholeAgent.model_validate(
        {
            **agent_form(view, profile.shown if profile else None),
            "version": profile.version if profile else None,
            "capacity": CapacityShape.model_validate(dict(profile.capacity) if profile else {}),
            "day": {
                "since": since,
                "handled": day.handled,
                "outbound": day.outbound,
                "chats": day.chats,
                "missed": day.missed,
                "talk_seconds": day.talk_seconds,
                "hold_seconds": day.hold_seconds,
                "wrap_up_seconds": day.wrap_up_seconds,
                "break_seconds": day.break_seconds,
                "signed_in_seconds": day.signed_in_seconds,
            },
        }
    )


def queue_form(view: QueueView) -> dict[str, Any]:
    """The members of QueueShape."""
    return {
        "name": view.name,
        "waiting": view.waiting,
        "longest_wait_since": view.longest_wait_since,
        "agents": dict(view.agents),
        "free": view.free,
        "service_level_seconds": view.service_level_seconds,
        "open": view.is_open,
    }


def queue_shape(view: QueueView) -> QueueShape:
    return QueueShape.model_validate(queue_form(view))


def agent_event_shape(event: AgentEvent) -> AgentEventShape:
    return AgentEventShape.model_validate(
        {"id": event.id, "at": event.at, "kind": event.kind, "data": dict(event.data)}
    )
