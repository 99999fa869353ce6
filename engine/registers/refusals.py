"""Why a register refuses. The message is one sentence with the remedy."""

from __future__ import annotations


class Missing(LookupError):
    """There is no such thing (any more)."""


class Changed(Exception):
    """Somebody else has changed it since it was read: read it again, then change that."""

    def __init__(self, message: str, version: int) -> None:
        super().__init__(message)
        self.version = version


class Refused(ValueError):
    """The change cannot be made; `field` is where the reason lies, such as "points[0].value".

    `code` and `data` tell it to whom another language is shown; "": only the message does.
    """

    def __init__(self, message: str, field: str = "", code: str = "", **data: object) -> None:
        super().__init__(message)
        self.field = field
        self.code = code
        self.data = data
