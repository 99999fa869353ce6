"""Idempotency-Key: a POST that is sent again, because its answer was lost, is carried out once."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

from aiohttp import web

from console.api.problem import FieldError, Problem
from engine.ports import Clock, StoreUnavailable
from engine.registers.actor import Actor
from engine.registers.idempotency import (
    Fresh,
    IdempotencyKeys,
    KeptAnswer,
    KeyedRequest,
    Reused,
    Running,
)

log = logging.getLogger(__name__)

KEPT_HOURS = 24
# No handler runs longer: a key that is still running then was cut off with its process.
INTERRUPTED_SECONDS = 60.0
_PRUNED_EVERY = timedelta(hours=1)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")


def _digest(request: web.Request, body: bytes) -> str:
    """Keyed with the caller's token, which is kept nowhere: a body as short as a code cannot be guessed."""
    _, _, token = request.headers.get("Authorization", "").partition(" ")
    key = token.strip().encode("utf-8", "surrogateescape")
    return hmac.digest(key, request.raw_path.encode() + b"\n" + body, "sha256").hex()


class Idempotency:
    def __init__(self, keys: IdempotencyKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._pruned_at = clock.now()

    async def once(
        self,
        request: web.Request,
        actor: Actor,
        body: bytes,
        perform: Callable[[], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """What `perform` answers, or what it answered before. Raises Problem 400, 409 or 422.

        A Problem that `perform` raises is not kept: the key may be sent again, save where nobody knows what
        was done (5xx, other than 503).
        """
        given = request.headers.get("Idempotency-Key")
        if given is None:
            return await perform()
        if not _KEY.fullmatch(given):
            wrong = FieldError("header.Idempotency-Key", "1 to 200 printable characters, without blanks.")
            raise Problem(400, "invalid", "The Idempotency-Key cannot be used.", errors=[wrong])
        keyed = KeyedRequest(
            actor=f"{actor.kind}:{actor.id}",
            key=given,
            method=request.method,
            path=request.path,
            digest=_digest(request, body),
        )
        now = self._clock.now()
        await self._prune()
        match await self._keys.begin(keyed, now, forget_before=now - timedelta(hours=KEPT_HOURS)):
            case Fresh():
                return await self._first(keyed, perform)
            case KeptAnswer(status=status, headers=headers, body=kept):
                return web.Response(
                    body=kept or None, status=status, headers={**headers, "Idempotency-Replayed": "true"}
                )
            case Reused():
                raise Problem(
                    422, "key-reused", "This Idempotency-Key was sent with another request. Take a new one."
                )
            case Running(since=since) if (now - since).total_seconds() < INTERRUPTED_SECONDS:
                raise Problem(
                    409,
                    "running",
                    "The first request with this Idempotency-Key is still being carried out.",
                    headers={"Retry-After": "1"},
                )
            case Running():
                raise Problem(
                    409,
                    "interrupted",
                    "The first request with this key was cut off; whether it was done is unknown. "
                    "Look for what it was to make; if it is not there, send it with a new key.",
                )

    async def _first(
        self, keyed: KeyedRequest, perform: Callable[[], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            answer = await perform()
        except Problem as problem:
            # Refused, or the database was away: nothing was done. Of other failures nobody knows.
            if problem.status < 500 or problem.status == 503:
                await self._keys.release(keyed)
            raise
        if not isinstance(answer, web.Response):
            raise TypeError(f"{keyed.method} {keyed.path} takes a key, so it may not stream")
        headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        body = answer.body if isinstance(answer.body, bytes) else b""
        try:
            await self._keys.finish(keyed, KeptAnswer(answer.status, headers, body))
        except StoreUnavailable as away:
            # It is done, so it is said; whoever sends it again is told that nobody knows.
            log.warning("The answer of %s %s is not kept: %s", keyed.method, keyed.path, away)
        return answer

    async def _prune(self) -> None:
        now = self._clock.now()
        if now - self._pruned_at < _PRUNED_EVERY:
            return
        self._pruned_at = now
        await self._keys.prune(now - timedelta(hours=KEPT_HOURS))
