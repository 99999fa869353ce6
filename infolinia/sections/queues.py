"""`agents:` and `queues:` of the configuration: who answers, and for whom callers wait."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from acd.agents import Agent
from acd.queues import Queue
from asterisk.settings import SHORTEST_PASSWORD, Phone
from engine.queues import AgentLine
from ivr.reading.shape import Seconds, guess

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def _name(value: str) -> str:
    # An agent's name is that of a SIP account: one that looks like a number would answer to a caller's.
    if not _NAME.fullmatch(value):
        raise ValueError("a name begins with a small letter; digits, '-' and '_' may follow, up to 32 in all")
    return value


AgentName = Annotated[str, AfterValidator(_name)]
QueueName = Annotated[str, AfterValidator(_name)]
Skill = Annotated[str, AfterValidator(_name)]


def _password(value: str) -> str:
    if len(value) < SHORTEST_PASSWORD or not value.isprintable():
        raise ValueError(f"a telephone's password has at least {SHORTEST_PASSWORD} characters")
    return value


def _number(value: str) -> str:
    if not value.removeprefix("+").isdigit() or not value.isascii() or len(value) > 16:
        raise ValueError(f"{value!r} is not a number: digits, with + before a country code")
    return value


class PhoneSection(BaseModel):
    """A SIP telephone that registers with the agent's name and this password."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    password: Annotated[str, AfterValidator(_password)] = Field(default="", repr=False)


class AgentSection(BaseModel):
    """Either `sip: {password: …}` or `number: "+48220000021"`. `skills`: skill -> level from 1 to 5."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sip: PhoneSection = PhoneSection()
    number: Annotated[str, AfterValidator(_number)] | None = None
    skills: Mapping[Skill, Annotated[int, Field(ge=1, le=5)]] = {}

    @model_validator(mode="after")
    def _one_telephone(self) -> AgentSection:
        if bool(self.sip.password) == (self.number is not None):
            raise ValueError("an agent has either sip: {password: …} or a number: give one of the two")
        return self


class QueueSection(BaseModel):
    """`agents` empty: all of them. `ring`: how long a telephone rings before the next agent is tried."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agents: tuple[str, ...] = ()
    hours: str | None = None
    capacity: Annotated[int, Field(ge=1, le=10000)] = 100
    ring: Annotated[Seconds, Field(ge=5, le=120)] = 20.0
    wrap_up: Annotated[Seconds, Field(ge=0, le=3600)] = 10.0


Agents = Mapping[AgentName, AgentSection]
QueueSections = Mapping[QueueName, QueueSection]


def queue_problems(agents: Agents, queues: QueueSections, hours: Mapping[str, object]) -> Iterator[str]:
    """What no single setting can tell is wrong: one sentence each, which begins with the setting."""
    for name, section in queues.items():
        for index, agent in enumerate(section.agents):
            if agent not in agents:
                hint = guess(agent, agents) or "; add it to `agents`"
                yield f"queues.{name}.agents[{index}]: {agent!r} is no agent{hint}."
        if section.hours is not None and section.hours not in hours:
            hint = guess(section.hours, hours) or "; add them to `hours`"
            yield f"queues.{name}.hours: there are no hours {section.hours!r}{hint}."
    if queues and not agents:
        yield "queues: nobody answers them; add `agents`."


def agent_lines(agents: Agents) -> list[AgentLine]:
    return [AgentLine(Agent(name, section.skills), section.number) for name, section in agents.items()]


def telephones(agents: Agents) -> tuple[Phone, ...]:
    return tuple(Phone(name, a.sip.password) for name, a in agents.items() if a.number is None)


def waiting_rooms(queues: QueueSections) -> list[Queue]:
    return [
        Queue(
            name,
            agents=frozenset(section.agents),
            hours=section.hours,
            capacity=section.capacity,
            ring_seconds=section.ring,
            wrap_up_seconds=section.wrap_up,
        )
        for name, section in queues.items()
    ]
