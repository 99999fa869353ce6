"""The floor: what a supervisor sees of agents, queues and talks, and what they change, with a reason."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from acd.agents import AgentStatus
from acd.talks.talk import TalkView
from acd.views import AgentView, QueueView
from calls.call import Call
from engine.floor.supervision import Supervision, SupervisionView
from engine.live import LiveCalls
from engine.ports import Clock, StoreUnavailable
from engine.queues import Queues
from engine.registers.actor import Actor
from engine.registers.agents import AgentDay, AgentEvent, AgentProfile, AgentRegister
from engine.registers.audit import AuditLog, AuditNote
from engine.registers.queue_days import QueueDay, QueueDays
from engine.registers.ratings import RatingCount, Ratings, in_all
from engine.registers.refusals import Missing
from engine.switchboard import Switchboard

# Names of people change seldom, and the board is drawn anew all the time.
NAMES_SECONDS = 10.0
DAYS_SECONDS = 10.0
LATEST_EVENTS = 20
# Why a call ended, in its log.
BY_SUPERVISOR = "supervisor"


class FloorRefused(Exception):
    """`why` is a short name, as "no_call"; the message is one sentence with the remedy."""

    def __init__(self, why: str, sentence: str) -> None:
        super().__init__(sentence)
        self.why = why


class AgentOrders(Protocol):
    """What is done to agents on behalf of others; an agent's own desk is told of it at once."""

    async def set_status(self, agent: str, status: AgentStatus, reason: str, by: str) -> None:
        """As if the agent had chosen it, but for `by`, a person's name. Raises FloorRefused."""

    async def sign_out(self, agent: str, by: str) -> None:
        """The agent is offline, and their page is told so. A talk goes on. Raises FloorRefused."""


@dataclass(frozen=True, slots=True)
class FloorAgent:
    """`talk`: what the agent is in now. `ears`: who listens to it. `call` is None for other work."""

    view: AgentView
    shown: str
    call: Call | None
    talk: TalkView | None
    ears: tuple[SupervisionView, ...]


@dataclass(frozen=True, slots=True)
class FloorView:
    """`mine`: the line that the asker is on. Today's: `days`, what became of those who waited, by queue, and
    `ratings`, the grades that they gave.
    """

    now: datetime
    agents: tuple[FloorAgent, ...]
    queues: tuple[QueueView, ...]
    days: Mapping[str, QueueDay]
    ratings: Sequence[RatingCount]
    mine: SupervisionView | None
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FloorAgentPage:
    """One agent: their profile unless they are of the configuration, what they did last, and their day."""

    agent: FloorAgent
    profile: AgentProfile | None
    events: Sequence[AgentEvent]
    day: AgentDay
    rating: RatingCount
    names: Mapping[str, str]


