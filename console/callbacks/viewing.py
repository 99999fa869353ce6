"""Who looks at callbacks, and which of them they may see."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from console.accounts.identity import identified
from console.api.parts import ApiParts
from console.faults import Fault
from engine.registers.access import Role
from engine.registers.actor import ActorKind
from engine.registers.refusals import Missing
from history.callbacks import CallbackRequest


@dataclass(frozen=True, slots=True)
class Viewer:
    """`agent`: as whom they work, if they do. `queues`: whose calls they take. `all`: see others' too."""

    agent: str | None
    queues: tuple[str, ...]
    all: bool

    def sees(self, request: CallbackRequest) -> bool:
        if self.all or (self.agent is not None and request.agent == self.agent):
            return True
        return request.agent is None and (request.queue in self.queues or request.topic in self.queues)

    @property
    def seen_by(self) -> tuple[str, tuple[str, ...]] | None:
        return None if self.all else (self.agent or "", self.queues)


async def viewer_of(request: web.Request, parts: ApiParts) -> Viewer:
    """Agents see theirs and their teams', supervisors all; so does this machine while nobody was added."""
    identity = identified(request)
    if identity is None or identity.actor.kind is not ActorKind.PERSON:
        return Viewer(None, (), all=True)
    profiles = await parts.agents.profiles()
    agent = next((one.name for one in profiles if one.person_id == identity.actor.id), None)
    queues = parts.queues
    theirs = tuple(name for name in queues.queue_views() if agent in queues.agents_of(name))
    return Viewer(agent, theirs, all=identity.role.includes(Role.SUPERVISOR))


async def callback_read(request: web.Request, parts: ApiParts, viewer: Viewer) -> CallbackRequest:
    """The one of the address. Raises Fault 404, also for one that they may not see."""
    try:
        found = await parts.callbacks.get(request.match_info["callback_id"])
    except Missing:
        found = None
    if found is None or not viewer.sees(found):
        raise Fault(404, "There is no such callback. They are listed at /callbacks.")
    return found
