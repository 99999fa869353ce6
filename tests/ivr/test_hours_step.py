"""hours: the company's opening hours decide."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flows import load
from stage import START, Stage

from ivr.surroundings import Surroundings

STEPS = """
  first: {hours: office, open: opened, closed: shut%s}
  opened: {say: Open., next: person}
  shut: {say: Closed., next: person}
"""
HOLIDAY = "\n  feast: {say: Holiday., next: person}"


def company(state: str) -> tuple[Surroundings, list[tuple[str, datetime]]]:
    asked: list[tuple[str, datetime]] = []

    def opening(name: str, now: datetime) -> str:
        asked.append((name, now))
        if name != "office":
            raise KeyError(name)
        return state

    return Surroundings(opening, zone=ZoneInfo("Europe/Warsaw")), asked


@pytest.mark.parametrize(
    ("state", "said"), [("open", "Open."), ("closed", "Closed."), ("holiday", "Holiday.")]
)
def test_each_state_leads_somewhere(state: str, said: str) -> None:
    surroundings, asked = company(state)
    stage = Stage(load(STEPS % ", holiday: feast" + HOLIDAY), {}, surroundings)
    assert stage.said == said
    assert stage.notes("step_entered")[1]["because"] == f"office: {state}"
    assert asked == [("office", START)]
    assert stage.dialogue.ways[0] == ("first", state)


def test_a_holiday_that_is_not_written_is_like_any_closed_day() -> None:
    surroundings, _ = company("holiday")
    stage = Stage(load(STEPS % ""), {}, surroundings)
    assert stage.said == "Closed."
    assert not stage.notes("trouble")


def test_hours_that_are_not_configured_are_trouble() -> None:
    surroundings, _ = company("open")
    stage = Stage(load((STEPS % "").replace("office", "shop")), {}, surroundings)
    assert stage.said == "Something went wrong."
    assert "'shop'" in str(stage.notes("trouble")[0]["detail"])


def test_it_works_after_the_caller_has_gone() -> None:
    """It needs no caller, so always.gone may lead to it."""
    head = (
        "flow: small\nlanguages: [en]\nalways: {agent: person, trouble: sorry, gone: left}\n"
        "start: first\nsteps:\n"
    )
    load("  first: {say: Hi, next: person}\n  left: {hours: office, open: bye, closed: bye}", head)
