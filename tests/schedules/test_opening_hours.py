"""Opening hours: weekly, exceptions, public holidays, midnight, and the days on which the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.opening_hours import DayException, OpeningHours
from schedules.spans import Span, parse_spans, parse_weekdays

WARSAW = ZoneInfo("Europe/Warsaw")


def office(zone: ZoneInfo = WARSAW, **days: str) -> OpeningHours:
    """Monday to Friday 8 to 16, Saturday in two spans, with Poland's holidays, and `days`."""
    weekly = dict.fromkeys(range(5), parse_spans("8:00-16:00"))
    weekly[5] = parse_spans("9:00-13:00, 14:00-15:00")
    weekly |= {day: parse_spans(spans) for name, spans in days.items() for day in parse_weekdays(name)}
    exceptions = {
        date(2026, 12, 24): DayException(parse_spans("8:00-12:00"), name="Christmas Eve"),
        date(2026, 12, 31): DayException(),
        date(2026, 11, 11): DayException(parse_spans("10:00-14:00")),
        date(2026, 6, 17): DayException(holiday=True, name="Founding day"),
    }
    return OpeningHours(zone, weekly, exceptions, ("PL", None))


def at(text: str, zone: ZoneInfo = WARSAW, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-03-23 07:59:59", "closed"),
        ("2026-03-23 08:00", "open"),
        ("2026-03-23 15:59:59.9", "open"),
        ("2026-03-23 16:00", "closed"),
        ("2026-03-21 12:59", "open"),  # Saturday, two spans
        ("2026-03-21 13:30", "closed"),
        ("2026-03-21 14:30", "open"),
        ("2026-03-22 12:00", "closed"),  # Sunday
        ("2026-01-06 12:00", "holiday"),  # a Tuesday, Epiphany
        ("2026-04-06 12:00", "holiday"),  # Easter Monday, which moves
        ("2027-03-29 12:00", "holiday"),
        ("2026-11-11 12:00", "open"),  # an exception goes before a public holiday
        ("2026-11-11 15:00", "closed"),
        ("2026-12-24 11:00", "open"),  # and before both
        ("2026-12-24 13:00", "closed"),
        ("2026-12-31 12:00", "closed"),
        ("2026-06-17 12:00", "holiday"),
    ],
)
def test_the_state_of_a_moment(moment: str, state: str) -> None:
    assert office().at(at(moment)) == state


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    assert office().at(datetime(2026, 3, 23, 6, 30, tzinfo=UTC)) == "closed"
    assert office().at(datetime(2026, 3, 23, 7, 0, tzinfo=UTC)) == "open"
    assert office().at(at("2026-03-23 03:00", ZoneInfo("America/New_York"))) == "open"


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    epiphany = at("2026-01-06 12:00", ZoneInfo("Europe/Berlin"))
    for part, state in (("BY", "holiday"), ("HH", "open")):
        hours = OpeningHours(ZoneInfo("Europe/Berlin"), {1: (Span(0, 1440),)}, holidays=("DE", part))
        assert hours.at(epiphany) == state


def test_hours_over_midnight_belong_to_the_day_they_begin_in() -> None:
    night = office(fri="22:00-6:00")
    assert night.at(at("2026-03-20 21:59")) == "closed"
    assert night.at(at("2026-03-21 05:59")) == "open"
    assert night.at(at("2026-03-21 06:00")) == "closed"
    # Friday, 1 May, is a holiday: its night does not take place; that of 24 April goes on into Saturday.
    assert night.at(at("2026-05-02 01:00")) == "closed"
    assert night.at(at("2026-04-25 01:00")) == "open"


def test_a_night_that_has_begun_goes_on_into_a_holiday() -> None:
    night = office(thu="22:00-6:00")
    assert night.at(at("2026-05-01 01:00")) == "open"
    assert night.at(at("2026-05-01 06:00")) == "holiday"


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-03-23 07:00", "2026-03-23 08:00"),
        ("2026-03-23 08:00", "2026-03-24 08:00"),  # open: the next time
        ("2026-03-20 17:00", "2026-03-21 09:00"),
        ("2026-03-21 13:10", "2026-03-21 14:00"),
        ("2026-04-03 17:00", "2026-04-04 09:00"),
        ("2026-04-04 16:00", "2026-04-07 08:00"),  # over Easter
        ("2026-12-24 12:00", "2026-12-28 08:00"),  # Christmas, Saturday 26th a holiday, Sunday
    ],
)
def test_the_next_opening(moment: str, opens: str) -> None:
    assert office().next_opening(at(moment)) == at(opens)


