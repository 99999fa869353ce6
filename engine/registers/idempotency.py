"""Keys by which a request that is sent twice is carried out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """`actor` as "token:ID"; `digest` tells the request from others: of its method, address and body."""

    actor: str
    key: str
    method: str
    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Fresh:
    """Nobody has sent this key before: carry the request out, then finish or release the key."""


@dataclass(frozen=True, slots=True)
class Running:
    """A request with this key was begun at `since` and has not ended yet."""

    since: datetime


@dataclass(frozen=True, slots=True)
class Reused:
    """The key belongs to another request."""


KeyState = Fresh | Running | Reused | KeptAnswer


class IdempotencyKeys(Protocol):
    """Every method raises StoreUnavailable."""

    async def begin(self, request: KeyedRequest, at: datetime, *, forget_before: datetime) -> KeyState:
        """Of several that begin one key at once, one is told Fresh. Keys begun earlier are forgotten."""

    async def finish(self, request: KeyedRequest, answer: KeptAnswer) -> None:
        """Answer every later request with this key so."""

    async def release(self, request: KeyedRequest) -> None:
        """Nothing was done: the key may be used again."""

    async def prune(self, before: datetime) -> int:
        """Remove keys that were begun before; returns how many."""
