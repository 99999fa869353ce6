"""What a visitor types becomes what a caller would press or say; buttons are called by their first words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ivr.answers.amount import Amount
from ivr.answers.day import Day
from ivr.answers.digits import Digits
from ivr.answers.kind import AnswerKind
from ivr.answers.phone import Phone
from ivr.answers.time_of_day import TimeOfDay
from ivr.asked import Asked, Option
from ivr.commands import Listen
from ivr.dialogue import Dialogue
from ivr.events import Heard, KeyPressed, Spoken
from ivr.reading.loader import load_flow
from ivr.typed_answers import LIKELY, answer_events, keys_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EARS = Listen({"en": ("order", "my order", "hours", "agent", "back"), "pl": ("zamówienie",)})


@pytest.mark.parametrize(
    ("text", "kind", "keys"),
    [
        ("123 456", Digits(least=6, most=6), "123456"),
        ("12.3.2026", Day(), "12032026"),
        ("2026-03-12", Day(), "12032026"),
        ("12/03", Day(), "1203"),
        ("14:30", TimeOfDay(), "1430"),
        ("120,5 zł", Amount(), "120*50"),
        ("1 200", Amount(), "1200"),
        ("+48 600-000-001", Phone(), "0048600000001"),
        ("600 000 001", Phone(), "600000001"),
        ("2", None, "2"),
        ("tomorrow", Day(), None),
        ("two", None, None),
    ],
)
def test_values_are_read_as_they_are_written(text: str, kind: AnswerKind | None, keys: str | None) -> None:
    assert keys_of(text, kind) == keys


@pytest.mark.parametrize(
    ("text", "heard", "confidence"),
    [
        ("Order", "order", 1.0),
        ("ZAMÓWIENIE!", "zamówienie", 1.0),
        ("hello, it is about my order please", "my order", LIKELY),
        ("ordr", "order", LIKELY),
        ("please call me back", "", 0.0),
        ("parking", "", 0.0),
    ],
)
def test_words_are_found_and_the_likely_ones_asked_back(text: str, heard: str, confidence: float) -> None:
    (event,) = answer_events(text, Asked(), EARS, ["en", "pl"])
    assert isinstance(event, Heard)
    assert (event.text, event.confidence) == (heard, confidence)


YES_OR_NO = Asked((Option("1", "Yes"), Option("2", "No")))


@pytest.mark.parametrize(
    ("text", "asked", "events"),
    [
        ("1234", YES_OR_NO, [Heard("", "en", 0.0, 0.0)]),
        ("22#", YES_OR_NO, [Heard("", "en", 0.0, 0.0)]),
        ("1", YES_OR_NO, [KeyPressed("1")]),
        ("2#", YES_OR_NO, [KeyPressed("2"), KeyPressed("#")]),
        ("0", YES_OR_NO, [KeyPressed("0")]),
        ("12", Asked((Option("1", "Order"), Option("12", "Hours"))), [KeyPressed("1"), KeyPressed("2")]),
        ("12", Asked((Option("1", "Yes"),), Digits(least=2, most=2)), [KeyPressed("1"), KeyPressed("2")]),
    ],
)
def test_a_number_is_a_key_only_where_the_whole_of_it_is_one(
    text: str, asked: Asked, events: list[Heard | KeyPressed]
) -> None:
    assert list(answer_events(text, asked, EARS, ["en", "pl"])) == events


def test_any_words_stay_as_they_are_written() -> None:
    (event,) = answer_events("  My Kettle is BROKEN. ", Asked(), Listen({"en": ()}, free=True), ["en"])
    assert isinstance(event, Heard)
    assert event.text == "My Kettle is BROKEN."


FLOW = """\
flow: shop
languages: [pl, en]
always: {agent: end, trouble: end}
start: main
steps:
  main:
    menu:
      prompt: {pl: "W czym pomóc?", en: "How can we help?"}
      choices:
        1: {hear: {pl: [zamówienie], en: [order, parcel]}, next: sure}
        2: {hear: {en: [english]}, next: sure}
        3: {next: sure}
    otherwise: end
  sure: {ask: {into: ok, yes_no: true, prompt: {pl: "Na pewno?", en: "Sure?"}}, next: pin, otherwise: end}
  pin:
    ask: {into: pin, digits: 4, secret: true, prompt: {pl: "PIN?", en: "PIN?"}}
    next: grade
    otherwise: end
  grade:
    rate: {into: grade, from: 1, to: 3, prompt: {pl: "Ocena?", en: "Grade?"}}
    next: agree
    declined: agree
  agree:
    consent: {to: recording, refuse: 9, prompt: {pl: "Zgoda?", en: "Do you agree?"}}
    next: end
    refused: end
  end: {hangup: normal}
"""


def options(dialogue: Dialogue, language: str | None = None) -> list[tuple[str, str]]:
    asked = dialogue.asked(language)
    assert asked is not None
    return [(one.value, one.label) for one in asked.options]


def test_what_is_asked_can_be_shown_with_buttons() -> None:
    dialogue = Dialogue(load_flow(FLOW.encode(), "shop.yaml"))
    dialogue.start(NOW)
    dialogue.handle(Spoken(1), NOW)
    assert options(dialogue, "en") == [("1", "Order"), ("2", "English"), ("3", "3")]
    assert options(dialogue) == [("1", "Zamówienie"), ("2", "English"), ("3", "3")]
    dialogue.handle(KeyPressed("1"), NOW)
    assert options(dialogue, "en") == [("1", "Yes"), ("2", "No")]
    dialogue.handle(KeyPressed("1"), NOW)
    asked = dialogue.asked("en")
    assert asked is not None
    assert (asked.secret, type(asked.kind), asked.options) == (True, Digits, ())
    for key in "1234":
        dialogue.handle(KeyPressed(key), NOW)
    assert options(dialogue) == [("1", "1"), ("2", "2"), ("3", "3")]
    dialogue.handle(KeyPressed("3"), NOW)
    asked = dialogue.asked("en")
    assert asked is not None
    assert asked.options == (Option("Yes", "Yes"), Option("9", "No"))
