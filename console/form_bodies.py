"""Forms that a page sends."""

from __future__ import annotations

from aiohttp import web

from console.faults import Fault


async def form_of(request: web.Request) -> dict[str, str]:
    """Its texts, by field; files are left out. Raises Fault 400."""
    try:
        given = await request.post()
    except (ValueError, LookupError) as error:
        raise Fault(400, "The form cannot be read.") from error
    return {name: value for name, value in given.items() if isinstance(value, str)}
