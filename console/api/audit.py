"""/audit: who saw and changed what, and from where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from console.api.access import Role, Scope
from console.api.operation import Answer, Asked, Operation, Shape
from console.api.pages_of import PageQuery, after_of, cursor_of
from console.api.shapes import Time
from engine.registers.actor import ActorKind
from engine.registers.audit import AuditEntry, AuditFilter, AuditLog


class AuditQuery(PageQuery):
    subject: Annotated[
        str | None, Field(max_length=200, description="What it was done to: contact:ID, or contact: for all.")
    ] = None
    actor: Annotated[str | None, Field(max_length=200, description="The id of who did it.")] = None
    action: Annotated[str | None, Field(max_length=100, description="What was done: contact.seen.")] = None
    since: Time | None = None
    until: Annotated[Time | None, Field(description="Until then, itself not included.")] = None


class ActorShape(Shape):
    kind: ActorKind
    id: str
    address: Annotated[str, Field(description="From where; empty for a command.")]


class AuditShape(Shape):
    number: int
    at: Time
    actor: ActorShape
    action: str
    subject: str
    data: Mapping[str, object]


class AuditPage(Shape):
    items: tuple[AuditShape, ...]
    next: str | None = None


class AuditApi:
    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def operations(self) -> tuple[Operation, ...]:
        return (
            Operation(
                "GET",
                "/audit",
                "list_audit_log",
                self.list,
                "Who saw and changed what, newest first",
                "audit",
                Scope.AUDIT_READ,
                Role.ADMIN,
                description="What was seen is written within a second; what was changed, with the change.",
                query=AuditQuery,
                answer=AuditPage,
            ),
        )

    async def list(self, asked: Asked) -> Answer:
        query: AuditQuery = asked.query
        wanted = AuditFilter(query.subject, query.actor, query.action, query.since, query.until)
        after = after_of(query.cursor, "number")
        before = None if after is None else int(after[0])
        some = await self._audit.entries(wanted, limit=query.limit + 1, before=before)
        shown = tuple(_shape(entry) for entry in some[: query.limit])
        more = cursor_of(str(shown[-1].number)) if len(some) > query.limit else None
        return Answer(AuditPage(items=shown, next=more))


def _shape(entry: AuditEntry) -> AuditShape:
    told = entry.note
    return AuditShape(
        number=entry.number,
        at=told.at,
        actor=ActorShape(kind=told.actor.kind, id=told.actor.id, address=told.actor.address),
        action=told.action,
        subject=told.subject,
        data=told.data,
    )
