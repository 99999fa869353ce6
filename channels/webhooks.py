"""Deliveries to webhooks over HTTP: signed, within a limit of time, and not into our own network."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import ssl
from collections.abc import Sequence
from datetime import datetime

import aiohttp
import orjson
from yarl import URL

from channels.open_internet import PrivateAddress, open_internet_socket
from engine.registers.publications import Told
from engine.webhooks.decisions import Reaction

SEND_LIMIT_SECONDS = 10.0
# Of an answer only the status counts; a short one is read so that its connection can be used again.
_ANSWER_BYTES = 16 * 1024
KEPT_ALIVE_SECONDS = 10.0


class HttpWebhookSender:
    """Implements engine.webhooks.delivery.WebhookSender. Used between `start` and `close`."""

    def __init__(self, *, private_networks: bool = False, limit_seconds: float = SEND_LIMIT_SECONDS) -> None:
        self._private_networks = private_networks
        self._limit_seconds = limit_seconds
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                keepalive_timeout=KEPT_ALIVE_SECONDS,
                socket_factory=None if self._private_networks else open_internet_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),  # ours, below, covers every wait
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "infolinia"},
        )

    async def close(self) -> None:
        """Idempotent."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def send(self, url: str, secrets: Sequence[str], told: Told, at: datetime) -> Reaction:
        body = orjson.dumps(told.body())
        headers = {
            "Content-Type": "application/json",
            "X-Infolinia-Signature": signature(secrets, body, int(at.timestamp())),
            "X-Infolinia-Idempotency-Key": told.id,
            "X-Infolinia-Sequence": str(told.sequence),
        }
        try:
            async with asyncio.timeout(self._limit_seconds):
                return await self._sent(URL(url), body, headers)
        except TimeoutError:
            return Reaction(None, f"it did not answer within {self._limit_seconds:g} s")
        except (ssl.SSLError, aiohttp.ClientSSLError):
            return Reaction(None, "its TLS certificate or connection is not good")
        except aiohttp.ClientConnectorError as error:
            return Reaction(None, _unreachable(error.os_error))
        except aiohttp.InvalidURL:
            return Reaction(None, "its address cannot be read")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Reaction(None, f"the connection failed ({type(error).__name__})")

    async def _sent(self, url: URL, body: bytes, headers: dict[str, str]) -> Reaction:
        if self._session is None:
            return Reaction(None, "the sender is not open")
        async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            status = response.status
            await response.content.read(_ANSWER_BYTES)
            if 300 <= status < 400:
                return Reaction(status, f"it redirects ({status}): write the address it means as its url")
            return Reaction(status, retry_after_seconds=_retry_after(response.headers.get("Retry-After")))


def signature(secrets: Sequence[str], body: bytes, unix_seconds: int) -> str:
    """The value of X-Infolinia-Signature: one v1 for each secret, the newest first."""
    signed = str(unix_seconds).encode() + b"." + body
    hashes = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={unix_seconds}", *(f"v1={one}" for one in hashes)])


def _unreachable(error: OSError) -> str:
    if isinstance(error, PrivateAddress):
        return (
            "its address is in a private network: write webhooks.private_networks: true into the "
            "configuration if that is meant"
        )
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    return "it cannot be reached"


def _retry_after(value: str | None) -> float | None:
    """Seconds; a date is passed over."""
    return float(value) if value is not None and value.isascii() and value.isdigit() else None
