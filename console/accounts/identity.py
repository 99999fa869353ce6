"""Who is asking: the person of a session, or the system whose token it is."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from engine.registers.access import Role, Scope
from engine.registers.actor import Actor

CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"


@dataclass(frozen=True, slots=True)
class Identity:
    """A token may do what its `scopes` say, and its role is no bound; a person's `scopes` are None.

    `csrf`: what a person's unsafe requests must bear; None for a token, which no browser sends by itself.
    """

    actor: Actor
    role: Role
    scopes: frozenset[Scope] | None = None
    csrf: str | None = None
    name: str = ""

    def csrf_is(self, given: str | None) -> bool:
        if self.csrf is None:
            return True
        return given is not None and hmac.compare_digest(self.csrf.encode(), given.encode(errors="replace"))


class Identifier(Protocol):
    async def identify(self, request: web.Request) -> Identity | None:
        """None: nobody that we know."""

    async def open_to_all(self) -> bool:
        """Whether nobody was added yet, so that the pages are open to this machine."""


IDENTIFIER: web.AppKey[Identifier] = web.AppKey("identifier", Identifier)
# Set on a request whose asker may see a page, were it one that tells of an error.
ADMITTED = web.RequestKey("admitted", bool)
_FOUND: web.RequestKey[Identity | None] = web.RequestKey("identity")


async def identify(request: web.Request) -> Identity | None:
    """Asked of the register once for each request, and never kept longer: what is revoked ends at once."""
    if _FOUND not in request:
        request[_FOUND] = await request.config_dict[IDENTIFIER].identify(request)
    return request[_FOUND]


def identified(request: web.Request) -> Identity | None:
    """Who it was found to be, for pages; None before that."""
    return request.get(_FOUND)


def bears_csrf(request: web.Request, identity: Identity) -> bool:
    """Whether a request that changes something bears the token of its session in the header."""
    return identity.csrf_is(request.headers.get(CSRF_HEADER))
