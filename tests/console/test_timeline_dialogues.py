"""A closed dialogue is one entry of the timeline, with its messages as lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from compliance.facts import Channel as Means
from console.contacts.timeline import days
from console.words import load_words
from history.interaction import Channel, ContactPoint, Interaction, PointKind
from messaging.dialogue import Dialogue, DialogueState
from store.dialogue_history import closing_row
from tests.console.stage import START

ANNA = ContactPoint(PointKind.PHONE, "+48600000001")
OURS = "+48220000010"
WORDS = load_words()["en"]


def message(n: int, text: str, *, agent: str | None = None, own: bool = False, **more: object) -> Interaction:
    row = Interaction(
        f"m{n}-message",
        START + timedelta(minutes=n),
        Channel.SMS,
        "outbound" if own or agent else "inbound",
        f"m{n}",
        ANNA,
        to=ANNA.value if own or agent else OURS,
        agent=agent,
        transcript=text,
    )
    return replace(row, **more)  # type: ignore[arg-type]


DIALOGUE = Dialogue(
    "d1", Means.SMS, ANNA, OURS, "k1", START + timedelta(minutes=1), "orders", "anna", DialogueState.CLOSED,
    answers=1, first_seconds=130.0, closed_at=START + timedelta(minutes=9), disposition="sale",
)  # fmt: skip


def test_messages_of_a_closed_dialogue_are_its_lines() -> None:
    rows = [
        message(10, "Another matter"),
        closing_row(DIALOGUE, 130.0, owed=False),
        message(4, "Your parcel is near.", own=True),  # by itself: no answer
        message(3, "It is on its way.", agent="anna"),
        message(2, "Elsewhere", to="+48220000011"),
        message(1, "Where is <b>it</b>?"),
        message(0, "Earlier"),
    ]
    (day,) = days(rows, WORDS, START, {"anna": "Anna"})
    assert [one.line for one in day.entries] == [
        "Another matter",
        "Where is <b>it</b>?",
        "Your parcel is near.",
        "Elsewhere",
        "Earlier",
    ]
    entry = day.entries[1]
    assert entry.about == ("dialogue", "2 messages", "Anna", "first answer after 2:10")
    assert entry.message_id is None
    assert entry.chat is not None
    assert [(one.side, one.by, one.text) for one in entry.chat.lines] == [
        ("visitor", "Contact", "Where is <b>it</b>?"),
        ("own", "Anna", "It is on its way."),
    ]
    assert dict(entry.facts) == {"queue": "orders", "answers": "1", "answer_seconds": "130.0"}


def test_what_another_system_wrote_is_left_alone() -> None:
    closed = closing_row(DIALOGUE, None, owed=True)
    assert closed.data["unanswered"] is True
    for broken in ({**closed.data, "opened_at": "yesterday"}, {"kind": "dialogue"}):
        (day,) = days([replace(closed, data=broken), message(1, "Where?")], WORDS, START)
        assert len(day.entries) == 2
    (day,) = days([replace(closed, source="shop"), message(1, "Where?")], WORDS, START)
    assert len(day.entries) == 2
