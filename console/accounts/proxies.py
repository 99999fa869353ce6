"""Whose request it is when it came by way of a reverse proxy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from aiohttp import web
from aiohttp.typedefs import Middleware

Network = IPv4Network | IPv6Network
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# Health checks come from machines that are no proxy.
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})


def networks_of(texts: Sequence[str]) -> tuple[Network, ...]:
    """Raises ValueError with the text that is no network."""
    return tuple(ip_network(text) for text in texts)


def is_in(address: str | None, networks: Sequence[Network]) -> bool:
    try:
        found = ip_address(address or "")
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in networks)


def _is_address(text: str) -> bool:
    return is_in(text, _EVERYWHERE)


def is_loopback(address: str | None) -> bool:
    return is_in(address, _LOOPBACK)


_LOOPBACK = networks_of(["127.0.0.0/8", "::1/128"])
_EVERYWHERE = networks_of(["0.0.0.0/0", "::/0"])


def proxy_middleware(proxies: Sequence[Network], *, only: bool) -> Middleware:
    """Takes the asker's address and scheme from a proxy's X-Forwarded-For and X-Forwarded-Proto.

    Nobody else's headers are believed. `only`: the console listens beyond this machine, so whatever else
    comes neither from a proxy over https nor from this machine itself is refused.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        forwarded = request.headers.getall("X-Forwarded-For", [])
        if is_in(request.remote, proxies) and forwarded:
            hops = [hop.strip() for line in forwarded for hop in line.split(",")]
            # From the right: the first that is no proxy of ours; what is left of it anybody may have written.
            asker = next((hop for hop in reversed(hops) if not is_in(hop, proxies)), hops[0])
            https = request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https"
            remote = asker if _is_address(asker) else request.remote or ""
            request = request.clone(remote=remote, scheme="https" if https else "http")
            refused = only and not https
        else:
            refused = only and not is_loopback(request.remote)
        if refused and request.path not in PROBES:
            sentence = "Open the console by way of its proxy, with https."
            return web.json_response({"error": sentence}, status=403)
        return await handler(request)

    return middleware
