"""How a command speaks to the hotline that runs: HTTP over a socket in its state folder."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import orjson
from aiohttp import web

from console.api.agent_shapes import agent_form, queue_form
from engine.ports import StoreUnavailable
from engine.queues import Queues
from engine.roster import Roster
from infolinia.configuration import Configuration, ConfigurationRejected
from infolinia.flows.reload import FlowReloader, Reloaded
from infolinia.reloading import ConfigurationReloader

Reply = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SOCKET = "control.sock"
# Many new prompts are spoken before flows are switched.
ANSWER_SECONDS = 300.0


class NoHotline(Exception):
    """Nothing answers on the control socket; the text says what to do."""


def socket_path(configuration: Configuration) -> Path:
    return configuration.place(configuration.state) / SOCKET


class Dials(Protocol):
    """What runs the campaigns, as engine.dialling.dialler.Dialler."""

    def explain(self, campaign_id: str) -> dict[str, Any] | None: ...

    def refresh_soon(self) -> None: ...


async def serve_control(
    path: Path,
    flows: FlowReloader,
    reloader: ConfigurationReloader,
    roster: Roster,
    queues: Queues,
    dialler: Dials,
    stack: AsyncExitStack,
) -> None:
    """Until the stack is closed.

    POST /flows/reload -> 200 {flows, warnings}, POST /reload -> 200 the same with {changed, waiting}; both
    409 {problems}. POST /agents/refresh -> 200 {}. GET /agents, /queues -> 200 {agents}, {queues}.
    GET /campaigns/ID -> 200 {campaign}: what its pacer believes, null when this hotline does not dial for it.
    POST /campaigns/refresh -> 200 {}: a campaign was started, paused or changed.
    """

    async def reload_flows(request: web.Request) -> web.Response:
        return _json(_flows_told(await flows.reload()))

    async def reload(request: web.Request) -> web.Response:
        done = await reloader.reload()
        told = _flows_told(done.flows)
        told["warnings"] += roster.nobody()
        return _json({**told, "changed": (*done.changed, *done.files), "waiting": done.waiting})

    async def refresh_agents(request: web.Request) -> web.Response:
        await roster.refresh()
        return _json({})

    async def agents(request: web.Request) -> web.Response:
        views = sorted(queues.agent_views().values(), key=lambda view: view.name)
        return _json({"agents": [agent_form(view, roster.person_of(view.name)) for view in views]})

    async def queue_figures(request: web.Request) -> web.Response:
        views = sorted(queues.queue_views().values(), key=lambda view: view.name)
        return _json({"queues": [queue_form(view) for view in views]})

    async def explain_campaign(request: web.Request) -> web.Response:
        return _json({"campaign": dialler.explain(request.match_info["id"])})

    async def refresh_campaigns(request: web.Request) -> web.Response:
        dialler.refresh_soon()
        return _json({})

    application = web.Application(middlewares=[_problems_told])
    application.router.add_get("/campaigns/{id}", explain_campaign)
    application.router.add_post("/campaigns/refresh", refresh_campaigns)
    application.router.add_post("/flows/reload", reload_flows)
    application.router.add_post("/reload", reload)
    application.router.add_post("/agents/refresh", refresh_agents)
    application.router.add_get("/agents", agents)
    application.router.add_get("/queues", queue_figures)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=5)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    _remove(path)  # of a hotline that was killed; the state folder's lock is ours
    await web.UnixSite(runner, str(path)).start()
    _for_this_user_alone(path)
    stack.callback(_remove, path)


@web.middleware
async def _problems_told(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ConfigurationRejected as rejected:
        return _json({"problems": str(rejected).splitlines()}, 409)
    except StoreUnavailable as away:
        return _json({"problems": [f"The database does not answer ({away}): try again once it does."]}, 409)


def _flows_told(done: Reloaded) -> Reply:
    flows = [{"name": name, "version": version, "new": new} for name, version, new in done.flows]
    return {"flows": flows, "warnings": list(done.warnings)}


def _json(told: Reply, status: int = 200) -> web.Response:
    return web.json_response(body=orjson.dumps(told), status=status)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _for_this_user_alone(path: Path) -> None:
    path.chmod(0o600)


async def ask_to_reload_flows(configuration: Configuration) -> Reply:
    """Raises NoHotline, and ConfigurationRejected with the problems of the flows."""
    return await ask_hotline(configuration, "POST", "/flows/reload")


async def ask_hotline(configuration: Configuration, method: str, path: str) -> Reply:
    """What `serve_control` answers. Raises NoHotline, and ConfigurationRejected with the problems."""
    socket = socket_path(configuration)
    limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket)), timeout=limit) as session,
            session.request(method, f"http://hotline{path}") as response,
        ):
            told = json.loads(await response.text())
    except (aiohttp.ClientConnectorError, FileNotFoundError) as error:
        raise NoHotline(
            f"No hotline runs in {socket.parent}: start it with `infolinia run`, which reads the flows, "
            "or name its configuration with --config."
        ) from error
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise NoHotline(
            f"The hotline in {socket.parent} did not answer ({error}): look into its log."
        ) from error
    if problems := told.get("problems"):
        raise ConfigurationRejected("\n".join(problems))
    reply: Reply = told
    return reply
