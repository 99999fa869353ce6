"""/queues: where callers wait, as it is now."""

from __future__ import annotations

from typing import Any

from acd.views import QueueView
from compliance.local_time import day_start
from console.api.access import Role, Scope
from console.api.agent_shapes import QueueList, QueueShape, WaitingList, WaitingShape, queue_shape
from console.api.operation import Answer, Asked, Operation
from console.api.parts import ApiParts
from console.api.problem import missing
from console.api.rating_shapes import RatingList, RatingsQuery, rating_shape


class QueuesApi:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": "queues", "scope": Scope.QUEUES_READ, "role": Role.AGENT}
        return (
            Operation(
                "GET", "/queues", "list_queues", self._list, "All queues, by name", answer=QueueList, **read
            ),
            Operation(
                "GET",
                "/ratings",
                "list_ratings",
                self._ratings,
                "Grades that people gave after a talk, by queue and agent",
                description="Of calls that began since then; left out: the company's midnight.",
                query=RatingsQuery,
                answer=RatingList,
                **{**read, "role": Role.SUPERVISOR},
            ),
            Operation(
                "GET", "/queues/{name}", "get_queue", self._get, "One queue", answer=QueueShape, **read
            ),
            Operation(
                "GET",
                "/queues/{name}/waiting",
                "list_waiting",
                self._waiting,
                "Who waits in a queue, in turn",
                answer=WaitingList,
                **{**read, "role": Role.SUPERVISOR},
            ),
        )

    async def _list(self, asked: Asked) -> Answer:
        views = sorted(self._parts.queues.queue_views().values(), key=lambda view: view.name)
        return Answer(QueueList(items=[queue_shape(view) for view in views]))

    async def _get(self, asked: Asked) -> Answer:
        return Answer(queue_shape(self._view(asked)))

    async def _waiting(self, asked: Asked) -> Answer:
        items = [
            WaitingShape(
                call_id=work.work_id,
                position=position,
                since=work.since,
                skills=list(work.skills),
                priority=work.priority,
                offered_to=agent or None,
            )
            for position, (work, agent) in enumerate(
                self._parts.queues.waiting_in(self._view(asked).name), start=1
            )
        ]
        return Answer(WaitingList(items=items))

    async def _ratings(self, asked: Asked) -> Answer:
        since = asked.query.since
        if since is None:
            today = self._parts.clock.now().astimezone(self._parts.zone).date()
            since = day_start(self._parts.zone, today)
        counts = await self._parts.ratings.since(since)
        return Answer(RatingList(items=[rating_shape(one) for one in counts]))

    def _view(self, asked: Asked) -> QueueView:
        view = self._parts.queues.queue_views().get(asked.path["name"])
        if view is None:
            raise missing("queue", asked.path["name"])
        return view
