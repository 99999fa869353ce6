"""record: a clip of the caller's voice for the flow."""

from __future__ import annotations

import pytest
from errands import FACTS, break_and_resume, finish, only_work, other_engine
from flows import load
from stage import Stage, kinds

from ivr.commands import Record, StopSaying
from ivr.events import CallerGone, Finished
from ivr.reading.loader import FlowRejected

STEPS = """
  first:
    record: {into: clip, prompt: "Your name?", longest: 10s, silence: 2s}
    next: again
    empty: nothing
  again: {say: "Kept as {clip}.", next: person}
  nothing: {say: Nothing., next: person}
"""


def recording() -> Stage:
    stage = Stage(load(STEPS), FACTS)
    stage.spoken()
    return stage


def test_a_clip_is_taken_after_the_prompt() -> None:
    stage = Stage(load(STEPS), FACTS)
    assert stage.said == "Your name?"
    stage.spoken()
    assert only_work(stage) == Record(1, None, 10, 2)
    assert stage.due() == 70.0
    assert stage.dialogue.recording == Record(1, None, 10, 2)
    finish(stage, "next", {"recording": "2026/01/05/x", "seconds": 3.0})
    assert stage.said == "Kept as 2026/01/05/x."


def test_a_key_cuts_the_prompt_short() -> None:
    stage = Stage(load(STEPS), FACTS)
    assert kinds(stage.keys("1")) == [StopSaying, Record]


def test_nothing_was_said() -> None:
    stage = recording()
    finish(stage, "empty")
    assert stage.said == "Nothing."


def test_hanging_up_in_the_middle() -> None:
    stage = recording()
    stage.tell(CallerGone())
    assert stage.dialogue.ended
    assert stage.tell(Finished(1, "next", {"recording": "x"})) == ()


@pytest.mark.parametrize("how", ["state", "log"])
def test_a_clip_that_outlived_the_engine_is_waited_for(how: str) -> None:
    stage = recording()
    other_engine(stage, how)
    assert stage.dialogue.recording == Record(1, None, 10, 2)
    finish(stage, "next", {"recording": "x"})
    assert stage.said == "Kept as x."


@pytest.mark.parametrize("how", ["state", "log", "same"])
def test_after_a_break_it_is_asked_for_anew(how: str) -> None:
    stage = recording()
    assert break_and_resume(stage, how) == []
    assert stage.said == "Your name?"
    before = len(stage.commands)
    stage.spoken()
    assert stage.commands[before:][-1] == Record(1, None, 10, 2)


def test_what_is_written_wrong_is_refused() -> None:
    for body in ("{longest: 10s}", "{into: clip, longest: 10}", "{into: caller}", "{into: a, box: b}"):
        with pytest.raises(FlowRejected):
            load(f"  first: {{record: {body}, next: person}}")
