"""`agents:` and `queues:` of the configuration: who answers, and for whom callers wait."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from acd.agents import Agent, MissedRule
from acd.queues import Overflow, Queue, RelaxStep, Strategy
from acd.work import WorkKind
from asterisk.settings import SHORTEST_PASSWORD, Phone
from calls.talk_control import SUPERVISORS
from engine.queues import AgentLine
from engine.registers.accounts import LONGEST_NAME, name_key
from engine.roster import Staff
from infolinia.sections.rating_messages import RateBySms
from ivr.reading.shape import Seconds, guess

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def _name(value: str) -> str:
    # An agent's name is that of a SIP account: one that looks like a number would answer to a caller's.
    if not _NAME.fullmatch(value):
        raise ValueError("a name begins with a small letter; digits, '-' and '_' may follow, up to 32 in all")
    return value


def _agent_name(value: str) -> str:
    if value.startswith(SUPERVISORS):
        raise ValueError(f'names that begin with "{SUPERVISORS}" are those of supervisors\' telephones')
    return _name(value)


AgentName = Annotated[str, AfterValidator(_agent_name)]
QueueName = Annotated[str, AfterValidator(_name)]
Kind = Literal["call", "chat", "task"]
Skill = Annotated[str, AfterValidator(_name)]


def _password(value: str) -> str:
    if len(value) < SHORTEST_PASSWORD or not value.isprintable():
        raise ValueError(f"a telephone's password has at least {SHORTEST_PASSWORD} characters")
    return value


def _number(value: str) -> str:
    if not value.removeprefix("+").isdigit() or not value.isascii() or len(value) > 16:
        raise ValueError(f"{value!r} is not a number: digits, with + before a country code")
    return value


Number = Annotated[str, AfterValidator(_number)]


class PhoneSection(BaseModel):
    """A SIP telephone that registers with the agent's name and this password."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    password: Annotated[str, AfterValidator(_password)] = Field(default="", repr=False)


class AgentSection(BaseModel):
    """By `sip: {password: …}`, by `number: "+48220000021"`, or with neither by the browser of `person`.

    `skills`: skill -> level from 1 to 5. `capacity`: kind of work -> so much of it at once. `person`: the
    name by which whoever this is signs in. `alone`: kinds of work that go beside no other.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sip: PhoneSection = PhoneSection()
    number: Number | None = None
    person: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)] | None = None
    skills: Mapping[Skill, Annotated[int, Field(ge=1, le=5)]] = {}
    capacity: Mapping[Kind, Annotated[int, Field(ge=0, le=50)]] = {}
    alone: tuple[Kind, ...] = ("call",)

    @property
    def is_browser(self) -> bool:
        return not self.sip.password and self.number is None

    @model_validator(mode="after")
    def _one_telephone(self) -> AgentSection:
        if self.sip.password and self.number is not None:
            raise ValueError("an agent has either sip: {password: …} or a number: give one of the two")
        if not self.sip.password and self.number is None and self.person is None:
            raise ValueError(
                "an agent is reached by sip: {password: …}, by a number, or by the browser of a person: "
                "give one of the three"
            )
        return self


class RelaxSection(BaseModel):
    """After so long: every level wanted is lower `by` so much, or this skill is wanted no longer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Annotated[Seconds, Field(ge=1, le=4 * 3600)]
    by: Annotated[int, Field(ge=1, le=5)] | None = None
    drop: Skill | None = None

    @model_validator(mode="after")
    def _one_way(self) -> RelaxSection:
        if (self.by is None) == (self.drop is None):
            raise ValueError(
                "a step lowers levels with `by` or gives a skill up with `drop`: write one of them"
            )
        return self


class OverflowSection(BaseModel):
    """To another queue: `after` so long, when `full`, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: QueueName
    after: Annotated[Seconds, Field(ge=1, le=4 * 3600)] | None = None
    full: bool = False

    @model_validator(mode="after")
    def _some_reason(self) -> OverflowSection:
        if self.after is None and not self.full:
            raise ValueError("say when: `after: 2m`, `full: true`, or both")
        return self


class QueueSection(BaseModel):
    """`agents` empty: all of them. `ring`: how long a telephone rings before the next agent is tried.

    `skills`: the level that every caller wants. `reserve`: so many free agents are left to queues of a
    higher priority. `dispositions`, `templates` empty: all. `record` left out: as `recording.talks`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    agents: tuple[AgentName, ...] = ()
    priority: Annotated[int, Field(ge=0, le=100)] = 0
    strategy: Literal["longest_idle", "least_occupied", "fewest_calls", "round_robin"] = "longest_idle"
    skills: Mapping[Skill, Annotated[int, Field(ge=1, le=5)]] = {}
    relax: tuple[RelaxSection, ...] = ()
    overflow: OverflowSection | None = None
    max_wait: Annotated[Seconds, Field(ge=10, le=4 * 3600)] | None = None
    reserve: Annotated[int, Field(ge=0, le=1000)] = 0
    service_level: Annotated[Seconds, Field(ge=1, le=3600)] = 20.0
    dispositions: tuple[str, ...] = ()
    disposition_required: bool = False
    script: str | None = None
    record: Literal["always", "consent", "never"] | None = None
    templates: tuple[str, ...] = ()
    rate_by_sms: RateBySms | None = None
    hours: str | None = None
    capacity: Annotated[int, Field(ge=1, le=10000)] = 100
    ring: Annotated[Seconds, Field(ge=5, le=120)] = 20.0
    wrap_up: Annotated[Seconds, Field(ge=0, le=3600)] = 10.0
    wrap_up_limit: Annotated[Seconds, Field(ge=0, le=4 * 3600)] = 300.0


