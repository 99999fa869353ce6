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


def interaction_added(row: Interaction, at: datetime) -> Publication:
    """`row.contact_id` is the person's; `at`: when it was written, which may be long after it was."""
    subject = subject_of(row.contact_id) if row.contact_id else f"interaction:{row.id}"
    return Publication(f"{row.id}.added", at, Kind.INTERACTION_ADDED, subject, interaction_form(row))


def subject_of(contact_id: str) -> str:
    return f"contact:{contact_id}"
