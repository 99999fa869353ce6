"""Contacts and interactions as they are published. A person's news keep their order."""

from __future__ import annotations

from datetime import datetime

from history.contact import Contact
from history.forms import contact_form, interaction_form
from history.interaction import Interaction
from history.publication import Kind, Publication


def contact_published(publication_id: str, kind: Kind, contact: Contact, at: datetime) -> Publication:
    return Publication(publication_id, at, kind, subject_of(contact.id), contact_form(contact))


def contact_made(contact: Contact, at: datetime) -> Publication:
    """Of a contact that came by itself, as by a call: told once, however often it is written."""
    return contact_published(f"{contact.id}.created", Kind.CONTACT_CREATED, contact, at)


def interaction_added(row: Interaction, person: str | None, at: datetime) -> Publication:
    """`person`: the surviving contact's id; `at`: when it was written, which may be long after it was."""
    subject = subject_of(person) if person else f"interaction:{row.id}"
    data = interaction_form(row) | {"contact_id": person}
    return Publication(f"{row.id}.added", at, Kind.INTERACTION_ADDED, subject, data)


def subject_of(contact_id: str) -> str:
    return f"contact:{contact_id}"
