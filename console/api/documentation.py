"""/api/openapi.json, and the readable page /api/docs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import orjson
from aiohttp import web

from console.api.answers import KINDS
from console.api.negotiation import JSON, check_accept, not_modified
from console.api.openapi import document
from console.api.operation import Operation
from console.api.problem import Problem
from console.api.reference import TagPage, reference

# (request, template, values) -> the page in the asker's language
Render = Callable[..., web.Response]


class Documentation:
    """Open to all who may reach the server: it tells nothing that the program's source does not."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = operations

    @cached_property
    def document(self) -> dict[str, Any]:
        return document(self._operations)

    @cached_property
    def written(self) -> bytes:
        """The document as it is served and printed."""
        return orjson.dumps(self.document, option=orjson.OPT_INDENT_2) + b"\n"

    @cached_property
    def _etag(self) -> str:
        return f'"{hashlib.sha256(self.written).hexdigest()[:32]}"'

    @cached_property
    def _tags(self) -> tuple[TagPage, ...]:
        return reference(self.document)

    def routes(self, render: Render) -> list[web.RouteDef]:
        async def docs(request: web.Request) -> web.Response:
            return render(request, "api.html", tags=self._tags, kinds=sorted(KINDS.items()))

        async def kind(request: web.Request) -> web.Response:
            name = request.match_info["kind"]
            if name not in KINDS:
                raise Problem(404, "not-found", "There is no such kind of problem.")
            return web.Response(status=303, headers={"Location": f"/api/docs#problem-{name}"})

        return [
            web.get("/api/openapi.json", self.openapi),
            web.get("/api/docs", docs),
            web.get("/api/problems/{kind}", kind),
        ]

    async def openapi(self, request: web.Request) -> web.Response:
        check_accept(request.headers.get("Accept"), (JSON,))
        if not_modified(request, self._etag):
            return web.Response(status=304, headers={"ETag": self._etag})
        headers = {"Content-Type": JSON, "ETag": self._etag}
        return web.Response(body=self.written, headers=headers)
