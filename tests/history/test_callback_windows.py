"""Windows of callbacks: as people write them, over the changes of clocks, and within opening hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from history.callback_windows import Window, WrongWindow, chosen_window, moment_of, own_window
from schedules.opening_hours import OpeningHours
from schedules.spans import parse_spans

WARSAW = ZoneInfo("Europe/Warsaw")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("written", "field", "hour", "minute"),
    [
        ("2026-11-24T10:00", "from", 9, 0),
        ("2026-07-24T10:00", "from", 8, 0),
        ("2026-07-24T10:00+00:00", "from", 10, 0),
        ("2026-03-29T02:30", "from", 1, 30),  # the clocks skip from 2 to 3: it is 3:30
        ("2026-03-29T02:30", "to", 1, 30),
        ("2026-10-25T02:30", "from", 0, 30),  # it comes twice
        ("2026-10-25T02:30", "to", 1, 30),
    ],
)
def test_a_time_is_the_persons_wall_clock(written: str, field: str, hour: int, minute: int) -> None:
    at = moment_of(written, WARSAW, field)
    assert (at.hour, at.minute, at.tzinfo) == (hour, minute, UTC)


@pytest.mark.parametrize("written", ["", "tomorrow", "2026-11-24", "2026-02-30T10:00", "9999-12-31T23:59-12"])
def test_what_is_no_time_is_said_so(written: str) -> None:
    with pytest.raises(WrongWindow, match="is no time: write it as 2026-11-24T10:00"):
        moment_of(written, WARSAW, "from")


def test_a_window_that_somebody_chose() -> None:
    def window(begins: int | None, ends: int | None) -> Window:
        first = None if begins is None else NOW + begins * HOUR
        last = None if ends is None else NOW + ends * HOUR
        return chosen_window(first, last, NOW, within=4 * HOUR)

    assert window(1, 2) == Window(NOW + HOUR, NOW + 2 * HOUR, True)
    assert window(-1, 1) == Window(NOW - HOUR, NOW + HOUR, True)
    assert window(None, 1) == Window(None, NOW + HOUR, True)
    assert window(1, None) == Window(NOW + HOUR, NOW + 5 * HOUR, True)
    for begins, ends, field, said in (
        (-2, 0, "to", "over already"),
        (None, -1, "to", "over already"),
        (-4, None, "from", "over already"),
        (2, 1, "to", "before it begins"),
        (2, 2, "to", "before it begins"),
        (91 * 24, None, "from", "more than 90 days"),
        (None, 181 * 24, "to", "more than 180 days"),
    ):
        with pytest.raises(WrongWindow, match=said) as wrong:
            window(begins, ends)
        assert wrong.value.field == field


def test_a_window_within_the_hours_of_the_company() -> None:
    hours = OpeningHours(WARSAW, {1: parse_spans("8:00-16:00")})  # Tuesdays
    open_till = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    late = chosen_window(open_till - HOUR, open_till + HOUR, NOW, within=HOUR, hours=hours)
    assert late.ends == open_till + HOUR
    with pytest.raises(WrongWindow, match="We open again at 2026-12-01 08:00"):
        chosen_window(open_till, open_till + HOUR, NOW, within=HOUR, hours=hours)
    assert own_window(NOW, HOUR, hours) == Window(None, NOW + HOUR, False)
    again = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
    assert own_window(open_till, HOUR, hours) == Window(again, again + HOUR, False)
    assert own_window(NOW, None, hours) == Window(None, None, False)
