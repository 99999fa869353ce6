"""contact: attributes of the caller's profile are read and written."""

from __future__ import annotations

import pytest
from errands import FACTS, break_and_resume, finish, logged, only_work, other_engine, works
from flows import load
from stage import Stage

from ivr.commands import ReadProfile, WriteProfile
from ivr.events import CallerGone, Finished
from ivr.reading.loader import FlowRejected

GET = """
  first: {contact: {get: first_name, into: name}, next: known%s}
  known: {say: "Hello {name}.", next: person}
"""
UNKNOWN = ", unknown: stranger}\n  stranger: {say: Hello.%s, next: person"
SET = """
  first: {set: {kind: "%s"}, next: keep}
  keep: {contact: {set: last_visit, to: "{kind}"}, next: kept, unknown: person}
  kept: {say: Kept., next: person}
"""


def reading() -> Stage:
    return Stage(load(GET % (UNKNOWN % "")), FACTS)


def test_an_attribute_is_read_into_a_variable() -> None:
    stage = reading()
    assert only_work(stage) == ReadProfile(1, "first_name")
    finish(stage, "next", {"value": "Anna"})
    assert stage.said == "Hello Anna."


def test_an_unknown_attribute_has_a_way_of_its_own() -> None:
    stage = reading()
    finish(stage, "unknown")
    assert stage.said == "Hello."
    with pytest.raises(FlowRejected, match="'name', which is not set"):
        load(GET % (UNKNOWN % " ").replace("Hello. ", '"{name}"'))


def test_unknown_left_out_is_trouble() -> None:
    stage = Stage(load(GET % ""), FACTS)
    finish(stage, "unknown")
    assert stage.said == "Something went wrong."


@pytest.mark.parametrize("value", [12, ["a"], {"b": 1}, "x\r\ny", ""])
def test_whatever_the_profile_holds_is_taken_as_it_is(value: object) -> None:
    stage = reading()
    finish(stage, "next", {"value": value})
    assert stage.notes("value_set") == [{"name": "name", "value": value}]
    assert "\n" not in stage.said


def test_an_attribute_is_written() -> None:
    stage = Stage(load(SET % "for {dialled}"), FACTS)
    assert only_work(stage) == WriteProfile(1, "last_visit", "for 100")
    finish(stage, "next")
    assert stage.said == "Kept."


def test_a_value_is_kept_on_one_line_and_within_bounds() -> None:
    stage = Stage(load(SET % "{dialled}"), {**FACTS, "dialled": "a\nb'; --"})
    assert only_work(stage) == WriteProfile(1, "last_visit", "a b'; --")
    stage = Stage(load(SET % "{dialled}"), {**FACTS, "dialled": "9" * 1001})
    assert not works(stage.commands)
    assert "1,001 characters" in str(stage.notes("trouble")[0]["detail"])


def test_a_secret_is_never_kept() -> None:
    steps = """
  first: {ask: {into: pin, digits: 4, secret: true, prompt: "PIN?"}, next: keep, otherwise: person}
  keep: {contact: {set: number, to: "A{pin}"}, next: person}
"""
    stage = Stage(load(steps), FACTS)
    stage.keys("7391")
    assert not works(stage.commands)
    assert stage.notes("trouble")[0]["what"] == "secret"
    assert stage.said == "Something went wrong."
    assert "7391" not in logged(stage)


@pytest.mark.parametrize("how", ["state", "log", "same"])
def test_after_a_break_it_is_the_same_work(how: str) -> None:
    stage = reading()
    first = only_work(stage)
    assert break_and_resume(stage, how) == [first]
    finish(stage, "next", {"value": "Anna"})
    assert stage.said == "Hello Anna."


def test_what_was_asked_by_the_engine_before_is_taken() -> None:
    stage = reading()
    other_engine(stage, "state")
    finish(stage, "next", {"value": "Anna"})
    assert stage.said == "Hello Anna."


def test_hanging_up_in_the_middle() -> None:
    stage = reading()
    stage.tell(CallerGone())
    assert stage.dialogue.ended
    assert stage.tell(Finished(1, "next", {"value": "Anna"})) == ()


@pytest.mark.parametrize(
    "body",
    [
        "{get: name}",
        "{into: name}",
        "{set: name}",
        '{set: name, into: other, to: "x"}',
        '{get: name, into: other, set: name, to: "x"}',
        "{get: ../name, into: other}",
        "{get: name, into: caller}",
    ],
)
def test_what_is_written_wrong_is_refused(body: str) -> None:
    with pytest.raises(FlowRejected):
        load(f"  first: {{contact: {body}, next: person}}")
