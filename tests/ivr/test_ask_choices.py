"""Yes or no, one of a few names, free speech, and when an answer is read back."""

from __future__ import annotations

import json

import pytest
from flows import HEAD, load
from stage import Stage

from ivr.events import SpeechBegan
from ivr.reading.loader import load_flow


def asking(fields: str, languages: str = "en") -> Stage:
    prompt = "{" + ", ".join(f"{language.strip()}: Well?" for language in languages.split(",")) + "}"
    told = prompt.replace("Well?", '"It is {x}."')
    rest = "{" + ", ".join(f"{language.strip()}: Sorry." for language in languages.split(",")) + "}"
    steps = f"""
  first: {{ask: {{into: x, prompt: {prompt}, {fields}}}, next: told, otherwise: person}}
  told: {{say: {told}, next: person}}
  person: {{say: {rest}, next: bye}}
  bye: {{hangup: normal}}
"""
    head = HEAD.replace("[en]", f"[{languages}]").replace("trouble: sorry", "trouble: person")
    return Stage(load_flow(head + steps.strip("\n"), "small.yaml"))


COLOURS = (
    "choice: {red: {hear: {en: [red, crimson]}, key: 1}, blue: {hear: {en: blue}, key: 12}, grey: {key: 3}}"
)


# --- yes or no --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "said", "value"),
    [
        ("en", "yes please", "true"),
        ("en", "no thanks", "false"),
        ("pl", "tak jest", "true"),
        ("pl", "nie zgadzam się", "false"),
        ("ru", "да", "true"),
        ("ru", "не надо", "false"),
    ],
)
def test_yes_and_no_are_said(language: str, said: str, value: str) -> None:
    stage = asking("yes_no: true", language)
    stage.hear(said, lang=language)
    assert stage.said == f"It is {value}."


def test_yes_and_no_by_key() -> None:
    for key, value in (("1", "true"), ("2", "false")):
        stage = asking("yes_no: true")
        stage.keys(key)
        assert stage.said == f"It is {value}."
        assert stage.notes("understood") == [
            {"step": "first", "value": value, "by": "key", "confidence": 1.0}
        ]


def test_zero_star_and_other_keys() -> None:
    stage = asking("yes_no: true, unclear: Again?")
    stage.keys("*")
    assert stage.said == "Well?"
    stage.keys("5")
    assert stage.said == "Again?"
    stage.keys("0")
    assert stage.path == ["first", "person"]


# --- choice -----------------------------------------------------------------------------------------------


def test_a_choice_gives_its_name() -> None:
    for act in ("crimson", "1#"):
        stage = asking(COLOURS)
        _ = stage.keys(act) if act == "1#" else stage.hear(act)
        assert stage.said == "It is red."
        assert stage.notes("value_set") == [{"name": "x", "value": "red"}]


def test_a_key_that_begins_another_waits() -> None:
    stage = asking(COLOURS)
    stage.keys("1")
    assert stage.due() == 2.0
    stage.keys("2")
    assert stage.said == "It is blue."


def test_the_phrases_of_a_choice_and_those_that_work_everywhere_are_listened_for() -> None:
    stage = asking(COLOURS)
    assert stage.ears is not None
    assert {"red", "crimson", "blue", "repeat", "agent"} <= set(stage.ears.phrases["en"])
    assert not stage.ears.sequence


def test_a_choice_by_key_is_read_back_by_its_name_in_each_language() -> None:
    fields = "confirm: true, choice: {red: {hear: {en: crimson, pl: czerwony}, key: 1}, grey: {key: 3}}"
    stage = asking(fields, "en, pl")
    stage.keys("1")
    assert stage.said.startswith("I have crimson. If")
    assert "Mam: czerwony." in stage.said
    stage.keys("2")
    stage.keys("31")
    assert "It is grey." in stage.said


# --- free speech ------------------------------------------------------------------------------------------


def test_free_speech_is_taken_as_it_is() -> None:
    stage = asking("speech: {longest: 10s}")
    assert stage.ears is not None
    assert stage.ears.free
    stage.tell(SpeechBegan())
    assert stage.due() == 10.0
    stage.hear("my  parcel has\nnot come")
    assert stage.said == "It is my parcel has not come."


