"""Writing a streamed answer, with a limit: a client that takes nothing is let go."""

from __future__ import annotations

import asyncio

from aiohttp import web

WRITE_LIMIT_SECONDS = 20.0


async def send(response: web.StreamResponse, data: bytes) -> None:
    """Raises ConnectionResetError when the client has gone, or took nothing for WRITE_LIMIT_SECONDS."""
    try:
        async with asyncio.timeout(WRITE_LIMIT_SECONDS):
            await response.write(data)
    except TimeoutError:
        raise ConnectionResetError(f"the client took nothing for {WRITE_LIMIT_SECONDS:g} s") from None
