from __future__ import annotations

import string

import pytest

from calls.events import CallEventKind
from calls.outcome import Outcome
from console.display import capitalize_first, duration, phone
from console.words import chosen_language, load_words, plural_form


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
        for kind in CallEventKind:
            assert words(f"event_{kind.value}")


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
