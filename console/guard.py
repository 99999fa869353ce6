"""Keeps other sites' pages out: known names only, same origin only, no foreign scripts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from console.faults import Fault

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Requests that prove themselves by a signature come by whatever name, and from no page; and short links are
# links on whatever name the company has for them: they lead away, and tell nothing.
SIGNED = ("/forms/", "/callbacks/providers/", "/s/")
# Host names that are answered to, beside the local ones: `web.names` of the configuration.
NAMES = web.AppKey("names", frozenset[str])
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; media-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}


def host_name(host: str) -> str:
    """The name in a Host header or an origin, without port and brackets; empty when it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def bears_token(request: web.Request) -> bool:
    """A browser sends no such header by itself: no other site's page can misuse it."""
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


def check_request(request: web.Request) -> None:
    """Raises Fault 403. A foreign Host is DNS rebinding; a foreign Origin is another site's page."""
    if request.path.startswith(SIGNED) and "%00" not in request.raw_path:
        return
    names = request.config_dict[NAMES]
    if host_name(request.host) not in LOCAL_NAMES | names:
        raise Fault(
            403,
            "The console answers to localhost, 127.0.0.1, [::1] and the names of web.names only. "
            "Use one of these names.",
        )
    if "%00" in request.raw_path:  # PostgreSQL takes none
        raise Fault(400, "An address with a zero byte leads nowhere.")
    if request.method in SAFE_METHODS or bears_token(request):
        return
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site not in ("same-origin", "none") or (
        origin is not None and origin.partition("://")[2].lower() != request.host.lower()
    ):
        raise Fault(403, "Another site's page may not do this. Use the console's own page.")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what comes by another name, or from another site's page."""
    check_request(request)
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: every response, streams and files included, carries the security headers."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