def test_what_never_opens_or_never_changes() -> None:
    never = OpeningHours(WARSAW)
    assert never.at(at("2026-03-23 12:00")) == "closed"
    assert never.next_opening(at("2026-03-23 12:00")) is None
    assert never.next_change(at("2026-03-23 12:00")) is None
    always = OpeningHours(WARSAW, dict.fromkeys(range(7), parse_spans("24h")))
    assert always.at(at("2026-03-23 00:00")) == "open"
    assert always.next_opening(at("2026-03-23 12:00")) is None
    assert always.next_change(at("2026-03-23 12:00")) is None


def test_the_next_change_knows_holidays() -> None:
    hours = office()
    moment = at("2026-04-04 12:00")
    seen = []
    for _ in range(6):
        change = hours.next_change(moment)
        assert change is not None
        moment = change
        seen.append((moment.astimezone(WARSAW).strftime("%d %H:%M"), hours.at(moment)))
    assert seen == [
        ("04 13:00", "closed"),
        ("04 14:00", "open"),
        ("04 15:00", "closed"),
        ("05 00:00", "holiday"),
        ("07 00:00", "closed"),
        ("07 08:00", "open"),
    ]


# --- the clocks change ------------------------------------------------------------------------------------

SPRING, AUTUMN = "2026-03-29", "2026-10-25"


def test_a_whole_day_of_23_or_25_hours_is_open_throughout() -> None:
    always_sunday = OpeningHours(WARSAW, {6: parse_spans("24h")})
    for day, hours in ((SPRING, 23), (AUTUMN, 25)):
        opens = always_sunday.next_opening(at(f"{day} 00:00") - timedelta(hours=1))
        assert opens == at(f"{day} 00:00")
        closes = always_sunday.next_change(opens)
        assert closes is not None
        assert (closes - opens) == timedelta(hours=hours)


def test_office_hours_follow_the_wall_clock() -> None:
    sunday = OpeningHours(WARSAW, {6: parse_spans("8:00-16:00")})
    assert sunday.at(datetime(2026, 3, 22, 7, 0, tzinfo=UTC)) == "open"
    assert sunday.at(datetime(2026, 3, 29, 6, 0, tzinfo=UTC)) == "open"
    assert sunday.at(datetime(2026, 3, 29, 5, 59, tzinfo=UTC)) == "closed"
    assert sunday.at(datetime(2026, 10, 25, 6, 59, tzinfo=UTC)) == "closed"
    assert sunday.at(datetime(2026, 10, 25, 7, 0, tzinfo=UTC)) == "open"


def test_an_hour_that_is_shown_twice_is_open_both_times() -> None:
    night = OpeningHours(WARSAW, {6: parse_spans("2:00-2:30")})
    for fold in (0, 1):
        assert night.at(at(f"{AUTUMN} 02:15", fold=fold)) == "open"
    assert night.at(at(f"{AUTUMN} 02:30", fold=1)) == "closed"


def test_an_hour_that_is_left_out_counts_an_hour_later() -> None:
    night = OpeningHours(WARSAW, {6: parse_spans("2:15-2:45")})
    assert night.next_opening(at(f"{SPRING} 00:00")) == at(f"{SPRING} 03:15")
    assert night.at(at(f"{SPRING} 03:30")) == "open"
    assert night.at(at(f"{SPRING} 03:45")) == "closed"


moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
spans = st.sampled_from(["closed", "24h", "8:00-16:00", "22:00-6:00", "0:00-2:30, 2:30-24:00", "23:00-0:30"])


@settings(max_examples=150)
@given(moments, st.lists(spans, min_size=7, max_size=7), st.sampled_from(["Europe/Warsaw", "Asia/Kathmandu"]))
def test_changes_and_states_agree(moment: datetime, week: list[str], zone: str) -> None:
    """Until the next change nothing changes; an opening is a change to open."""
    weekly = {day: parse_spans(text) for day, text in enumerate(week)}
    hours = OpeningHours(ZoneInfo(zone), weekly, holidays=("PL", None))
    state, change, opening = hours.at(moment), hours.next_change(moment), hours.next_opening(moment)
    if change is not None:
        assert change > moment
        assert hours.at(change) != state
        assert hours.at(moment + (change - moment) / 2) == state
        assert hours.at(change - timedelta(seconds=1)) == state
    if opening is not None:
        assert hours.at(opening) == "open"
        assert hours.at(opening - timedelta(seconds=1)) != "open"
