"""Receivers of webhooks, as others might write them, and a worker that tells them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import Connection

from channels.webhooks import HttpWebhookSender
from engine.registers.actor import Actor, ActorKind
from engine.registers.webhooks import Webhook
from engine.webhooks.delivery import DeliveryLimits, WebhookDelivery
from history.publication import Publication
from store.database import create_engine, database_url
from store.publishing import publish
from store.registers.transactions import written
from store.store import Store
from tests.conftest import HandClock

SOMEBODY = Actor(ActorKind.COMMAND, "anna")
SECRET = "whsec_of_the_test"


@dataclass
class Delivered:
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        value: dict[str, Any] = orjson.loads(self.raw)
        return value


@dataclass
class Receiver:
    """`answer` says what status to give; `taken` is what was answered with 200, in order."""

    url: str = ""
    answer: Callable[[Delivered], int] = lambda delivered: 200
    hold: asyncio.Event | None = None
    asked: list[Delivered] = field(default_factory=list)
    taken: list[Delivered] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        delivered = Delivered(dict(request.headers), await request.read())
        self.asked.append(delivered)
        if self.hold is not None:
            await self.hold.wait()
        status = self.answer(delivered)
        if status == 200:
            self.taken.append(delivered)
        return web.Response(status=status)

    def sequences(self, subject: str) -> list[int]:
        return [d.body["sequence"] for d in self.taken if d.body["subject"] == subject]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hooks", receiver.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    receiver.url = f"http://127.0.0.1:{server.port}/hooks"
    try:
        yield receiver
    finally:
        if receiver.hold is not None:
            receiver.hold.set()
        await server.close()


@asynccontextmanager
async def delivering(
    store: Store, clock: HandClock, *, limits: DeliveryLimits | None = None, worker: str = "w1", **more: Any
) -> AsyncIterator[WebhookDelivery]:
    sender = HttpWebhookSender(private_networks=True, limit_seconds=more.pop("limit_seconds", 5.0))
    await sender.start()
    delivery = WebhookDelivery(
        store.delivery_queue(worker),
        sender,
        clock=clock,
        chance=lambda: 1.0,
        limits=limits or DeliveryLimits(look_seconds=0.02),
        **more,
    )
    delivery.start()
    try:
        yield delivery
    finally:
        await delivery.close()
        await sender.close()


async def hooked(store: Store, clock: HandClock, id: str, url: str, *kinds: str) -> Webhook:
    return await store.webhooks.create(
        SOMEBODY, id, url=url, kinds=kinds, description="", secret=SECRET, at=clock.now()
    )


async def tell(url: str, *publications: Publication) -> None:
    engine = create_engine(database_url(url))

    def work(connection: Connection) -> None:
        publish(connection, publications)

    try:
        await written(engine, work)
    finally:
        await engine.dispose()


def publication(
    id: str, clock: HandClock, subject: str = "contact:a", kind: str = "contact.changed"
) -> Publication:
    return Publication(id, clock.now(), kind, subject, {"id": id})


async def until(true: Callable[[], bool] | Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
    """Wait until it is so. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            found = true()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


def verified(secret: str, header: str, body: bytes, now: float, tolerance: float = 300) -> bool:
    """What a receiver does, written from the documentation alone."""
    parts = [part.split("=", 1) for part in header.split(",")]
    sent = next(value for name, value in parts if name == "t")
    wanted = hmac.new(secret.encode(), sent.encode() + b"." + body, hashlib.sha256).hexdigest()
    good = any(hmac.compare_digest(value, wanted) for name, value in parts if name == "v1")
    return good and abs(now - int(sent)) <= tolerance
