"""stop_contact: a number that wants no more contact."""

from __future__ import annotations

import pytest
from errands import CALLER, FACTS, break_and_resume, finish, only_work, works
from flows import load
from stage import Stage

from ivr.commands import StopContact
from ivr.events import CallerGone
from ivr.reading.loader import FlowRejected

STEPS = """
  first: {stop_contact: {channels: [call, sms]%s}, next: done}
  done: {say: Done., next: person}
"""


def test_the_callers_number_is_kept() -> None:
    stage = Stage(load(STEPS % ""), FACTS)
    assert only_work(stage) == StopContact(1, CALLER, ("call", "sms"))
    finish(stage, "next")
    assert stage.said == "Done."


def test_another_number() -> None:
    stage = Stage(load(STEPS % ", number: '{dialled}'"), {**FACTS, "dialled": "0048 22 000 00 02"})
    assert only_work(stage) == StopContact(1, "+48220000002", ("call", "sms"))


@pytest.mark.parametrize("caller", ["", "anonymous", "200", "x' OR 1=1"])
def test_without_a_number_a_person_takes_it_down(caller: str) -> None:
    stage = Stage(load(STEPS % ""), {**FACTS, "caller": caller})
    assert not works(stage.commands)
    assert stage.said == "Something went wrong."
    assert stage.notes("trouble")[0]["what"] == "not a number"


def test_what_could_not_be_kept_is_not_said_to_be() -> None:
    stage = Stage(load(STEPS % ""), FACTS)
    finish(stage, "failed")
    assert stage.said == "Something went wrong."


@pytest.mark.parametrize("how", ["state", "log", "same"])
def test_after_a_break_it_is_the_same_work(how: str) -> None:
    stage = Stage(load(STEPS % ""), FACTS)
    first = only_work(stage)
    assert break_and_resume(stage, how) == [first]


def test_hanging_up_in_the_middle() -> None:
    stage = Stage(load(STEPS % ""), FACTS)
    stage.tell(CallerGone())
    assert stage.dialogue.ended


@pytest.mark.parametrize("channels", ["[]", "[fax]", "[call, call]", "call"])
def test_what_is_written_wrong_is_refused(channels: str) -> None:
    with pytest.raises(FlowRejected):
        load((STEPS % "").replace("[call, sms]", channels))
