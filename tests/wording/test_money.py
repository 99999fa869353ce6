"""Amounts as people say them, amounts as they are said back, and the right form of a counted noun."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wording.currency_words import CURRENCIES
from wording.money import amount_vocabulary, money_filter, said_money, understood_amount
from wording.phrases import normalised
from wording.plurals import plural, plural_filter
from wording.templates import parse_template

# Amounts are in the language's own currency unless another stands before the text.
HOME = {"pl": "PLN", "en": "USD", "ru": "RUB"}

UNDERSTOOD = {
    "pl": """
sto dwadzieścia złotych = 120.00 | złotówka = 1.00 | jeden złoty = 1.00 | dwa złote = 2.00
pięć złotych = 5.00 | dwadzieścia dwa złote = 22.00 | pięćdziesiąt groszy = 0.50 | grosz = 0.01
jeden grosz = 0.01 | dwa grosze = 0.02 | sto pięćdziesiąt groszy = 1.50 | dwanaście pięćdziesiąt = 12.50
sto złotych dwadzieścia groszy = 100.20 | sto złotych i dwadzieścia groszy = 100.20
dwanaście złotych pięćdziesiąt = 12.50 | dwanaście zero pięć = 12.05 | dwanaście złotych pięć groszy = 12.05
złoty pięćdziesiąt = 1.50 | złoty dwadzieścia groszy = 1.20 | pół złotego = 0.50 | półtora złotego = 1.50
pięć i pół złotego = 5.50 | półtora tysiąca = 1500.00 | półtora tysiąca złotych = 1500.00
dwa i pół tysiąca = 2500.00 | pół miliona = 500000.00 | tysiąc dwieście = 1200.00
tysiąc dwieście trzydzieści cztery złote pięć groszy = 1234.05 | dwie stówy = 200.00 | stówa = 100.00
pięć dych = 50.00 | dycha = 10.00 | dwie setki = 200.00 | 12,50 = 12.50 | 12.50 = 12.50 | 12,5 = 12.50
1 200,50 zł = 1200.50 | 1.200,50 = 1200.50 | 100 zł = 100.00 | 100 złotych 20 groszy = 100.20
120 PLN = 120.00
około stu złotych = 100.00 | stu dwudziestu złotych = 120.00 | równo pięćdziesiąt = 50.00
zero złotych = 0.00
dwanaście przecinek pięć = 12.50 | dwieście pięćdziesiąt pięćdziesiąt = 250.50 | sto = 100.00
sto tysięcy złotych = 100000.00 | dwadzieścia jeden złotych dwadzieścia jeden groszy = 21.21
EUR jedno euro = 1.00 | EUR dwa euro pięćdziesiąt centów = 2.50 | EUR sto euro = 100.00 | EUR €12,50 = 12.50
USD dwa dolary = 2.00 | GBP pięć funtów dwa pensy = 5.02 | UAH dwie hrywny = 2.00 | RUB pięć rubli = 5.00
""",
    "en": """
a hundred and twenty dollars = 120.00 | one dollar = 1.00 | a dollar = 1.00 | two dollars = 2.00 | five = 5.00
five bucks = 5.00 | fifty cents = 0.50 | a cent = 0.01 | five cents = 0.05 | a hundred and fifty cents = 1.50
twelve fifty = 12.50 | twelve oh five = 12.05 | twelve zero five = 12.05 | nineteen ninety nine = 19.99
one twenty = 1.20 | two fifty = 2.50 | two fifty dollars = 2.50 | twelve dollars fifty = 12.50
twelve dollars and fifty cents = 12.50 | twelve dollars five cents = 12.05 | a dollar fifty = 1.50
one hundred dollars and five cents = 100.05 | twelve point five = 12.50 | twelve point five oh = 12.50
half a dollar = 0.50 | one and a half dollars = 1.50 | half a million = 500000.00
two and a half thousand = 2500.00 | fifteen hundred dollars = 1500.00 | a thousand = 1000.00
one thousand two hundred and thirty four dollars and five cents = 1234.05 | twenty five even = 25.00
one hundred twenty fifty = 120.50 | 12.50 = 12.50 | $12.50 = 12.50 | $12 = 12.00 | 12 dollars 50 cents = 12.50
1,234.50 = 1234.50 | 120 USD = 120.00 | zero dollars = 0.00 | exactly fifty dollars = 50.00
ninety nine ninety nine = 99.99 | ten thousand dollars = 10000.00 | it's twenty dollars please = 20.00
GBP one pound = 1.00 | GBP one pound and twenty pence = 1.20 | GBP two pounds fifty = 2.50
GBP fifty p = 0.50
GBP a penny = 0.01 | GBP ten quid = 10.00 | GBP £12.50 = 12.50 | EUR five euros = 5.00 | PLN two zlotys = 2.00
PLN five groszy = 0.05 | RUB two roubles = 2.00 | UAH one hryvnia = 1.00
""",
    "ru": """
