"""The company's services over HTTP: asked within a limit, answered in JSON, never trusted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

import aiohttp
import orjson
from yarl import URL

from channels.replies import ReplyRefused, reply_of
from engine.ports import Reply, ServiceFailed

LONGEST_REPLY_BYTES = 256 * 1024
# Of one service: a slow one must not take the connections of the others.
CONNECTIONS = 30
# Shorter than what servers commonly allow, so that we close an idle connection first.
KEPT_ALIVE_SECONDS = 10.0
METHODS = frozenset({"get", "post", "put", "delete", "patch"})


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """Where a service is: `url` has no query, `headers` go with every request and are told to nobody."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    longest_seconds: float = 10.0
    verify_tls: bool = True


class HttpServices:
    """Implements engine.ports.Services. Used between `start` and `close`; connections are kept and reused."""

    def __init__(self, addresses: Mapping[str, ServiceAddress]) -> None:
        self._addresses = dict(addresses)
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, limit_per_host=CONNECTIONS, keepalive_timeout=KEPT_ALIVE_SECONDS
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),  # ours, below, covers every wait
            auto_decompress=False,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "infolinia"},
        )

    async def close(self) -> None:
        """Idempotent."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(
        self,
        service: str,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        *,
        timeout_seconds: float,
    ) -> Reply:
        address = self._addresses.get(service)
        if address is None:
            raise ServiceFailed(f"service {service!r} is not in the configuration's `services`")
        if method not in METHODS:
            raise ServiceFailed(f"{method!r} is no method of HTTP")
        url = joined(address.url, path)
        seconds = min(timeout_seconds, address.longest_seconds)
        try:
            async with asyncio.timeout(seconds):
                return await self._asked(address, method, url, body)
        except TimeoutError:
            raise ServiceFailed(f"no answer within {seconds:g} s") from None
        except (aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError):
            raise ServiceFailed("its certificate is not good") from None
        except aiohttp.ClientConnectorError as error:
            raise ServiceFailed(
                f"it cannot be reached ({error.os_error.strerror or error.os_error})"
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            # Not its text: that may hold the path, and in it what the caller said.
            raise ServiceFailed(f"the connection broke ({type(error).__name__})") from None

    async def _asked(
        self, address: ServiceAddress, method: str, url: URL, body: Mapping[str, object] | None
    ) -> Reply:
        if self._session is None:
            raise ServiceFailed("the services are not open")
        headers = dict(address.headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        async with self._session.request(
            method.upper(),
            url,
            data=None if body is None else orjson.dumps(body),
            headers=headers,
            allow_redirects=False,
            ssl=address.verify_tls,
        ) as response:
            status = response.status
            if 300 <= status < 400:
                raise ServiceFailed("it redirects: write the address it means as its `url`", status)
            if status >= 400:
                raise ServiceFailed(f"it answered {status}", status)
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise ServiceFailed("its answer is compressed, which was not asked for", status)
            content = await _read(response)
            try:
                return Reply(status, reply_of(content, response.content_type))
            except ReplyRefused as refused:
                raise ServiceFailed(str(refused), status) from None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The whole body, of a bounded size."""
    too_long = ServiceFailed(f"its answer is longer than {LONGEST_REPLY_BYTES // 1024} kB", response.status)
    if (response.content_length or 0) > LONGEST_REPLY_BYTES:
        raise too_long
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > LONGEST_REPLY_BYTES:
            raise too_long
    return bytes(content)


def joined(base: str, path: str) -> URL:
    """The address of `path` under `base`, which it cannot leave. Raises ServiceFailed."""
    if not path.startswith("/") or not path.isascii() or any(c <= " " or c in '"<>\\^`{|}\x7f' for c in path):
        raise ServiceFailed("the path must begin with / and be escaped")
    way, _, query = path.partition("?")
    # Also as a server would read them that takes %2F for a slash.
    segments = unquote(way).replace("\\", "/").split("/")
    if "." in segments or ".." in segments or "#" in path:
        raise ServiceFailed("the path must not leave the service's address")
    return URL(base.rstrip("/") + way + (f"?{query}" if query else ""), encoded=True)
