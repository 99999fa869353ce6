"""Telephone numbers as callers dictate them and as they are read back, and codes spelt aloud."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wording.digit_words import SAID as DIGITS
from wording.digits import understood_digits
from wording.phone_words import phone_filter, phone_vocabulary, said_phone, understood_phone
from wording.spelling import spelt, spelt_of_text
from wording.templates import parse_template

# Numbers are national ones of the language's country unless another stands before the text.
HOME = {"pl": "PL", "en": "US", "ru": "RU"}

UNDERSTOOD = {
    "pl": """
dwadzieścia dwa zero zero zero zero zero jedenaście = +48220000011
dwadzieścia dwa trzy zera zero zero jedenaście = +48220000011
dwadzieścia dwa trzy zera dwa zera dwanaście = +48220000012
dwadzieścia dwa pięć zer trzynaście = +48220000013
dwa dwa zero zero zero zero zero jeden cztery = +48220000014
dwa dwa pięć zer jeden pięć = +48220000015
dwie dwójki trzy zera podwójne zero szesnaście = +48220000016
podwójna dwójka potrójne zero podwójne zero siedemnaście = +48220000017
dwa razy dwa trzy razy zero dwa razy zero osiemnaście = +48220000018
dwójka dwójka zero zero zero zero zero jedynka dziewiątka = +48220000019
plus czterdzieści osiem dwadzieścia dwa zero zero zero zero zero dwadzieścia = +48220000020
plus cztery osiem dwa dwa zero zero zero zero zero dwa jeden = +48220000021
zero zero czterdzieści osiem dwadzieścia dwa pięć zer dwadzieścia dwa = +48220000022
dwa zera czterdzieści osiem dwadzieścia dwa pięć zer dwadzieścia trzy = +48220000023
podwójne zero cztery osiem dwadzieścia dwa pięć zer dwadzieścia cztery = +48220000024
czterdzieści osiem dwadzieścia dwa pięć zer dwadzieścia pięć = +48220000025
numer plus czterdzieści osiem dwadzieścia dwa pięć zer trzydzieści = +48220000030
mój numer to dwadzieścia dwa pięć zer trzydzieści jeden = +48220000031
mój telefon dwadzieścia dwa i pięć zer i trzydzieści dwa = +48220000032
kierunkowy dwadzieścia dwa numer pięć zer trzydzieści trzy = +48220000033
dwadzieścia dwa sto dwadzieścia trzy czterdzieści pięć sześćdziesiąt siedem = +48221234567
dwa dwa jeden dwa trzy cztery pięć sześć siedem = +48221234567
Dwadzieścia dwa, sto dwadzieścia trzy, cztery pięć, sześć siedem. = +48221234567
plus cztery osiem dwadzieścia dwa sto dwadzieścia trzy czterdzieści pięć sześćdziesiąt siedem = +48221234567
pięćset dwanaście trzysta czterdzieści pięć sześćset siedemdziesiąt osiem = +48512345678
pięć jeden dwa trzysta czterdzieści pięć sześć siedem osiem = +48512345678
pięćset dwanaście trzy cztery pięć sześćset siedemdziesiąt osiem = +48512345678
pięćdziesiąt jeden dwadzieścia trzy czterdzieści pięć sześćdziesiąt siedem osiem = +48512345678
pięćset jeden dwieście dwa trzysta trzy = +48501202303
pięćset dwieście trzysta = +48500200300
pięćset dwanaście trzy zera sto = +48512000100
dwadzieścia dwa pięćset czterdzieści pięć sześćdziesiąt siedem = +48225004567
dwadzieścia dwa pięćset czterdzieści pięćdziesiąt = +48225004050
zero dwadzieścia dwa pięć zer trzydzieści pięć = +48220000035
+48 22 000 00 34 = +48220000034
0048 22 000 00 35 = +48220000035
22 000 00 36 = +48220000036
22-000-00-37 = +48220000037
(22) 000 00 38 = +48220000038
dwadzieścia dwa 000 00 trzydzieści dziewięć = +48220000039
plus jeden dwieście dwa pięćset pięćdziesiąt pięć zero jeden zero jeden = +12025550101
zero zero jeden dwa zero dwa trzy piątki zero jeden zero dwa = +12025550102
plus jeden dwa zero dwa potrójna piątka zero jeden jedenaście = +12025550111
plus siedem dziewięćset szesnaście sto dwadzieścia trzy czterdzieści pięć sześćdziesiąt siedem = +79161234567
GB zero dwadzieścia siedem dziewięć cztery sześć zero dziewięć pięć osiem = +442079460958
""",
    "en": """
