"""/queues: where callers wait, as it is now."""

from __future__ import annotations

from typing import Any

from console.api.access import Role, Scope
from console.api.agent_shapes import QueueList, QueueShape, queue_shape
from console.api.operation import Answer, Asked, Operation
from console.api.parts import ApiParts
from console.api.problem import missing


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
                "GET", "/queues/{name}", "get_queue", self._get, "One queue", answer=QueueShape, **read
            ),
        )

    async def _list(self, asked: Asked) -> Answer:
        views = sorted(self._parts.queues.queue_views().values(), key=lambda view: view.name)
        return Answer(QueueList(items=[queue_shape(view) for view in views]))

    async def _get(self, asked: Asked) -> Answer:
        view = self._parts.queues.queue_views().get(asked.path["name"])
        if view is None:
            raise missing("queue", asked.path["name"])
        return Answer(queue_shape(view))
