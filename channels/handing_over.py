"""One HTTP request that hands a message over, and for which it is known whether it may have gone out."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp
from yarl import URL

from channels.in_flight import InFlight
from channels.open_internet import PrivateAddress, open_internet_socket
from messaging.provider import Answer, Taken

LIMIT_SECONDS = 15.0
LONGEST_ANSWER_BYTES = 64 * 1024
# A provider that wants more, or nonsense, is asked again by then.
LONGEST_RETRY_SECONDS = 3600.0
# Shorter than any usual server's: a request on a connection that the other side is closing is in doubt.
_KEPT_ALIVE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class HttpReply:
    """`retry_after_seconds` as the header tells it, an hour at most; a date is passed over."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    retry_after_seconds: float | None


class NotAnswered(Exception):
    """`written`: the request may have reached the other side. The message does not tell its address."""

    def __init__(self, why: str, *, written: bool) -> None:
        super().__init__(why)
        self.written = written

    def answer(self, references: tuple[str, ...] = ()) -> Answer:
        """`references` are those of a message that may have gone out."""
        if self.written:
            return Answer(Taken.UNKNOWN, references, why=str(self))
        return Answer(Taken.AWAY, why=str(self))


class HttpHandover:
    """Used between `start` and `close`. A request is written once: nothing is repeated or redirected."""

    def __init__(
        self,
        *,
        connections: int = 10,
        private_networks: bool = False,
        verify_tls: bool = True,
        limit_seconds: float = LIMIT_SECONDS,
    ) -> None:
        self._connections = connections
        self._private_networks = private_networks
        self._verify_tls = verify_tls
        self._limit_seconds = limit_seconds
        self._session: aiohttp.ClientSession | None = None
        self._in_flight = InFlight()

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections,
                keepalive_timeout=_KEPT_ALIVE_SECONDS,
                socket_factory=None if self._private_networks else open_internet_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),  # ours, below, covers every wait
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "infolinia"},
            trace_configs=[_watched()],
        )

    async def close(self) -> None:
        """Idempotent."""
        session, self._session = self._session, None
        if session is None:
            return
        await self._in_flight.wait()
        await session.close()

    async def send(
        self, method: str, url: URL | str, *, headers: Mapping[str, str], body: bytes | None
    ) -> HttpReply:
        """Raises NotAnswered."""
        session = self._session
        if session is None:
            raise NotAnswered("the provider is not open", written=False)
        progress = _Progress()
        try:
            with self._in_flight.one():
                async with asyncio.timeout(self._limit_seconds):
                    return await self._sent(session, method, url, headers, body, progress)
        except TimeoutError:
            why = f"no answer within {self._limit_seconds:g} s"
        except (ssl.SSLError, aiohttp.ClientSSLError):
            why = "its TLS certificate or connection is not good"
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, PrivateAddress):
                why = "its address is in a private network: set private_networks if that is meant"
            else:
                why = "it cannot be reached"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Not its text, which may hold the address and with it a token.
            why = f"the connection failed ({type(error).__name__})"
        except _WrittenTwice:
            why = "the connection was lost"
        raise NotAnswered(why, written=progress.written)

    async def _sent(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: URL | str,
        headers: Mapping[str, str],
        body: bytes | None,
        progress: _Progress,
    ) -> HttpReply:
        async with session.request(
            method,
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            ssl=self._verify_tls,
            trace_request_ctx=progress,
        ) as response:
            content = bytearray()
            async for chunk in response.content.iter_any():
                content += chunk
                if len(content) > LONGEST_ANSWER_BYTES:
                    break
            after = response.headers.get("Retry-After", "")
            return HttpReply(
                response.status,
                bytes(content[:LONGEST_ANSWER_BYTES]),
                dict(response.headers),
                min(float(after), LONGEST_RETRY_SECONDS) if after.isascii() and after.isdigit() else None,
            )


class _Progress:
    """`written` from the moment on at which the first byte may be on its way."""

    __slots__ = ("written",)

    def __init__(self) -> None:
        self.written = False


class _WrittenTwice(Exception):
    """aiohttp repeats a GET whose connection broke; a message must not be handed over twice."""


def _watched() -> aiohttp.TraceConfig:
    async def connects(_session: aiohttp.ClientSession, context: SimpleNamespace, _event: object) -> None:
        if context.trace_request_ctx.written:
            raise _WrittenTwice

    async def goes_out(_session: aiohttp.ClientSession, context: SimpleNamespace, _event: object) -> None:
        if context.trace_request_ctx.written:
            raise _WrittenTwice
        context.trace_request_ctx.written = True

    watched = aiohttp.TraceConfig()
    watched.on_connection_create_start.append(connects)
    # Both come once the connection stands and before anything of the request is written.
    watched.on_connection_create_end.append(goes_out)
    watched.on_connection_reuseconn.append(goes_out)
    return watched
