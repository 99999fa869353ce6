"""/flows and /flows/NAME: the flows in service, today's calls in them, rehearsals that do nothing real."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from calls.call import Call
from console.faults import Fault
from console.flow_rehearsal import Refused, rehearse, typed_of
from console.flow_view import Picture, name_of, now_in, picture_of, stroke_width, with_live
from console.hotline import HotlineFacts
from console.json_bodies import json_object
from console.pages import Pages
from console.words import Words
from engine.flows import FlowShelf
from engine.live import LiveCalls
from engine.ports import Clock, FlowFigures, Queries, StoreUnavailable
from ivr.flow import Flow
from ivr.rehearsal.flow_tests import flow_tests
from ivr.rehearsal.recorded_call import NotRehearsable
from ivr.rehearsal.verdicts import Verdict, run_test
from ivr.surroundings import Surroundings

# Of today; on a busier day the latest are counted, and the page says so.
MOST_CALLS = 50_000
# A busy line changes many times a second; the figures of ended calls need not.
FIGURES_SECONDS = 5.0
MOST_PICTURES = 32
# Rehearsals run one at a time beside the calls; more than these do not wait.
MOST_WAITING = 8
TESTS_CPU_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A flow in the list."""

    flow: Flow
    name: str
    numbers: tuple[str, ...]
    others: bool  # it answers every number that leads to no other flow
    steps: int
    now: int
    figures: FlowFigures | None


