"""verify: the right person, by a code, a PIN or a date; the answer is never seen anywhere."""

from __future__ import annotations

import pytest
from errands import CALLER, FACTS, break_and_resume, finish, logged, other_engine, works
from flows import load
from stage import Stage, kinds

from ivr.commands import CODE, CheckAnswer, Command, SendCode
from ivr.events import CallerGone, Finished, KeyPressed, SpeechBegan
from ivr.reading.loader import FlowRejected
from ivr.surroundings import Surroundings

STEPS = """
  first:
    verify: {%s, attempts: 3, prompt: Who are you?}
    verified: welcome
    failed: sad
  welcome: {menu: {prompt: Welcome. Back?, choices: {7: {next: first}}}, otherwise: person}
  sad: {menu: {prompt: Sorry. Again?, choices: {7: {next: first}}}, otherwise: person}
"""
PIN = "pin: pin_code, digits: 4"
CODE_BY_SMS = 'code: {text: "Code: {code}. Call {dialled}."}'
BIRTH = "attribute: birth_date, kind: date"


def stage_of(how: str, caller: str = CALLER) -> Stage:
    return Stage(load(STEPS % how), {**FACTS, "caller": caller}, Surroundings(region="PL"))


def checks(stage: Stage) -> list[Command]:
    return [work for work in works(stage.commands) if isinstance(work, CheckAnswer)]


# --- a PIN ------------------------------------------------------------------------------------------------


def test_the_right_pin() -> None:
    stage = stage_of(PIN)
    stage.keys("7391")
    assert works(stage.commands) == [CheckAnswer(1, "7391", "pin_code")]
    finish(stage, "verified")
    assert stage.path == ["first", "welcome"]
    assert "7391" not in logged(stage)
    assert [note["key"] for note in stage.notes("key_pressed")] == ["*"] * 4


def test_a_wrong_pin_is_asked_for_again_until_the_attempts_are_used_up() -> None:
    stage = stage_of(PIN)
    for attempt in (1, 2):
        stage.keys("0000")
        finish(stage, "failed")
        assert stage.said == "That is not right. Who are you?"
        assert stage.notes("not_understood")[-1] == {"step": "first", "why": "wrong", "attempt": attempt}
    stage.keys("0000")
    finish(stage, "failed")
    assert stage.path[-1] == "sad"


def test_a_wrong_answer_and_then_the_right_one() -> None:
    stage = stage_of(PIN)
    stage.keys("0000")
    finish(stage, "failed")
    stage.keys("7391")
    assert checks(stage) == [CheckAnswer(1, "0000", "pin_code"), CheckAnswer(2, "7391", "pin_code")]
    finish(stage, "verified")
    assert stage.path[-1] == "welcome"


@pytest.mark.parametrize("how", ["same", "state", "log"])
def test_nobody_tries_without_end_by_coming_back(how: str) -> None:
    stage = stage_of(PIN)
    for _ in range(3):
        stage.keys("0000")
        finish(stage, "failed")
    other_engine(stage, how)
    if how != "same":
        stage.tell(CallerGone())
        assert stage.dialogue.ended
        return
    stage.keys("7")
    assert stage.path[-2:] == ["first", "sad"]
    assert len(checks(stage)) == 3


@pytest.mark.parametrize("how", ["state", "log", "same"])
def test_nor_by_a_break(how: str) -> None:
    stage = stage_of(PIN)
    for _ in range(2):
        stage.keys("0000")
        finish(stage, "failed")
    assert break_and_resume(stage, how) == []
    assert stage.said == "Who are you?"
    stage.keys("0000")
    finish(stage, "failed")
    assert stage.path[-1] == "sad"
    stage.keys("7")
    assert stage.path[-1] == "sad"


def test_a_spoken_pin_is_hidden_too() -> None:
    stage = stage_of(PIN)
    stage.hear("seven three nine one")
    assert checks(stage) == [CheckAnswer(1, "7391", "pin_code")]
    assert "seven" not in logged(stage)
    assert "7391" not in logged(stage)


def test_what_was_heard_unsurely_is_neither_checked_nor_read_back() -> None:
    stage = stage_of(PIN)
    stage.hear("seven three nine one", confidence=0.5)
    assert not works(stage.commands)
    assert stage.said == "Sorry, I didn't get that. Who are you?"


def test_keys_after_a_pin_are_no_part_of_the_next_question() -> None:
    stage = stage_of(PIN)
    stage.keys("7391")
    stage.keys("55")
    finish(stage, "verified")
    stage.spoken()
    assert [note["key"] for note in stage.notes("key_pressed")] == ["*"] * 4


def test_silence_leads_on_at_last() -> None:
    stage = stage_of(PIN)
    for _ in range(3):
        stage.spoken()
        stage.time_out()
    assert stage.path[-1] == "sad"
    assert not works(stage.commands)


def test_wishes_still_work() -> None:
    stage = stage_of(PIN)
    stage.hear("agent")
    assert stage.path[-1] == "person"


def test_nobody_is_heard_while_the_answer_is_compared() -> None:
    stage = stage_of(PIN)
    stage.keys("7391")
    assert stage.ears is None
    assert stage.tell(SpeechBegan()) == ()
    assert stage.tell(KeyPressed("1")) == ()


def test_a_comparison_that_never_ends_is_trouble() -> None:
    stage = stage_of(PIN)
    stage.keys("7391")
    stage.time_out()
    assert stage.said == "Something went wrong."
    assert stage.tell(Finished(1, "verified")) == ()


