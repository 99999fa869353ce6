"""A chat's phases, what is owed in it, and how much a visitor may write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from messaging.chat import Chat, ChatLine, ChatPhase, LineKind, Speaker
from messaging.chat_limits import LONGEST_WORDS, MOST_IN_MINUTE, MOST_LINES, TooMuch, VisitorPace, written
from messaging.chat_talk import (
    ABANDONED,
    ANSWERED,
    SELF_SERVED,
    WrongPhase,
    closed,
    led,
    outcome_of,
    talking,
    waiting,
    with_line,
)

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CHAT = Chat("c1", "shop", None, "", T0, "n1", "hotline")


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def line(seq: int, seconds: float, speaker: Speaker, text: str = "x") -> ChatLine:
    return ChatLine(seq, after(seconds), speaker, LineKind.TEXT, text)


def test_waits_and_answers_are_measured_from_the_first() -> None:
    chat = waiting(CHAT, "orders", after(10), work_id=1)
    chat = with_line(chat, line(1, 12, Speaker.VISITOR))
    assert chat.owed_since is None, "nobody talks with them yet"
    chat = with_line(talking(chat, "anna", after(30)), line(2, 41, Speaker.AGENT))
    assert (chat.waited_seconds, chat.first_answer_seconds, chat.answers) == (20.0, 11.0, 1)
    chat = with_line(chat, line(3, 50, Speaker.VISITOR))
    chat = with_line(chat, line(4, 55, Speaker.VISITOR))
    assert chat.owed_since == after(50), "since the oldest words"
    chat = talking(waiting(chat, "desk", after(60), work_id=1), "jan", after(90))
    assert chat.waited_seconds == 20.0
    chat = closed(led(chat), after(100), "flow", outcome_of(chat, heard=False, queued=True))
    assert (chat.outcome, chat.ended_by, chat.is_open, chat.owed_since) == (ANSWERED, "flow", False, None)


def test_what_came_of_it() -> None:
    assert outcome_of(CHAT, heard=False, queued=False) == ABANDONED
    assert outcome_of(CHAT, heard=True, queued=False) == SELF_SERVED
    assert outcome_of(CHAT, heard=True, queued=True) == ABANDONED


def test_a_closed_chat_is_over_for_good() -> None:
    over = closed(CHAT, T0, "visitor", ABANDONED)
    with pytest.raises(WrongPhase, match="cannot go from closed to waiting"):
        waiting(over, "orders", T0, work_id=1)
    with pytest.raises(WrongPhase):
        talking(CHAT, "anna", T0)
    assert CHAT.phase is ChatPhase.LED


def test_words_are_kept_as_people_write_them() -> None:
    assert written("  a\r\nb\x00\u202e  ") == "a\nb"
    assert written("w\u00a0domu: 100\u202f000\u2028") == "w domu: 100 000"
    assert written("👩\u200d👩\u200d👧 ❤\ufe0f") == "👩\u200d👩\u200d👧 ❤\ufe0f"
    for text, code in (("", "empty"), (" \x07\n", "empty"), ("x" * (LONGEST_WORDS + 1), "too_long")):
        with pytest.raises(TooMuch) as refused:
            written(text)
        assert refused.value.code == code


def test_who_writes_faster_than_people_do_is_stopped_for_a_while() -> None:
    pace = VisitorPace()
    for n in range(MOST_IN_MINUTE):
        pace.take(f"line {n}", after(n))
    with pytest.raises(TooMuch, match="wait a moment"):
        pace.take("one more", after(30))
    pace.take("one more", after(61))


def test_the_same_words_say_nothing_new() -> None:
    pace = VisitorPace()
    pace.take("hello?", after(0))
    pace.take(" hello?", after(5))
    with pytest.raises(TooMuch, match="something else"):
        pace.take("hello?", after(10))
    pace.take("hello there", after(11))
    pace.take("hello?", after(12))


def test_a_chat_has_an_end() -> None:
    pace = VisitorPace()
    for n in range(MOST_LINES):
        pace.take(f"line {n}", after(4 * n))
    with pytest.raises(TooMuch, match="begin another") as refused:
        pace.take("more", after(9000))
    assert refused.value.code == "closed", "what is refused for a moment is sent again and again"


def test_buttons_may_be_pressed_again_but_not_for_ever() -> None:
    pace = VisitorPace()
    for n in range(MOST_IN_MINUTE):
        pace.press(after(n))
    with pytest.raises(TooMuch, match="wait a moment"):
        pace.press(after(30))
    for n in range(MOST_IN_MINUTE, MOST_LINES):
        pace.press(after(4 * n))
    with pytest.raises(TooMuch, match="begin another"):
        pace.press(after(9000))