Agents = Mapping[AgentName, AgentSection]
QueueSections = Mapping[QueueName, QueueSection]


def queue_problems(agents: Agents, queues: QueueSections, hours: Mapping[str, object]) -> Iterator[str]:
    """What no single setting can tell is wrong: one sentence each, which begins with the setting."""
    yield from _person_problems(agents)
    for name, section in queues.items():
        yield from _relax_problems(name, section)
        if section.disposition_required and section.wrap_up_limit < section.wrap_up:
            yield (
                f"queues.{name}.wrap_up_limit: it is shorter than queues.{name}.wrap_up, so that nobody "
                "would be waited for; make it longer."
            )
        if section.overflow is not None and section.overflow.to not in queues:
            to = section.overflow.to
            hint = guess(to, queues) or "; add it to `queues`"
            yield f"queues.{name}.overflow.to: there is no queue {to!r}{hint}."
        elif circle := _circle(name, queues):
            yield (
                f"queues.{name}.overflow.to: callers would go round in circles "
                f"({' to '.join(circle)}); let one of these queues keep them."
            )
        if section.hours is not None and section.hours not in hours:
            hint = guess(section.hours, hours) or "; add them to `hours`"
            yield f"queues.{name}.hours: there are no hours {section.hours!r}{hint}."


def _person_problems(agents: Agents) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name, section in agents.items():
        if section.person is None:
            continue
        first = seen.setdefault(name_key(section.person), name)
        if first != name:
            yield f"agents.{name}.person: {section.person!r} is {first!r} already; a person is one agent."


def _relax_problems(name: str, section: QueueSection) -> Iterator[str]:
    before = 0.0
    given_up: set[str] = set()
    for index, step in enumerate(section.relax):
        place = f"queues.{name}.relax[{index}]"
        if step.after <= before:
            yield f"{place}.after: a step comes later than the one before it; put the steps in order."
        before = max(before, step.after)
        if step.drop in given_up:
            yield f"{place}.drop: {step.drop!r} was given up by an earlier step; leave this step out."
        elif step.drop is not None:
            given_up.add(step.drop)


def _circle(name: str, queues: QueueSections) -> list[str]:
    """The queues through which a caller of this one would come back to it; empty: none."""
    way = [name]
    while (section := queues.get(way[-1])) is not None and section.overflow is not None:
        way.append(section.overflow.to)
        if way[-1] == name:
            return way
        if way[-1] in way[:-1]:
            return []  # a circle further on, which is told of its own queues
    return []


def staff_of(agents: Agents, queues: QueueSections, missed: str = "status") -> Staff:
    """`missed`: that of `desk`."""
    rule = MissedRule(missed)
    return Staff(tuple(waiting_rooms(queues)), tuple(agent_lines(agents, rule)), rule)


def agent_lines(agents: Agents, missed: MissedRule = MissedRule.STATUS) -> list[AgentLine]:
    """`missed`: the rule for those at a browser; a telephone that rings out is passed over for a while."""
    return [
        AgentLine(
            Agent(
                name,
                section.skills,
                {WorkKind(kind): number for kind, number in section.capacity.items()},
                alone=frozenset(map(WorkKind, section.alone)),
                missed=missed if section.is_browser else MissedRule.PAUSE,
            ),
            section.number,
            section.is_browser,
        )
        for name, section in agents.items()
    ]


def telephones(agents: Agents) -> tuple[Phone, ...]:
    return tuple(Phone(name, a.sip.password) for name, a in agents.items() if a.sip.password)


def waiting_rooms(queues: QueueSections) -> list[Queue]:
    return [
        Queue(
            name,
            agents=frozenset(section.agents),
            hours=section.hours,
            capacity=section.capacity,
            ring_seconds=section.ring,
            wrap_up_seconds=section.wrap_up,
            strategy=Strategy(section.strategy),
            priority=section.priority,
            skills=section.skills,
            relax=tuple(RelaxStep(step.after, step.by or 0, step.drop) for step in section.relax),
            overflow=_overflow(section.overflow),
            max_wait_seconds=section.max_wait,
            reserve=section.reserve,
            service_level_seconds=section.service_level,
            disposition_required=section.disposition_required,
            wrap_up_limit_seconds=section.wrap_up_limit,
        )
        for name, section in queues.items()
    ]


def _overflow(section: OverflowSection | None) -> tuple[Overflow, ...]:
    return () if section is None else (Overflow(section.to, section.after, section.full),)
