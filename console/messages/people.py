"""Whom somebody means who types a name, a number or an address."""

from __future__ import annotations

from collections.abc import Sequence

from engine.registers.contacts import ContactFilter, Contacts
from history.contact import Contact
from history.folding import words_of
from history.points import prefixes_of

MOST_MEANT = 8


async def meant(typed: str, contacts: Contacts, region: str) -> Sequence[Contact]:
    """Those who may be, the newest first; one more than MOST_MEANT when there are more."""
    name, points = " ".join(words_of(typed)), prefixes_of(typed, region)
    if not name and not points:
        return ()
    wanted = ContactFilter(name_prefix=name or None, point_prefixes=points)
    return (await contacts.list(wanted, limit=MOST_MEANT + 1)).items
