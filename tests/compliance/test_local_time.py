"""Days and wall times as moments in UTC, where clocks skip an hour or have it twice."""

from __future__ import annotations

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from compliance.local_time import LocalTime, day_start, wall_span
from tests.gate_cases import utc

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("America/New_York", date(2026, 3, 8), "2026-03-08 05:00"),
        ("America/New_York", date(2026, 3, 9), "2026-03-09 04:00"),
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23 22:00"),  # 00:00 is skipped
        ("America/Havana", date(2026, 11, 1), "2026-11-01 04:00"),  # 00:00 comes twice
        ("Asia/Kathmandu", date(2026, 6, 2), "2026-06-01 18:15"),
        ("Pacific/Kiritimati", date(2026, 6, 2), "2026-06-01 10:00"),
    ],
)
def test_when_a_day_begins(zone: str, day: date, begins: str) -> None:
    assert day_start(ZoneInfo(zone), day) == utc(begins)


def test_a_wall_time_that_never_comes_or_comes_twice_is_taken_the_narrower_way() -> None:
    # On 8 March 2026 02:30 is skipped; on 1 November 01:30 comes at 05:30 and at 06:30 UTC.
    assert wall_span(NEW_YORK, date(2026, 3, 8), time(2, 30), time(21))[0] == utc("2026-03-08 07:30")
    assert wall_span(NEW_YORK, date(2026, 3, 8), time(1), time(2, 30))[1] == utc("2026-03-08 06:30")
    assert wall_span(NEW_YORK, date(2026, 11, 1), time(1, 30), time(21))[0] == utc("2026-11-01 06:30")
    assert wall_span(NEW_YORK, date(2026, 11, 1), time(0), time(1, 30))[1] == utc("2026-11-01 05:30")


def test_days_before_and_after_today() -> None:
    local = LocalTime(NEW_YORK, utc("2026-03-09 03:59:59"))  # 23:59:59 of the 8th
    assert local.today == date(2026, 3, 8)
    assert local.days_ago(0) == utc("2026-03-08 05:00")
    assert local.days_ago(-1) == utc("2026-03-09 04:00")
    assert local.days_ago(6) == utc("2026-03-02 05:00")
    assert local.told() == {"time": "23:59", "zone": "America/New_York"}
