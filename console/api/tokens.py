"""/tokens: access of other systems."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from console.accounts.token_making import DEFAULT_DAYS, LONGEST_DAYS, MOST_NETWORKS, made_token
from console.api.access import Role, Scope
from console.api.operation import Answer, Asked, Operation, Shape
from console.api.pages_of import PageQuery, cursor_of, parts_of
from console.api.problem import Problem
from console.api.shapes import Time
from engine.ports import Clock, Ids
from engine.registers.accounts import LONGEST_NAME, Token, Tokens
from engine.registers.actor import ActorKind

_TAG = "tokens"
_Network = Annotated[str, Field(max_length=50, description="As 10.0.0.0/24.")]


class TokenShape(Shape):
    id: str
    name: str
    hint: Annotated[str, Field(description="How the token begins.")]
    scopes: tuple[Scope, ...]
    networks: Annotated[tuple[str, ...], Field(description="From where it may be used; empty: anywhere.")]
    created_at: Time
    created_by: str
    expires_at: Time
    revoked_at: Time | None = None
    used_at: Annotated[Time | None, Field(description="When it was last used, to the minute.")] = None


class TokenPage(Shape):
    items: tuple[TokenShape, ...]
    next: str | None = None


class NewToken(Shape):
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=len(Scope))]
    days: Annotated[int, Field(ge=1, le=LONGEST_DAYS, description="After how many days it expires.")] = (
        DEFAULT_DAYS
    )
    networks: Annotated[tuple[_Network, ...], Field(max_length=MOST_NETWORKS)] = ()


class MadeToken(Shape):
    token: TokenShape
    secret: Annotated[str, Field(description="The token itself: it is told this once.")]


class TokensApi:
    """A new token takes no Idempotency-Key: its answer, the secret in it, would be kept with the key."""

    def __init__(self, tokens: Tokens, clock: Clock, ids: Ids) -> None:
        self._tokens = tokens
        self._clock = clock
        self._ids = ids

    def operations(self) -> tuple[Operation, ...]:
        one = "/tokens/{token_id}"
        read, write, admin = Scope.PEOPLE_READ, Scope.PEOPLE_WRITE, Role.ADMIN
        return (
            Operation(
                "GET",
                "/tokens",
                "list_tokens",
                self.list,
                "Tokens, also those that are over",
                _TAG,
                read,
                admin,
                query=PageQuery,
                answer=TokenPage,
            ),
            Operation(
                "POST",
                "/tokens",
                "create_token",
                self.create,
                "Make a token",
                _TAG,
                write,
                admin,
                description="For an admin who is signed in: no token makes another.",
                body=NewToken,
                answer=MadeToken,
                status=201,
            ),
            Operation("GET", one, "get_token", self.get, "One token", _TAG, read, admin, answer=TokenShape),
            Operation("DELETE", one, "revoke_token", self.revoke, "End a token at once", _TAG, write, admin),
        )

    async def list(self, asked: Asked) -> Answer:
        query: PageQuery = asked.query
        after = None if query.cursor is None else parts_of(query.cursor, 1)[0]
        some = await self._tokens.list(limit=query.limit + 1, after=after)
        shown = tuple(_shape(token) for token in some[: query.limit])
        more = cursor_of(shown[-1].id) if len(some) > query.limit else None
        return Answer(TokenPage(items=shown, next=more))

    async def create(self, asked: Asked) -> Answer:
        if asked.actor.kind is not ActorKind.PERSON:
            raise Problem(403, "forbidden", "Only an admin who is signed in makes tokens.")
        body: NewToken = asked.body
        secret, digest, token = made_token(
            self._ids.new(),
            body.name,
            frozenset(body.scopes),
            self._clock.now(),
            days=body.days,
            networks=body.networks,
            created_by=f"{asked.actor.kind}:{asked.actor.id}",
        )
        kept = await self._tokens.add(asked.actor, token, digest)
        headers = {"Location": f"/api/v1/tokens/{kept.id}"}
        return Answer(MadeToken(token=_shape(kept), secret=secret), headers=headers)

    async def get(self, asked: Asked) -> Answer:
        return Answer(_shape(await self._tokens.get(asked.path["token_id"])))

    async def revoke(self, asked: Asked) -> Answer:
        await self._tokens.revoke(asked.actor, asked.path["token_id"], self._clock.now())
        return Answer()


def _shape(token: Token) -> TokenShape:
    return TokenShape(
        id=token.id,
        name=token.name,
        hint=token.hint,
        scopes=tuple(sorted(token.scopes)),
        networks=token.networks,
        created_at=token.created_at,
        created_by=token.created_by,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        used_at=token.used_at,
    )
