"""GET /s/{id}: short links of messages. Whoever follows one is led to where it led when it was sent.

Nobody signs in. What looks at a link to show or to examine it is led on and proves nothing
(messaging.links.by_a_person). Whoever asks for ids that are none is held off after a few.
"""

from __future__ import annotations

import logging
from html import escape

from aiohttp import web

from console.api.problem import Problem
from console.api.rate_limits import Buckets, Rate, address_key
from console.words import chosen_language, load_words
from engine.ports import Clock, StoreUnavailable
from engine.registers.followups import ShortLinks
from messaging.links import by_a_person

log = logging.getLogger(__name__)

PATH = "/s/{link}"
# Of one address, which may be a whole mobile network's.
VISITS = Rate(per_second=20.0, burst=200)
MISSES = Rate(per_second=0.1, burst=20)
# Neither caches nor the page that it leads to learn the link.
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_PAGE = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{title}</title></head>'
    "<body><h1>{title}</h1><p>{text}</p></body></html>"
)


class ShortLinkPages:
    def __init__(self, links: ShortLinks, clock: Clock) -> None:
        self._links = links
        self._clock = clock
        self._words = load_words()
        self._visits = Buckets(VISITS, clock)
        self._misses = Buckets(MISSES, clock)

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self.follow)]  # aiohttp answers HEAD by it, too

    async def follow(self, request: web.Request) -> web.Response:
        address = address_key(request.remote)
        try:
            self._misses.check(address)
            self._visits.take(address)
        except Problem as problem:
            return self._page(request, 429, "link_too_many", dict(problem.headers))
        headers = {name.lower(): value for name, value in request.headers.items()}
        person = by_a_person(request.method, headers)
        try:
            link = request.match_info["link"]
            found = await self._links.follow(link, self._clock.now(), by_a_person=person)
        except StoreUnavailable as away:  # told here, without the link
            log.warning("short links cannot be looked up: %s", away)
            return self._page(request, 503, "link_away", {"Retry-After": "5"})
        if found is None:
            self._misses.take(address)
            return self._page(request, 404, "link_unknown", {})
        if found.target is None:  # no guess: whoever has it got our message
            return self._page(request, 410, "link_unknown", {})
        return web.Response(status=302, headers={**_HEADERS, "Location": found.target})

    def _page(self, request: web.Request, status: int, key: str, headers: dict[str, str]) -> web.Response:
        t = self._words[chosen_language(None, request.headers.get("Accept-Language", ""))]
        html = _PAGE.format(
            language=t.language, title=escape(t(f"{key}_title")), text=escape(t(f"{key}_text"))
        )
        return web.Response(
            status=status, text=html, content_type="text/html", headers={**_HEADERS, **headers}
        )
