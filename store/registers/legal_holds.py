"""What stands under legal hold: people with all their contacts, and calls."""

from __future__ import annotations

from sqlalchemy import Select, func, or_, select, union

from store.tables import contacts, interactions, legal_holds


def held_contacts() -> Select[tuple[str]]:
    """Of a person under hold all contacts, whichever of them it was set on."""
    named = select(func.substr(legal_holds.c.subject, len("contact:") + 1)).where(
        legal_holds.c.subject.startswith("contact:"), legal_holds.c.lifted_at.is_(None)
    )
    survivors = select(func.coalesce(contacts.c.merged_into, contacts.c.id)).where(contacts.c.id.in_(named))
    return select(contacts.c.id).where(
        or_(contacts.c.id.in_(survivors), contacts.c.merged_into.in_(survivors))
    )


def held_calls() -> Select[tuple[str]]:
    """Those named, and those of people under hold."""
    named = select(func.substr(legal_holds.c.subject, len("call:") + 1)).where(
        legal_holds.c.subject.startswith("call:"), legal_holds.c.lifted_at.is_(None)
    )
    theirs = select(interactions.c.subject_id).where(interactions.c.contact_id.in_(held_contacts()))
    found = union(named, theirs).subquery()
    return select(found.c[0])
