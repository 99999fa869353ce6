"""Finds who asks: by a token's header or a session's cookie."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime

from aiohttp import web

from console.accounts.credentials import csrf_of, digest, is_token
from console.accounts.identity import Identity
from console.accounts.proxies import is_in, networks_of
from console.guard import LOCAL_NAMES, host_name
from engine.ports import Clock, StoreUnavailable
from engine.registers.access import Role
from engine.registers.accounts import Accounts, Session
from engine.registers.actor import Actor, ActorKind

# For so long a session is believed while the database does not answer.
AWAY_SECONDS = 900.0
# Who was there lately does not wait longer for it: an agent must be able to hold a call meanwhile.
PATIENCE_SECONDS = 1.0
MOST_LATELY = 5_000
# What a page asks by itself, whether or not anybody sits before it.
_UNATTENDED = ("/events", "/parts/")
# Beyond this machine the cookie goes over TLS alone, and to this host alone.
COOKIE = "infolinia_session"
SECURE_COOKIE = "__Host-infolinia_session"


class Identification:
    """Implements console.accounts.identity.Identifier."""

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self._anybody: bool | None = None
        self._lately: OrderedDict[str, tuple[Session, datetime]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[Session | None]] = {}

    async def identify(self, request: web.Request) -> Identity | None:
        """A header that is no token of ours is not made good by a cookie."""
        if "Authorization" in request.headers:
            return await self._by_token(request)
        secret = session_secret(request)
        return None if secret is None else await self._by_session(request, secret)

    async def open_to_all(self) -> bool:
        if not self._anybody:
            try:
                self._anybody = await self._accounts.people.any()
            except StoreUnavailable:
                if self._anybody is None:
                    raise  # as it was: nobody can be added meanwhile
        return not self._anybody

    async def _by_token(self, request: web.Request) -> Identity | None:
        kind, _, secret = request.headers["Authorization"].partition(" ")
        secret = secret.strip()
        if kind.lower() != "bearer" or not is_token(secret):
            return None
        token = await self._accounts.tokens.find(digest(secret), self._clock.now())
        if token is None or (token.networks and not is_in(request.remote, networks_of(token.networks))):
            return None
        actor = Actor(ActorKind.TOKEN, token.id, request.remote or "")
        return Identity(actor, Role.ADMIN, scopes=token.scopes, name=token.name)

    async def _by_session(self, request: web.Request, secret: str) -> Identity | None:
        session = await self._session(digest(secret), renew=not request.path.startswith(_UNATTENDED))
        if session is None:
            return None
        actor = Actor(ActorKind.PERSON, session.person.id, request.remote or "")
        return Identity(actor, session.person.role, csrf=csrf_of(secret), name=session.person.name)

    async def _session(self, key: str, *, renew: bool) -> Session | None:
        """While the database is away, those who were there lately go on: nothing can be ended meanwhile."""
        now = self._clock.now()
        known, at = self._lately.get(key, (None, now))
        if (now - at).total_seconds() > AWAY_SECONDS:
            known = None
        asked = self._ask(key, now, renew=renew)
        done, _ = await asyncio.wait({asked}, timeout=None if known is None else PATIENCE_SECONDS)
        if not done:
            return known
        try:
            return asked.result()
        except StoreUnavailable:
            if known is None:
                raise
            return known

    def _ask(self, key: str, now: datetime, *, renew: bool) -> asyncio.Task[Session | None]:
        """One question at a time of each session; it goes on when nobody waits for it any more."""
        asked = self._asked.get(key)
        if asked is None:
            find = self._accounts.sessions.find(key, now, renew=renew)
            asked = self._asked[key] = asyncio.ensure_future(find)
            asked.add_done_callback(lambda task: self._answered(key, now, task))
        return asked

    def _answered(self, key: str, at: datetime, task: asyncio.Task[Session | None]) -> None:
        del self._asked[key]
        if task.cancelled() or task.exception() is not None:
            return  # whoever still waits is told of it
        self._lately.pop(key, None)
        if (session := task.result()) is not None:
            self._anybody = True
            self._lately[key] = (session, at)
            if len(self._lately) > MOST_LATELY:
                self._lately.popitem(last=False)


def is_secure(request: web.Request) -> bool:
    """Whether the cookie must go over TLS: everywhere but on this machine's own plain http."""
    return request.scheme == "https" or host_name(request.host) not in LOCAL_NAMES


def session_secret(request: web.Request) -> str | None:
    return request.cookies.get(SECURE_COOKIE if is_secure(request) else COOKIE)


def give_session(request: web.Request, response: web.StreamResponse, secret: str) -> None:
    """A cookie until the browser is closed; the session itself ends sooner or later than that."""
    secure = is_secure(request)
    name = SECURE_COOKIE if secure else COOKIE
    response.set_cookie(name, secret, path="/", httponly=True, samesite="Strict", secure=secure)


def take_session(request: web.Request, response: web.StreamResponse) -> None:
    secure = is_secure(request)
    name = SECURE_COOKIE if secure else COOKIE
    response.del_cookie(name, path="/", httponly=True, samesite="Strict", secure=secure)
