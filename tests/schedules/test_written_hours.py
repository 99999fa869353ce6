"""Hours as they are written in the configuration, and what is said of wrong ones."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from infolinia.assembly.company import surroundings_of
from infolinia.configuration import Configuration, ConfigurationRejected, as_table, load_configuration
from schedules.public_holidays import parse_region
from schedules.spans import Span, parse_spans, parse_weekdays


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("8:00-16:00", (Span(480, 960),)),
        ("08:00 – 16:30", (Span(480, 990),)),
        ("13:00-16:00,8:00-12:00", (Span(480, 720), Span(780, 960))),
        ("22:00-6:00", (Span(1320, 1800),)),
        ("20:00-24:00", (Span(1200, 1440),)),
        ("24h", (Span(0, 1440),)),
        ("0:00-24:00", (Span(0, 1440),)),
        (" Closed ", ()),
    ],
)
def test_spans(text: str, spans: tuple[Span, ...]) -> None:
    assert parse_spans(text) == spans


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("8-16", "8:00-16:00"),
        ("", "8:00-16:00"),
        ("8:00-16:60", "0:00 to 24:00"),
        ("8:00-25:00", "0:00 to 24:00"),
        ("24:00-2:00", "write 0:00"),
        ("8:00-8:00", "24h"),
        ("8:00-12:00, 11:00-13:00", "overlap"),
        ("22:00-6:00, 23:00-23:30", "overlap"),
        ("٨:٠٠-١٦:٠٠", "8:00-16:00"),
        ("9" * 10_000, "8:00-16:00"),
    ],
)
def test_wrong_spans(text: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy):
        parse_spans(text)


def test_weekdays() -> None:
    assert parse_weekdays("mon-fri") == (0, 1, 2, 3, 4)
    assert parse_weekdays("Sat, Sun") == (5, 6)
    assert parse_weekdays("fri-mon") == (4, 5, 6, 0)
    for wrong in ("mon-", "workday", "", "mon,mon-tue"):
        with pytest.raises(ValueError):
            parse_weekdays(wrong)


def test_regions() -> None:
    assert parse_region("PL") == ("PL", None)
    assert parse_region("DE-BY") == ("DE", "BY")
    for wrong, remedy in (("Poland", "write PL"), ("ZZ", "as exceptions"), ("DE-QQ", "there are BB, ")):
        with pytest.raises(ValueError, match=remedy):
            parse_region(wrong)


WRITTEN = """
time_zone: Europe/London
currency: GBP
hours:
  office:
    mon-fri: "8:00-16:00"
    sat: "9:00-13:00, 14:00-15:00"
    exceptions:
      "2026-12-24": "8:00-12:00"
      "2026-12-31": {hours: closed, name: New Year's Eve}
      "2026-06-17": holiday
    holidays: PL
    time_zone: Europe/Warsaw
  night: {mon-sun: "22:00-6:00"}
"""


def written(folder: Path, text: str) -> Configuration:
    file = folder / "infolinia.yaml"
    file.write_text(text, encoding="utf-8")
    return load_configuration(file)


def test_the_company_is_made_of_its_configuration(tmp_path: Path) -> None:
    configuration = written(tmp_path, WRITTEN)
    company = surroundings_of(configuration)
    assert (company.region, company.currency, str(company.zone)) == ("PL", "GBP", "Europe/London")
    # Half past six in the morning in UTC, in winter: half past seven in Warsaw.
    states = [company.opening("office", datetime(2026, 1, 5, hour, 30, tzinfo=UTC)) for hour in (6, 7)]
    assert states == ["closed", "open"]
    assert company.opening("office", datetime(2026, 6, 17, 10, tzinfo=UTC)) == "holiday"
    assert company.opening("office", datetime(2026, 12, 31, 10, tzinfo=UTC)) == "closed"
    assert company.opening("night", datetime(2026, 1, 5, 5, 59, tzinfo=UTC)) == "open"
    with pytest.raises(KeyError):
        company.opening("nowhere", datetime(2026, 1, 5, tzinfo=UTC))


def test_the_settings_in_force_are_shown_as_they_are_written(tmp_path: Path) -> None:
    shown = as_table(written(tmp_path, WRITTEN))["hours"]
    assert shown["office"]["mon-fri"] == "8:00-16:00"
    assert "weekly" not in shown["office"]
    again = Configuration.model_validate({"hours": shown})
    assert again.hours == written(tmp_path, WRITTEN).hours


@pytest.mark.parametrize(
    ("wrong", "place", "remedy"),
    [
        ("hours: {office: {mon-fry: '8:00-16:00'}}", "1:18", "'fry' is no weekday"),
        ("hours: {office: {holliday: PL}}", "1:18", "did you mean 'holidays'?"),
        ("hours: {office: {weekly: closed}}", "1:18", "'weekly' is no weekday"),
        ("hours: {office: {mon: 8-16}}", "1:23", "write 8:00-16:00"),
        ("hours: {office: {mon: [closed]}}", "1:18", "24h or closed"),
        ("hours: {office: {mon-fri: 24h, wed: closed}}", "1:9", "wed has hours twice"),
        ("hours: {office: {holidays: Poland}}", "1:28", "write PL"),
        ("hours: {office: {time_zone: Europe/Nowhere}}", "1:29", "such as Europe/Warsaw"),
        ("hours: {office: {exceptions: {24.12.2026: closed}}}", "1:31", '"2026-12-24"'),
        ("hours: {office: {exceptions: {2026-02-30: closed}}}", "1:31", '"2026-12-24"'),
        ("hours: {office: {exceptions: {2026-12-24: half}}}", "1:43", "write 8:00-16:00"),
        ("hours: {office: {exceptions: {2026-12-24: {name: Eve}}}}", "1:31", "'hours' is missing"),
        ("hours: {office: 8:00-16:00}", "1:17", "mon-fri"),
        ("time_zone: ../../etc/passwd", "1:12", "such as Europe/Warsaw"),
        ("time_zone: Europe", "1:12", "such as Europe/Warsaw"),
        ("currency: zloty", "1:11", "EUR, GBP, PLN"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_remedy(
    tmp_path: Path, wrong: str, place: str, remedy: str
) -> None:
    with pytest.raises(ConfigurationRejected) as refused:
        written(tmp_path, wrong + "\n")
    (line,) = str(refused.value).splitlines()
    assert f"infolinia.yaml:{place}: " in line
    assert remedy in line
