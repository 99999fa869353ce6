"""Numbers as people say them, and numbers as they are said back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wording.number_words import WORDS
from wording.numbers import (
    number_filter,
    number_vocabulary,
    ordinal_filter,
    said_number,
    said_ordinal,
    understood_decimal,
    understood_number,
)
from wording.phrases import normalised

UNDERSTOOD = {
    "pl": """
zero = 0 | jeden = 1 | jedna = 1 | jedną = 1 | jednego = 1 | dwa = 2 | dwie = 2 | dwóch = 2 | dwiema = 2
dwoje = 2 | trzech = 3 | czterem = 4 | pięciu = 5 | sześcioma = 6 | siedmiu = 7 | ośmiu = 8 | dziewięciu = 9
dziesięciu = 10 | jedenastu = 11 | dwunastu = 12 | piętnastoma = 15 | dziewiętnaście = 19
dwadzieścia = 20 | dwudziestu dwóch = 22 | dwadzieścia jeden = 21 | trzydziestu = 30
czterdziestu pięciu = 45
pięćdziesięciu = 50 | dziewięćdziesiąt dziewięć = 99 | sto = 100 | stu = 100 | sto jeden = 101
sto dwadzieścia trzy = 123 | stu dwudziestu trzech = 123 | dwieście = 200 | dwustu = 200 | pięciuset = 500
dziewięćset dziewięćdziesiąt dziewięć = 999 | tysiąc = 1000 | tysiąca = 1000 | jeden tysiąc = 1000
tysiąc dwieście = 1200 | dwa tysiące dwadzieścia sześć = 2026 | pięć tysięcy = 5000 | dwóch tysięcy = 2000
dwadzieścia jeden tysięcy = 21000 | sto jeden tysięcy pięć = 101005
dwanaście tysięcy trzysta = 12300
milion = 1000000 | milion tysiąc jeden = 1001001 | dwa miliony trzysta tysięcy = 2300000
półtora tysiąca = 1500 | dwa i pół tysiąca = 2500 | pół miliona = 500000 | pół tysiąca = 500
dwie setki = 200 | setka = 100 | pięć dych = 50 | 12 = 12 | 12 tysięcy = 12000 | 2 tysiące 500 = 2500
1 200 = 1200 | 2,5 tysiąca = 2500 | minus pięć = -5 | -5 = -5 | minus dwadzieścia dwa = -22
Sto, dwadzieścia! = 120 | to jest trzydzieści = 30 | około stu = 100 | proszę trzy = 3
jeden dwa trzy = 123 | dwa dwie piątki = 255 | podwójna piątka = 55 | pięć zer = 0 | zero siedem = 7
""",
    "en": """
zero = 0 | nought = 0 | oh = 0 | one = 1 | two = 2 | three = 3 | nine = 9 | ten = 10 | eleven = 11
twelve = 12
thirteen = 13 | nineteen = 19 | twenty = 20 | twenty one = 21 | twenty-two = 22 | forty five = 45
ninety nine = 99 | a hundred = 100 | one hundred = 100 | a hundred and five = 105
one hundred and five = 105 | one hundred five = 105 | one hundred and twenty three = 123
two hundred and two = 202 | nine hundred ninety nine = 999 | a thousand = 1000 | one thousand and one = 1001
one thousand two hundred = 1200 | twelve hundred = 1200 | fifteen hundred and fifty = 1550
two thousand and twenty six = 2026 | ten thousand = 10000 | twenty one thousand = 21000
a hundred thousand = 100000 | a hundred and one thousand and five = 101005 | a million = 1000000
one million two hundred thousand = 1200000 | two million three hundred and four = 2000304
half a million = 500000 | two and a half thousand = 2500 | one and a half million = 1500000 | a dozen = 12
two dozen = 24 | half a dozen = 6 | three hundred thousand = 300000 | 12 = 12 | 12 thousand = 12000
1,200 = 1200 | 1 200 = 1200 | 2.5 million = 2500000 | minus five = -5 | negative five = -5 | -5 = -5
minus twenty two = -22 | it's thirty = 30 | um twenty please = 20 | Twenty, two. = 22
one two three = 123 | two double five = 255 | double oh seven = 7 | triple one = 111 | one oh one = 101
""",
    "ru": """
