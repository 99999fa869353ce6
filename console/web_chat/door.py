"""Which requests of visitors are let in: from our own page in the frame, and not too many."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from aiohttp import web

from console.api.problem import Problem
from console.api.rate_limits import Buckets, Rate, address_key
from console.web_chat.refusals import Turned
from console.web_chat.stamps import Stamps, WrongStamp
from console.words import FALLBACK_LANGUAGE, Words, load_words
from engine.ports import Clock
from messaging.chat_site import ChatSite

# Behind one address there may be an office, or a mobile network: an address may do much, one browser little.
BROWSER_RATE = Rate(per_second=1 / 60, burst=5)
ADDRESS_RATE = Rate(per_second=0.5, burst=60)
SITE_RATE = Rate(per_second=5.0, burst=300)
# Whatever else is asked: pages, words, streams.
TRAFFIC_RATE = Rate(per_second=20.0, burst=600)
CHAT_RATE = Rate(per_second=2.0, burst=40)
NUMBER_RATE = Rate(per_second=1 / 600, burst=3)


class Door:
    """`sites`: by name, as they are now."""

    def __init__(self, sites: Callable[[], Mapping[str, ChatSite]], clock: Clock) -> None:
        self._sites = sites
        self._words = load_words()
        self.stamps = Stamps(clock)
        self._browsers = Buckets(BROWSER_RATE, clock)
        self._addresses = Buckets(ADDRESS_RATE, clock)
        self._of_site = Buckets(SITE_RATE, clock)
        self._traffic = Buckets(TRAFFIC_RATE, clock)
        self._chats = Buckets(CHAT_RATE, clock)
        self._numbers = Buckets(NUMBER_RATE, clock)

    def site(self, request: web.Request) -> ChatSite:
        """Raises Turned "site" and "again"."""
        self._take(self._traffic, address_key(request.remote))
        site = self._sites().get(request.match_info["site"])
        if site is None:
            raise Turned("site")
        return site

    def from_own_page(self, request: web.Request) -> ChatSite:
        """As `site`, of what our own page alone may ask. Raises Turned "foreign"."""
        site = self.site(request)
        origin = request.headers.get("Origin")
        if origin is None:
            foreign = request.method != "GET"  # every browser tells it with whatever changes something
        else:
            foreign = origin.partition("://")[2].lower() != request.host.lower()
        if foreign or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise Turned("foreign")
        return site

    def parent(self, request: web.Request, site: ChatSite) -> str:
        """The origin of the page that has ours in a frame, if one has. Raises Turned "foreign"."""
        parent = request.query.get("parent", "").lower()
        framed = request.headers.get("Sec-Fetch-Dest", "") in ("iframe", "frame", "embed", "object")
        if (parent or framed) and parent not in site.origins:
            raise Turned("foreign")
        return parent

    def newcomer(self, request: web.Request, site: ChatSite, *, stamp: str, decoy: str, who: str) -> None:
        """Who opens a chat or sends a form. Raises Turned "again", whatever it was that gave them away.

        `who`: the browser's own id, or what tells senders of one address apart.
        """
        more = {"stamp": self.stamps.make(site.name)}
        address = address_key(request.remote)
        try:
            self.stamps.check(site.name, stamp)
        except WrongStamp:
            raise Turned("again", **more) from None
        if decoy:
            raise Turned("again", **more)
        for bucket, key in (
            (self._browsers, f"{address} {who}"),
            (self._addresses, address),
            (self._of_site, site.name),
        ):
            self._take(bucket, key, more=more)

    def number(self, number: str, **more: object) -> None:
        """One number is rarely asked for. Raises Turned "again"."""
        self._take(self._numbers, number, more=more)

    def of_chat(self, chat_id: str) -> None:
        """Raises Turned "too_fast"."""
        self._take(self._chats, hashlib.sha256(chat_id.encode()).hexdigest(), code="too_fast")

    def language(self, request: web.Request, site: ChatSite) -> str:
        """Of the site's: the page's, else the browser's, else the first."""
        asked = request.query.get("language", "").lower()[:2]
        if asked in site.languages:
            return asked
        for part in request.headers.get("Accept-Language", "").split(","):
            code = part.split(";")[0].strip()[:2].lower()
            if code in site.languages:
                return code
        return site.languages[0] if site.languages else FALLBACK_LANGUAGE

    def words(self, language: str) -> Words:
        return self._words.get(language) or self._words[FALLBACK_LANGUAGE]

    def _take(
        self, buckets: Buckets, key: str, code: str = "again", more: Mapping[str, object] | None = None
    ) -> None:
        try:
            buckets.take(key)
        except Problem:
            raise Turned(code, **(more or {})) from None


def page_address(site: ChatSite, address: str) -> str | None:
    """Without its fragment, and its query unless the site keeps that. None: it is no page of the site."""
    try:
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.netloc}".lower()
    except ValueError:
        return None
    # A browser writes what cannot be printed as %00: nobody keeps a NUL, or half of a letter.
    if origin not in site.origins or not address.isprintable():
        return None
    query = f"?{parts.query}" if parts.query and site.keeps_query else ""
    return f"{origin}{parts.path or '/'}{query}"
