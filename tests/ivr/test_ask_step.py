"""An ask for digits: keyed, dictated or both, read back, and kept secret."""

from __future__ import annotations

import json

import pytest
from flows import load
from stage import Stage, kinds

from ivr.commands import Listen, Say, StopSaying
from ivr.events import Heard, KeyPressed, SpeechBegan


def flow_of(fields: str, *, told: str = "You said {order}."):
    return load(
        f"""
  first:
    ask: {{into: order, prompt: Number?, unclear: Again?, {fields}}}
    next: told
    otherwise: person
  told: {{say: "{told}", next: bye}}
"""
    )


def test_it_listens_for_digits_and_longer() -> None:
    stage = Stage(flow_of("digits: 6"))
    assert stage.ears is not None
    assert stage.ears.sequence
    assert stage.ears.silence_seconds == 0.9
    assert {"five", "double", "oh", "repeat", "agent"} <= set(stage.ears.phrases["en"])


def test_the_last_key_of_an_exact_number_ends_it() -> None:
    stage = Stage(flow_of("digits: 6"))
    assert kinds(stage.keys("1")) == [StopSaying]
    assert stage.due() == 5.0
    stage.keys("23456")
    assert stage.said == "You said 123456."
    assert stage.notes("understood") == [{"step": "first", "value": "123456", "by": "key", "confidence": 1.0}]
    assert stage.notes("value_set") == [{"name": "order", "value": "123456"}]


def test_zeros_are_digits() -> None:
    stage = Stage(flow_of("digits: 3"))
    stage.keys("007")
    assert stage.said == "You said 007."


def test_a_number_of_open_length_ends_by_hash_or_pause() -> None:
    fields = "digits: {least: 3, most: 8}"
    stage = Stage(flow_of(fields))
    stage.keys("123#")
    assert stage.said == "You said 123."
    stage = Stage(flow_of(fields))
    stage.keys("123")
    assert stage.due() == 2.0
    stage.time_out()
    assert stage.said == "You said 123."
    stage = Stage(flow_of(fields))
    stage.keys("12345678")
    assert stage.said == "You said 12345678."


@pytest.mark.parametrize("keys", ["12#", "#"])
def test_too_few_digits_are_unclear(keys: str) -> None:
    stage = Stage(flow_of("digits: {least: 3, most: 8}"))
    stage.keys(keys)
    assert stage.said == "Again?"
    assert stage.notes("not_understood")[0]["why"] == "unclear"


def test_half_a_number_and_nothing_more_is_unclear() -> None:
    stage = Stage(flow_of("digits: 6"))
    stage.keys("123")
    stage.time_out()
    assert stage.said == "Again?"
    stage.keys("123456")
    assert stage.said == "You said 123456."


def test_star_begins_again() -> None:
    stage = Stage(flow_of("digits: 6"))
    stage.keys("999*")
    assert stage.said == "Number?"
    assert stage.notes("not_understood") == []
    stage.keys("123456")
    assert stage.said == "You said 123456."


def test_digits_are_dictated() -> None:
    stage = Stage(flow_of("digits: 4"))
    stage.hear("two double five oh", confidence=0.8)
    assert stage.said == "You said 2550."
    assert stage.notes("understood")[0] == {
        "step": "first",
        "value": "2550",
        "by": "speech",
        "confidence": 0.8,
        "needed": 0.6,
    }


def test_dictated_in_pieces_and_mixed_with_keys() -> None:
    stage = Stage(flow_of("digits: 6"))
    stage.hear("one two")
    assert stage.due() == 5.0
    stage.hear("three")
    stage.keys("456")
    assert stage.said == "You said 123456."


def test_too_many_dictated_digits_are_unclear() -> None:
    stage = Stage(flow_of("digits: 3"))
    stage.hear("one two three four")
    assert stage.said == "Again?"


def test_a_noise_while_keying_changes_nothing() -> None:
    stage = Stage(flow_of("digits: 6"))
    stage.keys("123")
    stage.hear("")
    assert stage.due() == 5.0
    stage.keys("456")
    assert stage.said == "You said 123456."


def test_words_work_but_zero_is_a_digit() -> None:
    stage = Stage(flow_of("digits: 6"))
    stage.hear("repeat")
    assert stage.said == "Number?"
    stage.keys("0")
    assert stage.path == ["first"]
    stage.hear("agent")
    assert stage.path == ["first", "person"]


def test_confirmed_by_key_and_by_word() -> None:
    for yes in ("1", "yes"):
        stage = Stage(flow_of("digits: 6, confirm: true"))
        commands = stage.keys("123456")
        assert kinds(commands)[-2:] == [Listen, Say]
        assert stage.said.startswith("I have one two three, four five six. If that's right")
        assert stage.ears is not None
        assert not stage.ears.sequence
        _ = stage.keys(yes) if yes == "1" else stage.hear(yes)
        assert stage.said == "You said 123456."