двенадцать рублей пятьдесят копеек = 12.50 | один рубль = 1.00 | рубль = 1.00 | два рубля = 2.00
пять рублей = 5.00 | двадцать один рубль = 21.00 | пятьдесят копеек = 0.50 | копейка = 0.01
две копейки = 0.02 | сто пятьдесят копеек = 1.50 | двенадцать пятьдесят = 12.50 | двенадцать ноль пять = 12.05
рубль двадцать = 1.20 | рубль двадцать копеек = 1.20 | сто рублей двадцать = 100.20
сто рублей и двадцать копеек = 100.20 | полторы тысячи = 1500.00 | полторы тысячи рублей = 1500.00
полтора рубля = 1.50 | пол рубля = 0.50 | полтысячи рублей = 500.00 | полмиллиона = 500000.00
две с половиной тысячи = 2500.00 | двенадцать с половиной рублей = 12.50 | тысяча двести = 1200.00
тысячу двести рублей = 1200.00 | тысяча двести тридцать четыре рубля пять копеек = 1234.05
две сотни рублей = 200.00 | сотня = 100.00 | 12,50 = 12.50 | 12.50 = 12.50 | 1 200,50 ₽ = 1200.50
100 рублей 20 копеек = 100.20 | 1 200 р = 1200.00 | 120 руб = 120.00 | около ста рублей = 100.00
ста двадцати рублей = 120.00 | ровно пятьдесят = 50.00 | ноль рублей = 0.00 | сто = 100.00
двенадцать целых пять десятых рубля = 12.50 | двести пятьдесят пятьдесят = 250.50
сто тысяч рублей = 100000.00 | двадцать два рубля двадцать две копейки = 22.22 | одну тысячу = 1000.00
EUR один евро = 1.00 | EUR два евро пятьдесят центов = 2.50 | USD сто баксов = 100.00 | USD два доллара = 2.00
PLN двадцать два злотых = 22.00 | PLN пять злотых десять грошей = 5.10 | UAH две гривны = 2.00
GBP пять фунтов два пенса = 5.02
""",
}

SAID = {
    "pl": """
