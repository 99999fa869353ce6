"""The REST API's parts, wired."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from console.api.areas import operations
from console.api.event_feed import EventFeed
from console.api.parts import ApiParts
from console.api.rate_limits import Rate
from console.api.serving import Api
from console.application import Doors
from console.identity import identify
from console.passwords import Passwords
from engine.codes import new_webhook_secret
from engine.flows import FlowShelf
from engine.live import LiveCalls
from engine.outbound import OutboundCalls
from engine.ports import Clock, Ids
from infolinia.configuration import Configuration
from store.store import Store


def api_parts(
    configuration: Configuration,
    *,
    store: Store,
    clock: Clock,
    ids: Ids,
    live: LiveCalls,
    flows: FlowShelf,
    doors: Doors | None = None,
    outbound: OutboundCalls | None = None,
    hang_up: Callable[[str, str], Awaitable[bool]] | None = None,
) -> ApiParts:
    """What runs, and what the tests run, is made here."""
    rate = configuration.web.rate
    return ApiParts(
        clock=clock,
        ids=ids,
        identify=identify,
        idempotency=store.idempotency,
        queries=store.queries,
        calls=store.calls,
        live=live,
        flows=flows,
        region=configuration.country,
        webhooks=store.webhooks,
        deliveries=store.deliveries,
        publications=store.publications,
        feed=EventFeed(store.publications),
        new_secret=new_webhook_secret,
        accounts=store.accounts,
        passwords=doors.passwords if doors else Passwords(),
        seen=doors.seen if doors else None,
        outbound=outbound,
        hang_up=hang_up,
        recordings=configuration.place(configuration.recordings),
        rate=Rate(rate.per_second, rate.burst),
    )


def served_api(parts: ApiParts) -> Api:
    return Api(parts, operations(parts))