two oh two five five five oh one oh one = +12025550101
two zero two five five five zero one zero two = +12025550102
two oh two triple five oh one oh three = +12025550103
two oh two five double five oh one oh four = +12025550104
two oh two treble five oh one oh five = +12025550105
two oh two double five five oh one oh six = +12025550106
two oh two three fives oh one oh seven = +12025550107
two nought two five five five nought one nought eight = +12025550108
two oh two five five five oh one oh niner = +12025550109
two oh two five five five oh one ten = +12025550110
two oh two five five five oh one double one = +12025550111
two oh two five five five oh one twelve = +12025550112
two oh two five fifty five oh one thirteen = +12025550113
two oh two fifty five five zero one fourteen = +12025550114
two hundred two five hundred fifty five oh one fifteen = +12025550115
two hundred and two five hundred and fifty five oh one sixteen = +12025550116
one two oh two five five five oh one seventeen = +12025550117
plus one two oh two five five five oh one eighteen = +12025550118
plus one two oh two triple five oh one nineteen = +12025550119
my number is two oh two five five five oh one twenty = +12025550120
it's two oh two five five five oh one twenty one = +12025550121
area code two oh two five five five oh one two two = +12025550122
my phone number is two oh two five five five oh one two three = +12025550123
number two oh two um five five five and oh one twenty four = +12025550124
Two oh two, five five five, oh one two five. = +12025550125
two oh two dash five five five dash oh one two six = +12025550126
202 555 0127 = +12025550127
(202) 555-0128 = +12025550128
+1 202 555 0129 = +12025550129
1-202-555-0130 = +12025550130
202 five five five oh one 31 = +12025550131
oh oh one two oh two five five five oh one three two = +12025550132
double oh one two oh two triple five oh one double three = +12025550133
plus forty eight twenty two oh oh oh oh oh eleven = +48220000011
plus four eight double two triple oh double oh twelve = +48220000012
plus forty eight twenty two five zeros thirteen = +48220000013
double oh four eight twenty two five zeros fourteen = +48220000014
PL twenty two five zeros fifteen = +48220000015
PL double two triple zero double zero one six = +48220000016
PL twenty two one two three four five six seven = +48221234567
GB oh two oh seven nine four six oh nine five eight = +442079460958
GB plus four four two oh seven nine four six oh nine five eight = +442079460958
GB oh two oh seven nine four six double oh one eight = +442079460018
plus seven nine one six one two three four five six seven = +79161234567
""",
    "ru": """
девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь = +79161234567
плюс семь девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь = +79161234567
восемь девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь = +79161234567
восемь девять один шесть один два три четыре пять шесть семь = +79161234567
девять один шесть один два три четыре пять шесть семь = +79161234567
девятьсот шестнадцать один два три сорок пять шесть семь = +79161234567
семь девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь = +79161234567
ноль ноль семь девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь = +79161234567
мой номер восемь девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь = +79161234567
это плюс семь девятьсот шестнадцать сто двадцать три и сорок пять и шестьдесят семь = +79161234567
телефон девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь = +79161234567
Девятьсот шестнадцать, сто двадцать три, сорок пять, шестьдесят семь. = +79161234567
девятьсот шестнадцать ноль ноль ноль ноль ноль одиннадцать = +79160000011
девятьсот шестнадцать три нуля ноль ноль двенадцать = +79160000012
девятьсот шестнадцать три ноля два ноля тринадцать = +79160000013
девятьсот шестнадцать пять нулей четырнадцать = +79160000014
восемь девятьсот шестнадцать тройной ноль двойной ноль пятнадцать = +79160000015
восемь девятьсот шестнадцать трижды ноль дважды ноль шестнадцать = +79160000016
девятьсот шестнадцать три раза ноль два раза ноль семнадцать = +79160000017
девятка единица шестёрка пять нулей восемнадцать = +79160000018
девятьсот шестнадцать пять нулей раз девять = +79160000019
восемьсот двенадцать двести двадцать два тридцать три сорок четыре = +78122223344
восемьсот двенадцать три двойки две тройки сорок четыре = +78122223344
четыреста девяносто пять сто двадцать три сорок пять шестьдесят семь = +74951234567
код четыреста девяносто пять номер сто двадцать три сорок пять шестьдесят семь = +74951234567
код города четыреста девяносто пять телефон один два три четыре пять шесть семь = +74951234567
восемь четыреста девяносто пять сто двадцать три ноль ноль ноль один = +74951230001
девятьсот двести три ноль ноль ноль пять = +79002030005
+7 916 123-45-67 = +79161234567
8 (916) 123-45-67 = +79161234567
8 916 1234567 = +79161234567
916 сто двадцать три 45 шестьдесят семь = +79161234567
плюс сорок восемь двадцать два пять нулей двадцать один = +48220000021
плюс сорок восемь двадцать два ноль ноль ноль ноль ноль двадцать два = +48220000022
плюс четыре восемь два два три нуля два нуля двадцать три = +48220000023
ноль ноль сорок восемь двадцать два пять нулей двадцать четыре = +48220000024
два нуля сорок восемь двадцать два пять нулей двадцать пять = +48220000025
PL двадцать два пять нулей двадцать шесть = +48220000026
PL двадцать два три нуля ноль ноль двадцать семь = +48220000027
PL двадцать два сто двадцать три сорок пять шестьдесят семь = +48221234567
PL пятьсот двенадцать триста сорок пять шестьсот семьдесят восемь = +48512345678
плюс один двести два пятьсот пятьдесят пять ноль один ноль один = +12025550101
плюс один двести два три пятёрки ноль сто два = +12025550102
плюс один два ноль два трижды пять ноль один десять = +12025550110
""",
}

SAID = {
    "pl": """
+48220000011 = plus czterdzieści osiem, dwadzieścia dwa, zero zero zero, zero zero, jedenaście
PL +48220000012 = dwadzieścia dwa, zero zero zero, zero zero, dwanaście
PL 220000013 = dwadzieścia dwa, zero zero zero, zero zero, trzynaście
PL +48221234567 = dwadzieścia dwa, sto dwadzieścia trzy, czterdzieści pięć, sześćdziesiąt siedem
PL +48512345678 = pięćset dwanaście, trzysta czterdzieści pięć, sześćset siedemdziesiąt osiem
PL +48500045100 = pięćset, zero czterdzieści pięć, sto
PL +48225004567 = dwadzieścia dwa, pięć zero zero, czterdzieści pięć, sześćdziesiąt siedem
PL +12025550101 = plus jeden, dwieście dwa, pięćset pięćdziesiąt pięć, zero jeden, zero jeden
US +12025550112 = dwieście dwa, pięćset pięćdziesiąt pięć, zero jeden, dwanaście
RU +79161234567 = osiem, dziewięćset szesnaście, sto dwadzieścia trzy, czterdzieści pięć, sześćdziesiąt siedem
PL 101 = jeden zero jeden
12345 = jeden dwa trzy, cztery pięć
""",
    "en": """
+12025550101 = plus one, two zero two, five five five, zero one, zero one
US +12025550102 = two zero two, five five five, zero one, zero two
US 2025550103 = two zero two, five five five, zero one, zero three
US +48220000011 = plus four eight, two two, zero zero zero, zero zero, one one
PL +48220000012 = two two, zero zero zero, zero zero, one two
GB +442079460958 = zero two zero, seven nine, four six, zero nine, five eight
PL 101 = one zero one
""",
    "ru": """
