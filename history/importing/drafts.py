"""What becomes of a row: a draft of a contact, and what could not be taken."""

from __future__ import annotations

from typing import NamedTuple

LONGEST_SHOWN_CHARACTERS = 100


class Draft(NamedTuple):
    """A person as one row tells of them; None and empty where it is silent.

    `points` are (kind, value), normalised. `attributes` are (name, JSON). `lifetime_value` is in minor units.
    `consents` are (channel, purpose, given). `keys` are the folded names by which they are looked for.
    """

    line: int
    points: tuple[tuple[str, str], ...]
    external_id: str | None = None
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    language: str | None = None
    country: str | None = None
    region: str | None = None
    postcode: str | None = None
    time_zone: str | None = None
    lifetime_value: int | None = None
    value_currency: str | None = None
    tags: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    consents: tuple[tuple[str, str, bool], ...] = ()
    keys: tuple[str | None, str | None] = (None, None)


class Refusal(NamedTuple):
    """What could not be taken, and why, with the remedy.

    `kept`: the rest of the row was taken. `field` is as in the mapping ("phone", "attr.city"), "" of the row.
    """

    line: int
    field: str
    value: str
    reason: str
    kept: bool = False


def shown(value: str) -> str:
    """A cell as a refusal shows it: in one line, cut, without characters that cannot be shown."""
    cut = value[:LONGEST_SHOWN_CHARACTERS]
    if not cut.isprintable():
        cut = "".join(character if character.isprintable() else " " for character in cut)
    return cut + "…" if len(value) > LONGEST_SHOWN_CHARACTERS else cut