ноль = 0 | нуль = 0 | один = 1 | одна = 1 | одну = 1 | одного = 1 | два = 2 | две = 2 | двух = 2 | двое = 2
трёх = 3 | трех = 3 | четырёх = 4 | пяти = 5 | шестью = 6 | семи = 7 | восьми = 8 | девятью = 9 | десяти = 10
одиннадцати = 11 | двенадцать = 12 | пятнадцатью = 15 | девятнадцать = 19 | двадцать = 20 | двадцати двух = 22
двадцать одна = 21 | тридцати = 30 | сорок = 40 | сорока = 40 | сорока пяти = 45 | пятидесяти = 50
шестьюдесятью = 60 | девяноста = 90 | девяносто девять = 99 | сто = 100 | ста = 100 | сто один = 101
сто двадцать три = 123 | ста двадцати трёх = 123 | двести = 200 | двухсот = 200 | пятисот = 500
девятьсот девяносто девять = 999 | тысяча = 1000 | тысячу = 1000 | одна тысяча = 1000 | тысяча двести = 1200
две тысячи двадцать шесть = 2026 | пять тысяч = 5000 | двух тысяч = 2000 | двадцать одна тысяча = 21000
сто одна тысяча пять = 101005 | миллион = 1000000 | два миллиона триста тысяч = 2300000
полторы тысячи = 1500 | полтора миллиона = 1500000 | две с половиной тысячи = 2500 | полмиллиона = 500000
полтысячи = 500 | пол тысячи = 500 | полсотни = 50 | две сотни = 200 | 12 = 12 | 12 тысяч = 12000
2 тысячи 500 = 2500 | 1 200 = 1200 | минус пять = -5 | -5 = -5 | минус двадцать два = -22
Сто, двадцать! = 120 | это тридцать = 30 | примерно сто = 100 | пожалуйста три = 3
один два три = 123 | две пятёрки один = 551 | трижды семь = 777 | пять нулей = 0 | ноль семь = 7
""",
}

SAID = {
    "pl": """
0 = zero | 1 = jeden | 1 f = jedna | 1 n = jedno | 2 = dwa | 2 f = dwie | 2 n = dwa | 3 = trzy | 5 = pięć
10 = dziesięć | 11 = jedenaście | 14 = czternaście | 19 = dziewiętnaście | 20 = dwadzieścia
21 = dwadzieścia jeden | 21 f = dwadzieścia jeden | 22 = dwadzieścia dwa | 22 f = dwadzieścia dwie
40 = czterdzieści | 99 = dziewięćdziesiąt dziewięć | 100 = sto | 101 = sto jeden | 101 f = sto jeden
102 f = sto dwie | 112 = sto dwanaście | 123 = sto dwadzieścia trzy | 200 = dwieście | 500 = pięćset
999 = dziewięćset dziewięćdziesiąt dziewięć | 1000 = tysiąc | 1001 = tysiąc jeden | 1002 f = tysiąc dwie
1200 = tysiąc dwieście | 2000 = dwa tysiące | 2026 = dwa tysiące dwadzieścia sześć | 5000 = pięć tysięcy
12000 = dwanaście tysięcy | 21000 = dwadzieścia jeden tysięcy | 22000 = dwadzieścia dwa tysiące
112000 = sto dwanaście tysięcy | 1000000 = milion | 1001000 = milion jeden tysiąc
2000000 = dwa miliony | 5000000 = pięć milionów | 1000000000 = miliard | -5 = minus pięć
12.5 = dwanaście przecinek pięć | 12.50 = dwanaście przecinek pięć | 12.05 = dwanaście przecinek zero pięć
0.25 = zero przecinek dwadzieścia pięć | 3.1415 = trzy przecinek jeden cztery jeden pięć
-1.5 = minus jeden przecinek pięć | 7.0 = siedem
""",
    "en": """
