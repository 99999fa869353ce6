"""/agents: who answers, what they are at, and what they can do."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import Any

from acd.agents import AgentStatus
from acd.views import AgentView
from console.api.access import Role, Scope
from console.api.agent_shapes import (
    AgentEventPage,
    AgentEventQuery,
    AgentList,
    AgentPatch,
    AgentQuery,
    AgentShape,
    NewStatus,
    WholeAgent,
    agent_event_shape,
    agent_form,
    whole_agent,
)
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import cursor_of, parts_of
from console.api.parts import ApiParts
from console.api.problem import FieldError, Problem, ProblemDoc, missing
from engine.floor.changes import FloorRefused
from engine.registers.actor import Actor, ActorKind
from engine.registers.agents import AgentProfile
from engine.registers.refusals import Missing

_TAG = "agents"
LONGEST = timedelta(days=31)


class AgentsApi:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": _TAG, "scope": Scope.AGENTS_READ, "role": Role.SUPERVISOR}
        write: dict[str, Any] = {"tag": _TAG, "scope": Scope.AGENTS_WRITE, "role": Role.SUPERVISOR}
        one = "/agents/{name}"
        return (
            Operation(
                "GET", "/agents", "list_agents", self._list, "All agents, by name", answer=AgentList, **read
            ),
            Operation(
                "GET",
                one,
                "get_agent",
                self._get,
                "One agent: state, skills and the day's numbers",
                query=AgentQuery,
                answer=WholeAgent,
                **read,
            ),
            Operation(
                "PATCH",
                one,
                "change_agent",
                self._change,
                "Change the skills or the capacity of an agent who signs in",
                description="What an agent of the configuration can do is changed there.",
                body=AgentPatch,
                answer=WholeAgent,
                if_match=True,
                **write,
            ),
            Operation(
                "POST",
                one + "/status",
                "set_agent_status",
                self._set_status,
                "Choose an agent's status for them, with a reason",
                description="During work it is taken after it.",
                body=NewStatus,
                answer=WholeAgent,
                keyed=True,
                problems=(ProblemDoc(409, "The agent cannot be brought to this status now."),),
                **write,
            ),
            Operation(
                "GET",
                one + "/events",
                "list_agent_events",
                self._events,
                "What an agent did, the newest first",
                query=AgentEventQuery,
                answer=AgentEventPage,
                **read,
            ),
        )

    async def _list(self, asked: Asked) -> Answer:
        people = {profile.name: profile.shown for profile in await self._parts.agents.profiles()}
        views = sorted(self._parts.queues.agent_views().values(), key=lambda view: view.name)
        items = [AgentShape.model_validate(agent_form(view, people.get(view.name))) for view in views]
        return Answer(AgentList(items=items))

    async def _get(self, asked: Asked) -> Answer:
        query: AgentQuery = asked.query
        # Every row of these days is added up while calls wait for it.
        if query.since is not None and self._parts.clock.now() - query.since > LONGEST:
            wrong = FieldError("query.since", f"Name a moment of the last {LONGEST.days} days.")
            raise Problem(400, "invalid", f"Numbers reach back {LONGEST.days} days.", errors=[wrong])
        return await self._told(asked.path["name"], query.since)

    async def _change(self, asked: Asked) -> Answer:
        body: AgentPatch = asked.body
        name, now = asked.path["name"], self._parts.clock.now()
        capacity = None if body.capacity is None else body.capacity.given
        await self._parts.agents.change(
            asked.actor, name, body.skills, capacity, body.reason, now, asked.if_match
        )
        await self._parts.refresh_agents()
        return await self._told(name)

    async def _set_status(self, asked: Asked) -> Answer:
        body: NewStatus = asked.body
        name = asked.path["name"]
        self._view(name)
        floor = self._parts.floor
        if floor is None:
            raise Problem(503, "no-line", "No agents are rung here.")
        by = await self._name_of(asked.actor)
        try:
            await floor.set_status(
                asked.actor, by, name, AgentStatus(body.status), body.break_reason, body.reason
            )
        except FloorRefused as refused:
            raise Problem(409, "refused", str(refused)) from refused
        return await self._told(name)

    async def _events(self, asked: Asked) -> Answer:
        query: AgentEventQuery = asked.query
        name = asked.path["name"]
        self._view(name)
        before = None if query.cursor is None else parts_of(query.cursor, 1)[0]
        found = await self._parts.agents.events(name, limit=query.limit + 1, before=before)
        items = [agent_event_shape(event) for event in found[: query.limit]]
        more = cursor_of(items[-1].id) if len(found) > query.limit else None
        return Answer(AgentEventPage(items=items, next=more))

    # --- inside -------------------------------------------------------------------------------------------

    def _view(self, name: str) -> AgentView:
        view = self._parts.queues.agent_views().get(name)
        if view is None:
            raise missing("agent", name)
        return view

    async def _told(self, name: str, since: datetime | None = None) -> Answer:
        view, now = self._view(name), self._parts.clock.now()
        profile: AgentProfile | None = None
        with contextlib.suppress(Missing):  # of the configuration
            profile = await self._parts.agents.get(name)
        since = since or now.astimezone(self._parts.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        day = await self._parts.agents.day(name, since, now)
        return Answer(whole_agent(view, profile, day, since), version=profile.version if profile else None)

    async def _name_of(self, actor: Actor) -> str:
        """As it stands in the agent's log."""
        if actor.kind is not ActorKind.PERSON:
            return actor.kind.value
        try:
            return (await self._parts.accounts.people.get(actor.id)).name
        except Missing:
            return actor.id
