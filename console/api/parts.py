"""ApiParts: all that the API's areas need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from console.api.rate_limits import STRANGERS, Rate
from console.identity import Identity
from engine.flows import FlowShelf
from engine.live import LiveCalls
from engine.ports import Clock, Ids, Queries
from engine.registers.idempotency import IdempotencyKeys
from engine.seen_notes import SeenNotes


@dataclass(frozen=True, slots=True)
class ApiParts:
    """Each area adds its own here, in infolinia/api_assembly.py, and in console/api/areas.py."""

    clock: Clock
    ids: Ids
    identify: Callable[[web.Request], Awaitable[Identity | None]]
    idempotency: IdempotencyKeys
    queries: Queries
    live: LiveCalls
    flows: FlowShelf
    region: str  # whose national numbers are taken, as "PL"
    seen: SeenNotes | None = None
    rate: Rate = field(default_factory=Rate)
    strangers: Rate = STRANGERS
