"""Whether the process lives, whether it would serve a call, and what it measured."""

from __future__ import annotations

from aiohttp import web

from console.metrics import Metrics
from engine.health import Health


class Probes:
    def __init__(self, health: Health, metrics: Metrics) -> None:
        self._health = health
        self._metrics = metrics

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.healthz),
            web.get("/readyz", self.readyz),
            web.get("/metrics", self.metrics),
        ]

    async def healthz(self, request: web.Request) -> web.Response:
        """The process answers; nothing more is claimed."""
        return web.json_response({"alive": True})

    async def readyz(self, request: web.Request) -> web.Response:
        """200 when a call that came now would be served, else 503; the parts either way."""
        conditions = [
            {"name": c.name, "ok": c.ok, "needed": c.needed, "detail": c.detail} for c in self._health.all()
        ]
        ready = self._health.ready
        return web.json_response({"ready": ready, "conditions": conditions}, status=200 if ready else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        return web.Response(
            body=self._metrics.render(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )
