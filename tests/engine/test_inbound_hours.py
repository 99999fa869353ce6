"""The engine's conversations know when the company is open, also those of an engine before."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from ivr.surroundings import Surroundings
from tests.engine.fake_network import channel
from tests.engine.stage import Stage, load_shelf

FLOW = """
flow: front
languages: [en]
always: {agent: bye, trouble: bye}
start: what
steps:
  what: {menu: {prompt: "What?", choices: {1: {next: opening}}}, otherwise: bye}
  opening: {hours: office, open: here, closed: away}
  here: {say: {text: "We are here.", interrupt: false}, next: bye}
  away: {say: {text: "We are away.", interrupt: false}, next: bye}
  bye: {hangup: normal}
"""


@pytest.mark.parametrize(
    ("state", "words"), [("open", "We are here."), ("closed", "We are away."), ("holiday", "We are away.")]
)
async def test_hours_decide_before_and_after_a_restart(tmp_path: Path, state: str, words: str) -> None:
    asked: list[datetime] = []

    def opening(name: str, now: datetime) -> str:
        assert name == "office"
        asked.append(now)
        return state

    company = Surroundings(opening)
    first = Stage(tmp_path, shelf=load_shelf(FLOW), surroundings=company)
    call_id = await first.arrive()
    await first.until(lambda: first.control.words() == ["What?"])
    await first.crash()
    await asyncio.sleep(5)
    second = Stage(tmp_path, after=first, shelf=load_shelf(FLOW), surroundings=company)
    await second.connect(channel("caller"))
    await second.until(lambda: second.control.words()[-1:] == ["What?"])
    second.press("1")
    row = await second.over(call_id)
    assert second.control.words()[-1] == words
    assert "opening" in row.path
    assert [moment.tzinfo is not None for moment in asked] == [True]
    await first.switchboard.close()
    await second.switchboard.close()
