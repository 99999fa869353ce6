"""promise: what is promised is an amount, a day and a reference, or it is refused."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from errands import FACTS, break_and_resume, finish, works
from flows import load
from hypothesis import given
from hypothesis import strategies as st
from stage import START, Stage

from ivr.commands import CheckAnswer, Command, KeepPromise
from ivr.events import CallerGone, Finished
from ivr.reading.loader import FlowRejected
from ivr.steps.promise import amount_of, day_of
from ivr.surroundings import Surroundings

STEPS = """
  first: {verify: {pin: pin, digits: 4, prompt: PIN?}, verified: said, failed: no}
  said: {set: {amount: "%s", day: "%s"}, next: keep}
  keep:
    promise: {amount: "{amount}", due: "{day}", reference: "{dialled}"%s}
    next: kept
    refused: no
  kept: {say: Kept., next: person}
  no: {say: Refused., next: person}
"""
TODAY = START.date().isoformat()  # 2026-01-05


def stage_of(amount: str = "120.5", day: str = TODAY, more: str = "", reference: str = "D-17/2026") -> Stage:
    flow = load(STEPS % (amount, day, more))
    return known(Stage(flow, {**FACTS, "dialled": reference}, Surroundings(currency="PLN")))


def known(stage: Stage) -> Stage:
    """The caller has proved who they are."""
    stage.keys("7391")
    finish(stage, "verified")
    return stage


def promises(stage: Stage) -> list[Command]:
    return [work for work in works(stage.commands) if not isinstance(work, CheckAnswer)]


def only_promise(stage: Stage) -> Command:
    (one,) = promises(stage)
    return one


def test_a_promise_is_kept_with_two_places_and_the_usual_currency() -> None:
    stage = stage_of()
    assert only_promise(stage) == KeepPromise(2, "120.50", "PLN", TODAY, "D-17/2026")
    finish(stage, "next")
    assert stage.said == "Kept."


@pytest.mark.parametrize(
    ("amount", "currency", "kept"),
    [
        ("1500", "JPY", "1500"),
        ("1500.0", "JPY", "1500"),
        ("12.345", "KWD", "12.345"),
        ("12", "KWD", "12.000"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: str, currency: str, kept: str) -> None:
    work = only_promise(stage_of(amount, more=f", currency: {currency}"))
    assert isinstance(work, KeepPromise)
    assert work.amount == kept


@pytest.mark.parametrize(("amount", "currency"), [("1500.5", "JPY"), ("1.234", "EUR")])
def test_a_part_of_the_smallest_coin_is_refused(amount: str, currency: str) -> None:
    assert not promises(stage_of(amount, more=f", currency: {currency}"))


def test_another_currency_least_and_latest() -> None:
    stage = stage_of("50", "2026-01-08", ', least: "50", latest: 3d, currency: EUR')
    assert only_promise(stage) == KeepPromise(2, "50.00", "EUR", "2026-01-08", "D-17/2026")


@pytest.mark.parametrize(
    ("amount", "day", "more"),
    [
        ("0", TODAY, ""),
        ("0.00", TODAY, ""),
        ("-5", TODAY, ""),
        ("1.234", TODAY, ""),
        ("1e3", TODAY, ""),
        ("NaN", TODAY, ""),
        ("١٢", TODAY, ""),
        ("9" * 10, TODAY, ""),
        ("49.99", TODAY, ', least: "50"'),
        ("49.99", TODAY, ', least: "{dialled}"'),  # a least that is no amount forbids all
        ("100", "2026-01-04", ""),
        ("100", "2026-01-20", ""),
        ("100", "2026-01-09", ", latest: 3d"),
        ("100", "2026-02-30", ""),
        ("100", "20260106", ""),
        ("100", "2026-W02-1", ""),
        ("100", "tomorrow", ""),
    ],
)
def test_what_is_no_promise_is_refused_without_being_kept(amount: str, day: str, more: str) -> None:
    stage = stage_of(amount, day, more)
    assert not promises(stage)
    assert stage.said == "Refused."


def test_today_and_the_last_day_are_those_of_the_companys_clocks() -> None:
    """At nine in UTC on the fifth it is the sixth already fifteen hours to the east."""
    ahead = Surroundings(zone=timezone(timedelta(hours=15)))
    flow = load(STEPS % ("10", TODAY, ""))
    assert not promises(known(Stage(flow, {**FACTS, "dialled": "x"}, ahead)))
    flow = load(STEPS % ("10", "2026-01-20", ""))
    assert promises(known(Stage(flow, {**FACTS, "dialled": "x"}, ahead)))


@pytest.mark.parametrize("reference", ["", "x" * 101])
def test_a_promise_needs_a_reference_of_reasonable_length(reference: str) -> None:
    assert not promises(stage_of(reference=reference))


def test_a_hostile_reference_stays_one_line() -> None:
    work = only_promise(stage_of(reference="D'; DROP\r\nTABLE x;--"))
    assert isinstance(work, KeepPromise)
    assert work.reference == "D'; DROP TABLE x;--"


@given(st.text(max_size=20))
def test_no_text_is_more_than_an_amount_or_a_day(text: str) -> None:
    amount, day = amount_of(text), day_of(text)
    assert amount is None or (text.isascii() and 0 <= amount < 10**9)
    assert day is None or day.isoformat() == text


@pytest.mark.parametrize("how", ["state", "log", "same"])
def test_after_a_break_it_is_the_same_promise(how: str) -> None:
    stage = stage_of()
    first = only_promise(stage)
    assert break_and_resume(stage, how) == [first]


def test_hanging_up_in_the_middle() -> None:
    stage = stage_of()
    stage.tell(CallerGone())
    assert stage.dialogue.ended
    assert stage.tell(Finished(2, "next")) == ()


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        (', least: "a lot"', "is no amount"),
        (", latest: 14", "with its unit"),
        (", latest: 1h", "86400"),
        (", currency: zloty", "three capital letters"),
    ],
)
def test_what_is_written_wrong_is_refused(more: str, wanted: str) -> None:
    with pytest.raises(FlowRejected) as refused:
        load(STEPS % ("1", TODAY, more))
    assert wanted in str(refused.value)
