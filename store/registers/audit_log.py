"""The audit log, read and added to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.registers.actor import Actor, ActorKind
from engine.registers.audit import AuditEntry, AuditFilter, AuditNote
from store.registers.transactions import reading, written
from store.tables import audit_log


class SqlAuditLog:
    """Implements engine.registers.audit.AuditLog."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, notes: Sequence[AuditNote]) -> None:
        if not notes:
            return
        rows = [
            {
                "at": told.at,
                "actor_kind": told.actor.kind.value,
                "actor_id": told.actor.id,
                "address": told.actor.address,
                "action": told.action,
                "subject": told.subject,
                "data": dict(told.data),
            }
            for told in notes
        ]

        def work(connection: Connection) -> None:
            connection.execute(insert(audit_log), rows)

        await written(self._engine, work)

    async def entries(
        self, wanted: AuditFilter, *, limit: int, before: int | None = None
    ) -> Sequence[AuditEntry]:
        chosen = select(audit_log).order_by(audit_log.c.number.desc()).limit(limit)
        if before is not None:
            chosen = chosen.where(audit_log.c.number < before)
        if wanted.subject is not None:
            same = audit_log.c.subject == wanted.subject
            of_kind = audit_log.c.subject.startswith(wanted.subject, autoescape=True)
            chosen = chosen.where(of_kind if wanted.subject.endswith(":") else same)
        if wanted.actor is not None:
            chosen = chosen.where(audit_log.c.actor_id == wanted.actor)
        if wanted.action is not None:
            chosen = chosen.where(audit_log.c.action == wanted.action)
        if wanted.since is not None:
            chosen = chosen.where(audit_log.c.at >= wanted.since)
        if wanted.until is not None:
            chosen = chosen.where(audit_log.c.at < wanted.until)
        async with reading(self._engine) as connection:
            return [
                AuditEntry(
                    row.number,
                    AuditNote(
                        row.at,
                        Actor(ActorKind(row.actor_kind), row.actor_id, row.address),
                        row.action,
                        row.subject,
                        row.data,
                    ),
                )
                for row in await connection.execute(chosen)
            ]
