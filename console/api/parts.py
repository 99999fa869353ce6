"""ApiParts: all that the API's areas need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from console.api.event_feed import EventFeed
from console.api.rate_limits import STRANGERS, Rate
from console.identity import Identity
from console.passwords import Passwords
from engine.flows import FlowShelf
from engine.live import LiveCalls
from engine.outbound import OutboundCalls
from engine.ports import Clock, Ids, Queries
from engine.registers.accounts import Accounts
from engine.registers.calls import CallRegister
from engine.registers.idempotency import IdempotencyKeys
from engine.registers.publications import PublicationLog
from engine.registers.webhooks import Deliveries, Webhooks
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
    calls: CallRegister
    region: str  # whose national numbers are taken, as "PL"
    webhooks: Webhooks
    deliveries: Deliveries
    publications: PublicationLog
    feed: EventFeed
    new_secret: Callable[[], str]  # of a webhook
    accounts: Accounts
    passwords: Passwords
    seen: SeenNotes | None = None
    outbound: OutboundCalls | None = None
    hang_up: Callable[[str, str], Awaitable[bool]] | None = None  # a call's id, by whom
    recordings: Path | None = None
    rate: Rate = field(default_factory=Rate)
    strangers: Rate = STRANGERS
