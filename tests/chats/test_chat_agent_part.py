"""What an agent's log has of a chat: since they joined, each answer with the time that it was waited for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.chat.agent_part import part_of
from messaging.chat import Chat, ChatLine, LineKind, Speaker

NOW = datetime(2026, 11, 17, 10, 0, tzinfo=UTC)
CHAT = Chat("c1", "shop", None, "", NOW, "here", "hotline", queue="orders")


def line(second: int, speaker: Speaker, agent: str | None = None, kind: LineKind = LineKind.TEXT) -> ChatLine:
    return ChatLine(second, NOW + timedelta(seconds=second), speaker, kind, "words", agent)


def test_answers_are_timed_from_the_oldest_words_that_waited() -> None:
    lines = [
        line(0, Speaker.VISITOR),
        line(5, Speaker.AGENT, "jan", LineKind.JOINED),
        line(6, Speaker.AGENT, "jan"),
        line(10, Speaker.AGENT, "anna", LineKind.JOINED),
        line(14, Speaker.AGENT, "anna"),
        line(15, Speaker.AGENT, "anna"),
        line(20, Speaker.VISITOR),
        line(24, Speaker.VISITOR, kind=LineKind.PAGE),
        line(25, Speaker.VISITOR),
        line(30, Speaker.AGENT, "anna"),
    ]
    assert part_of(CHAT, lines, "anna", NOW + timedelta(seconds=40)) == {
        "work": "c1",
        "queue": "orders",
        "answers": 3,
        "seconds": 30.0,
        "answer_seconds": 7.0,
    }


def test_who_never_joined_has_done_nothing() -> None:
    assert part_of(CHAT, [line(0, Speaker.VISITOR)], "anna", NOW) == {
        "work": "c1",
        "queue": "orders",
        "answers": 0,
        "seconds": 0.0,
    }
