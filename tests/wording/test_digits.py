"""Dictated digits as people say them, and digits as they are said back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wording.digit_words import SAID
from wording.digits import digit_vocabulary, said_digits, understood_digits
from wording.phrases import normalised

POLISH = """
zero = 0 | jeden = 1 | jedna = 1 | jedynka = 1 | jedynkę = 1 | dwa = 2 | dwie = 2 | dwójka = 2
trzy = 3 | trójkę = 3 | cztery = 4 | czwórka = 4 | pięć = 5 | piątka = 5 | sześć = 6 | szóstka = 6
siedem = 7 | siódemka = 7 | osiem = 8 | ósemka = 8 | dziewięć = 9 | dziewiątka = 9 | dwa dwa = 22
jeden dwa trzy = 123 | dwadzieścia dwa = 22 | dwadzieścia = 20 | trzydzieści pięć = 35
dziewięćdziesiąt dziewięć = 99 | dziesięć = 10 | dwanaście = 12 | dziewiętnaście = 19 | sto = 100
sto dwadzieścia trzy = 123 | sto dwa = 102 | sto dwadzieścia trzy czterysta pięćdziesiąt sześć = 123456
pięćset = 500 | osiemset jedenaście = 811 | dwadzieścia zero = 200
dwadzieścia dwa trzydzieści trzy = 2233 | podwójne zero = 00 | podwójna piątka = 55
potrójne zero = 000 | dwie piątki = 55 | trzy zera = 000 | dwa zera siedem = 007 | dwa razy pięć = 55
trzy razy siedem = 777 | numer jeden dwa = 12 | to jest pięć i sześć = 56 | Dwa, trzy. = 23
12 trzy = 123
"""
ENGLISH = """
zero = 0 | oh = 0 | o = 0 | nought = 0 | one = 1 | two = 2 | three = 3 | four = 4 | five = 5 | six = 6
seven = 7 | eight = 8 | nine = 9 | niner = 9 | one two three = 123 | oh one = 01 | double five = 55
two double five = 255 | triple zero = 000 | treble seven = 777 | double oh seven = 007
quadruple one = 1111 | two zeros = 00 | three fives = 555 | two sixes one = 661 | ten = 10 | eleven = 11
twelve = 12 | nineteen = 19 | twenty = 20 | twenty two = 22 | twenty two five = 225 | ninety nine = 99
twelve thirty four = 1234 | fifty fifty = 5050 | one hundred = 100 | five hundred = 500
one hundred and twenty three = 123 | two hundred five = 205
one hundred twenty three four five six = 123456 | number one two = 12 | um four = 4 | One, two. = 12
1 2 3 = 123 | 12 three = 123 | one oh oh one = 1001 | six double nine six = 6996
"""
RUSSIAN = """
ноль = 0 | нуль = 0 | один = 1 | одна = 1 | раз = 1 | единица = 1 | единицу = 1 | два = 2 | две = 2
двойка = 2 | двойку = 2 | три = 3 | тройка = 3 | четыре = 4 | четвёрка = 4 | четверка = 4 | пять = 5
пятёрка = 5 | шесть = 6 | шестёрка = 6 | семь = 7 | семёрка = 7 | восемь = 8 | восьмёрка = 8
девять = 9 | девятка = 9 | раз два три = 123 | двадцать два = 22 | двадцать = 20 | сорок = 40
девяносто девять = 99 | десять = 10 | двенадцать = 12 | девятнадцать = 19 | сто = 100
сто двадцать три = 123 | двести два = 202 | девятьсот одиннадцать = 911
сто двадцать три четыреста пятьдесят шесть = 123456 | два нуля = 00 | три нуля пять = 0005
две пятёрки = 55 | дважды пять = 55 | трижды семь = 777 | два раза шесть = 66 | двойной ноль = 00
номер один два = 12 | Два, три. = 23 | 12 три = 123
"""


def examples(table: str) -> list[tuple[str, str]]:
    pairs = [pair.split("=") for line in table.strip().splitlines() for pair in line.split("|")]
    return [(said.strip(), digits.strip()) for said, digits in pairs]


CASES = [
    (language, *example)
    for language, table in (("pl", POLISH), ("en", ENGLISH), ("ru", RUSSIAN))
    for example in examples(table)
]


@pytest.mark.parametrize(("language", "said", "digits"), CASES)
def test_dictated(language: str, said: str, digits: str) -> None:
    assert understood_digits(said, language) == digits


def test_each_language_has_forty_examples() -> None:
    for language in SAID:
        assert sum(case[0] == language for case in CASES) >= 40


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("pl", ""),
        ("pl", "poproszę konsultanta"),
        ("pl", "jeden dwa konsultant"),
        ("pl", "podwójne"),
        ("en", "order"),
        ("en", "one two agent"),
        ("en", "hundred"),
        ("en", "two too"),
        ("ru", "оператор"),
        ("ru", "дважды"),
        ("de", "eins"),
        ("en", "number"),
    ],
)
def test_what_is_not_digits(language: str, said: str) -> None:
    assert understood_digits(said, language) is None


@given(st.sampled_from(sorted(SAID)), st.text("0123456789", min_size=1, max_size=20))
def test_digits_said_one_by_one_are_understood_again(language: str, digits: str) -> None:
    assert understood_digits(said_digits(digits, language), language) == digits


@given(st.sampled_from(sorted(SAID)), st.text(max_size=60))
def test_any_text_gives_digits_or_nothing(language: str, text: str) -> None:
    found = understood_digits(text, language)
    assert found is None or (found.isascii() and found.isdecimal())


def test_said_in_groups() -> None:
    assert said_digits("1234", "en") == "one two three four"
    assert said_digits("123456", "pl") == "jeden dwa trzy, cztery pięć sześć"
    assert said_digits("+48 22", "ru") == "плюс четыре восемь два два"


def test_every_word_listened_for_is_part_of_a_number() -> None:
    for language in SAID:
        units = SAID[language][5]
        for word in digit_vocabulary(language):
            counts = [f"{SAID[language][count]} {word} {units}" for count in (2, 5)]
            meant = [understood_digits(text, language) for text in (word, f"{word} {units}", *counts)]
            assert any(meant), (language, word)


def test_normalised() -> None:
    assert normalised("  Ещё   раз! ") == "еще раз"
    assert normalised("That's right.") == "that's right"
    assert normalised("?!") == ""
