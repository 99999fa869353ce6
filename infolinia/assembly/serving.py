"""The console's port: opened with TLS or without, and the way from its pages to Asterisk."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from contextlib import AsyncExitStack

import structlog
from aiohttp import web

from asterisk.process import AsteriskProcess
from asterisk.settings import BROWSER_ADDRESS
from console.application import SERVING
from console.phone_socket import PhoneSocket
from engine.ports import Clock
from infolinia.assembly.preflight import StartFailed
from infolinia.certificates import CertificateRefused, SelfMade, load_into, server_context
from infolinia.configuration import Configuration

log = structlog.get_logger(__name__)

RENEWAL_SECONDS = 6 * 3600.0
"""How often certificates are looked at: a new one of the operator's is served from then on too."""


def phone_socket(asterisk: AsteriskProcess) -> PhoneSocket:
    url = f"ws://127.0.0.1:{asterisk.settings.http_port}/ws"
    return PhoneSocket(url, BROWSER_ADDRESS, lambda: asterisk.pid is not None)


async def serve(
    application: web.Application, configuration: Configuration, clock: Clock, stack: AsyncExitStack
) -> None:
    """Until the stack is closed. Raises StartFailed when its certificate cannot be used."""
    tls = await asyncio.to_thread(_tls, configuration, clock)
    runner = web.AppRunner(application, shutdown_timeout=5, **SERVING)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, configuration.web.bind, configuration.web.port, ssl_context=tls).start()
    if tls is not None:
        renewing = asyncio.create_task(_keep_fresh(tls, configuration, clock), name="certificate")

        async def end() -> None:
            renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewing

        stack.push_async_callback(end)


def _tls(configuration: Configuration, clock: Clock) -> ssl.SSLContext | None:
    section = configuration.web
    if not section.serves_tls:
        return None
    try:
        if section.tls is not None:
            tls = section.tls
            return server_context(configuration.place(tls.certificate), configuration.place(tls.key))
        made = self_made(configuration)
        made.renew(clock.now())
        return server_context(made.certificate, made.key)
    except CertificateRefused as refused:
        raise StartFailed(str(refused)) from refused


def self_made(configuration: Configuration) -> SelfMade:
    """For the names of the configuration, and the address where it is one."""
    section = configuration.web
    bound = () if section.bind in ("0.0.0.0", "::") else (section.bind,)  # noqa: S104 - not bound here
    return SelfMade(configuration.place(configuration.state) / "tls", (*section.names, *bound))


async def _keep_fresh(context: ssl.SSLContext, configuration: Configuration, clock: Clock) -> None:
    while True:
        await asyncio.sleep(RENEWAL_SECONDS)
        try:
            await asyncio.to_thread(_refresh, context, configuration, clock)
        except CertificateRefused as refused:
            log.error("The certificate of before is served: %s", refused)


def _refresh(context: ssl.SSLContext, configuration: Configuration, clock: Clock) -> None:
    tls = configuration.web.tls
    if tls is not None:
        load_into(context, configuration.place(tls.certificate), configuration.place(tls.key))
        return
    made = self_made(configuration)
    if made.renew(clock.now()):
        load_into(context, made.certificate, made.key)
        log.info("The console's own certificate was renewed: %s", made.certificate)
