"""JSON that a page sends."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from console.faults import Fault
from console.form_bodies import BODY_SECONDS, TOO_SLOW


async def json_object(request: web.Request) -> dict[str, Any]:
    """The body. Raises Fault 400, 408 or 415."""
    if request.content_type != "application/json":
        raise Fault(415, "Send JSON with Content-Type: application/json.")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            text = await request.text()
        body = json.loads(text)
    except TimeoutError:
        raise Fault(408, TOO_SLOW) from None
    except (ValueError, LookupError, RecursionError, web.RequestPayloadError) as error:
        raise Fault(400, "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise Fault(400, "The body must be a JSON object.")
    return body