class FlowPages:
    def __init__(
        self,
        pages: Pages,
        *,
        flows: FlowShelf,
        surroundings: Surroundings,
        live: LiveCalls,
        queries: Queries,
        hotline: Callable[[], HotlineFacts],
        clock: Clock,
    ) -> None:
        self._pages = pages
        self._flows = flows
        self._surroundings = surroundings
        self._live = live
        self._queries = queries
        self._hotline = hotline
        self._clock = clock
        self._figures: dict[str, tuple[float, FlowFigures]] = {}
        self._pictures: OrderedDict[tuple[str, str, str], Picture] = OrderedDict()
        self._working = asyncio.Semaphore(1)
        self._waiting = 0

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/flows", self.flows),
            web.get("/flows/{name}", self.flow),
            web.get("/parts/flows", self.part_flows),
            web.get("/parts/flow/{name}", self.part_flow),
            web.post("/flows/{name}/rehearsal", self.rehearsal),
            web.post("/flows/{name}/tests", self.tests),
        ]

    async def flows(self, request: web.Request) -> web.Response:
        return self._pages.page(request, "flows.html", page="flows", rows=await self._rows())

    async def part_flows(self, request: web.Request) -> web.Response:
        return self._pages.page(request, "parts/flows.html", rows=await self._rows())

    async def flow(self, request: web.Request) -> web.Response:
        flow = self._named(request)
        parts = await self._parts(request, flow)
        local = self._clock.now().astimezone(self._surroundings.zone)
        return self._pages.page(
            request, "flow.html", page="flows", local_now=f"{local:%Y-%m-%dT%H:%M}", **parts
        )

    async def part_flow(self, request: web.Request) -> web.Response:
        return self._pages.page(
            request, "parts/flow.html", **await self._parts(request, self._named(request))
        )

    async def rehearsal(self, request: web.Request) -> web.Response:
        """{version, acts, answers, language, caller, at, save} -> the conversation as a part of the page."""
        body = await json_object(request)
        flow = self._versioned(request, body)
        words = self._pages.words_for(request)
        dialled = next(iter(self._numbers(flow)), "100")
        save = body.get("save") is True
        try:
            typed = typed_of(body, flow)
            async with self._turn():
                outcome = await asyncio.to_thread(
                    rehearse, flow, typed, self._surroundings, dialled, words, save=save
                )
        except Refused as refused:
            raise Fault(400, str(refused)) from refused
        except NotRehearsable as refused:
            raise Fault(422, str(refused)) from refused
        return self._pages.page(request, "parts/rehearsal.html", outcome=outcome, flow=flow)

    async def tests(self, request: web.Request) -> web.Response:
        """{version} -> how many of the flow's own tests pass, and what is wrong with the others."""
        flow = self._versioned(request, await json_object(request))
        async with self._turn():
            verdicts = await asyncio.to_thread(_run_tests, flow, self._surroundings)
        return self._pages.page(
            request,
            "parts/flow_tests.html",
            flow=flow,
            ran=len(verdicts),
            passed=sum(verdict.passed for verdict in verdicts),
            failed=[verdict for verdict in verdicts if not verdict.passed],
        )

    # --- what is shown ---

    async def _rows(self) -> Sequence[FlowRow]:
        return [
            FlowRow(
                flow,
                name_of(flow.name),
                self._numbers(flow),
                flow.name == self._flows.unknown.name,
                _steps(flow),
                len(self._live_in(flow)),
                await self._today(flow),
            )
            for flow in sorted(self._flows.all(), key=lambda flow: flow.name)
        ]

    async def _parts(self, request: web.Request, flow: Flow) -> Mapping[str, Any]:
        figures = await self._today(flow)
        live = self._live_in(flow)
        most = max(figures.steps.values(), default=0) if figures else 0
        return {
            "flow": flow,
            "flow_name": name_of(flow.name),
            "numbers": self._numbers(flow),
            "others": flow.name == self._flows.unknown.name,
            "steps": _steps(flow),
            "picture": self._picture(flow, self._pages.words_for(request)),
            "figures": figures,
            "live_here": len(live),
            "now_in": now_in(live),
            "stroke": lambda calls: f"{stroke_width(calls, most):.1f}",
        }

    def _picture(self, flow: Flow, words: Words) -> Picture:
        key = (flow.name, flow.version, words.language)
        if key not in self._pictures:
            self._pictures[key] = picture_of(flow, words)
        self._pictures.move_to_end(key)
        while len(self._pictures) > MOST_PICTURES:
            self._pictures.popitem(last=False)
        return self._pictures[key]

    async def _today(self, flow: Flow) -> FlowFigures | None:
        """Since midnight of the company, with the calls that go on; None while the database is away."""
        now = self._clock.monotonic()
        at, figures = self._figures.get(flow.name, (0.0, FlowFigures()))
        if flow.name not in self._figures or now - at >= FIGURES_SECONDS:
            since = self._midnight()
            try:
                figures = await self._queries.flow_figures(flow.name, since, most_calls=MOST_CALLS)
            except StoreUnavailable:
                return None
            self._figures[flow.name] = now, figures
        since = self._midnight()
        return with_live(figures, [call for call in self._live_in(flow) if call.started_at >= since])

    def _midnight(self) -> datetime:
        local = self._clock.now().astimezone(self._surroundings.zone)
        return local.replace(hour=0, minute=0, second=0, microsecond=0)

    def _live_in(self, flow: Flow) -> Sequence[Call]:
        return [call for call in self._live.all() if call.flow == flow.name]

    def _numbers(self, flow: Flow) -> tuple[str, ...]:
        return tuple(fact.number for fact in self._hotline().flows if fact.name == flow.name)

    # --- which flow ---

    def _named(self, request: web.Request) -> Flow:
        name = request.match_info["name"]
        found = next((flow for flow in self._flows.all() if flow.name == name), None)
        if found is None:
            raise Fault(404, "There is no such flow in service. The list of flows is at /flows.")
        return found

    def _versioned(self, request: web.Request, body: Mapping[str, Any]) -> Flow:
        """The very version that the page shows, also after a newer one came."""
        name, version = request.match_info["name"], body.get("version")
        flow = self._flows.by_version(name, version) if isinstance(version, str) else None
        if flow is None:
            self._named(request)
            raise Fault(409, "This version of the flow is no longer kept. Load the page anew.")
        return flow

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Raises Fault 503 when many wait already."""
        if self._waiting >= MOST_WAITING:
            raise Fault(503, "Many rehearsals are running; try again in a moment.")
        self._waiting += 1
        try:
            async with self._working:
                yield
        finally:
            self._waiting -= 1


def _steps(flow: Flow) -> int:
    return sum(not step.implied for step in flow.steps.values())


def _run_tests(flow: Flow, surroundings: Surroundings) -> Sequence[Verdict]:
    """As many as fit into the time."""
    limit = time.thread_time() + TESTS_CPU_SECONDS
    verdicts = []
    for test in flow_tests(flow):
        verdicts.append(run_test(flow, test, surroundings))
        if time.thread_time() > limit:
            break
    return verdicts