RU +79161234567 = восемь, девятьсот шестнадцать, сто двадцать три, сорок пять, шестьдесят семь
PL +79161234567 = плюс семь, девятьсот шестнадцать, сто двадцать три, сорок пять, шестьдесят семь
+79160000011 = плюс семь, девятьсот шестнадцать, ноль ноль ноль, ноль ноль, одиннадцать
PL +48220000012 = двадцать два, ноль ноль ноль, ноль ноль, двенадцать
PL +79165004520 = плюс семь, девятьсот шестнадцать, пять ноль ноль, сорок пять, двадцать
RU +12025550101 = плюс один, двести два, пятьсот пятьдесят пять, ноль один, ноль один
+380501234567 = плюс триста восемьдесят, пятьдесят, сто двадцать три, сорок пять, шестьдесят семь
PL 101 = один ноль один
""",
}


def lines(tables: dict[str, str]) -> list[tuple[str, str, str, str]]:
    """(language, region or "", what stands left, what stands right)"""
    found = []
    for language, table in tables.items():
        for line in table.strip().splitlines():
            left, right = (side.strip() for side in line.split("="))
            region, _, rest = left.partition(" ")
            named = region in ("PL", "GB", "US", "RU")
            found.append((language, region if named else "", rest if named else left, right))
    return found


@pytest.mark.parametrize(("language", "region", "text", "number"), lines(UNDERSTOOD))
def test_a_number_that_a_caller_dictates(language: str, region: str, text: str, number: str) -> None:
    assert str(understood_phone(text, language, region or HOME[language])) == number


@pytest.mark.parametrize(("language", "region", "number", "words"), lines(SAID))
def test_a_number_read_to_a_caller(language: str, region: str, number: str, words: str) -> None:
    assert said_phone(number, language, region or None) == words


def test_each_language_has_forty_examples() -> None:
    for language in HOME:
        assert len({line[2] for line in lines(UNDERSTOOD) if line[0] == language}) >= 40, language


@pytest.mark.parametrize(
    ("language", "region", "text"),
    [
        ("pl", "PL", ""),
        ("pl", "PL", "plus"),
        ("pl", "PL", "konsultant"),
        ("pl", "PL", "jeden dwa trzy"),
        ("pl", "PL", "sto dwadzieścia trzy czterdzieści pięć sześćdziesiąt siedem"),  # no area code
        ("pl", "PL", "zero zero zero jeden dwa trzy cztery pięć sześć siedem"),
        ("pl", "PL", "zero jeden jeden jeden jeden jeden jeden jeden jeden jeden"),
        ("pl", "PL", "dwadzieścia dwa plus pięć zer jedenaście"),
        ("pl", "PL", "dwadzieścia dwa pięć zer jedenaście dwanaście"),
        ("pl", "PL", "sto jedenaście " * 30),
        ("en", "US", "five five five oh one oh one"),
        ("en", "US", "two oh two five five five oh one"),
        ("en", "US", "plus nine nine nine"),
        # 916 200 45 67, 900 16 245 67 and 916 245 607: nobody knows.
        ("ru", "RU", "плюс семь девятьсот шестнадцать двести сорок пять шестьдесят семь"),
        ("ru", "RU", "двести двадцать два тридцать три сорок четыре"),
        ("de", "DE", "null drei null"),
    ],
)
def test_what_is_no_telephone_number(language: str, region: str, text: str) -> None:
    assert understood_phone(text, language, region) is None


LANGUAGES = st.sampled_from(sorted(HOME))
REGIONS = st.sampled_from(["PL", "US", "RU"])
BEGINNINGS = {
    "+4822": 7,
    "+485": 8,
    "+7916": 7,
    "+1202": 7,
    "+38050": 7,
    "+44207": 7,
    "+491511": 7,
    "+3361": 7,
}


@st.composite
def numbers(draw: st.DrawFn) -> str:
    beginning = draw(st.sampled_from(sorted(BEGINNINGS)))
    count = BEGINNINGS[beginning]
    return beginning + draw(st.text("000123456789", min_size=count, max_size=count))


@given(LANGUAGES, REGIONS, numbers())
def test_a_number_said_is_understood_again(language: str, region: str, number: str) -> None:
    for at_home in (None, region):
        assert understood_phone(said_phone(number, language, at_home), language, region) == number


@given(LANGUAGES, numbers())
def test_the_pauses_can_be_left_out(language: str, number: str) -> None:
    """A recogniser gives no commas: the words alone have the same digits."""
    words = said_phone(number, language).replace(",", "").split(" ", 1)[1]
    assert understood_digits(words, language) == number[1:]


@given(
    LANGUAGES, REGIONS, st.text(max_size=60) | st.lists(st.sampled_from(phone_vocabulary("ru"))).map(" ".join)
)
def test_any_text_is_a_possible_number_or_none(language: str, region: str, text: str) -> None:
    number = understood_phone(text, language, region)
    assert number is None or phonenumbers.is_possible_number(phonenumbers.parse(number))


def test_vocabulary() -> None:
    assert "plus" in phone_vocabulary("pl")
    assert "плюс" in phone_vocabulary("ru")
    assert phone_vocabulary("de") == ()


@pytest.mark.parametrize(
    ("language", "text", "digits"),
    [
        ("pl", "pięć zer", "00000"),
        ("pl", "sześć jedynek", "111111"),
        ("pl", "dwukrotnie siedem", "77"),
        ("pl", "poczwórne zero", "0000"),
        ("pl", "sto dwie piątki", "10055"),
        ("en", "twice five", "55"),
        ("en", "two times five", "55"),
        ("en", "six sevens", "777777"),
        ("en", "quintuple nine", "99999"),
        ("ru", "пять единиц", "11111"),
        ("ru", "четырежды два", "2222"),
        ("ru", "четыре раза шесть", "6666"),
        ("ru", "сто две пятёрки", "10055"),
    ],
)
def test_repeated_digits(language: str, text: str, digits: str) -> None:
    assert understood_digits(text, language) == digits


@pytest.mark.parametrize(
    ("arguments", "text", "said"),
    [
        ((), "+12025550101", "plus one, two zero two, five five five, zero one, zero one"),
        (("US",), "+12025550101", "two zero two, five five five, zero one, zero one"),
        (("US",), "101", "one zero one"),
        ((), "anonymous", "anonymous"),
        ((), "", ""),
    ],
)
def test_filter_phone(arguments: tuple[str, ...], text: str, said: str) -> None:
    assert phone_filter(arguments)(text, "en") == said


def test_the_company_s_country_is_home() -> None:
    template = parse_template("{caller|phone}")
    assert template.render({"caller": "+48220000012", "_region": "PL"}, "en").startswith("two two,")
    assert template.render({"caller": "+48220000012", "_region": "US"}, "en").startswith("plus four eight,")
    with pytest.raises(ValueError, match="not a country"):
        phone_filter(("Poland",))


def test_spelt() -> None:
    assert spelt("AB-12", "en") == "A, B, dash, one, two"
    assert spelt("WX-1ą", "pl") == "wu, iks, myślnik, jeden, a z ogonkiem"
    assert spelt("ЖЙ/5k", "ru") == "жэ, и краткое, дробь, пять, ка"
    assert spelt_of_text("...", "en") == "dot, dot, dot"
    assert spelt_of_text("漢", "en") == "漢"
    assert spelt_of_text("ab", "de") == "ab"


@given(LANGUAGES, st.text("0123456789", min_size=1, max_size=20))
def test_digits_spelt_are_said_one_by_one(language: str, digits: str) -> None:
    assert spelt(digits, language).split(", ") == [DIGITS[language][int(digit)] for digit in digits]
