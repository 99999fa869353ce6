"""Forms that a page sends."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from console.faults import Fault

# For all of a body: whoever announces one and sends none is not waited for.
BODY_SECONDS = 20.0
TOO_SLOW = "The body did not come in time. Send it again."
# What aiohttp raises for a wrong value, charset, transfer encoding or header of a part.
_UNREADABLE = (ValueError, LookupError, RuntimeError, HttpProcessingError, web.RequestPayloadError)


async def form_of(request: web.Request) -> dict[str, str]:
    """Its texts, by field; files are left out. Raises Fault 400 or 408."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            given = await request.post()
        texts = {name: value for name, value in given.items() if isinstance(value, str)}
        "".join([*texts, *texts.values()]).encode()  # a lone surrogate, which some charsets can write
        if any("\0" in name for name in texts):  # ids of what is ticked, which no database takes so
            raise ValueError("a zero byte")
    except TimeoutError:
        raise Fault(408, TOO_SLOW) from None
    except _UNREADABLE as error:
        raise Fault(400, "The form cannot be read.") from error
    return texts
