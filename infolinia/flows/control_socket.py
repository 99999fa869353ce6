"""How a command speaks to the hotline that runs: HTTP over a socket in its state folder."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from infolinia.configuration import Configuration, ConfigurationRejected
from infolinia.flows.reload import FlowReloader

Reply = dict[str, Any]

SOCKET = "control.sock"
# Many new prompts are spoken before flows are switched.
ANSWER_SECONDS = 300.0


class NoHotline(Exception):
    """Nothing answers on the control socket; the text says what to do."""


def socket_path(configuration: Configuration) -> Path:
    return configuration.place(configuration.state) / SOCKET


async def serve_control(path: Path, reloader: FlowReloader, stack: AsyncExitStack) -> None:
    """POST /flows/reload -> 200 {flows, warnings}, or 409 {problems}. Until the stack is closed."""

    async def reload(request: web.Request) -> web.Response:
        try:
            done = await reloader.reload()
        except ConfigurationRejected as rejected:
            return web.json_response({"problems": str(rejected).splitlines()}, status=409)
        flows = [{"name": name, "version": version, "new": new} for name, version, new in done.flows]
        return web.json_response({"flows": flows, "warnings": list(done.warnings)})

    application = web.Application()
    application.router.add_post("/flows/reload", reload)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=5)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    _remove(path)  # of a hotline that was killed; the state folder's lock is ours
    await web.UnixSite(runner, str(path)).start()
    _for_this_user_alone(path)
    stack.callback(_remove, path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _for_this_user_alone(path: Path) -> None:
    path.chmod(0o600)


async def ask_to_reload(configuration: Configuration) -> Reply:
    """Raises NoHotline, and ConfigurationRejected with the problems of the flows."""
    path = socket_path(configuration)
    limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path)), timeout=limit) as session,
            session.post("http://hotline/flows/reload") as response,
        ):
            told = json.loads(await response.text())
    except (aiohttp.ClientConnectorError, FileNotFoundError) as error:
        raise NoHotline(
            f"No hotline runs in {path.parent}: start it with `infolinia run`, which reads the flows, "
            "or name its configuration with --config."
        ) from error
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise NoHotline(
            f"The hotline in {path.parent} did not answer ({error}): look into its log."
        ) from error
    if problems := told.get("problems"):
        raise ConfigurationRejected("\n".join(problems))
    reply: Reply = told
    return reply
