"""An agent's day and standing, folded from logs that are written by hand."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from engine.agent_days import day_of, standing_of
from engine.registers.agents import AgentDay, AgentEvent, AgentEventKind, AgentStanding

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
_numbers = itertools.count(1)


def at(clock: str, day: int = 0) -> datetime:
    hours, minutes = clock.split(":")
    return MIDNIGHT + timedelta(days=day, hours=int(hours), minutes=int(minutes))


def event(clock: str, kind: str, day: int = 0, **data: object) -> AgentEvent:
    return AgentEvent(f"e{next(_numbers):03}", "anna", at(clock, day), AgentEventKind(kind), data)


WORKING_DAY = [
    event("8:00", "signed_in", telephone="browser"),
    event("8:00", "status_changed", status="available", reason="", by=""),
    event("8:10", "offered", work="c1", queue="orders"),
    event("8:11", "missed", work="c1", queue="orders", outcome="no_answer"),
    event("8:11", "status_changed", status="missed", reason="", by="rule"),
    event("8:15", "status_changed", status="available", reason="", by=""),
    event("8:20", "talked", work="c2", queue="orders", direction="inbound", seconds=180.5, held_seconds=20),
    event("8:21", "wrapped_up", work="c2", queue="orders", disposition="sale", seconds=30),
    event("9:00", "talked", work="c3", queue="", direction="outbound", seconds=60, held_seconds=0),
    event("9:01", "wrapped_up", work="c3", queue="", disposition="", seconds=12.5),
    event("10:00", "status_changed", status="break", reason="lunch", by=""),
    event("10:20", "status_changed", status="break", reason="smoke", by=""),
    event("10:30", "status_changed", status="available", reason="", by=""),
    event("12:00", "signed_out", why="agent"),
    event("13:00", "signed_in", telephone="browser"),
]


def test_a_day_is_the_sum_of_its_events() -> None:
    assert day_of(WORKING_DAY, MIDNIGHT, at("14:00")) == AgentDay(
        handled=1,
        outbound=1,
        missed=1,
        talk_seconds=240.5,
        hold_seconds=20.0,
        wrap_up_seconds=42.5,
        break_seconds=30 * 60.0,
        signed_in_seconds=5 * 3600.0,
    )


def test_an_agent_without_events_has_an_empty_day() -> None:
    assert day_of([], MIDNIGHT, at("14:00")) == AgentDay()


def test_a_break_that_began_the_day_before_counts_from_midnight() -> None:
    before = [
        event("22:00", "status_changed", day=-1, status="break", reason="lunch"),
        event("20:00", "signed_in", day=-1, telephone="browser"),
        event("18:00", "signed_out", day=-1, why="agent"),
    ]
    back = [event("0:40", "status_changed", status="available")]
    day = day_of(back, MIDNIGHT, at("2:00"), before)
    assert (day.break_seconds, day.signed_in_seconds) == (40 * 60.0, 2 * 3600.0)


def test_a_sign_out_ends_the_break() -> None:
    events = [
        event("8:00", "signed_in"),
        event("9:00", "status_changed", status="break", reason="lunch"),
        event("9:10", "signed_out", why="gone"),
        event("9:30", "signed_in"),
    ]
    day = day_of(events, MIDNIGHT, at("10:00"))
    assert (day.break_seconds, day.signed_in_seconds) == (600.0, 70 * 60.0 + 30 * 60.0)


def test_a_page_that_takes_over_within_one_moment_stays_signed_in() -> None:
    before = [
        event("8:00", "signed_out", day=-1, why="elsewhere"),
        event("8:00", "signed_in", day=-1, telephone="browser"),
    ]
    assert day_of([], MIDNIGHT, at("1:00"), before).signed_in_seconds == 3600.0


@pytest.mark.parametrize(
    ("log", "standing"),
    [
        ([event("8:00", "signed_in"), event("9:00", "signed_out")], None),
        ([event("9:00", "signed_out")], None),
        ([], None),
        (
            [event("8:00", "signed_in"), event("7:00", "signed_out")],
            AgentStanding("anna", "available", "", at("8:00")),
        ),
        (  # a status of before the sign-in is of yesterday
            [event("8:00", "signed_in"), event("7:00", "status_changed", status="break", reason="lunch")],
            AgentStanding("anna", "available", "", at("8:00")),
        ),
        (
            [event("8:00", "signed_in"), event("8:30", "status_changed", status="break", reason="lunch")],
            AgentStanding("anna", "break", "lunch", at("8:30")),
        ),
        (  # a telephone that is always there
            [event("8:30", "status_changed", status="training", reason="")],
            AgentStanding("anna", "training", "", at("8:30")),
        ),
        (
            [
                event("8:00", "signed_in"),
                event("8:00", "status_changed", status="available", reason=""),
                event(
                    "9:00",
                    "state_changed",
                    state="wrap_up",
                    work="c1",
                    queue="orders",
                    until="2026-11-23T09:00:30+00:00",
                ),
            ],
            AgentStanding(
                "anna", "available", "", at("8:00"), "c1", at("9:00") + timedelta(seconds=30), "orders"
            ),
        ),
        (
            [event("8:00", "signed_in"), event("9:00", "state_changed", state="talking", work="c1")],
            AgentStanding("anna", "available", "", at("8:00")),
        ),
    ],
)
def test_where_an_agent_stands(log: list[AgentEvent], standing: AgentStanding | None) -> None:
    assert standing_of(log) == standing
    assert standing_of(log[::-1]) == standing
