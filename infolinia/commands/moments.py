"""A moment that somebody wrote at the shell."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from infolinia.commands.terminal import fail
from infolinia.configuration import Configuration

_YEARS = range(1970, 2200)


def moment_of(text: str, option: str, configuration: Configuration) -> datetime:
    """In UTC; without an offset it is of the hotline's zone. Ends the program when it is no moment."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f'{option} "{text}" is no date or time: write 2026-11-22 or 2026-11-22T10:00.')
    if at.year not in _YEARS:
        fail(f'{option} "{text}" is too far away: name a year from {_YEARS.start} to {_YEARS.stop - 1}.')
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(configuration.time_zone))).astimezone(UTC)