class Floor:
    def __init__(
        self,
        queues: Queues,
        switchboard: Switchboard,
        supervision: Supervision,
        register: AgentRegister,
        audit: AuditLog,
        orders: AgentOrders,
        live: LiveCalls,
        clock: Clock,
        queue_days: QueueDays,
        midnight: Callable[[datetime], datetime],
        ratings: Ratings,
    ) -> None:
        """`midnight`: when the day of a moment began where the company is."""
        self.supervision = supervision
        self._queues = queues
        self._switchboard = switchboard
        self._register = register
        self._audit = audit
        self._orders = orders
        self._live = live
        self._clock = clock
        self._names: Mapping[str, str] = {}
        self._named_at = float("-inf")
        self._queue_days = queue_days
        self._midnight = midnight
        self._ratings = ratings
        self._rated: Sequence[RatingCount] = ()
        self._days: Mapping[str, QueueDay] = {}
        self._counted_at = float("-inf")

    async def supervisor(self, actor: Actor) -> str:
        """The name by which a person is known on the line. Raises Missing, Refused and StoreUnavailable."""
        return (await self._register.of_person(actor, actor.id)).name

    async def view(self, supervisor: str | None) -> FloorView:
        """Agents who talk first, then those who can, then the rest, by name."""
        names = await self._known_names()
        ears = self.supervision.views()
        agents = [self._agent(view, names, ears) for view in self._queues.agent_views().values()]
        queues = tuple(sorted(self._queues.queue_views().values(), key=lambda queue: queue.name))
        return FloorView(
            now=self._clock.now(),
            agents=tuple(sorted(agents, key=_place)),
            queues=queues,
            days=await self._counted({queue.name: queue.service_level_seconds for queue in queues}),
            ratings=self._rated,
            mine=self.supervision.of(supervisor) if supervisor else None,
            names=names,
        )

    async def agent(self, name: str) -> FloorAgentPage:
        """Raises FloorRefused and StoreUnavailable."""
        view = self._known(name)
        try:
            profile = await self._register.get(name)
        except Missing:
            profile = None
        names = await self._known_names()
        events = await self._register.events(name, limit=LATEST_EVENTS)
        now = self._clock.now()
        day = await self._register.day(name, self._midnight(now), now)
        rating = in_all(await self._ratings.since(self._midnight(now)), agent=name)
        seen = self._agent(view, names, self.supervision.views())
        return FloorAgentPage(seen, profile, events, day, rating, names)

    async def set_status(
        self, actor: Actor, by: str, agent: str, status: AgentStatus, reason: str, why: str
    ) -> None:
        """`reason`: a break's name; `why`: the supervisor's own words. Raises FloorRefused."""
        self._known(agent)
        data = {"status": status.value, "reason": reason, "why": why}
        await self._note(actor, "agent.status_set", f"agent:{agent}", data)
        await self._orders.set_status(agent, status, reason, by)

    async def set_skills(
        self, actor: Actor, agent: str, skills: Mapping[str, int], why: str, version: int
    ) -> None:
        """The register notes it. Raises FloorRefused, Changed and Refused."""
        try:
            await self._register.set_skills(actor, agent, skills, why, self._clock.now(), version)
        except Missing:
            raise FloorRefused(
                "configured", "This agent is of the configuration: change `agents` there, then reload it."
            ) from None

    async def sign_out(self, actor: Actor, by: str, agent: str, why: str) -> None:
        """Of an agent who forgot to, or whose page is stuck. Raises FloorRefused."""
        self._known(agent)
        await self._note(actor, "agent.signed_out", f"agent:{agent}", {"why": why})
        await self._orders.sign_out(agent, by)

    async def hang_up(self, actor: Actor, call_id: str, why: str) -> None:
        """End a call, whatever it is at. Raises FloorRefused."""
        if not self._switchboard.serves(call_id):
            raise FloorRefused("over", "This call is over.")
        await self._note(actor, "call.hung_up", f"call:{call_id}", {"why": why})
        await self._switchboard.hang_up(call_id, BY_SUPERVISOR)

    # --- inside -------------------------------------------------------------------------------------------

    def _known(self, agent: str) -> AgentView:
        view = self._queues.agent_view(agent)
        if view is None:
            raise FloorRefused("unknown", f"There is no agent {agent[:40]!r}.")
        return view

    def _agent(
        self, view: AgentView, names: Mapping[str, str], ears: Sequence[SupervisionView]
    ) -> FloorAgent:
        talk = self._switchboard.talk_of(view.work) if view.work else None
        call = self._live.get(view.work) if view.work else None
        mine = tuple(ear for ear in ears if ear.agent == view.name)
        return FloorAgent(view, names.get(view.name, view.name), call, talk, mine)

    async def _known_names(self) -> Mapping[str, str]:
        """Agent's name, and person's id -> person's name. As they were, while the database is away."""
        now = self._clock.monotonic()
        if now - self._named_at >= NAMES_SECONDS:
            self._named_at = now
            try:
                profiles = await self._register.profiles()
            except StoreUnavailable:
                return self._names
            people = {profile.person_id: profile.shown for profile in profiles if profile.person_id}
            self._names = {**people, **{profile.name: profile.shown for profile in profiles}}
        return self._names

    async def _counted(self, targets: Mapping[str, float]) -> Mapping[str, QueueDay]:
        """As they were a moment ago: all boards together count seldom. As they were, while the database is
        away."""
        now = self._clock.monotonic()
        if now - self._counted_at >= DAYS_SECONDS:
            self._counted_at = now
            with contextlib.suppress(StoreUnavailable):
                midnight = self._midnight(self._clock.now())
                self._days = await self._queue_days.since(midnight, targets)
                self._rated = await self._ratings.since(midnight)
        return self._days

    async def _note(self, actor: Actor, action: str, subject: str, data: Mapping[str, object]) -> None:
        await self._audit.add((AuditNote(self._clock.now(), actor, action, subject, data),))


_ORDER = {"talking": 0, "hold": 0, "offered": 1, "wrap_up": 2}


def _place(agent: FloorAgent) -> tuple[int, str]:
    state, status = agent.view.state.value, agent.view.status
    if state in _ORDER:
        return _ORDER[state], agent.view.name
    if status is AgentStatus.OFFLINE:
        return 9, agent.view.name
    return (3 if status is AgentStatus.AVAILABLE else 4), agent.view.name
