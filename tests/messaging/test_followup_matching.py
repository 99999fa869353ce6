"""What a publication tells, and which rules hold for it; grades as people write them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.followups import KINDS, VALUES, CallFacts, Event, Rule, happening_of
from messaging.grades import grade_of

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
CALL: dict[str, Any] = {
    "id": "c1",
    "direction": "inbound",
    "caller": "+48220000001",
    "dialled": "100",
    "outcome": "abandoned",
    "language": "pl",
    "campaign": None,
    "debt": None,
}
POINT = {"kind": "phone", "value": "+48220000001"}
CALLBACK = {
    "id": "b1",
    "state": "broken",
    "point": POINT,
    "topic": "orders",
    "window_to": "2026-11-22T15:00:00Z",
}
PROMISE = {
    "id": "p1",
    "state": "broken",
    "contact_id": "a",
    "amount": 12050,
    "currency": "PLN",
    "debt": "d1",
    "instalments": [{"amount": 1, "due": "2026-11-20"}, {"amount": 2, "due": "2026-11-21"}],
}
TALK = {"channel": "talk", "subject_id": "c1", "disposition": "interested", "data": {"queue": "sales"}}
WAITED = CallFacts("sales", "", False, "abandoned", 40.0)
TALKED = CallFacts("sales", "jan", True, "", 3.0)


def events(kind: str, data: dict[str, Any], facts: CallFacts = WAITED) -> list[Event]:
    return [one.event for one in happening_of(kind, data, NOW, facts)]


@pytest.mark.parametrize(
    ("data", "facts", "missed"),
    [
        (CALL, WAITED, True),
        (CALL, TALKED, False),
        (CALL, replace(WAITED, waited_seconds=4.9), False),
        (CALL, replace(WAITED, left="left"), False),
        (CALL, CallFacts(), False),
        ({**CALL, "outcome": "voicemail"}, WAITED, False),
        ({**CALL, "direction": "outbound"}, WAITED, False),
    ],
)
def test_a_missed_call_waited_and_talked_with_nobody(
    data: dict[str, Any], facts: CallFacts, missed: bool
) -> None:
    told = events("call.ended", data, facts)
    assert told == [Event.CALL_ENDED, Event.CALL_MISSED][: 1 + missed]


def test_the_person_of_an_outbound_call_is_who_was_called() -> None:
    (call,) = happening_of("call.ended", {**CALL, "direction": "outbound", "dialled": "+1"}, NOW, TALKED)
    assert (call.number, call.values["agent"]) == ("+1", "jan")


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("callback.requested", CALLBACK, [Event.CALLBACK_REQUESTED]),
        ("callback.changed", CALLBACK, [Event.CALLBACK_BROKEN]),
        ("callback.changed", {**CALLBACK, "state": "kept"}, []),
        ("promise.changed", PROMISE, [Event.PROMISE_BROKEN]),
        ("promise.changed", {**PROMISE, "state": "open"}, []),
        ("interaction.added", TALK, [Event.CALL_ENDED]),
        ("interaction.added", {**TALK, "disposition": None}, []),
        ("interaction.added", {**TALK, "channel": "call"}, []),
        (
            "message.received",
            {"id": "m1", "channel": "sms", "text": "x", "point": POINT},
            [Event.MESSAGE_RECEIVED],
        ),
        ("contact.changed", {}, []),
    ],
)
def test_what_publications_tell(kind: str, data: dict[str, Any], told: list[Event]) -> None:
    assert events(kind, data) == told
    assert not told or kind in KINDS


def test_every_event_gives_the_values_that_are_promised() -> None:
    found = [
        *happening_of("call.ended", CALL, NOW, WAITED),
        *happening_of("interaction.added", TALK, NOW, CallFacts()),
        *happening_of("callback.requested", CALLBACK, NOW, CallFacts()),
        *happening_of("callback.changed", CALLBACK, NOW, CallFacts()),
        *happening_of("promise.changed", PROMISE, NOW, CallFacts()),
        *happening_of("message.received", {"id": "m", "channel": "sms"}, NOW, CallFacts()),
    ]
    given_values: dict[Event, set[str]] = {}
    for one in found:
        given_values.setdefault(one.event, set()).update(one.values)
    assert given_values == {event: set(names) for event, names in VALUES.items()}
    promise = next(one for one in found if one.event is Event.PROMISE_BROKEN)
    assert (promise.values["amount"], promise.values["due"]) == ("120.50", "2026-11-21")


def test_the_same_told_again_has_the_same_key() -> None:
    again = happening_of("callback.changed", {**CALLBACK, "note": "x", "version": 9}, NOW, CallFacts())
    assert again[0].key == happening_of("callback.changed", CALLBACK, NOW, CallFacts())[0].key
    renewed = happening_of("callback.requested", {**CALLBACK, "requests": 2}, NOW, CallFacts())
    assert renewed[0].key != happening_of("callback.requested", CALLBACK, NOW, CallFacts())[0].key


def test_a_rule_asks_for_all_its_conditions() -> None:
    (ended,) = happening_of("call.ended", CALL, NOW, TALKED)
    (wrapped,) = happening_of("interaction.added", TALK, NOW, CallFacts())
    rule = Rule("r", Event.CALL_ENDED, "t", queues=frozenset({"sales"}))
    interested = replace(rule, dispositions=frozenset({"interested", "later"}))
    assert rule.holds(ended, NOW)
    assert not rule.holds(wrapped, NOW)
    assert interested.holds(wrapped, NOW)
    assert not interested.holds(ended, NOW)
    assert not replace(rule, queues=frozenset({"other"})).holds(ended, NOW)
    assert not replace(rule, campaigns=frozenset({"spring"})).holds(ended, NOW)
    assert not rule.holds(ended, NOW + timedelta(hours=25))
    (silent,) = happening_of("call.ended", {**CALL, "outcome": "voicemail"}, NOW, WAITED)
    assert not replace(rule, rate_within=timedelta(hours=1)).holds(silent, NOW)


def test_words_are_the_whole_message_and_of_a_person() -> None:
    rule = Rule("r", Event.MESSAGE_RECEIVED, "t", words=("godziny",))

    def holds(text: str, **more: object) -> bool:
        data = {"id": "m", "channel": "sms", "text": text, **more}
        return rule.holds(happening_of("message.received", data, NOW, CallFacts())[0], NOW)

    assert holds(" GODZINY?! ")
    assert not holds("jakie godziny")
    assert not holds("")
    assert not holds("godziny", automatic=True)
    assert not holds("godziny", code="rating")


@pytest.mark.parametrize(
    ("text", "grade"),
    [("5", 5), ("5!", 5), (" 4. ", 4), ("pięć", 5), ("PIEC", 5), ("пять", 5), ("two", 2), ("jedynka", 1)]
    + [(text, None) for text in ("0", "6", "55", "5 stars", "4.5", "1/5", "", "five of five", "😀")],
)
def test_grades_are_one_number(text: str, grade: int | None) -> None:
    assert grade_of(text) == grade


@given(st.text(max_size=40))
def test_any_text_is_a_grade_or_none(text: str) -> None:
    assert grade_of(text) in (None, 1, 2, 3, 4, 5)
