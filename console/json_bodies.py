"""JSON that a page sends."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from console.faults import Fault


async def json_object(request: web.Request) -> dict[str, Any]:
    """The body. Raises Fault 400 or 415."""
    if request.content_type != "application/json":
        raise Fault(415, "Send JSON with Content-Type: application/json.")
    try:
        body = json.loads(await request.text())
    except (ValueError, LookupError, RecursionError) as error:
        raise Fault(400, "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise Fault(400, "The body must be a JSON object.")
    return body
