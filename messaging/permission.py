"""A person who lets us write to them in a messenger, or no longer does: told as an Incoming without text."""

from __future__ import annotations

from enum import StrEnum

# Of Incoming.data; its value is a Permission.
PERMISSION = "permission"


class Permission(StrEnum):
    GIVEN = "given"
    WITHDRAWN = "withdrawn"