0 = zero | 1 = one | 1 f = one | 2 = two | 3 = three | 5 = five | 10 = ten | 11 = eleven | 12 = twelve
13 = thirteen | 15 = fifteen | 19 = nineteen | 20 = twenty | 21 = twenty one | 22 = twenty two
40 = forty | 99 = ninety nine | 100 = one hundred | 101 = one hundred and one
112 = one hundred and twelve | 123 = one hundred and twenty three | 200 = two hundred
999 = nine hundred and ninety nine | 1000 = one thousand | 1001 = one thousand and one
1099 = one thousand and ninety nine | 1100 = one thousand one hundred
1234 = one thousand two hundred and thirty four | 2000 = two thousand | 2026 = two thousand and twenty six
5000 = five thousand | 12000 = twelve thousand | 21000 = twenty one thousand
112000 = one hundred and twelve thousand | 1000000 = one million | 1000001 = one million and one
1001000 = one million one thousand | 2000000 = two million | 1000000000 = one billion | -5 = minus five
-22 = minus twenty two | 12.5 = twelve point five | 12.50 = twelve point five
12.05 = twelve point zero five | 0.25 = zero point two five | 3.1415 = three point one four one five
-1.5 = minus one point five | 7.0 = seven
""",
    "ru": """
0 = ноль | 1 = один | 1 f = одна | 1 n = одно | 2 = два | 2 f = две | 2 n = два | 3 = три | 5 = пять
10 = десять | 11 = одиннадцать | 14 = четырнадцать | 19 = девятнадцать | 20 = двадцать
21 = двадцать один | 21 f = двадцать одна | 21 n = двадцать одно | 22 = двадцать два | 22 f = двадцать две
40 = сорок | 90 = девяносто | 99 = девяносто девять | 100 = сто | 101 = сто один | 101 f = сто одна
112 = сто двенадцать | 123 = сто двадцать три | 200 = двести | 500 = пятьсот
999 = девятьсот девяносто девять | 1000 = тысяча | 1001 = тысяча один | 1002 f = тысяча две
1200 = тысяча двести | 2000 = две тысячи | 2026 = две тысячи двадцать шесть | 5000 = пять тысяч
12000 = двенадцать тысяч | 21000 = двадцать одна тысяча | 22000 = двадцать две тысячи
112000 = сто двенадцать тысяч | 1000000 = миллион | 1001000 = миллион одна тысяча
2000000 = два миллиона | 5000000 = пять миллионов | 21000000 = двадцать один миллион
1000000000 = миллиард | -5 = минус пять | 12.5 = двенадцать целых пять десятых
12.05 = двенадцать целых пять сотых | 1.1 = одна целая одна десятая
21.21 = двадцать одна целая двадцать одна сотая
0.25 = ноль целых двадцать пять сотых | 0.002 = ноль целых две тысячных
3.1415 = три запятая один четыре один пять | 7.0 = семь
""",
}

ORDINALS = {
    "pl": """
1 m nom = pierwszy | 1 f nom = pierwsza | 1 n nom = pierwsze | 2 m nom = drugi | 2 n nom = drugie
2 m gen = drugiego | 2 f loc = drugiej | 3 m nom = trzeci | 3 f nom = trzecia | 3 f gen = trzeciej
3 m loc = trzecim | 8 f loc = ósmej | 8 f nom = ósma | 10 m gen = dziesiątego | 12 f nom = dwunasta
13 f loc = trzynastej | 14 f nom = czternasta | 0 f loc = zerowej | 22 m gen = dwudziestego drugiego
22 f loc = dwudziestej drugiej | 21 m nom = dwudziesty pierwszy | 30 m gen = trzydziestego
31 m gen = trzydziestego pierwszego | 100 m nom = setny | 101 m nom = sto pierwszy
122 m gen = sto dwudziestego drugiego | 120 m loc = sto dwudziestym
1999 m gen = tysiąc dziewięćset dziewięćdziesiątego dziewiątego
2000 m gen = dwutysięcznego | 2026 m gen = dwa tysiące dwudziestego szóstego | 2100 m nom = dwa tysiące setny
2010 m gen = dwa tysiące dziesiątego
""",
    "en": """
