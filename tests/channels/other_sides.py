"""The other side of a channel in a test: a web server on loopback, and what a provider told its listeners."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.callbacks import CallbackAnswer, CallbackReceiver, CallbackRequest, answer_callback
from compliance.facts import Channel
from messaging.provider import Incoming, Listeners, Provider, Receipt, Submission


@dataclass
class Told:
    """`broken`: the listeners cannot write anything down."""

    receipts: list[Receipt] = field(default_factory=list)
    incoming: list[Incoming] = field(default_factory=list)
    standing: list[tuple[bool, str]] = field(default_factory=list)
    broken: bool = False

    def listeners(self) -> Listeners:
        async def receipt(one: Receipt) -> None:
            if self.broken:
                raise RuntimeError("the database is away, and with it +48600000001")
            self.receipts.append(one)

        async def incoming(one: Incoming) -> None:
            if self.broken:
                raise RuntimeError("the database is away, and with it +48600000001")
            self.incoming.append(one)

        return Listeners(receipt, incoming, lambda stands, why: self.standing.append((stands, why)))


@asynccontextmanager
async def opened(provider: Provider) -> AsyncIterator[Told]:
    told = Told()
    await provider.start(told.listeners())
    try:
        yield told
    finally:
        await provider.close()
        await provider.close()


@asynccontextmanager
async def web_server(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """Its address; every path and method is answered by `handler`."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        await server.close()


async def called(
    provider: CallbackReceiver,
    *,
    method: str = "POST",
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    body: bytes = b"",
    remote: str = "192.0.2.1",
) -> CallbackAnswer:
    return await answer_callback(provider, CallbackRequest(method, headers or {}, query or {}, body, remote))


def submission(channel: Channel, to: str, text: str = "Zażółć gęślą jaźń 😀", **more: object) -> Submission:
    return Submission("01jd8m3x9y0000000000000001", channel, to, text, **more)  # type: ignore[arg-type]