def test_refused_three_times_leads_on() -> None:
    stage = Stage(flow_of("digits: 2, confirm: true"))
    for _ in range(2):
        stage.keys("12")
        stage.hear("no")
        assert stage.said == "Number?"
    stage.keys("12")
    stage.keys("2")
    assert stage.path == ["first", "person"]


def test_keys_ahead_answer_the_question_too() -> None:
    stage = Stage(flow_of("digits: 2, confirm: true"))
    stage.keys("12#1")
    assert stage.said == "You said 12."


def test_unsure_digits_are_read_back_without_being_asked_to() -> None:
    stage = Stage(flow_of("digits: 2"))
    stage.hear("one", confidence=0.5)
    stage.hear("two", confidence=0.9)
    assert stage.said.startswith("I have one two.")
    stage.hear("yes")
    assert stage.notes("understood")[0]["confidence"] == 0.5


@pytest.mark.parametrize(("digits", "asked"), [("3", False), ("{least: 2, most: 5}", True)])
def test_a_word_that_was_missed_matters_where_the_length_does_not_show_it(digits: str, asked: bool) -> None:
    stage = Stage(flow_of(f"digits: {digits}"))
    stage.hear("one two three", margin=0.0)
    if asked:
        stage.time_out()
    assert stage.said.startswith("I have one two three.") is asked


def test_keys_pressed_during_a_message_answer_without_the_prompt() -> None:
    flow = load(
        "  first: {say: {text: Welcome., interrupt: false}, next: number}\n"
        "  number: {ask: {into: order, digits: 4, prompt: Number?}, next: told}\n"
        '  told: {say: "You said {order}.", next: person}'
    )
    stage = Stage(flow)
    assert stage.keys("12") == ()
    commands = stage.spoken()
    assert Say not in kinds(commands)  # half is there: the caller needs no prompt
    assert stage.due() == 5.0
    stage.keys("34")
    assert stage.said == "You said 1234."


def test_a_secret_is_nowhere_but_in_the_talk() -> None:
    stage = Stage(flow_of("digits: 4, secret: true, confirm: true", told="Code {order|digits}."))
    stage.keys("73")
    stage.hear("seven three")
    assert stage.said.startswith("I have seven three seven three.")
    stage.hear("yes")
    assert stage.said == "Code seven three seven three."
    stage.spoken()
    noted = json.dumps([stage.notes(kind) for kind in ALL_KINDS])
    assert "73" not in noted
    assert "seven" not in noted
    assert stage.notes("value_set") == [{"name": "order"}]
    assert stage.notes("key_pressed") == [{"key": "*"}, {"key": "*"}]
    assert "Code ***." in noted
    state = json.dumps(stage.dialogue.state())
    assert "73" not in state


ALL_KINDS = ("said", "heard", "key_pressed", "understood", "value_set", "not_understood", "trouble")


def test_what_is_made_from_a_secret_is_secret() -> None:
    flow = load(
        "  first: {ask: {into: pin, digits: 4, secret: true, prompt: Pin?}, next: half}\n"
        '  half: {set: {tail: "{pin|last(2)}", plain: "yes"}, next: told}\n'
        '  told: {say: "Ends with {tail}.", next: person}'
    )
    stage = Stage(flow)
    stage.keys("8264")
    assert stage.said == "Ends with 64."
    assert stage.notes("value_set") == [{"name": "pin"}, {"name": "tail"}, {"name": "plain", "value": "yes"}]
    stage.spoken()
    assert "64" not in json.dumps(stage.notes("said"))
    assert stage.dialogue.state()["variables"] == {"plain": "yes"}


def test_keys_too_many_after_a_secret_are_dropped() -> None:
    flow = load(
        "  first: {say: {text: Hi, interrupt: false}, next: pin}\n"
        "  pin: {ask: {into: pin, digits: 2, secret: true, prompt: Pin?}, next: more}\n"
        "  more: {menu: {prompt: More?, choices: {3: {next: bye}}}, otherwise: person}"
    )
    stage = Stage(flow)
    stage.keys("123")
    stage.spoken()
    assert stage.said == "More?"
    assert stage.notes("key_pressed") == [{"key": "*"}, {"key": "*"}]


def test_speech_during_the_silence_timer_stops_it() -> None:
    stage = Stage(flow_of("digits: 2"))
    stage.spoken()
    stage.tell(SpeechBegan(), 4.9)
    assert stage.due() == 20.0
    stage.tell(Heard("one two", "en"), 3.0)
    assert stage.said == "You said 12."
    assert stage.tell(KeyPressed("#"), 0.5) == ()
