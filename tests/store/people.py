"""People as the tests make them."""

from __future__ import annotations

from dataclasses import replace

from engine.registers.actor import Actor, ActorKind
from engine.registers.contacts import ContactDraft
from history.contact import Contact
from history.interaction import Channel, ContactPoint, Interaction, PointKind
from store.store import Store
from tests.store.samples import START

WE = Actor(ActorKind.PERSON, "anna", "127.0.0.1")


def phone(n: int) -> ContactPoint:
    return ContactPoint(PointKind.PHONE, f"+4822000{n:04d}")


def email(name: str) -> ContactPoint:
    return ContactPoint(PointKind.EMAIL, f"{name}@example.com")


async def person(
    store: Store,
    *points: ContactPoint,
    tags: frozenset[str] = frozenset(),
    attributes: dict[str, object] | None = None,
    **fields: str | int | None,
) -> Contact:
    draft = ContactDraft(points, fields, tags, attributes or {})
    return await store.history.contacts.create(WE, draft)


def theirs(id: str, point: ContactPoint | None = None, **fields: object) -> Interaction:
    """A row of another system."""
    row = Interaction(
        id,
        START,
        Channel.EMAIL,
        "inbound",
        f"mail-{id}",
        point,
        source="helpdesk",
        external_id=f"ext-{id}",
    )
    return replace(row, **fields)  # type: ignore[arg-type]


async def told(store: Store) -> list[tuple[str, str]]:
    """What was published: kind and subject, in order of writing."""
    async with store._engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT kind, subject FROM publications ORDER BY number")
        return [(row.kind, row.subject) for row in rows]


async def noted(store: Store) -> list[tuple[str, str]]:
    """What the audit log says: action and subject."""
    async with store._engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT action, subject FROM audit_log ORDER BY number")
        return [(row.action, row.subject) for row in rows]