PLN 0 = zero złotych | PLN 0.01 = jeden grosz | PLN 0.02 = dwa grosze | PLN 0.05 = pięć groszy
PLN 0.12 = dwanaście groszy | PLN 0.22 = dwadzieścia dwa grosze | PLN 0.50 = pięćdziesiąt groszy
PLN 1 = jeden złoty | PLN 2 = dwa złote | PLN 3 = trzy złote | PLN 4 = cztery złote | PLN 5 = pięć złotych
PLN 12 = dwanaście złotych | PLN 21 = dwadzieścia jeden złotych | PLN 22 = dwadzieścia dwa złote
PLN 100 = sto złotych | PLN 102 = sto dwa złote | PLN 112 = sto dwanaście złotych | PLN 1000 = tysiąc złotych
PLN 12.50 = dwanaście złotych pięćdziesiąt groszy | PLN 1.01 = jeden złoty jeden grosz
PLN 23.04 = dwadzieścia trzy złote cztery grosze | PLN 1200 = tysiąc dwieście złotych
PLN 1000000 = milion złotych | PLN -5 = minus pięć złotych | PLN 0.004 = zero złotych
PLN 12.345 = dwanaście złotych trzydzieści pięć groszy | PLN 0.999 = jeden złoty
EUR 1 = jedno euro | EUR 2 = dwa euro | EUR 5 = pięć euro | EUR 21 = dwadzieścia jeden euro
EUR 2.02 = dwa euro dwa centy | EUR 0.01 = jeden cent | USD 1 = jeden dolar | USD 2 = dwa dolary
USD 5.05 = pięć dolarów pięć centów | GBP 1.01 = jeden funt jeden pens | GBP 2.02 = dwa funty dwa pensy
GBP 5.05 = pięć funtów pięć pensów | RUB 1.01 = jeden rubel jedna kopiejka
RUB 2.02 = dwa ruble dwie kopiejki
RUB 5.05 = pięć rubli pięć kopiejek | UAH 1 = jedna hrywna | UAH 2.01 = dwie hrywny jedna kopiejka
UAH 5 = pięć hrywien | UAH 22 = dwadzieścia dwie hrywny
""",
    "en": """
USD 0 = zero dollars | USD 0.01 = one cent | USD 0.02 = two cents | USD 0.50 = fifty cents
USD 1 = one dollar
USD 2 = two dollars | USD 5 = five dollars | USD 12 = twelve dollars | USD 21 = twenty one dollars
USD 100 = one hundred dollars | USD 101 = one hundred and one dollars | USD 1000 = one thousand dollars
USD 12.50 = twelve dollars and fifty cents | USD 1.01 = one dollar and one cent
USD 23.04 = twenty three dollars and four cents | USD 1200 = one thousand two hundred dollars
USD 1000000 = one million dollars | USD -5 = minus five dollars | USD 0.004 = zero dollars
USD 12.345 = twelve dollars and thirty five cents | USD 0.999 = one dollar | USD -0.004 = zero dollars
GBP 0 = zero pounds | GBP 0.01 = one penny | GBP 0.02 = two pence | GBP 0.20 = twenty pence
GBP 1 = one pound
GBP 1.20 = one pound and twenty pence | GBP 2 = two pounds | GBP 2.01 = two pounds and one penny
GBP 19.99 = nineteen pounds and ninety nine pence | EUR 1 = one euro | EUR 2 = two euros
EUR 2.02 = two euros and two cents | EUR 21.01 = twenty one euros and one cent | PLN 1 = one zloty
PLN 2 = two zlotys | PLN 1.01 = one zloty and one grosz | PLN 12.50 = twelve zlotys and fifty groszy
RUB 1 = one ruble | RUB 2.01 = two rubles and one kopeck | RUB 5.05 = five rubles and five kopecks
UAH 1 = one hryvnia | UAH 2 = two hryvnias | UAH 2.02 = two hryvnias and two kopecks
""",
    "ru": """
