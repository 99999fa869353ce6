"""Flows as they are loaded now, and how their calls went through them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from console.api.access import Role, Scope
from console.api.operation import Answer, Asked, Operation, Shape
from console.api.parts import ApiParts
from console.api.problem import missing
from console.api.shapes import Time
from ivr.flow import Flow

MOST_CALLS = 100_000
USUAL_SPAN = timedelta(days=7)


class FlowShape(Shape):
    name: str
    version: Annotated[str, Field(description="Of its text and of those of the flows that it calls.")]
    languages: list[str]
    numbers: Annotated[list[str], Field(description="The numbers that it answers.")]
    takes: Annotated[list[str], Field(description="The variables that a call placed with it must be given.")]
    called: Annotated[bool, Field(description="Other flows call it: no number and no call leads to it.")]


class FlowList(Shape):
    items: list[FlowShape]
    next: None = None


class StepShape(Shape):
    name: str
    verb: str
    outcomes: Annotated[dict[str, str], Field(description="outcome -> the step that it leads to")]


class WholeFlow(FlowShape):
    start: str
    steps: list[StepShape]
    uses: Annotated[dict[str, list[str]], Field(description="What it needs of the configuration, by kind.")]


class FiguresQuery(Shape):
    since: Annotated[Time | None, Field(description="Of calls that began then or later: 7 days back.")] = None


class StepFigures(Shape):
    step: str
    calls: int


class WayFigures(Shape):
    begin: str
    end: str
    calls: int


class Figures(Shape):
    """Each call counts once in a step and in a way from one step to the next."""

    since: Time
    calls: int
    whole: Annotated[bool, Field(description="False: there were more calls, and the latest are counted.")]
    steps: list[StepFigures]
    ways: list[WayFigures]


class FlowsApi:
    """Read only: flows are files, checked and reloaded with the command `infolinia flow`."""

    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": "flows", "scope": Scope.FLOWS_READ, "role": Role.AGENT}
        return (
            Operation(
                "GET", "/flows", "list_flows", self._list, "All flows, by name", answer=FlowList, **read
            ),
            Operation(
                "GET", "/flows/{name}", "get_flow", self._get, "A flow's steps", answer=WholeFlow, **read
            ),
            Operation(
                "GET",
                "/flows/{name}/figures",
                "get_flow_figures",
                self._figures,
                "How many calls went through a flow, by step and way",
                query=FiguresQuery,
                answer=Figures,
                **read,
            ),
        )

    async def _list(self, asked: Asked) -> Answer:
        flows = sorted(self._parts.flows.all(), key=lambda flow: flow.name)
        return Answer(FlowList(items=[FlowShape(**self._facts(flow)) for flow in flows]))

    async def _get(self, asked: Asked) -> Answer:
        flow = self._flow(asked)
        steps = [
            StepShape(name=step.name, verb=step.verb, outcomes=dict(step.outcomes))
            for step in flow.steps.values()
        ]
        uses = {kind: list(names) for kind, names in flow.uses.items()}
        return Answer(WholeFlow(**self._facts(flow), start=flow.start, steps=steps, uses=uses))

    async def _figures(self, asked: Asked) -> Answer:
        flow = self._flow(asked)
        query: FiguresQuery = asked.query
        since = query.since or self._parts.clock.now() - USUAL_SPAN
        found = await self._parts.queries.flow_figures(flow.name, since, most_calls=MOST_CALLS)
        return Answer(
            Figures(
                since=since,
                calls=found.calls,
                whole=found.whole,
                steps=[StepFigures(step=name, calls=calls) for name, calls in sorted(found.steps.items())],
                ways=[
                    WayFigures(begin=begin, end=end, calls=calls)
                    for (begin, end), calls in sorted(found.ways.items())
                ],
            )
        )

    def _flow(self, asked: Asked) -> Flow:
        flow = self._parts.flows.by_name(asked.path["name"])
        if flow is None:
            raise missing("flow", asked.path["name"])
        return flow

    def _facts(self, flow: Flow) -> dict[str, Any]:
        return {
            "name": flow.name,
            "version": flow.version,
            "languages": list(flow.languages),
            "numbers": self._parts.flows.numbers_of(flow.name),
            "takes": list(flow.takes),
            "called": bool(flow.returns),
        }
