"""What providers tell us over HTTP: receipts, replies, bounces. Who may tell, how much, and what is answered.

Whoever serves HTTP makes a CallbackRequest of what came and calls `answer_callback`; it reads no more of the
body than the receiver's `longest_bytes`, and hands on the answer as it is.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

CALLBACK_LIMIT_SECONDS = 10.0
# Of receipts and short messages; a receiver of mail sets more.
LONGEST_CALLBACK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class CallbackRequest:
    """`headers`: names in small letters. `remote`: the address of whoever asks, proxies of ours left out."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = b""
    remote: str = ""


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    status: int
    body: bytes = b""
    content_type: str = "text/plain"


class CallbackReceiver(Protocol):
    """A provider whose other side calls back. `longest_bytes`: of a body."""

    @property
    def name(self) -> str: ...

    @property
    def longest_bytes(self) -> int: ...

    async def take(self, request: CallbackRequest) -> CallbackAnswer:
        """Tell the listeners, then answer. Raises CallbackRefused; whatever a listener raises goes on."""


class CallbackRefused(Exception):
    """`status` is that of the answer; the message is a sentence for the log, without what was told."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def answer_before_body(receiver: CallbackReceiver, request: CallbackRequest) -> CallbackAnswer | None:
    """The answer to whoever may not call, before their body is read. None: read it, and answer then.

    `request` has no body yet. A receiver that has no guard of ours decides by what the body says.
    """
    guard: CallbackGuard | None = getattr(receiver, "guard", None)
    if guard is None:
        return None
    try:
        guard.admit_caller(request)
    except CallbackRefused as refused:
        return _refused(receiver, refused)
    return None


def _refused(receiver: CallbackReceiver, refused: CallbackRefused) -> CallbackAnswer:
    log.warning("callback refused", provider=receiver.name, status=refused.status, why=str(refused))
    return CallbackAnswer(refused.status, b"refused")


async def answer_callback(receiver: CallbackReceiver, request: CallbackRequest) -> CallbackAnswer:
    """Never raises. What could not be written down is answered with 503, so that it is told again."""
    if request.method not in ("GET", "POST"):
        return CallbackAnswer(405, b"GET or POST")
    if len(request.body) > receiver.longest_bytes:
        return CallbackAnswer(413, b"too long")
    try:
        async with asyncio.timeout(CALLBACK_LIMIT_SECONDS):
            return await receiver.take(request)
    except CallbackRefused as refused:
        return _refused(receiver, refused)
    except Exception as error:
        # Not its text, which may hold what was told.
        log.error("callback not taken", provider=receiver.name, error=type(error).__name__)
        return CallbackAnswer(503, b"not now")


@dataclass(frozen=True, slots=True)
class HmacSignature:
    """A header with the keyed hash of the body, such as `X-Signature: sha256=0a1b…`.

    `encoding`: "hex" or "base64"; `before`: what stands before the hash.
    """

    header: str
    key: str = field(repr=False)
    algorithm: str = "sha256"
    encoding: str = "hex"
    before: str = ""

    def __post_init__(self) -> None:
        if self.algorithm not in ("sha256", "sha512", "sha1"):
            raise ValueError(f"the signature's algorithm {self.algorithm!r} is not sha256, sha512 or sha1")
        if self.encoding not in ("hex", "base64"):
            raise ValueError(f"the signature's encoding {self.encoding!r} is not hex or base64")
        if not self.key:
            raise ValueError("the signature wants a key")

    def is_of(self, body: bytes, headers: Mapping[str, str]) -> bool:
        digest = hmac.new(self.key.encode(), body, self.algorithm).digest()
        expected = digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode()
        found = headers.get(self.header.lower(), "").removeprefix(self.before).strip()
        return same_secret(found.lower() if self.encoding == "hex" else found, expected)


@dataclass(frozen=True, slots=True)
class CallbackGuard:
    """Who may call: every check that is set must pass, and one must be set.

    `token` is looked for in the header `header`, after "Bearer " where that stands, and in the query's field
    `query`. A signature covers the body: whoever sets one reads nothing of the query.
    """

    token: str = field(default="", repr=False)
    header: str = "authorization"
    query: str = "token"
    signature: HmacSignature | None = None
    networks: Sequence[IPv4Network | IPv6Network] = ()

    def __post_init__(self) -> None:
        if not (self.token or self.signature or self.networks):
            raise ValueError(
                "callbacks need a token, a signature or the provider's networks: anybody could send them"
            )

    def admit(self, request: CallbackRequest) -> None:
        """Raises CallbackRefused."""
        self.admit_caller(request)
        if self.signature is not None and not self.signature.is_of(request.body, request.headers):
            raise CallbackRefused(403, "its signature is missing or wrong")

    def admit_caller(self, request: CallbackRequest) -> None:
        """All but the signature, which covers the body. Raises CallbackRefused."""
        if self.networks and not _within(request.remote, self.networks):
            raise CallbackRefused(403, "it does not come from the provider's networks")
        if self.token and not self._holds_token(request):
            raise CallbackRefused(403, "its token is missing or wrong")

    def _holds_token(self, request: CallbackRequest) -> bool:
        header = request.headers.get(self.header.lower(), "").removeprefix("Bearer ").strip()
        return same_secret(header, self.token) | same_secret(request.query.get(self.query, ""), self.token)


def same_secret(found: str, expected: str) -> bool:
    """In constant time; an empty secret is nobody's."""
    digests = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (found, expected)]
    return hmac.compare_digest(*digests) and bool(expected)


def _within(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in networks)
