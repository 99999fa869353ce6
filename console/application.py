"""The console as one aiohttp application, made from the engine's parts and ports."""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib.resources import as_file, files
from pathlib import Path

from aiohttp import web

from console.api.serving import Api
from console.event_stream import EventStream
from console.faults import fault_middleware
from console.flows import FlowPages
from console.guard import NAMES, add_headers, guard
from console.hotline import HotlineFacts
from console.metrics import Metrics
from console.pages import Pages
from console.probes import Probes
from console.recordings import Recordings
from console.visitor_calls import VisitorCalls
from engine.flows import FlowShelf
from engine.health import Health
from engine.live import LiveCalls
from engine.ports import Clock, Queries, Visitors
from ivr.surroundings import Surroundings

LARGEST_BODY = 64 * 1024


def make_application(
    *,
    live: LiveCalls,
    health: Health,
    queries: Queries,
    visitors: Visitors,
    recordings: Path,
    hotline: Callable[[], HotlineFacts],
    flows: FlowShelf,
    surroundings: Surroundings,
    clock: Clock,
    metrics: Metrics | None = None,
    api: Api | None = None,
    names: Collection[str] = (),
) -> web.Application:
    """The whole console. Serve it on a loopback address only: nobody logs in yet.

    `hotline` tells the facts as they are now. The event streams end by themselves when the application shuts
    down.
    """
    pages = Pages(
        live=live, health=health, queries=queries, hotline=hotline, clock=clock, recordings=recordings
    )
    flow_pages = FlowPages(
        pages,
        flows=flows,
        surroundings=surroundings,
        live=live,
        queries=queries,
        hotline=hotline,
        clock=clock,
    )
    stream = EventStream(live, clock)
    problems = [api.middleware] if api else []
    app = web.Application(
        client_max_size=LARGEST_BODY, middlewares=[fault_middleware(pages.error_page), *problems, guard]
    )
    app[NAMES] = frozenset(name.lower() for name in names)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(stream.close)
    if api:
        app.add_routes(api.routes())
    app.add_routes(pages.routes())
    app.add_routes(flow_pages.routes())
    app.add_routes(Probes(health, metrics or Metrics(live, health)).routes())
    app.add_routes(VisitorCalls(visitors, hotline, health).routes())
    app.router.add_get("/calls/{call_id}/recording", Recordings(recordings, queries, live).get)
    app.router.add_get("/events", stream.get)
    with as_file(files("console") / "static") as static:
        app.router.add_static("/static", static)
    return app
