"""callback: who can be called back, and whether they want it."""

from __future__ import annotations

import re

import pytest
from errands import CALLER, FACTS, break_and_resume, finish, only_work, works
from flows import load
from stage import Stage, kinds

from calls.numbers import is_abroad
from ivr.commands import Listen, RequestCallback, Say, StopListening, StopSaying
from ivr.events import CallerGone, Finished
from ivr.reading.loader import FlowRejected
from ivr.surroundings import Surroundings

STEPS = """
  first: {callback: {campaign: callbacks, within: 2h%s}, next: kept, unreachable: cannot, declined: no}
  kept: {say: We will call you., next: menu}
  cannot: {say: We cannot call you., next: menu}
  no: {say: As you like., next: menu}
  menu: {menu: {prompt: More?, choices: {1: {next: bye}}}, otherwise: person}
"""
REQUEST = RequestCallback(1, "callbacks", CALLER, 7200.0)


def stage_of(more: str = "", caller: str = CALLER, region: str = "PL") -> Stage:
    return Stage(load(STEPS % more), {**FACTS, "caller": caller}, Surroundings(region=region))


@pytest.mark.parametrize(("outcome", "said"), [("next", "We will call you."), ("declined", "As you like.")])
def test_a_callback_is_requested(outcome: str, said: str) -> None:
    stage = stage_of()
    assert only_work(stage) == REQUEST
    finish(stage, outcome)
    assert stage.said == said


def test_after_its_prompt() -> None:
    stage = stage_of(", prompt: Fine.")
    assert stage.said == "Fine."
    assert not works(stage.commands)
    stage.spoken()
    assert only_work(stage) == REQUEST


def test_a_number_that_the_caller_gave() -> None:
    steps = """
  first: {ask: {into: number, digits: 9, prompt: Number?}, next: back, otherwise: person}
  back: {callback: {campaign: callbacks, number: "{number}"}, next: person}
"""
    stage = Stage(load(steps), FACTS, Surroundings(region="PL"))
    stage.keys("220000003")
    assert only_work(stage) == RequestCallback(1, "callbacks", "+48220000003", 4 * 3600.0)


@pytest.mark.parametrize("caller", ["", "anonymous", "200", "+12025550101", "0012025550101", "x@y", "+48'--"])
def test_who_cannot_be_called_back(caller: str) -> None:
    stage = stage_of(caller=caller)
    assert not works(stage.commands)
    assert stage.said == "We cannot call you."


def test_foreign_numbers_where_they_are_wanted() -> None:
    work = only_work(stage_of(", foreign: true", "+12025550101"))
    assert work == RequestCallback(1, "callbacks", "+12025550101", 7200.0)
    assert only_work(stage_of(caller="+12025550101", region="US"))
    assert is_abroad("+48220000001", "US")
    assert not is_abroad("+12025550101", "CA")  # one country code: dialled alike


# --- confirmed --------------------------------------------------------------------------------------------

CONFIRMED = ", confirm: true, prompt: You will be called."


def test_the_number_is_read_back_and_asked_about() -> None:
    stage = stage_of(CONFIRMED)
    assert kinds(tuple(stage.commands)) == [Listen, Say]
    assert re.fullmatch(
        r"You will be called\. We will call you back on .*two two, .* zero one\. "
        r"If that's right, say yes or press 1\. If not, say no or press 2\.",
        stage.said,
    )
    assert kinds(stage.keys("1")) == [StopSaying, StopListening, RequestCallback]
    assert only_work(stage) == REQUEST
    finish(stage, "next")
    assert stage.said == "We will call you."


def test_yes_and_no_are_understood() -> None:
    for words, path in (("yes", ["first"]), ("no", ["first", "no"])):
        stage = stage_of(CONFIRMED)
        stage.hear(words)
        assert stage.path == path
        assert bool(works(stage.commands)) is (words == "yes")


def test_an_unsure_yes_is_asked_about() -> None:
    stage = stage_of(CONFIRMED)
    stage.hear("yes", confidence=0.5)
    assert not works(stage.commands)
    assert stage.said.startswith("Did you say yes?")
    stage.keys("1")
    assert only_work(stage) == REQUEST


def test_silence_is_no_consent() -> None:
    stage = stage_of(CONFIRMED)
    stage.spoken()
    stage.time_out()
    assert stage.said.startswith("I can't hear you. You will be called.")
    stage.spoken()
    stage.time_out()
    assert stage.said == "As you like."
    assert not works(stage.commands)


def test_a_key_pressed_ahead_confirms_and_later_ones_are_for_the_next_question() -> None:
    front = "  first: {say: Hello., next: back}\n" + (STEPS % CONFIRMED).replace("  first:", "  back:")
    stage = Stage(load(front), FACTS, Surroundings(region="PL"))
    commands = stage.keys("1")  # skips the greeting, and is the answer
    assert kinds(commands) == [StopSaying, RequestCallback]
    stage.keys("1")
    finish(stage, "next")
    stage.spoken()
    assert stage.path[-1] == "bye"


def test_wishes_work_there_too() -> None:
    stage = stage_of(CONFIRMED)
    stage.keys("*")
    assert "We will call you back on" in stage.said
    stage.keys("0")
    assert stage.path[-1] == "person"


def test_a_campaign_that_never_reports_is_trouble() -> None:
    stage = stage_of(CONFIRMED)
    stage.keys("1")
    stage.time_out()
    assert stage.said == "Something went wrong."


@pytest.mark.parametrize("more", ["", CONFIRMED])
def test_hanging_up_in_the_middle(more: str) -> None:
    stage = stage_of(more)
    stage.tell(CallerGone())
    assert stage.dialogue.ended
    assert stage.tell(Finished(1, "next")) == ()


@pytest.mark.parametrize("how", ["state", "log", "same"])
def test_after_a_break_it_is_the_same_request(how: str) -> None:
    stage = stage_of()
    assert break_and_resume(stage, how) == [REQUEST]


@pytest.mark.parametrize("how", ["state", "log", "same"])
def test_after_a_break_it_is_asked_about_anew(how: str) -> None:
    stage = stage_of(CONFIRMED)
    assert break_and_resume(stage, how) == []
    assert "We will call you back on" in stage.said
    stage.keys("1")
    assert works(stage.commands) == [REQUEST]


def test_what_is_written_wrong_is_refused() -> None:
    for more in (
        ", within: 2",
        ", confirm: maybe",
        ", number: '{nothing}'",
        ", campaign: x",
        ", within: 10s",
    ):
        with pytest.raises(FlowRejected):
            load(STEPS % more)
