"""Numbers, amounts and phone numbers: keyed, spoken, out of range, read back."""

from __future__ import annotations

import pytest
from flows import HEAD, load
from stage import Stage, kinds

from ivr.commands import Say, StopSaying
from ivr.reading.loader import FlowRejected


def asking(fields: str, languages: str = "en") -> Stage:
    head = HEAD.replace("[en]", f"[{languages}]")
    steps = f"""
  first: {{ask: {{into: x, prompt: Well?, {fields}}}, next: told, otherwise: person}}
  told: {{say: "It is {{x}}.", next: bye}}
"""
    return Stage(load(steps, head))


# --- number -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("five", "5"),
        ("one hundred and five", "105"),
        ("twenty two", "22"),
        ("one two three", "123"),
        ("0", "0"),
    ],
)
def test_a_number_is_said(said: str, number: str) -> None:
    stage = asking("number: true")
    stage.hear(said)
    assert stage.said == f"It is {number}."
    assert stage.notes("value_set") == [{"name": "x", "value": number}]


@pytest.mark.parametrize(
    ("language", "said"),
    [("pl", "sto dwadzieścia trzy"), ("ru", "сто двадцать три"), ("en", "a hundred twenty three")],
)
def test_a_number_is_said_in_each_language(language: str, said: str) -> None:
    stage = asking("number: true", language)
    stage.hear(said, lang=language)
    assert stage.said == "It is 123."


def test_a_number_of_another_language_is_not_taken() -> None:
    stage = asking("number: true")
    stage.hear("pięć", lang="pl")
    assert stage.notes("not_understood")[0]["why"] == "unclear"


def test_a_keyed_number_ends_by_hash_or_pause() -> None:
    stage = asking("number: {least: 1, most: 50}")
    assert kinds(stage.keys("1")) == [StopSaying]
    assert stage.due() == 2.0
    stage.keys("2#")
    assert stage.said == "It is 12."
    stage = asking("number: {least: 1, most: 50}")
    stage.keys("007")
    stage.time_out()
    assert stage.said == "It is 7."


def test_a_number_out_of_range_is_told_and_asked_for_again() -> None:
    stage = asking("number: {least: 2, most: 50}, unclear: Mine.")
    stage.hear("sixty")
    assert stage.said == "It must be from two to fifty. Well?"
    assert stage.notes("not_understood") == [{"step": "first", "why": "unclear", "attempt": 1}]
    stage.keys("1#")
    assert stage.said == "It must be from two to fifty. Well?"
    stage.keys("99#")
    assert stage.path == ["first", "person"]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("pl", "Najmniej dwa, najwięcej pięćdziesiąt."),
        ("ru", "Самое меньшее: два, самое большее: пятьдесят."),
    ],
)
def test_the_range_is_told_in_each_language(language: str, told: str) -> None:
    stage = asking("number: {least: 2, most: 50}", language)
    stage.keys("99#")
    assert stage.said == f"{told} Well?"


def test_only_the_limit_that_was_given_is_told() -> None:
    stage = asking("number: {least: 18}")
    stage.keys("17#")
    assert stage.said.startswith("It must be at least eighteen.")


def test_more_keys_than_any_number_has_are_unclear() -> None:
    stage = asking("number: true, unclear: Again?")
    stage.keys("1234567890123")
    assert stage.said == "Again?"


def test_hash_alone_and_star() -> None:
    stage = asking("number: true, unclear: Again?")
    stage.keys("#")
    assert stage.said == "Again?"
    stage.keys("1*")
    assert stage.said == "Well?"
    stage.keys("0#")
    assert stage.said == "It is 0."


# --- amount -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "amount"),
    [("12*50", "12.50"), ("12*5#", "12.50"), ("12#", "12.00"), ("0*05", "0.05"), ("120*00#", "120.00")],
)
def test_an_amount_is_keyed_with_star_for_the_point(keys: str, amount: str) -> None:
    stage = asking("amount: true")
    stage.keys(keys)
    assert stage.said == f"It is {amount}."


def test_two_decimals_end_an_amount() -> None:
    stage = asking("amount: true")
    stage.keys("12*5")
    assert stage.due() == 2.0
    stage.keys("0")
    assert stage.said == "It is 12.50."


def test_star_before_any_digit_says_it_again_and_a_second_point_is_unclear() -> None:
    stage = asking("amount: true, unclear: Again?")
    stage.keys("*")
    assert stage.said == "Well?"
    stage.keys("12**")
    assert stage.said == "Again?"