0 m nom = zeroth | 1 m nom = first | 2 f gen = second | 3 n loc = third | 5 m nom = fifth | 8 m nom = eighth
9 m nom = ninth | 12 m nom = twelfth | 20 m nom = twentieth | 21 m nom = twenty first
22 m nom = twenty second | 31 m nom = thirty first | 40 m nom = fortieth | 100 m nom = one hundredth
101 m nom = one hundred and first | 122 m nom = one hundred and twenty second
1000 m nom = one thousandth | 2026 m nom = two thousand and twenty sixth
""",
    "ru": """
1 m nom = первый | 1 f nom = первая | 1 n nom = первое | 2 m nom = второй | 2 n nom = второе
2 n gen = второго | 3 m nom = третий | 3 n nom = третье | 3 m gen = третьего | 3 f gen = третьей
3 m loc = третьем | 6 m nom = шестой | 7 n nom = седьмое | 8 f loc = восьмой | 10 m gen = десятого
22 n nom = двадцать второе | 22 m gen = двадцать второго | 30 n nom = тридцатое | 31 n gen = тридцать первого
40 m nom = сороковой | 90 m nom = девяностый | 100 m nom = сотый | 101 m nom = сто первый
115 m nom = сто пятнадцатый | 120 m gen = сто двадцатого | 1999 m gen = тысяча девятьсот девяносто девятого
2000 m gen = двухтысячного | 2026 m gen = две тысячи двадцать шестого | 2010 m gen = две тысячи десятого
300 m nom = трёхсотый
""",
}


def pairs(tables: dict[str, str]) -> list[tuple[str, str, str]]:
    return [
        (language, *(side.strip() for side in pair.split("=")))  # type: ignore[misc]
        for language, table in tables.items()
        for line in table.strip().splitlines()
        for pair in line.split("|")
    ]


@pytest.mark.parametrize(("language", "text", "value"), pairs(UNDERSTOOD))
def test_a_number_that_a_caller_says(language: str, text: str, value: str) -> None:
    assert understood_number(text, language) == int(value)


@pytest.mark.parametrize(("language", "value", "words"), pairs(SAID))
def test_a_number_said_to_a_caller(language: str, value: str, words: str) -> None:
    figures, _, gender = value.partition(" ")
    assert said_number(Decimal(figures), language, gender or "m") == words


@pytest.mark.parametrize(("language", "value", "words"), pairs(ORDINALS))
def test_an_ordinal_said_to_a_caller(language: str, value: str, words: str) -> None:
    number, gender, case = value.split()
    assert said_ordinal(int(number), language, gender, case) == words


def test_each_language_has_forty_examples_of_each_kind() -> None:
    for table in (UNDERSTOOD, SAID):
        for language in WORDS:
            assert len({text for known, text, _ in pairs(table) if known == language}) >= 40, language


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", ""),
        ("pl", "konsultant"),
        ("pl", "dwa konsultant"),
        ("pl", "dwanaście pięćdziesiąt"),
        ("pl", "tysiąc tysięcy"),
        ("pl", "dwa tysiące trzy tysiące"),
        ("pl", "dwanaście i pół"),
        ("pl", "sto zero"),
        ("pl", "minus"),
        ("pl", "12,5"),
        ("pl", "1234567890123"),
        ("en", "order"),
        ("en", "twelve fifty"),
        ("en", "twenty thirty"),
        ("en", "two two hundred"),
        ("en", "one point five"),
        ("en", "half"),
        ("en", "and"),
        ("en", "²"),
        ("en", "1" * 5000),
        ("ru", "оператор"),
        ("ru", "двенадцать пятьдесят"),
        ("ru", "полтора"),
        ("ru", "миллион миллионов"),
        ("ru", "½"),
        ("de", "eins"),
    ],
)
def test_what_is_no_whole_number(language: str, text: str) -> None:
    assert understood_number(text, language) is None


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("pl", "dwanaście i pół", "12.5"),
        ("pl", "dwanaście przecinek zero pięć", "12.05"),
        ("pl", "2,5", "2.5"),
        ("pl", "dwa przecinek pięć miliona", "2500000"),
        ("en", "twelve point two five", "12.25"),
        ("en", "one and a half", "1.5"),
        ("en", "half", "0.5"),
        ("en", "twelve point", None),
        ("ru", "двенадцать целых пять десятых", "12.5"),
        ("ru", "одна целая пять сотых", "1.05"),
        ("ru", "два с половиной", "2.5"),
        ("ru", "полтора", "1.5"),
        ("de", "1", None),
    ],
)
def test_decimals(language: str, text: str, value: str | None) -> None:
    assert understood_decimal(text, language) == (None if value is None else Decimal(value))


LANGUAGES = st.sampled_from(sorted(WORDS))
WHOLE = st.integers(0, 3000) | st.integers(-999_999_999, 999_999_999)


@given(LANGUAGES, WHOLE, st.sampled_from("mfn"))
def test_a_number_said_is_understood_again(language: str, value: int, gender: str) -> None:
    assert understood_number(said_number(value, language, gender), language) == value


@given(LANGUAGES, st.decimals(-999_999, 999_999, places=3))
def test_a_decimal_said_is_understood_again(language: str, value: Decimal) -> None:
    assert understood_decimal(said_number(value, language), language) == value


@given(LANGUAGES, st.text(max_size=60) | st.lists(st.sampled_from(sorted(WORDS["en"].units))).map(" ".join))
def test_any_text_is_a_number_or_none(language: str, text: str) -> None:
    found = understood_number(text, language)
    assert found is None or abs(found) < 10**12


def test_too_large() -> None:
    with pytest.raises(ValueError, match="too large"):
        said_number(10**12, "en")
    with pytest.raises(ValueError, match="0 to 9999"):
        said_ordinal(10_000, "en")


def test_the_forms_in_the_tables_are_written_as_texts_are_compared() -> None:
    for words in WORDS.values():
        for table in (words.units, words.teens, words.tens, words.hundreds, words.multipliers, words.scales):
            assert all(normalised(word) == word for word in table)


def test_every_word_listened_for_is_part_of_a_number() -> None:
    around = {"pl": ("dwa", "tysiące"), "en": ("two", "thousand"), "ru": ("два", "тысячи")}
    fillers = {"pl": "i", "en": "a and", "ru": "с половиной"}
    for language, (unit, scale) in around.items():
        for word in number_vocabulary(language):
            texts = (word, f"{word} {unit}", f"{unit} {word}", f"{word} {scale}", f"{unit} {word} {scale}")
            meant = any(understood_number(text, language) is not None for text in texts)
            assert meant or word in fillers[language].split(), (language, word)
    assert number_vocabulary("de") == ()


@pytest.mark.parametrize(
    ("arguments", "language", "text", "said"),
    [
        ((), "en", "12", "twelve"),
        ((), "pl", "12,5", "dwanaście przecinek pięć"),
        (("f",), "ru", "21", "двадцать одна"),
        ((), "en", "a lot", "a lot"),
        ((), "de", "12", "12"),
        ((), "en", "1e9", "1e9"),
        ((), "en", "9" * 13, "9" * 13),
    ],
)
def test_filter_number(arguments: tuple[str, ...], language: str, text: str, said: str) -> None:
    assert number_filter(arguments)(text, language) == said


def test_filter_ordinal() -> None:
    assert ordinal_filter(())("2", "en") == "second"
    assert ordinal_filter(("m", "gen"))("22", "pl") == "dwudziestego drugiego"
    assert ordinal_filter(())("2.5", "en") == "2.5"
    assert ordinal_filter(())("-1", "en") == "-1"
    with pytest.raises(ValueError, match="not a gender"):
        ordinal_filter(("x",))
    with pytest.raises(ValueError, match="not a case"):
        ordinal_filter(("m", "dat"))
    with pytest.raises(ValueError, match="not a gender"):
        number_filter(("x",))