RUB 0 = ноль рублей | RUB 0.01 = одна копейка | RUB 0.02 = две копейки | RUB 0.05 = пять копеек
RUB 0.12 = двенадцать копеек | RUB 0.21 = двадцать одна копейка | RUB 0.50 = пятьдесят копеек
RUB 1 = один рубль | RUB 2 = два рубля | RUB 3 = три рубля | RUB 4 = четыре рубля | RUB 5 = пять рублей
RUB 11 = одиннадцать рублей | RUB 12 = двенадцать рублей | RUB 21 = двадцать один рубль
RUB 22 = двадцать два рубля | RUB 25 = двадцать пять рублей | RUB 100 = сто рублей | RUB 101 = сто один рубль
RUB 111 = сто одиннадцать рублей | RUB 1000 = тысяча рублей | RUB 1001 = тысяча один рубль
RUB 12.50 = двенадцать рублей пятьдесят копеек | RUB 1.01 = один рубль одна копейка
RUB 22.22 = двадцать два рубля двадцать две копейки | RUB 2000 = две тысячи рублей
RUB 1000000 = миллион рублей | RUB -5 = минус пять рублей | RUB 0.999 = один рубль
EUR 1 = один евро | EUR 2 = два евро | EUR 21.01 = двадцать один евро один цент
EUR 2.02 = два евро два цента
USD 1 = один доллар | USD 2 = два доллара | USD 5.05 = пять долларов пять центов | PLN 1 = один злотый
PLN 2 = два злотых | PLN 5 = пять злотых | PLN 21.21 = двадцать один злотый двадцать один грош
PLN 2.02 = два злотых два гроша | PLN 5.05 = пять злотых пять грошей | UAH 1 = одна гривна
UAH 2 = две гривны
UAH 5 = пять гривен | GBP 1.01 = один фунт один пенс | GBP 22.22 = двадцать два фунта двадцать два пенса
GBP 5.05 = пять фунтов пять пенсов
""",
}


def pairs(tables: dict[str, str]) -> list[tuple[str, str, str]]:
    return [
        (language, *(side.strip() for side in pair.split("=")))  # type: ignore[misc]
        for language, table in tables.items()
        for line in table.strip().splitlines()
        for pair in line.split("|")
    ]


@pytest.mark.parametrize(("language", "text", "amount"), pairs(UNDERSTOOD))
def test_an_amount_that_a_caller_says(language: str, text: str, amount: str) -> None:
    currency, _, words = text.partition(" ")
    if currency not in CURRENCIES:
        currency, words = HOME[language], text
    assert str(understood_amount(words, language, currency)) == amount


@pytest.mark.parametrize(("language", "value", "words"), pairs(SAID))
def test_an_amount_said_to_a_caller(language: str, value: str, words: str) -> None:
    currency, amount = value.split()
    assert said_money(Decimal(amount), currency, language) == words


def test_each_language_has_forty_examples_of_each_kind() -> None:
    for table in (UNDERSTOOD, SAID):
        for language in HOME:
            assert len({text for known, text, _ in pairs(table) if known == language}) >= 40, language


@pytest.mark.parametrize(
    ("language", "currency", "text"),
    [
        ("pl", "PLN", ""),
        ("pl", "PLN", "sto euro"),
        ("pl", "PLN", "sto złotych pięć"),
        ("pl", "PLN", "dwa trzy"),
        ("pl", "PLN", "minus pięć złotych"),
        ("pl", "PLN", "sto złotych dwieście groszy"),
        ("pl", "PLN", "dwa trzy cztery"),
        ("pl", "PLN", "12,345 zł i coś"),
        ("pl", "PLN", "dwanaście i pół pięćdziesiąt"),
        ("pl", "PLN", "pięć groszy złotych"),
        ("pl", "PLN", "zero przecinek sto dwadzieścia pięć"),
        ("en", "USD", "five pounds"),
        ("en", "USD", "twelve five"),
        ("en", "USD", "twelve fifty sixty"),
        ("en", "USD", "dollars and sense"),
        ("en", "XXX", "five"),
        ("ru", "RUB", "сто долларов"),
        ("ru", "RUB", "оператор"),
        ("ru", "RUB", "рубль два три"),
        ("de", "EUR", "zwei"),
    ],
)
def test_what_is_no_amount(language: str, currency: str, text: str) -> None:
    assert understood_amount(text, language, currency) is None


LANGUAGES = st.sampled_from(sorted(HOME))
AMOUNTS = st.decimals(0, 999_999, places=2) | st.decimals(0, 3, places=2)


@given(LANGUAGES, st.sampled_from(sorted(CURRENCIES)), AMOUNTS)
def test_an_amount_said_is_understood_again(language: str, currency: str, amount: Decimal) -> None:
    assert understood_amount(said_money(amount, currency, language), language, currency) == amount


@given(LANGUAGES, st.text(max_size=40) | st.lists(st.sampled_from(amount_vocabulary("pl"))).map(" ".join))
def test_any_text_is_an_amount_or_none(language: str, text: str) -> None:
    amount = understood_amount(text, language, HOME[language])
    assert amount is None or (amount >= 0 and amount.as_tuple().exponent == -2)


def test_no_word_means_two_coins_of_one_currency() -> None:
    for currency in CURRENCIES.values():
        for words in currency.values():
            assert not words.unit.understood & words.hundredth.understood
            forms = words.unit.understood | words.hundredth.understood
            assert all(form == normalised(form) for form in forms)


def test_vocabulary() -> None:
    assert {"złote", "groszy", "dwadzieścia"} <= set(amount_vocabulary("pl", "PLN"))
    assert "euro" not in amount_vocabulary("pl", "PLN")
    assert {"рублей", "евро"} <= set(amount_vocabulary("ru"))
    assert amount_vocabulary("de") == ()


@pytest.mark.parametrize(
    ("arguments", "language", "text", "said"),
    [
        (("PLN",), "pl", "12.50", "dwanaście złotych pięćdziesiąt groszy"),
        (("PLN",), "pl", "12,5", "dwanaście złotych pięćdziesiąt groszy"),
        (("PLN",), "en", "12.50 EUR", "twelve euros and fifty cents"),
        ((), "en", "3 GBP", "three pounds"),
        ((), "en", "12.50", "12.50"),
        (("USD",), "en", "free", "free"),
        (("USD",), "en", "12 XXX", "12 XXX"),
        (("USD",), "de", "12", "12"),
    ],
)
def test_filter_money(arguments: tuple[str, ...], language: str, text: str, said: str) -> None:
    assert money_filter(arguments)(text, language) == said


def test_the_company_s_currency_is_said_where_none_is_named() -> None:
    template = parse_template("{due|money}")
    assert template.render({"due": "2", "_currency": "PLN"}, "ru") == "два злотых"
    assert template.render({"due": "2"}, "ru") == "2"
    assert parse_template("{due|money(EUR)}").render({"due": "2", "_currency": "PLN"}, "ru") == "два евро"
    with pytest.raises(ValueError, match="not a known currency"):
        money_filter(("XXX",))


@pytest.mark.parametrize(
    ("language", "forms", "counts"),
    [
        (
            "pl",
            ("paczka", "paczki", "paczek"),
            "1:0 2:1 3:1 4:1 5:2 0:2 11:2 12:2 14:2 21:2 22:1 25:2 101:2 102:1 112:2",
        ),
        (
            "ru",
            ("посылка", "посылки", "посылок"),
            "1:0 2:1 4:1 5:2 0:2 11:2 12:2 14:2 21:0 22:1 25:2 101:0 111:2 112:2",
        ),
        ("en", ("parcel", "parcels"), "1:0 2:1 5:1 0:1 11:1 21:1 101:1 1.5:1"),
        ("pl", ("paczka", "paczki", "paczek"), "1.5:1 12,5:1 -1:0 -5:2"),
        ("ru", ("посылка", "посылки", "посылок"), "1.5:1 0.1:1"),
        ("pl", ("rok", "lat"), "1:0 2:1 5:1"),
        ("en", ("a", "b", "c"), "1:0 2:2"),
    ],
)
def test_plural(language: str, forms: tuple[str, ...], counts: str) -> None:
    change = plural_filter(forms)
    for pair in counts.split():
        count, _, index = pair.partition(":")
        assert change(count, language) == forms[int(index)], count


@pytest.mark.parametrize("text", ["1e999999999", "-1E+999999999", "1e-999999999", "9" * 100_000])
@pytest.mark.parametrize("language", ["pl", "en", "ru"])
def test_plural_of_a_monstrous_number_is_that_of_many(text: str, language: str) -> None:
    assert plural_filter(("paczka", "paczki", "paczek"))(text, language) == "paczek"


def test_plural_of_no_number_is_that_of_many() -> None:
    for text in ("", "many", "NaN", "Infinity"):
        assert plural_filter(("parcel", "parcels"))(text, "en") == "parcels"
    assert plural(Decimal(2), "ru", ("рубль", "рубля", "рублей")) == "рубля"
    text = "{n} {n|plural(paczka, paczki, paczek)}"
    assert parse_template(text).render({"n": 22}, "pl") == "22 paczki"