@pytest.mark.parametrize(
    ("language", "said", "amount"),
    [
        ("pl", "sto dwadzieścia złotych", "120.00"),
        ("pl", "dwanaście pięćdziesiąt", "12.50"),
        ("en", "twelve fifty", "12.50"),
        ("ru", "двенадцать злотых пятьдесят грошей", "12.50"),
    ],
)
def test_an_amount_is_said(language: str, said: str, amount: str) -> None:
    stage = asking("amount: true", language)
    stage.hear(said, lang=language)
    assert stage.said == f"It is {amount}."


def test_an_amount_is_read_back_as_money() -> None:
    stage = asking("amount: {currency: EUR}, confirm: true")
    stage.keys("12*50")
    assert stage.said.startswith("I have twelve euros and fifty cents. If that's right")
    stage.keys("1")
    assert stage.said == "It is 12.50."


def test_an_amount_out_of_range() -> None:
    stage = asking("amount: {currency: GBP, least: 5, most: 20}")
    stage.keys("4*99")
    assert stage.said == "It must be from five pounds to twenty pounds. Well?"
    stage = asking("amount: true")
    stage.keys("0#")
    assert stage.said.startswith("It must be at least one grosz.")


# --- phone ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "number"),
    [("220000010", "+48220000010"), ("0048220000010", "+48220000010"), ("0012025550123", "+12025550123")],
)
def test_a_phone_number_is_keyed(keys: str, number: str) -> None:
    stage = asking("phone: true")
    stage.keys(keys + "#")
    assert stage.said == f"It is {number}."


def test_a_national_number_is_of_the_region_that_is_named() -> None:
    stage = asking("phone: {region: US}")
    stage.keys("2025550123#")
    assert stage.said == "It is +12025550123."


def test_half_a_phone_number_waits_and_is_unclear_then() -> None:
    stage = asking("phone: true, unclear: Again?")
    stage.keys("22000")
    assert stage.due() == 5.0
    stage.time_out()
    assert stage.said == "Again?"
    stage.keys("220000010")
    assert stage.due() == 2.0
    stage.time_out()
    assert stage.said == "It is +48220000010."


def test_a_phone_number_is_dictated_at_once_and_in_pieces() -> None:
    stage = asking("phone: true")
    stage.hear("plus four eight two two zero zero zero zero zero one zero")
    assert stage.said == "It is +48220000010."
    stage = asking("phone: true")
    stage.hear("two two zero")
    stage.hear("zero zero zero")
    stage.hear("zero one zero")
    stage.keys("#")
    assert stage.said == "It is +48220000010."


def test_a_phone_number_is_read_back_in_groups() -> None:
    stage = asking("phone: true, confirm: true")
    stage.keys("220000010#")
    assert stage.said.startswith("I have ")
    assert "+48" not in stage.said
    stage.hear("yes")
    assert stage.said == "It is +48220000010."


# --- when it is wrong in the file -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("digits: 3, number: true", "digits and number are asked for at once: make it two steps"),
        ("attempts: 2", "what is asked for is missing: one of digits, number, date, time, amount, yes_no, "),
        ("number: {least: 5, most: 2}", "least 5 is more than most 2"),
        ("number: yes", "true is wanted here, or limits such as"),
        ("number: {most: many}", "'most': a whole number is wanted here"),
        ("amount: {currency: zloty}", "'currency'"),
        ("amount: {currency: XYZ}", "no currency XYZ is known here; there are "),
        ("amount: {least: 1.234}", "'least'"),
        ("yes_no: maybe", "true is wanted here"),
        ("yes_no: true, confirm: perhaps", "true, false or unsure is wanted here"),
        ("date: {least: soon}", "a day is wanted here: today, 30d"),
        ("date: {least: 5d, most: today}", "least is after most"),
        ("time: {least: '25:00'}", 'a time is wanted here, such as "8:00"'),
        ("time: {least: '9:00', most: '8:00'}", "least is after most"),
        ("choice: {red: {key: 1}, blue: {key: 1}}", "'red' and 'blue' have the same key 1"),
        ("choice: {red: {hear: {de: [rot]}, key: 1}}", "de is not among this flow's languages (en)"),
        ("choice: {}", "at least one is wanted here"),
        ("choice: {red: {hear: {en: red}}}", "'key' is missing"),
        ("speech: {longest: 2h}", "'longest'"),
    ],
)
def test_each_mistake_is_told_once(fields: str, told: str) -> None:
    with pytest.raises(FlowRejected) as rejected:
        asking(fields)
    (problem,) = rejected.value.problems
    assert told in problem.message
    assert problem.line == 6


def test_a_prompt_and_speech_are_not_said_at_once() -> None:
    stage = asking("number: true")
    commands = stage.hear("repeat")
    assert kinds(commands) == [StopSaying, Say]
