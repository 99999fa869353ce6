"""The page's button: a browser's offer becomes a call; its keys and its hang-up follow it."""

from __future__ import annotations

import re
from collections.abc import Callable

from aiohttp import web

from console.faults import Fault
from console.hotline import HotlineFacts
from console.json_bodies import json_object
from engine.health import Health
from engine.ports import VisitorRefused, Visitors

# An audio-only offer of a browser is 2-6 kB.
LARGEST_OFFER = 32 * 1024
NUMBER = re.compile(r"[0-9*#+]{1,24}")
KEYS = re.compile(r"[0-9*#]{1,32}")


class VisitorCalls:
    def __init__(self, visitors: Visitors, hotline: Callable[[], HotlineFacts], health: Health) -> None:
        self._visitors = visitors
        self._hotline = hotline
        self._health = health

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/visitor/offer", self.offer),
            web.post("/visitor/{visitor_id}/keys", self.keys),
            web.get("/visitor/{visitor_id}", self.there),
            web.delete("/visitor/{visitor_id}", self.hang_up),
        ]

    async def offer(self, request: web.Request) -> web.Response:
        """{"sdp", "number"?} -> {"visitor", "sdp"}."""
        body = await json_object(request)
        sdp = body.get("sdp")
        number = body.get("number", self._hotline().number)
        if not isinstance(sdp, str) or not sdp.startswith("v=0"):
            raise Fault(400, '`sdp` must be the text of a WebRTC offer, beginning with "v=0".')
        if len(sdp) > LARGEST_OFFER:
            raise Fault(413, f"`sdp` is longer than {LARGEST_OFFER // 1024} kB; offer audio only.")
        if not isinstance(number, str) or not NUMBER.fullmatch(number):
            raise Fault(400, "`number` must be 1 to 24 of the characters 0-9 * # +.")
        if not self._health.ready:
            raise Fault(503, "The hotline is not ready; /readyz says what is wrong.")
        try:
            answer = await self._visitors.offer(sdp, number)
        except VisitorRefused as refusal:
            raise Fault(409, str(refusal)) from refusal
        return web.json_response({"visitor": answer.visitor_id, "sdp": answer.sdp})

    async def keys(self, request: web.Request) -> web.Response:
        """{"keys"} -> 204."""
        keys = (await json_object(request)).get("keys")
        if not isinstance(keys, str) or not KEYS.fullmatch(keys):
            raise Fault(400, "`keys` must be 1 to 32 of the characters 0-9 * #.")
        try:
            await self._visitors.press(request.match_info["visitor_id"], keys)
        except KeyError as error:
            raise Fault(404, "There is no such visitor; the call has ended.") from error
        return web.Response(status=204)

    async def there(self, request: web.Request) -> web.Response:
        """-> {"there"}: whether the call goes on, for a page that did not see its end."""
        return web.json_response({"there": request.match_info["visitor_id"] in self._visitors})

    async def hang_up(self, request: web.Request) -> web.Response:
        await self._visitors.hang_up(request.match_info["visitor_id"])
        return web.Response(status=204)
