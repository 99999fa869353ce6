"""Dates and times: keyed, spoken, limits, and what is ambiguous."""

from __future__ import annotations

import pytest
from flows import HEAD, load
from stage import Stage

# The stage's now is Monday, 5 January 2026, 09:00.


def asking(fields: str, language: str = "en") -> Stage:
    steps = f"""
  first: {{ask: {{into: x, prompt: When?, {fields}}}, next: told, otherwise: person}}
  told: {{say: "It is {{x}}.", next: bye}}
"""
    return Stage(load(steps, HEAD.replace("[en]", f"[{language}]")))


# --- date -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "said", "day"),
    [
        ("en", "tomorrow", "2026-01-06"),
        ("en", "next friday", "2026-01-16"),
        ("en", "march twenty second", "2026-03-22"),
        ("pl", "dwudziestego drugiego marca", "2026-03-22"),
        ("ru", "двадцать второе марта", "2026-03-22"),
        ("ru", "послезавтра", "2026-01-07"),
    ],
)
def test_a_day_is_said(language: str, said: str, day: str) -> None:
    stage = asking("date: true", language)
    stage.hear(said, lang=language)
    assert stage.said == f"It is {day}."


def test_a_day_and_month_are_keyed_and_the_year_may_follow() -> None:
    stage = asking("date: true")
    stage.keys("2203")
    assert stage.due() == 2.0
    stage.time_out()
    assert stage.said == "It is 2026-03-22."
    stage = asking("date: true")
    stage.keys("22032027")
    assert stage.said == "It is 2027-03-22."
    stage = asking("date: true")
    stage.keys("0401#")  # yesterday's date: the next one is in a year
    assert stage.said == "It is 2027-01-04."
    stage = asking("date: true")
    stage.keys("2902#")
    assert stage.said == "It is 2028-02-29."


@pytest.mark.parametrize("keys", ["3102", "1313", "0000", "29022027", "220#", "22032#"])
def test_no_such_day_is_unclear(keys: str) -> None:
    stage = asking("date: true, unclear: Again?")
    stage.keys(keys)
    assert stage.said == "Again?"


def test_a_day_out_of_the_limits_is_told() -> None:
    stage = asking("date: {least: today, most: 30d}")
    stage.keys("05022026")
    assert stage.said == "It must be from January fifth to February fourth. When?"
    stage.hear("tomorrow")
    assert stage.said == "It is 2026-01-06."


def test_both_limits_are_allowed_themselves() -> None:
    for keys, day in (("0501#", "2026-01-05"), ("0402#", "2026-02-04")):
        stage = asking("date: {least: today, most: 30d}")
        stage.keys(keys)
        assert stage.said == f"It is {day}."


@pytest.mark.parametrize(
    ("language", "told"),
    [("pl", "Najwcześniej siódmego stycznia."), ("ru", "Самое раннее: седьмого января.")],
)
def test_one_limit_is_told_in_each_language(language: str, told: str) -> None:
    stage = asking("date: {least: 2d}", language)
    stage.keys("05012026")
    assert stage.said == f"{told} When?"


def test_a_day_that_is_past_may_be_asked_for() -> None:
    fields = "date: {least: -120y, most: today}"
    stage = asking(fields)
    stage.keys("2203#")
    assert stage.said == "It is 2025-03-22."
    stage = asking(fields)
    stage.hear("march twenty second")
    assert stage.said == "It is 2025-03-22."
    stage = asking(fields)
    stage.hear("march twenty second nineteen eighty five")
    assert stage.said == "It is 1985-03-22."
    stage = asking(fields)
    stage.hear("tomorrow")
    assert stage.notes("not_understood")[0]["why"] == "unclear"


def test_a_day_is_read_back_with_its_year_when_that_is_another() -> None:
    stage = asking("date: true, confirm: true")
    stage.keys("22032026")
    assert stage.said.startswith("I have March twenty second. If")
    stage = asking("date: true, confirm: true", "pl")
    stage.keys("22032027")
    assert stage.said.startswith("Mam: dwudziestego drugiego marca dwa tysiące dwudziestego siódmego roku.")


# --- time -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "said", "at"),
    [
        ("en", "half past two", "02:30"),
        ("en", "eight p m", "20:00"),
        ("en", "eight thirty p", "20:30"),
        ("pl", "o ósmej trzydzieści", "08:30"),
        ("pl", "wpół do trzeciej", "02:30"),
        ("ru", "половина третьего", "02:30"),
        ("en", "noon", "12:00"),
    ],
)
def test_a_time_is_said(language: str, said: str, at: str) -> None:
    stage = asking("time: true", language)
    stage.hear(said, lang=language)
    assert stage.said == f"It is {at}."


@pytest.mark.parametrize(
    ("language", "said", "at"),
    [
        ("en", "half past two", "14:30"),
        ("pl", "wpół do trzeciej", "14:30"),
        ("ru", "в три часа дня", "15:00"),
        ("en", "nine", "09:00"),
        ("en", "twelve", "12:00"),
    ],
)
def test_limits_tell_which_half_of_the_day_is_meant(language: str, said: str, at: str) -> None:
    stage = asking('time: {least: "8:00", most: "18:00"}', language)
    stage.hear(said, lang=language)
    assert stage.said == f"It is {at}."


@pytest.mark.parametrize("said", ["three a m", "half past seven", "eight p m"])
def test_a_time_out_of_the_limits_is_told(said: str) -> None:
    stage = asking('time: {least: "8:00", most: "18:00"}')
    stage.hear(said)
    assert stage.said == "It must be from eight a m to six p m. When?"


def test_a_time_that_both_halves_allow_is_asked_back() -> None:
    stage = asking('time: {least: "8:00", most: "22:00"}')
    stage.hear("nine")
    assert stage.said.startswith("I have nine a m. If that's right")
    stage.hear("no")
    stage.hear("nine p m")
    assert stage.said == "It is 21:00."


@pytest.mark.parametrize(
    ("keys", "at"),
    [("0830", "08:30"), ("830#", "08:30"), ("8#", "08:00"), ("1430", "14:30"), ("230#", "14:30")],
)
def test_a_time_is_keyed(keys: str, at: str) -> None:
    stage = asking('time: {least: "8:00", most: "18:00"}')
    stage.keys(keys)
    assert stage.said == f"It is {at}."


def test_a_zero_before_the_hour_is_the_morning() -> None:
    stage = asking('time: {least: "8:00", most: "18:00"}')
    stage.keys("0230")
    assert stage.said.startswith("It must be from eight")


@pytest.mark.parametrize("keys", ["2500", "0860", "#"])
def test_no_such_time_is_unclear(keys: str) -> None:
    stage = asking("time: true, unclear: Again?")
    stage.keys(keys)
    assert stage.said == "Again?"
