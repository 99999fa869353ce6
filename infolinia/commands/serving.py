"""`infolinia run`: the hotline, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from infolinia.assembly.hotline import Hotline, running_hotline
from infolinia.commands.terminal import ConfigOption, run_until_done
from infolinia.configuration import Configuration, load_configuration
from infolinia.logs import set_up_logs


def run(
    config: ConfigOption = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log lines as JSON.")] = False,
) -> None:
    """Bring the hotline up and serve callers until Ctrl-C."""
    set_up_logs(as_json=log_json)
    configuration = load_configuration(config)
    # Pages and logs tell the hotline's time, not that of a server somewhere.
    os.environ["TZ"] = configuration.time_zone
    time.tzset()
    run_until_done(_serve(configuration))


async def _serve(configuration: Configuration) -> None:
    """Until a signal comes. One that comes during the start ends what was started so far."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        starting = asyncio.create_task(stack.enter_async_context(running_hotline(configuration)))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.wait({starting})
        if starting.cancelled():
            typer.echo("Stopped before it was up.")
            return
        hotline = starting.result()
        _say_where(configuration, hotline)
        reloads: set[asyncio.Task[None]] = set()
        loop.add_signal_handler(
            signal.SIGHUP, lambda: reloads.add(asyncio.create_task(hotline.reloader.reload_told()))
        )
        await stopping
        loop.remove_signal_handler(signal.SIGHUP)
        for task in reloads:
            task.cancel()
        typer.echo("Stopping: calls are ended and written.")


def _say_where(configuration: Configuration, hotline: Hotline) -> None:
    web = configuration.web
    typer.echo(f"{configuration.name} answers.")
    typer.echo(f"  phone    {hotline.facts.sip_address}")
    host = "localhost" if web.bind == "127.0.0.1" else web.bind
    typer.echo(f"  browser  {'https' if web.serves_tls else 'http'}://{host}:{web.port}")
    script = "press 2; say 'order'; wait 2; press 123456; press 1; press 2"
    typer.echo(f'  no phone {hotline.facts.program} call --script "{script}"')
    typer.echo("Ctrl-C stops it.")