def test_words_of_navigation_alone_still_work() -> None:
    stage = asking("speech: true")
    stage.hear("repeat")
    assert stage.said == "Well?"
    stage.hear("agent")
    assert stage.path == ["first", "person"]
    stage = asking("speech: true")
    stage.hear("the agent was rude")
    assert stage.said == "It is the agent was rude."


def test_keys_are_no_free_speech() -> None:
    stage = asking("speech: true, unclear: Please speak.")
    stage.keys("7")
    assert stage.said == "Please speak."
    stage.keys("*")
    assert stage.said == "Well?"
    stage.keys("0")
    assert stage.path == ["first", "person"]


def test_speech_without_end_is_unclear() -> None:
    stage = asking("speech: {longest: 5s}, unclear: Shorter.")
    stage.tell(SpeechBegan())
    stage.time_out()
    assert stage.said == "Shorter."


# --- confirm ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confirm", "confidence", "asked"),
    [
        ("true", 1.0, True),
        ("true", 0.5, True),
        ("unsure", 1.0, False),
        ("unsure", 0.5, True),
        ("false", 1.0, False),
        ("false", 0.5, False),
    ],
)
@pytest.mark.parametrize(
    ("fields", "said"), [("number: true", "five"), ("yes_no: true", "yes"), (COLOURS, "red")]
)
def test_when_an_answer_is_read_back(
    fields: str, said: str, confirm: str, confidence: float, asked: bool
) -> None:
    stage = asking(f"{fields}, confirm: {confirm}")
    stage.hear(said, confidence=confidence)
    assert ("If that's right" in stage.said) is asked
    assert (stage.notes("value_set") == []) is asked


def test_two_answers_almost_as_likely_are_unsure() -> None:
    stage = asking(COLOURS)
    stage.hear("red", margin=0.01)
    assert stage.said.startswith("Did you say red?")


def test_silence_at_the_read_back_asks_for_it_again() -> None:
    stage = asking("number: true, confirm: true, silent: Hello?")
    stage.keys("5#")
    stage.spoken()
    stage.time_out()
    assert stage.said.startswith("Hello? I have five.")
    stage.keys("*")
    assert stage.said == "Well?"


@pytest.mark.parametrize(
    ("fields", "said", "shown"),
    [
        ("number: true", "seventy three", "seventy"),
        ("date: true", "march second", "march"),
        ("phone: true", "two two zero zero zero zero zero one zero", "220000010"),
        ("speech: true", "my dog is called rex", "rex"),
        ("choice: {rex: {hear: {en: rex}, key: 1}, max: {key: 2}}", "rex", "rex"),
    ],
)
def test_a_secret_of_any_kind_is_nowhere(fields: str, said: str, shown: str) -> None:
    stage = asking(f"{fields}, secret: true, confirm: true")
    stage.hear(said)
    assert "If that's right" in stage.said
    stage.hear("yes")
    assert stage.said.startswith("It is ")
    stage.spoken()
    noted = json.dumps([stage.notes(kind) for kind in ("said", "heard", "understood", "value_set")])
    assert shown not in noted.lower()
    assert shown not in json.dumps(stage.dialogue.state()["variables"])
    assert "It is ***." in noted


def test_silence_and_unclear_answers_are_counted_for_each_field() -> None:
    steps = """
  first: {ask: {into: a, number: {most: 9}, attempts: 2, prompt: One?}, next: second, otherwise: person}
  second: {ask: {into: b, number: {most: 9}, attempts: 2, prompt: Two?}, next: bye, otherwise: person}
"""
    stage = Stage(load(steps))
    stage.hear("nonsense")
    stage.keys("5#")
    stage.hear("nonsense")
    assert stage.said.endswith("Two?")
    assert [note["attempt"] for note in stage.notes("not_understood")] == [1, 1]
    stage.spoken()
    stage.time_out()
    assert stage.path == ["first", "second", "person"]
