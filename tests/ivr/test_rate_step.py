"""rate: a grade by key or word; who says nothing is not asked twice."""

from __future__ import annotations

import pytest
from flows import HEAD, load
from stage import Stage

from ivr.flow import Flow
from ivr.reading.loader import FlowRejected


def flow_of(fields: str = "", language: str = "en") -> Flow:
    return load(
        f"""
  first: {{rate: {{into: rating, prompt: How was it?{fields}}}, next: thanks, declined: none}}
  thanks: {{say: "Thanks for {{rating}}.", next: person}}
  none: {{say: Good day., next: bye}}
""",
        HEAD.replace("[en]", f"[{language}]"),
    )


def test_by_key() -> None:
    stage = Stage(flow_of())
    stage.keys("4")
    assert stage.said == "Thanks for 4."
    assert stage.notes("rated") == [{"step": "first", "rating": 4}]
    assert stage.notes("value_set") == [{"name": "rating", "value": "4"}]
    assert stage.notes("understood") == [{"step": "first", "value": "4", "by": "key", "confidence": 1.0}]


@pytest.mark.parametrize(
    ("language", "said", "grade"),
    [
        ("en", "five", "5"),
        ("pl", "czwórka", "4"),
        ("pl", "trzy", "3"),
        ("ru", "пятёрка", "5"),
        ("ru", "два", "2"),
    ],
)
def test_by_word(language: str, said: str, grade: str) -> None:
    stage = Stage(flow_of(language=language))
    stage.hear(said, lang=language)
    assert stage.said == f"Thanks for {grade}."


def test_a_grade_of_two_digits_waits_for_the_second() -> None:
    fields = ", from: 0, to: 10"
    stage = Stage(flow_of(fields))
    stage.keys("1")
    assert stage.due() == 2.0
    stage.time_out()
    assert stage.said == "Thanks for 1."
    stage = Stage(flow_of(fields))
    stage.keys("10")
    assert stage.notes("rated") == [{"step": "first", "rating": 10}]
    stage = Stage(flow_of(fields))
    stage.keys("0")
    assert stage.notes("rated") == [{"step": "first", "rating": 0}]
    stage = Stage(flow_of(fields))
    stage.hear("ten")
    assert stage.notes("rated") == [{"step": "first", "rating": 10}]


@pytest.mark.parametrize(
    ("language", "said", "grade"),
    [
        ("en", "yes", 1),
        ("en", "no", 0),
        ("pl", "tak", 1),
        ("pl", "nie", 0),
        ("ru", "да", 1),
        ("ru", "нет", 0),
        ("en", "1", 1),
        ("en", "2", 0),
    ],
)
def test_yes_is_one_and_no_is_none(language: str, said: str, grade: int) -> None:
    stage = Stage(flow_of(", yes_no: true", language))
    if said.isdecimal():
        stage.keys(said)
    else:
        stage.hear(said, lang=language)
    assert stage.said == f"Thanks for {grade}."
    assert stage.notes("rated") == [{"step": "first", "rating": grade}]


def test_a_number_is_no_answer_to_yes_or_no() -> None:
    stage = Stage(flow_of(", yes_no: true"))
    stage.keys("5")
    assert stage.notes("rated") == [{"step": "first", "rating": None}]


@pytest.mark.parametrize("act", ["silence", "6", "nonsense", "seven"])
def test_anything_else_declines_at_once(act: str) -> None:
    stage = Stage(flow_of())
    if act == "silence":
        stage.spoken()
        stage.time_out()
    elif act.isdecimal():
        stage.keys(act)
    else:
        stage.hear(act)
    assert stage.said == "Good day."
    assert stage.notes("rated") == [{"step": "first", "rating": None}]
    assert stage.dialogue.ways == [("first", "declined")]


def test_it_asks_again_where_the_flow_says_so() -> None:
    stage = Stage(flow_of(", attempts: 2"))
    stage.keys("9")
    assert stage.said == "Sorry, I didn't get that. How was it?"
    stage.keys("3")
    assert stage.notes("rated") == [{"step": "first", "rating": 3}]


def test_zero_leads_to_a_person_where_it_is_no_grade() -> None:
    stage = Stage(flow_of())
    stage.keys("0")
    assert stage.path == ["first", "person"]


def test_an_unsure_grade_is_asked_back() -> None:
    stage = Stage(flow_of())
    stage.hear("five", confidence=0.5)
    assert stage.said.startswith("Did you say five?")
    stage.hear("yes")
    assert stage.said == "Thanks for 5."


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (", from: 5, to: 5", "from 5 must be less than to 5"),
        (", to: 11", "'to'"),
        (", yes_no: true, to: 3", "leave `from` and `to` out"),
        (", form: 1", "'form' is not known here (did you mean 'from'?)"),
    ],
)
def test_mistakes_are_told(fields: str, told: str) -> None:
    with pytest.raises(FlowRejected) as rejected:
        flow_of(fields)
    (problem,) = rejected.value.problems
    assert told in problem.message
