from __future__ import annotations

import string
from datetime import UTC, datetime

import pytest

from calls.events import CallEvent
from calls.events import CallEventKind as Kind
from calls.outcome import Outcome
from console.call_view import ICONS, SILENT_VERBS, VERB_ICONS
from console.display import capitalize_first, duration, phone
from console.event_details import event_detail
from console.words import chosen_language, load_words, plural_form
from history.dispositions import TRADE
from ivr.steps.verbs import VERBS


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", {0: "many", 1: "one", 2: "many", 21: "many"}),
        ("pl", {0: "many", 1: "one", 2: "few", 5: "many", 12: "many", 21: "many", 22: "few", 112: "many"}),
        ("ru", {0: "many", 1: "one", 2: "few", 5: "many", 11: "many", 21: "one", 22: "few", 111: "many"}),
    ],
)
def test_plural_forms(language: str, forms: dict[int, str]) -> None:
    assert {count: plural_form(language, count) for count in forms} == forms


def test_every_language_fills_the_same_gaps() -> None:
    tables = load_words()
    for key, entry in tables["en"].table.items():
        if isinstance(entry, str):
            wanted = {name for _, name, _, _ in string.Formatter().parse(entry) if name}
            for words in tables.values():
                text = words.table[key]
                assert isinstance(text, str), key
                assert {name for _, name, _, _ in string.Formatter().parse(text) if name} == wanted, key
        elif isinstance(entry, list):
            assert {len(words.listed(key)) for words in tables.values()} == {len(entry)}, key


def test_every_outcome_and_event_has_its_word() -> None:
    for words in load_words().values():
        for outcome in Outcome:
            assert words(f"outcome_{outcome.value}")
        for kind in Kind:
            assert words(f"event_{kind.value}")
            assert ICONS[kind]
        for verb in VERBS.keys() - SILENT_VERBS:
            assert words(f"verb_{verb}")
            assert VERB_ICONS[verb]


SHOWN: dict[Kind, tuple[dict[str, object], str]] = {
    Kind.WORK_DONE: ({"step": "lookup", "verb": "webhook", "outcome": "failed"}, "lookup, failed"),
    Kind.FETCHED: ({"service": "orders", "status": 503, "seconds": 0.25}, "orders, 503, 0.2 s"),
    Kind.MESSAGE_QUEUED: ({"to": "+48220000012", "text": "Sent."}, "+48 22 000 00 12, “Sent.”"),
    Kind.CALLBACK_REQUESTED: ({"campaign": "c", "number": "+48220000012"}, "+48 22 000 00 12"),
    Kind.CONTACT_REFUSED: (
        {"to": "+48220000012", "reason": "it is night there"},
        "+48 22 000 00 12, it is night there",
    ),
    Kind.CONTACT_STOPPED: ({"number": "+48220000012", "channels": ["sms"]}, "+48 22 000 00 12"),
    Kind.CONSENT_KEPT: ({"purpose": "recording", "given": False, "by": "key"}, "recording, refused"),
    Kind.PROMISE_MADE: (
        {"amount": "120.50", "currency": "PLN", "due": "2026-12-01"},
        "120.50 PLN, 2026-12-01",
    ),
    Kind.IDENTITY_CHECKED: ({"by": "code", "passed": True}, "confirmed"),
    Kind.CLIP_RECORDED: ({"recording": "x.wav", "seconds": 61.0}, "1:01"),
    Kind.RATED: ({"step": "rate", "rating": None}, "declined"),
    Kind.QUEUED: ({"queue": "orders", "position": 2}, "Orders, place 2"),
    Kind.AGENT_CONNECTED: ({"queue": "orders", "agent": "anna", "waited_seconds": 3.0}, "anna"),
    Kind.SUPERVISED: (
        {"supervisor": "anna", "agent": "jan", "mode": "whisper"},
        "anna, jan, whispering",
    ),
    Kind.QUEUE_LEFT: ({"queue": "orders", "outcome": "timeout"}, "Orders, longest wait over"),
}


@pytest.mark.parametrize("kind", SHOWN)
def test_what_is_shown_of_a_step_that_touched_the_world(kind: Kind) -> None:
    data, shown = SHOWN[kind]
    event = CallEvent("c", 1, datetime(2026, 11, 22, tzinfo=UTC), kind, data)
    assert event_detail(event, load_words()["en"]) == shown
    for words in load_words().values():
        assert event_detail(event, words)


def test_agents_are_told_by_their_names() -> None:
    data = {"agent": "anna", "kind": "agent", "target": "jan", "how": "attended"}
    event = CallEvent("c", 1, datetime(2026, 11, 22, tzinfo=UTC), Kind.TRANSFERRED, data)
    assert event_detail(event, load_words()["en"], {"anna": "Anna A"}) == "Anna A, jan"


def test_what_an_agent_chose_is_told_by_its_label() -> None:
    data = {"agent": "anna", "disposition": "not_interested"}
    event = CallEvent("c", 1, datetime(2026, 11, 22, tzinfo=UTC), Kind.WRAPPED_UP, data)
    assert event_detail(event, load_words()["pl"], {"anna": "Anna"}, TRADE) == "Anna, Brak zainteresowania"
    assert event_detail(event, load_words()["en"]) == "anna, not_interested"


@pytest.mark.parametrize(
    ("verb", "outcome", "shown"),
    [
        ("queue", "next", "lookup, answered by an agent"),
        ("queue", "timeout", "lookup, longest wait over"),
        ("webhook", "next", "lookup"),
        ("webhook", "late", "lookup, given up"),
        ("transfer", "no_answer", "lookup, no answer"),
        ("transfer", "unheard_of", "lookup, unheard_of"),
    ],
)
def test_how_work_ended_is_said(verb: str, outcome: str, shown: str) -> None:
    data = {"step": "lookup", "verb": verb, "outcome": outcome}
    event = CallEvent("c", 1, datetime(2026, 11, 22, tzinfo=UTC), Kind.WORK_DONE, data)
    assert event_detail(event, load_words()["en"]) == shown


def test_a_service_that_did_not_answer_is_said_so() -> None:
    data = {"service": "orders", "status": None, "seconds": 3.0}
    event = CallEvent("c", 1, datetime(2026, 11, 22, tzinfo=UTC), Kind.FETCHED, data)
    assert event_detail(event, load_words()["en"]) == "orders, no answer, 3.0 s"


def test_counted_words() -> None:
    words = load_words()
    assert [words["pl"]("live_count", count=n) for n in (1, 3, 5)] == ["1 rozmowa", "3 rozmowy", "5 rozmów"]
    assert [words["ru"]("live_count", count=n) for n in (1, 3, 5)] == ["1 звонок", "3 звонка", "5 звонков"]


def test_the_language_chosen() -> None:
    assert chosen_language("ru", "pl") == "ru"
    assert chosen_language("xx", "pl-PL,pl;q=0.9,en;q=0.8") == "pl"
    assert chosen_language(None, "") == "en"


def test_what_people_read() -> None:
    assert phone("+48220000142") == "+48 22 000 01 42"
    assert phone("100") == "100"
    assert phone("+nonsense") == "+nonsense"
    assert [duration(s) for s in (0, 9.9, 61, 3725)] == ["0:00", "0:09", "1:01", "1:02:05"]
    assert capitalize_first("polski, potem English") == "Polski, potem English"
