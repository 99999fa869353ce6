"""Replies: which message they answer, and what is answered by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.facts import Channel
from messaging.opting import OptingWords, Wish, WrongWord
from messaging.provider import Incoming
from messaging.replies import (
    AutoReplies,
    Keyword,
    SentMessage,
    Silent,
    answered,
    auto_reply,
    own_words,
)
from messaging.states import MessageState

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PERSON, OURS, OTHER = "+48600000001", "+48220000010", "+48220000011"


def incoming(text: str = "Yes", **changed: object) -> Incoming:
    values: dict[str, object] = {
        "provider": "main",
        "channel": Channel.SMS,
        "from_": PERSON,
        "to": OURS,
        "text": text,
        "at": NOW,
        "external_id": "x1",
    }
    return Incoming(**{**values, **changed})  # type: ignore[arg-type]


def sent(id: str, ago: timedelta, **changed: object) -> SentMessage:
    values: dict[str, object] = {
        "channel": Channel.SMS,
        "to": PERSON,
        "sender": OURS,
        "at": NOW - ago,
        "state": MessageState.DELIVERED,
    }
    return SentMessage(id, **{**values, **changed})  # type: ignore[arg-type]


# --- which message ----------------------------------------------------------------------------------------


def found(messages: list[SentMessage], **changed: object) -> str | None:
    message = answered(incoming(**changed), messages)  # type: ignore[arg-type]
    return None if message is None else message.message_id


def test_the_newest_of_the_number_that_was_written_to() -> None:
    messages = [
        sent("old", 2 * DAY),
        sent("new", DAY, mailing="spring"),
        sent("later", -HOUR),
        sent("other number", HOUR, sender=OTHER),
        sent("other person", HOUR, to="+48600000002"),
        sent("mail", HOUR, channel=Channel.EMAIL),
        sent("never went out", HOUR, state=MessageState.REFUSED),
    ]
    assert found(messages) == "new"
    assert found(list(reversed(messages))) == "new"
    assert found(messages, to=OTHER) == "other number"


def test_a_week_later_it_answers_nothing_unless_it_says_what() -> None:
    messages = [sent("old", 8 * DAY, references=("ref7",))]
    assert found(messages) is None
    assert found(messages, in_reply_to="ref7") == "old"
    assert found(messages, in_reply_to="old") == "old"
    assert found(messages, in_reply_to="ref7", from_="+48600000002") is None
    assert found([*messages, sent("new", HOUR)], in_reply_to="unheard of") == "new"


def test_a_message_from_the_providers_own_number_is_answered_when_nothing_fits_better() -> None:
    assert found([sent("own", DAY), sent("providers", HOUR, sender=None)]) == "own"
    assert (
        found([sent("providers", HOUR, sender=None), sent("named", HOUR, sender="Infolinia")]) == "providers"
    )
    assert found([sent("named", HOUR, sender="Infolinia")]) is None


@given(st.permutations([sent("a", HOUR), sent("b", HOUR), sent("c", DAY)]))
def test_of_two_in_one_second_it_is_always_the_same(messages: list[SentMessage]) -> None:
    assert found(messages) == "b"


# --- words ------------------------------------------------------------------------------------------------

OPTING = OptingWords(answers={Wish.STOP: "stopped", Wish.HELP: "who_we_are"})
REPLIES = AutoReplies((Keyword(("hours", "godziny"), "opening_hours"),), OPTING)


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("STOP", "stopped"),
        ("Godziny?", "opening_hours"),
        ("HOURS", "opening_hours"),
        ("?", "who_we_are"),
        ("START", Silent.NO_WORD),
        ("what are your hours", Silent.NO_WORD),
        ("", Silent.NO_WORD),
    ],
)
def test_a_word_is_answered(text: str, template: str) -> None:
    assert auto_reply(incoming(text), REPLIES, (), NOW) == template


@pytest.mark.parametrize("sender", ["Infolinia", "7277", "+4812", ""])
def test_senders_that_are_no_person_are_not_answered(sender: str) -> None:
    assert auto_reply(incoming("HOURS", from_=sender), REPLIES, (), NOW) is Silent.NO_PERSON


def test_an_automatic_answer_is_not_answered() -> None:
    mail = incoming("STOP", channel=Channel.EMAIL, from_="anna@example.com", data={"automatic": True})
    assert auto_reply(mail, REPLIES, (), NOW) is Silent.AUTOMATIC


def test_two_machines_fall_silent_within_the_hour() -> None:
    past: list[datetime] = []
    for minute in range(600):
        now = NOW + minute * MINUTE
        if not isinstance(auto_reply(incoming("HOURS", at=NOW), REPLIES, past, now), Silent):
            past.append(now)
    assert len(past) == 3 * 10
    assert past[:4] == [NOW, NOW + MINUTE, NOW + 2 * MINUTE, NOW + 60 * MINUTE]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("stop",), "already means stop"),
        (("?",), "needs a letter"),
        (("Hours", "HOURS!"), "is there twice"),
    ],
)
def test_keywords_that_would_never_be_found_are_refused(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(WrongWord, match=told):
        AutoReplies((Keyword(words, "t"),))


@pytest.mark.parametrize(
    "quoted",
    [
        "> Your order is here.",
        "On Mon, 2 Mar 2026 at 09:00, Shop <shop@example.com> wrote:\n> Hello",
        "W dniu 2.03.2026 o 09:00, Sklep pisze:\n> Cześć",
        "пн, 2 мар. 2026 г. в 09:00, Магазин <shop@example.com> пишет:\n> Привет",
        "-----Original Message-----\nFrom: Shop",
        "________________________________\nFrom: Shop",
    ],
)
def test_an_e_mails_own_words(quoted: str) -> None:
    mail = incoming(f"STOP\n\n{quoted}", channel=Channel.EMAIL, from_="anna@example.com")
    assert own_words(mail) == "STOP"
    assert auto_reply(mail, REPLIES, (), NOW) == "stopped"
    assert own_words(incoming(" > 5 \n")) == "> 5"
