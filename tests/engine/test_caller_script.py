"""The script of a simulated caller: what is understood, and what is refused with a remedy."""

from __future__ import annotations

import pytest

from engine.caller_script import (
    HangUpNow,
    Interrupt,
    PlayFile,
    Press,
    ScriptError,
    Speak,
    Wait,
    parse_script,
)


def test_the_script_of_the_readme() -> None:
    assert parse_script("press 2; say 'order'; wait 2; press 123456") == (
        Press("2"),
        Speak("order"),
        Wait(2.0),
        Press("123456"),
    )


def test_all_actions_lines_and_quotes() -> None:
    script = "say \"one; two\"\nPLAY 'a b.wav'; interrupt;; say I don't know; press 1 2 #; hang up; hangup"
    assert parse_script(script) == (
        Speak("one; two"),
        PlayFile("a b.wav"),
        Interrupt(),
        Speak("I don't know"),
        Press("12#"),
        HangUpNow(),
        HangUpNow(),
    )


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("press", "action 1: press takes keys"),
        ("press 2; press x", "action 2: press takes keys"),
        ("wait long", "wait takes seconds"),
        ("wait -1", "wait takes seconds"),
        ("wait nan", "wait takes seconds"),
        ("pres 2", "'pres 2' is not understood; write press KEYS"),
        ("say", "not understood"),
        ("say 'unclosed", "never closed"),
    ],
)
def test_what_is_not_understood_is_named(script: str, sentence: str) -> None:
    with pytest.raises(ScriptError, match=sentence):
        parse_script(script)


def test_an_empty_script_only_listens() -> None:
    assert parse_script("") == ()