# --- a date -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", ["the twenty second of march nineteen eighty five", "march twenty second nineteen eighty five"]
)
def test_a_date_of_birth_is_spoken(said: str) -> None:
    stage = stage_of(BIRTH)
    stage.hear(said)
    assert checks(stage) == [CheckAnswer(1, "1985-03-22", "birth_date")]
    assert "1985" not in logged(stage)


def test_a_date_of_birth_is_keyed_with_its_year() -> None:
    stage = stage_of(BIRTH)
    stage.keys("2203")
    assert not works(stage.commands)
    stage.keys("1985")
    assert checks(stage) == [CheckAnswer(1, "1985-03-22", "birth_date")]


@pytest.mark.parametrize("said", ["the twenty second of march", "tomorrow"])
def test_a_day_without_its_year_is_no_date_of_birth(said: str) -> None:
    stage = stage_of(BIRTH)
    stage.hear(said)
    assert not works(stage.commands)
    assert stage.notes("not_understood")[0]["why"] == "unclear"


def test_a_date_that_does_not_exist_is_asked_for_again() -> None:
    stage = stage_of(BIRTH)
    stage.keys("30021985")
    assert not works(stage.commands)
    assert stage.notes("not_understood")[0]["why"] == "unclear"


def test_other_digits_that_only_they_know() -> None:
    stage = stage_of("attribute: customer, kind: digits, digits: {least: 3, most: 8}")
    stage.keys("12345#")
    assert checks(stage) == [CheckAnswer(1, "12345", "customer")]


# --- a code -----------------------------------------------------------------------------------------------


def test_a_code_is_sent_then_asked_for() -> None:
    stage = stage_of(CODE_BY_SMS)
    assert works(stage.commands) == [SendCode(1, CALLER, f"Code: {CODE}. Call 100.", "en", 6)]
    finish(stage, "next")
    assert stage.said == "Who are you?"
    stage.keys("123456")
    assert checks(stage) == [CheckAnswer(2, "123456", None)]
    finish(stage, "failed")
    assert stage.said == "That is not right. Who are you?"
    stage.keys("654321")
    finish(stage, "verified")
    assert stage.path[-1] == "welcome"
    assert "123456" not in logged(stage)
    assert len([work for work in works(stage.commands) if isinstance(work, SendCode)]) == 1


def test_a_code_that_cannot_be_sent_fails() -> None:
    stage = stage_of(CODE_BY_SMS)
    finish(stage, "failed")
    assert stage.path[-1] == "sad"


@pytest.mark.parametrize("caller", ["", "anonymous", "200", "x@y"])
def test_a_code_needs_a_number(caller: str) -> None:
    stage = stage_of(CODE_BY_SMS, caller)
    assert not works(stage.commands)
    assert stage.path == ["first", "sad"]


def test_keys_while_the_code_is_sent_are_no_answer() -> None:
    stage = stage_of(CODE_BY_SMS)
    stage.keys("123456")
    finish(stage, "next")
    assert not checks(stage)


@pytest.mark.parametrize("how", ["state", "log", "same"])
def test_after_a_break_while_asking_a_new_code_is_sent(how: str) -> None:
    """The code was known to the engine before alone."""
    stage = stage_of(CODE_BY_SMS)
    finish(stage, "next")
    (again,) = break_and_resume(stage, how)
    assert again == SendCode(2, CALLER, f"Code: {CODE}. Call 100.", "en", 6)


@pytest.mark.parametrize("how", ["state", "log", "same"])
def test_after_a_break_while_sending_it_is_the_same_code(how: str) -> None:
    stage = stage_of(CODE_BY_SMS)
    first = works(stage.commands)
    assert break_and_resume(stage, how) == first


@pytest.mark.parametrize(("outcome", "step"), [("verified", "welcome"), ("failed", "first")])
def test_what_was_compared_by_the_engine_before_counts(outcome: str, step: str) -> None:
    stage = stage_of(PIN)
    stage.keys("0000")
    other_engine(stage, "state")
    finish(stage, outcome)
    assert stage.dialogue.step == step
    assert stage.dialogue.state()["wrong_answers"] == ({} if outcome == "verified" else {"first": 1})


@pytest.mark.parametrize("how", [PIN, CODE_BY_SMS, BIRTH])
def test_hanging_up_in_the_middle(how: str) -> None:
    stage = stage_of(how)
    stage.tell(CallerGone())
    assert stage.dialogue.ended
    stage = stage_of(PIN)
    stage.keys("7391")
    assert kinds(stage.tell(CallerGone())) == []
    assert stage.tell(Finished(1, "verified")) == ()


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ("digits: 4", "one of code, pin, attribute and debt"),
        ("pin: a, attribute: b, digits: 4", "one of code, pin, attribute and debt"),
        ("pin: a", "'digits' is missing"),
        ("pin: a, kind: date", "kind belongs to attribute"),
        ("attribute: a", "'kind' is missing"),
        ("attribute: a, kind: digits", "'digits' is missing"),
        ("attribute: a, kind: date, digits: 4", "leave them out"),
        ("attribute: a, kind: phrase", "kind"),
        ('code: {text: "Hello."}', "says {code} once"),
        ('code: {text: "{code} {code}"}', "says {code} once"),
        ('code: {text: "{code|digits}"}', "says {code} once"),
        ('code: {text: "{code}", digits: 3}', "4"),
        ('code: {text: "{code}"}, digits: 4', "inside"),
        ('code: {text: "{code} {nothing}"}', "nothing sets"),
        ('pin: "{caller}", digits: 4', "'pin'"),
    ],
)
def test_what_is_written_wrong_is_refused(how: str, wanted: str) -> None:
    with pytest.raises(FlowRejected) as refused:
        load(STEPS % how)
    assert wanted in str(refused.value)
