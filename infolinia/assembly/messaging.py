"""The worker that sends messages, wired; and the way by which providers call back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import structlog
from aiohttp import web

from channels.callbacks import CallbackReceiver, CallbackRequest, answer_before_body, answer_callback
from engine.followup.routing import Carrier, Lane
from engine.followup.sending import MessageSending
from engine.gatekeeper import Gatekeeper
from engine.health import Health
from engine.ports import Clock, Ids, StoreUnavailable
from engine.registers.messages import MessageFigures
from infolinia.assembly.background import in_background
from infolinia.assembly.dialogues import MessageNews
from infolinia.assembly.message_providers import carriers_of
from infolinia.configuration import Configuration
from messaging.opting import Wish
from store.message_queue import SqlMessageQueue
from store.store import Store

log = structlog.get_logger("messages")

FIGURES_SECONDS = 30.0
# A message that could go out and does not for so long is told to people.
LATE = timedelta(minutes=5)
# A body that comes more slowly than this is nobody's who is well.
BODY_SECONDS = 15.0
CALLBACK_PATH = "/callbacks/providers/{name}"


async def send_messages(
    configuration: Configuration,
    store: Store,
    gate: Gatekeeper,
    clock: Clock,
    ids: Ids,
    health: Health,
    stack: AsyncExitStack,
    news: MessageNews,
) -> tuple[Callable[[], list[Lane]], Sequence[web.RouteDef]]:
    """Send from now on, until the stack ends. Returns how the providers stand, and where they call back.

    Raises StartFailed. Without a provider messages wait, and the log and the part `messages` say so.
    """
    section = configuration.messaging
    carriers = carriers_of(configuration, clock)
    words = section.words.opting()

    def wish_of(text: str) -> Wish | None:
        understood = words.understood(text)
        return None if understood is None else understood.wish

    queue = store.message_queue(f"{configuration.node}:{ids.new()}", timedelta(hours=section.expires_hours))
    sending = MessageSending(
        queue,
        carriers,
        gate,
        clock,
        wish_of=wish_of,
        moved=news.tell_moved,
        received=news.tell_received,
    )
    if carriers:
        await sending.start()
        stack.push_async_callback(sending.close)
    else:
        log.debug("no provider of messages is configured: they wait in the outbox")
    in_background(_show(sending, queue, clock, health), stack)
    return sending.lanes, callback_routes(carriers)


async def _show(sending: MessageSending, queue: SqlMessageQueue, clock: Clock, health: Health) -> None:
    while True:
        try:
            figures = await queue.figures(sending.channels)
        except StoreUnavailable as away:
            log.debug("messages could not be counted", why=str(away))
        else:
            ok, detail = _told(sending, figures, clock)
            health.set("messages", ok, detail, needed=False)
        await asyncio.sleep(FIGURES_SECONDS)


def _told(sending: MessageSending, figures: MessageFigures, clock: Clock) -> tuple[bool, str]:
    """Whether all is well, and a sentence for people."""
    lanes = sending.lanes()
    if not lanes:
        if figures.untaken:
            return False, f"No provider is configured: {figures.untaken} messages wait in the outbox."
        return True, "No provider is configured: messages would wait in the outbox."
    away = [f"Provider {lane.name} is away: {lane.why}." for lane in lanes if not lane.well]
    late = figures.oldest_at is not None and clock.now() - figures.oldest_at > LATE
    said = [*away, f"{figures.queued} messages wait."]
    if sending.trouble:
        said.append(f"The database is away: {sending.trouble}.")
    if figures.in_doubt:
        said.append(f"{figures.in_doubt} are in doubt: see `infolinia messages doubtful`.")
    return not away and not late and sending.trouble is None, " ".join(said)


def callback_routes(carriers: Sequence[Carrier]) -> list[web.RouteDef]:
    """POST and GET /callbacks/providers/NAME, for providers whose other side calls back."""
    receivers: Mapping[str, CallbackReceiver] = {
        carrier.provider.name: carrier.provider  # type: ignore[misc]
        for carrier in carriers
        if hasattr(carrier.provider, "take")
    }

    async def take(request: web.Request) -> web.Response:
        receiver = receivers.get(request.match_info["name"])
        if receiver is None:
            raise web.HTTPNotFound(text="There is no such provider.")
        called = CallbackRequest(
            method=request.method,
            headers={name.lower(): value for name, value in request.headers.items()},
            query=dict(request.query),
            remote=request.remote or "",
        )
        answer = answer_before_body(receiver, called)
        if answer is None:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    body = await _body(request, receiver.longest_bytes)
            except TimeoutError:
                raise web.HTTPRequestTimeout(text="The body did not come in time.") from None
            answer = await answer_callback(receiver, replace(called, body=body))
        return web.Response(status=answer.status, body=answer.body, content_type=answer.content_type)

    return [web.get(CALLBACK_PATH, take), web.post(CALLBACK_PATH, take)] if receivers else []


async def _body(request: web.Request, longest_bytes: int) -> bytes:
    """One byte more than allowed is enough to see that it is too long."""
    content = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > longest_bytes:
            break
    return bytes(content[: longest_bytes + 1])
