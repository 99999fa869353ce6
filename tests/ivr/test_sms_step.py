"""sms: a text to a number that is one, in the caller's language."""

from __future__ import annotations

import pytest
from errands import CALLER, FACTS, break_and_resume, finish, logged, only_work, works
from flows import load
from hypothesis import given
from hypothesis import strategies as st
from stage import Stage

from ivr.commands import SendMessage
from ivr.events import CallerGone, Finished, KeyPressed
from ivr.reading.loader import FlowRejected, load_flow
from ivr.surroundings import Surroundings

STEPS = """
  first: {sms: {text: "%s"}, next: sent, refused: no, failed: sad}
  sent: {say: Sent., next: menu}
  no: {say: Not allowed., next: menu}
  sad: {say: Not sent., next: menu}
  menu: {menu: {prompt: More?, choices: {1: {next: bye}}}, otherwise: person}
"""


def stage_of(text: str = "Your number is {dialled}.", facts: dict[str, object] | None = None) -> Stage:
    return Stage(load(STEPS % text), FACTS if facts is None else facts)


@pytest.mark.parametrize(
    ("outcome", "said"), [("next", "Sent."), ("refused", "Not allowed."), ("failed", "Not sent.")]
)
def test_a_message_goes_to_the_caller(outcome: str, said: str) -> None:
    stage = stage_of()
    assert only_work(stage) == SendMessage(1, CALLER, "Your number is 100.", "en")
    finish(stage, outcome)
    assert stage.said == said


def test_another_number_and_language() -> None:
    text = (
        "flow: two\nlanguages: [pl, en]\nalways: {agent: bye, trouble: bye}\nstart: first\nsteps:\n"
        "  first: {set: {language: en}, next: text}\n"
        "  text: {sms: {to: '{dialled}', text: {pl: Tak., en: Yes.}}, next: bye}\n  bye: {hangup: normal}\n"
    )
    stage = Stage(load_flow(text, "two.yaml"), {"dialled": "22 000 00 02"}, Surroundings(region="PL"))
    assert only_work(stage) == SendMessage(1, "+48220000002", "Yes.", "en")
    stage = Stage(load_flow(text, "two.yaml"), {"dialled": "202-555-0101"}, Surroundings(region="US"))
    assert only_work(stage) == SendMessage(1, "+12025550101", "Yes.", "en")


@pytest.mark.parametrize(
    "caller",
    [
        "",
        "anonymous",
        "200",
        "100@evil",
        "+48220000001;ext=5",
        "tel:+48220000001",
        "٤٨٢٢٠٠٠٠٠٠١",
        "+48" * 50,
        "+",
    ],
)
def test_what_is_no_number_fails_without_a_message(caller: str) -> None:
    stage = stage_of(facts={"caller": caller, "dialled": "100"})
    assert not works(stage.commands)
    assert stage.said == "Not sent."


@given(st.text(max_size=40))
def test_only_numbers_are_ever_sent_to(caller: str) -> None:
    for work in works(stage_of(facts={"caller": caller, "dialled": "100"}).commands):
        assert isinstance(work, SendMessage)
        assert work.to[0] == "+"
        assert work.to[1:].isascii()
        assert work.to[1:].isdecimal()


def test_a_value_keeps_to_one_line_and_a_flood_is_not_sent() -> None:
    stage = stage_of(facts={"caller": CALLER, "dialled": "1\r\nBuy now\x00"})
    assert only_work(stage) == SendMessage(1, CALLER, "Your number is 1 Buy now.", "en")
    stage = stage_of(facts={"caller": CALLER, "dialled": "9" * 1600})
    assert not works(stage.commands)
    assert stage.said == "Not sent."


def test_a_secret_is_never_sent() -> None:
    steps = """
  first: {ask: {into: pin, digits: 4, secret: true, prompt: "PIN?"}, next: text, otherwise: person}
  text: {sms: {text: "Your PIN is {pin}."}, next: person}
"""
    stage = Stage(load(steps), FACTS)
    stage.keys("7391")
    assert not works(stage.commands)
    assert stage.notes("trouble")[0]["what"] == "secret"
    assert "7391" not in logged(stage)


def test_keys_pressed_meanwhile_are_for_the_next_question() -> None:
    stage = stage_of()
    stage.tell(KeyPressed("1"))
    finish(stage, "next")
    stage.spoken()
    assert stage.dialogue.ended
    assert stage.path[-1] == "bye"


@pytest.mark.parametrize("how", ["state", "log", "same"])
def test_after_a_break_it_is_the_same_message(how: str) -> None:
    stage = stage_of()
    first = only_work(stage)
    assert break_and_resume(stage, how) == [first]


def test_hanging_up_in_the_middle() -> None:
    stage = stage_of()
    stage.tell(CallerGone())
    assert stage.dialogue.ended
    assert stage.tell(Finished(1, "next")) == ()


def test_a_message_needs_a_text() -> None:
    with pytest.raises(FlowRejected, match="'text' is missing"):
        load("  first: {sms: {to: '{caller}'}, next: person}")
