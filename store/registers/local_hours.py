"""Hours and days of a zone's clock, grouped by databases that know no zones, or other ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Interval, case, func, literal

_DAY = timedelta(days=1)
_DAY_SECONDS = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def local_period(
    at: ColumnElement[Any], seconds: int, since: datetime, until: datetime, zone: tzinfo, database: str
) -> ColumnElement[Any]:
    """When the hour or day (of so many seconds) of the zone's clock began that `at` is in; `database` is the
    dialect's name. `since` and `until` hold every `at`. `clock_text` reads it.
    """
    changes = offsets(since, until, zone)
    if database == "postgresql":
        # A zone's name would have to be one that this server knows.
        shifts = [literal(timedelta(seconds=offset), Interval) for _, offset in changes]
        shifted = at + _chosen(at, changes, shifts)
        return func.date_bin(literal(timedelta(seconds=seconds), Interval), shifted, literal(_EPOCH))
    form = "%Y-%m-%d" if seconds == _DAY_SECONDS else "%Y-%m-%dT%H"
    texts = [literal(f"{offset:+d} seconds") for _, offset in changes]
    return func.strftime(form, at, _chosen(at, changes, texts))


def _chosen(at: ColumnElement[Any], changes: Sequence[tuple[datetime, int]], values: list[Any]) -> Any:
    whens = [(at < before, value) for (before, _), value in zip(changes[:-1], values, strict=False)]
    return case(*whens, else_=values[-1]) if whens else values[-1]


def offsets(since: datetime, until: datetime, zone: tzinfo) -> Sequence[tuple[datetime, int]]:
    """The zone's offsets in seconds, each until a time; the last one until `until`."""
    found: list[tuple[datetime, int]] = []
    at, offset = since.astimezone(UTC), _offset(since, zone)
    while at < until:
        following = min(at + _DAY, until.astimezone(UTC))
        if (new := _offset(following, zone)) != offset:
            low, high = at, following
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
            found.append((high.replace(microsecond=0), offset))
            offset = new
        at = following
    return [*found, (until, offset)]


def clock_text(period: str | datetime, seconds: int) -> str:
    """Such as 2026-11-21 for a day, and 2026-11-21T16 for an hour."""
    if isinstance(period, str):
        return period
    return f"{period:%Y-%m-%d}" if seconds == _DAY_SECONDS else f"{period:%Y-%m-%dT%H}"


def _offset(at: datetime, zone: tzinfo) -> int:
    return int((at.astimezone(zone).utcoffset() or timedelta()).total_seconds())
