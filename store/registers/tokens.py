"""Tokens of other systems."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.registers.access import Scope
from engine.registers.accounts import USE_NOTED_EACH_SECONDS, Token
from engine.registers.actor import Actor
from engine.registers.refusals import Missing
from store.audit import note
from store.registers.transactions import read, reading, write_or_leave, written
from store.tables import tokens

# Asked for with each request, and put together once.
_FIND = select(tokens).where(tokens.c.digest == bindparam("digest"))


class SqlTokens:
    """Implements engine.registers.accounts.Tokens."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, actor: Actor, token: Token, digest: str) -> Token:
        scopes = sorted(scope.value for scope in token.scopes)

        def work(connection: Connection) -> None:
            connection.execute(
                insert(tokens).values(
                    id=token.id,
                    name=token.name,
                    digest=digest,
                    hint=token.hint,
                    scopes=scopes,
                    networks=list(token.networks),
                    created_at=token.created_at,
                    created_by=token.created_by,
                    expires_at=token.expires_at,
                )
            )
            note(connection, actor, "token.added", f"token:{token.id}", {"scopes": scopes}, token.created_at)

        await written(self._engine, work)
        return token

    async def find(self, digest: str, at: datetime) -> Token | None:
        row = await read(
            self._engine, lambda connection: connection.execute(_FIND, {"digest": digest}).one_or_none()
        )
        if row is None or row.revoked_at is not None or row.expires_at <= at:
            return None
        if row.used_at is None or (at - row.used_at).total_seconds() >= USE_NOTED_EACH_SECONDS:
            await write_or_leave(self._engine, update(tokens).where(tokens.c.id == row.id).values(used_at=at))
        return _token(row)

    async def get(self, id: str) -> Token:
        async with reading(self._engine) as connection:
            row = (await connection.execute(select(tokens).where(tokens.c.id == id))).one_or_none()
        if row is None:
            raise Missing(f"There is no token {id}.")
        return _token(row)

    async def list(self, *, limit: int, after: str | None = None) -> Sequence[Token]:
        wanted = select(tokens).order_by(tokens.c.id).limit(limit)
        if after is not None:
            wanted = wanted.where(tokens.c.id > after)
        async with reading(self._engine) as connection:
            return [_token(row) for row in await connection.execute(wanted)]

    async def revoke(self, actor: Actor, id: str, at: datetime) -> Token:
        def work(connection: Connection) -> Token:
            row = connection.execute(select(tokens).where(tokens.c.id == id).with_for_update()).one_or_none()
            if row is None:
                raise Missing(f"There is no token {id}.")
            if row.revoked_at is None:
                connection.execute(update(tokens).where(tokens.c.id == id).values(revoked_at=at))
                note(connection, actor, "token.revoked", f"token:{id}", {}, at)
                row = connection.execute(select(tokens).where(tokens.c.id == id)).one()
            return _token(row)

        return await written(self._engine, work)


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        hint=row.hint,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        networks=tuple(row.networks),
        revoked_at=row.revoked_at,
        used_at=row.used_at,
    )
