"""Which choices are told to sound alike, and which are not."""

from __future__ import annotations

import pytest
from flows import load

from ivr.reading.sound_alike import alike

ALIKE = [
    ("en", "order", "older"),
    ("en", "knight", "night"),
    ("en", "write", "right"),
    ("en", "phone", "fone"),
    ("en", "parcel", "parcels"),
    ("pl", "morze", "może"),
    ("pl", "kod", "kot"),
    ("pl", "góra", "gura"),
    ("pl", "paczka", "paszka"),
    ("ru", "код", "кот"),
    ("ru", "заказы", "заказа"),
    ("ru", "долги", "далги"),
]
APART = [
    ("en", "yes", "no"),
    ("en", "order", "hours"),
    ("en", "two", "too many"),
    ("en", "bill", "ball"),
    ("en", "agent", "message"),
    ("pl", "tak", "nie"),
    ("pl", "lek", "lęk przed"),
    ("pl", "godziny", "adres"),
    ("ru", "да", "нет"),
    ("ru", "заказ", "адрес"),
]


@pytest.mark.parametrize(("language", "one", "other"), ALIKE)
def test_alike(language: str, one: str, other: str) -> None:
    assert alike(one, other, language)
    assert alike(other, one, language)


@pytest.mark.parametrize(("language", "one", "other"), APART)
def test_apart(language: str, one: str, other: str) -> None:
    assert not alike(one, other, language)
    assert not alike(other, one, language)


def test_two_choices_that_sound_alike_are_a_warning_and_forms_of_one_choice_are_not() -> None:
    flow = load(
        "  first:\n    menu:\n      prompt: Hi\n      choices:\n"
        "        1: {hear: {en: [order, orders, an order]}, next: bye}\n"
        "        2: {hear: {en: [older, hours]}, next: bye}\n    otherwise: person"
    )
    (warning,) = flow.warnings
    assert str(warning) == (
        "small.yaml:11:25: step 'first': 'order' of choice 1 and 'older' of choice 2 sound alike (en): "
        "choose words that differ more"
    )
