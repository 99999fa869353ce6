"""Forms that a page sends."""

from __future__ import annotations

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from console.faults import Fault

# What aiohttp raises for a wrong value, charset, transfer encoding or header of a part.
_UNREADABLE = (ValueError, LookupError, RuntimeError, HttpProcessingError)


async def form_of(request: web.Request) -> dict[str, str]:
    """Its texts, by field; files are left out. Raises Fault 400."""
    try:
        given = await request.post()
        texts = {name: value for name, value in given.items() if isinstance(value, str)}
        "".join([*texts, *texts.values()]).encode()  # a lone surrogate, which some charsets can write
        if any("\0" in name for name in texts):  # ids of what is ticked, which no database takes so
            raise ValueError("a zero byte")
    except _UNREADABLE as error:
        raise Fault(400, "The form cannot be read.") from error
    return texts
