"""Days as they are said, and as callers say them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wording.dates import date_vocabulary, said_date, said_weekday, understood_date
from wording.expressions import ExpressionProblem, parse_expression
from wording.phrases import normalised

LANGUAGES = ("pl", "en", "ru")
TODAY = date(2026, 3, 11)  # a Wednesday

# In these tables a text stands before what it means on Wednesday, 11 March 2026; "none" is not understood.
POLISH = """
dzisiaj = 2026-03-11 | dziś = 2026-03-11 | jutro = 2026-03-12 | pojutrze = 2026-03-13
po jutrze = 2026-03-13
na jutro = 2026-03-12 | na jutrzejszy dzień = 2026-03-12 | wczoraj = 2026-03-10
przedwczoraj = 2026-03-09 | w dniu jutrzejszym = 2026-03-12
piątek = 2026-03-13 | w piątek = 2026-03-13 | w środę = 2026-03-18 | w tę środę = 2026-03-11
we wtorek = 2026-03-17 | w niedzielę = 2026-03-15 | na poniedziałek = 2026-03-16
w przyszły piątek = 2026-03-20 | w następny poniedziałek = 2026-03-16 | w najbliższą sobotę = 2026-03-14
w ten czwartek = 2026-03-12 | w przyszłym tygodniu w środę = 2026-03-18 | za tydzień w piątek = 2026-03-20
w piątek za dwa tygodnie = 2026-03-27 | za tydzień = 2026-03-18 | za dwa tygodnie = 2026-03-25
za trzy dni = 2026-03-14 | za jeden dzień = 2026-03-12 | za dziesięć dni = 2026-03-21
za miesiąc = 2026-04-11
za dwa miesiące = 2026-05-11 | za rok = 2027-03-11 | dwa dni temu = 2026-03-09 | tydzień temu = 2026-03-04
za 5 dni = 2026-03-16 | dwudziestego drugiego marca = 2026-03-22 | dwudziesty drugi marca = 2026-03-22
dwudziesty drugi marzec = 2026-03-22 | dwadzieścia dwa marca = 2026-03-22 | 22 marca = 2026-03-22
marca dwudziestego drugiego = 2026-03-22 | pierwszego kwietnia = 2026-04-01 | trzeciego maja = 2026-05-03
dziesiątego marca = 2027-03-10 | jedenastego marca = 2026-03-11
trzydziestego pierwszego grudnia = 2026-12-31
dwudziesty drugi trzeci = 2026-03-22 | dwudziestego drugiego trzeciego = 2026-03-22
dwudziesty drugi zero trzeci = 2026-03-22 | dwudziestego drugiego = 2026-03-22 | dziesiątego = 2026-04-10
trzydziestego pierwszego = 2026-03-31 | na piętnastego = 2026-03-15 | 22.03 = 2026-03-22 | 22/3 = 2026-03-22
22.03.2027 = 2027-03-22 | 22.03.27 = 2027-03-22 | 2027-03-22 = 2027-03-22 | 2203 = 2026-03-22
22032027 = 2027-03-22 | dwudziestego drugiego marca dwa tysiące dwudziestego siódmego = 2027-03-22
dwudziesty drugi marca dwa tysiące dwadzieścia siedem = 2027-03-22
22 marca 2027 roku = 2027-03-22
drugiego maja tysiąc dziewięćset osiemdziesiątego piątego roku = 1985-05-02
drugiego maja osiemdziesiątego piątego roku = 1985-05-02 | drugiego maja dwutysięcznego roku = 2000-05-02
drugiego maja dwa tysiące pierwszego = 2001-05-02 | drugiego maja przyszłego roku = 2027-05-02
pierwszego przyszłego miesiąca = 2026-04-01 | dwudziestego tego miesiąca = 2026-03-20
w niedzielę dwudziestego drugiego marca = 2026-03-22 | poniedziałek dwudziestego drugiego marca = none
jutro dwunastego marca = 2026-03-12 | jutro trzynastego = none
Proszę na dwudziestego drugiego marca. = 2026-03-22
dwudziestego dziewiątego lutego = 2028-02-29 | trzydziestego pierwszego lutego = none | 31 lutego = none
dwudziestego dziewiątego lutego dwa tysiące dwudziestego siódmego = none | trzydziestego drugiego = none
w przyszłym tygodniu = none | marzec = none | konsultant = none | dwudziestego drugiego konsultant = none
za = none | temu = none | zerowego marca = none | piątek sobota = none | 22.13 = none
"""
ENGLISH = """
today = 2026-03-11 | tomorrow = 2026-03-12 | the day after tomorrow = 2026-03-13 | yesterday = 2026-03-10
the day before yesterday = 2026-03-09 | friday = 2026-03-13 | on friday = 2026-03-13
wednesday = 2026-03-18
this wednesday = 2026-03-11 | this friday = 2026-03-13 | this coming friday = 2026-03-13
next friday = 2026-03-20 | next monday = 2026-03-16 | friday next week = 2026-03-20
next week on friday = 2026-03-20 | friday week = 2026-03-20 | a week on friday = 2026-03-20
friday in two weeks = 2026-03-27 | in a week = 2026-03-18 | in two weeks = 2026-03-25
in two weeks' time = 2026-03-25 | a week from today = 2026-03-18 | a week today = 2026-03-18
three days from now = 2026-03-14 | in three days = 2026-03-14 | in a fortnight = 2026-03-25
in one day = 2026-03-12 | in a month = 2026-04-11 | in six months = 2026-09-11 | in a year = 2027-03-11
two days ago = 2026-03-09 | a week ago = 2026-03-04 | in 10 days = 2026-03-21
march twenty second = 2026-03-22 | march the twenty second = 2026-03-22
the twenty second of march = 2026-03-22
twenty second march = 2026-03-22 | twenty two march = 2026-03-22 | march twenty two = 2026-03-22
March 22nd = 2026-03-22 | 22nd of March = 2026-03-22 | 1st May = 2026-05-01
the first of april = 2026-04-01
may third = 2026-05-03 | march tenth = 2027-03-10 | march eleventh = 2026-03-11
december thirty first = 2026-12-31 | the twenty second = 2026-03-22 | the tenth = 2026-04-10
the thirty first = 2026-03-31 | 22.03 = 2026-03-22 | 22/3 = 2026-03-22 | 22/03/2027 = 2027-03-22
2027-03-22 = 2027-03-22 | March 22, 2027 = 2027-03-22 | 2203 = 2026-03-22 | 22032027 = 2027-03-22
march twenty second twenty twenty seven = 2027-03-22 | march second two thousand and five = 2005-03-02
the second of may nineteen eighty five = 1985-05-02 | may second nineteen oh five = 1905-05-02
may second two thousand = 2000-05-02 | may second nineteen hundred = 1900-05-02
may second eighty five = 1985-05-02 | may second twenty ten = 2010-05-02 | may second next year = 2027-05-02
may second two thousand ten = 2010-05-02 | the first of next month = 2026-04-01
the twentieth of this month = 2026-03-20 | sunday the twenty second of march = 2026-03-22
sunday march twenty second = 2026-03-22 | monday march twenty second = none
friday the thirteenth = 2026-03-13
tomorrow the twelfth = 2026-03-12 | On the 22nd of March, please. = 2026-03-22
february twenty ninth = 2028-02-29 | february thirty first = none | the thirty second = none
march twenty twenty seven = none | next week = none | march = none | agent = none | march agent = none
twenty two three = none | 22.13 = none | in = none | ago = none
"""
RUSSIAN = """
сегодня = 2026-03-11 | завтра = 2026-03-12 | послезавтра = 2026-03-13 | на завтра = 2026-03-12
вчера = 2026-03-10 | позавчера = 2026-03-09 | на завтрашний день = 2026-03-12 | пятница = 2026-03-13
в пятницу = 2026-03-13 | в среду = 2026-03-18 | в эту среду = 2026-03-11 | во вторник = 2026-03-17
в воскресенье = 2026-03-15 | на понедельник = 2026-03-16 | в следующую пятницу = 2026-03-20
в следующий понедельник = 2026-03-16 | в ближайшую субботу = 2026-03-14 | в будущий четверг = 2026-03-19
на следующей неделе в среду = 2026-03-18 | в среду на следующей неделе = 2026-03-18
на этой неделе в пятницу = 2026-03-13 | через неделю в пятницу = 2026-03-20 | через неделю = 2026-03-18
через две недели = 2026-03-25 | через три дня = 2026-03-14 | через пять дней = 2026-03-16
через один день = 2026-03-12 | через десять дней = 2026-03-21 | через месяц = 2026-04-11
через два месяца = 2026-05-11 | через год = 2027-03-11 | два дня назад = 2026-03-09
неделю назад = 2026-03-04 | через 5 дней = 2026-03-16 | двадцать второе марта = 2026-03-22
двадцать второго марта = 2026-03-22 | на двадцать второе марта = 2026-03-22
двадцать два марта = 2026-03-22
22 марта = 2026-03-22 | 22-го марта = 2026-03-22 | первое апреля = 2026-04-01 | третье мая = 2026-05-03
третьего мая = 2026-05-03 | четвёртого мая = 2026-05-04 | десятое марта = 2027-03-10
одиннадцатое марта = 2026-03-11 | тридцать первое декабря = 2026-12-31
двадцать второе третьего = 2026-03-22
двадцать второго третьего = 2026-03-22 | двадцать второе ноль третьего = 2026-03-22
двадцатого второго = 2027-02-20 | двадцать второе = 2026-03-22 | двадцать второго = 2026-03-22
двадцать второго числа = 2026-03-22 | десятого = 2026-04-10 | тридцать первого = 2026-03-31
22.03 = 2026-03-22 | 22/3 = 2026-03-22 | 22.03.2027 = 2027-03-22 | 2027-03-22 = 2027-03-22
2203 = 2026-03-22
двадцать второго марта две тысячи двадцать седьмого года = 2027-03-22
двадцать второе марта две тысячи двадцать семь = 2027-03-22 | 22 марта 2027 года = 2027-03-22
второго мая тысяча девятьсот восемьдесят пятого года = 1985-05-02
второе мая восемьдесят пятого года = 1985-05-02 | второго мая двухтысячного года = 2000-05-02
второго мая две тысячи первого = 2001-05-02 | второго мая тысяча девятисотого года = 1900-05-02
второго мая следующего года = 2027-05-02 | второго мая двадцать шестого года = 2026-05-02
первого числа следующего месяца = 2026-04-01 | двадцатого этого месяца = 2026-03-20
в воскресенье двадцать второго марта = 2026-03-22 | понедельник двадцать второе марта = none
завтра двенадцатого марта = 2026-03-12 | Давайте на двадцать второе марта. = 2026-03-22
двадцать девятого февраля = 2028-02-29 | тридцать первое февраля = none | тридцать второе = none
через день = none | на следующей неделе = none | март = none | оператор = none | 22.13 = none
двадцать второе оператор = none | через = none | назад = none
"""
POLISH_SAID = """
2026-06-01 = pierwszego czerwca | 2026-11-02 = drugiego listopada | 2026-04-03 = trzeciego kwietnia
2026-09-04 = czwartego września | 2026-02-05 = piątego lutego | 2026-07-06 = szóstego lipca
2026-12-07 = siódmego grudnia | 2026-05-08 = ósmego maja | 2026-10-09 = dziewiątego października
2026-03-10 = dziesiątego marca | 2026-08-11 = jedenastego sierpnia | 2026-01-12 = dwunastego stycznia
2026-06-13 = trzynastego czerwca | 2026-11-14 = czternastego listopada
2026-04-15 = piętnastego kwietnia | 2026-09-16 = szesnastego września | 2026-02-17 = siedemnastego lutego
2026-07-18 = osiemnastego lipca | 2026-12-19 = dziewiętnastego grudnia | 2026-05-20 = dwudziestego maja
2026-10-21 = dwudziestego pierwszego października | 2026-03-22 = dwudziestego drugiego marca
2026-08-23 = dwudziestego trzeciego sierpnia | 2026-01-24 = dwudziestego czwartego stycznia
2026-06-25 = dwudziestego piątego czerwca | 2026-11-26 = dwudziestego szóstego listopada
2026-04-27 = dwudziestego siódmego kwietnia | 2026-09-28 = dwudziestego ósmego września
2026-07-30 = trzydziestego lipca | 2026-12-31 = trzydziestego pierwszego grudnia
2000-01-01 year = pierwszego stycznia dwutysięcznego roku
2001-02-02 year = drugiego lutego dwa tysiące pierwszego roku
2009-09-09 year = dziewiątego września dwa tysiące dziewiątego roku
2010-10-10 year = dziesiątego października dwa tysiące dziesiątego roku
2020-02-29 year = dwudziestego dziewiątego lutego dwa tysiące dwudziestego roku
2026-03-22 year = dwudziestego drugiego marca dwa tysiące dwudziestego szóstego roku
2040-04-14 year = czternastego kwietnia dwa tysiące czterdziestego roku
1985-07-23 year = dwudziestego trzeciego lipca tysiąc dziewięćset osiemdziesiątego piątego roku
1900-12-31 year = trzydziestego pierwszego grudnia tysiąc dziewięćsetnego roku
1905-06-03 year = trzeciego czerwca tysiąc dziewięćset piątego roku
2100-08-30 year = trzydziestego sierpnia dwa tysiące setnego roku
1812-09-07 year = siódmego września tysiąc osiemset dwunastego roku
2026-03-23 weekday = poniedziałek, dwudziestego trzeciego marca
2026-03-24 weekday = wtorek, dwudziestego czwartego marca
2026-03-25 weekday = środa, dwudziestego piątego marca
2026-03-26 weekday = czwartek, dwudziestego szóstego marca
2026-03-27 weekday = piątek, dwudziestego siódmego marca
2026-03-28 weekday = sobota, dwudziestego ósmego marca
2026-03-29 weekday = niedziela, dwudziestego dziewiątego marca
"""
ENGLISH_SAID = """
2026-06-01 = June first | 2026-11-02 = November second | 2026-04-03 = April third
2026-09-04 = September fourth | 2026-02-05 = February fifth | 2026-07-06 = July sixth
2026-12-07 = December seventh | 2026-05-08 = May eighth | 2026-10-09 = October ninth
2026-03-10 = March tenth | 2026-08-11 = August eleventh | 2026-01-12 = January twelfth
2026-06-13 = June thirteenth | 2026-11-14 = November fourteenth | 2026-04-15 = April fifteenth
2026-09-16 = September sixteenth | 2026-02-17 = February seventeenth | 2026-07-18 = July eighteenth
2026-12-19 = December nineteenth | 2026-05-20 = May twentieth | 2026-10-21 = October twenty first
2026-03-22 = March twenty second | 2026-08-23 = August twenty third | 2026-01-24 = January twenty fourth
2026-06-25 = June twenty fifth | 2026-11-26 = November twenty sixth | 2026-04-27 = April twenty seventh
2026-09-28 = September twenty eighth | 2026-07-30 = July thirtieth | 2026-12-31 = December thirty first
2000-01-01 year = January first, two thousand | 2001-02-02 year = February second, two thousand one
2009-09-09 year = September ninth, two thousand nine | 2010-10-10 year = October tenth, twenty ten
2020-02-29 year = February twenty ninth, twenty twenty
2026-03-22 year = March twenty second, twenty twenty six
2040-04-14 year = April fourteenth, twenty forty
1985-07-23 year = July twenty third, nineteen eighty five
1900-12-31 year = December thirty first, nineteen hundred
1905-06-03 year = June third, nineteen oh five | 2100-08-30 year = August thirtieth, twenty one hundred
1812-09-07 year = September seventh, eighteen twelve | 2026-03-23 weekday = Monday, March twenty third
2026-03-24 weekday = Tuesday, March twenty fourth | 2026-03-25 weekday = Wednesday, March twenty fifth
2026-03-26 weekday = Thursday, March twenty sixth | 2026-03-27 weekday = Friday, March twenty seventh
2026-03-28 weekday = Saturday, March twenty eighth | 2026-03-29 weekday = Sunday, March twenty ninth
"""
RUSSIAN_SAID = """
2026-06-01 = первого июня | 2026-11-02 = второго ноября | 2026-04-03 = третьего апреля
2026-09-04 = четвёртого сентября | 2026-02-05 = пятого февраля | 2026-07-06 = шестого июля
2026-12-07 = седьмого декабря | 2026-05-08 = восьмого мая | 2026-10-09 = девятого октября
2026-03-10 = десятого марта | 2026-08-11 = одиннадцатого августа | 2026-01-12 = двенадцатого января
2026-06-13 = тринадцатого июня | 2026-11-14 = четырнадцатого ноября | 2026-04-15 = пятнадцатого апреля
2026-09-16 = шестнадцатого сентября | 2026-02-17 = семнадцатого февраля
2026-07-18 = восемнадцатого июля | 2026-12-19 = девятнадцатого декабря | 2026-05-20 = двадцатого мая
2026-10-21 = двадцать первого октября | 2026-03-22 = двадцать второго марта
2026-08-23 = двадцать третьего августа | 2026-01-24 = двадцать четвёртого января
2026-06-25 = двадцать пятого июня | 2026-11-26 = двадцать шестого ноября
2026-04-27 = двадцать седьмого апреля | 2026-09-28 = двадцать восьмого сентября
2026-07-30 = тридцатого июля | 2026-12-31 = тридцать первого декабря
2000-01-01 year = первого января двухтысячного года
2001-02-02 year = второго февраля две тысячи первого года
2009-09-09 year = девятого сентября две тысячи девятого года
2010-10-10 year = десятого октября две тысячи десятого года
2020-02-29 year = двадцать девятого февраля две тысячи двадцатого года
2026-03-22 year = двадцать второго марта две тысячи двадцать шестого года
2040-04-14 year = четырнадцатого апреля две тысячи сорокового года
1985-07-23 year = двадцать третьего июля тысяча девятьсот восемьдесят пятого года
1900-12-31 year = тридцать первого декабря тысяча девятисотого года
1905-06-03 year = третьего июня тысяча девятьсот пятого года
2100-08-30 year = тридцатого августа две тысячи сотого года
1812-09-07 year = седьмого сентября тысяча восемьсот двенадцатого года
2026-03-23 weekday = понедельник, двадцать третьего марта
2026-03-24 weekday = вторник, двадцать четвёртого марта
2026-03-25 weekday = среда, двадцать пятого марта | 2026-03-26 weekday = четверг, двадцать шестого марта
2026-03-27 weekday = пятница, двадцать седьмого марта
2026-03-28 weekday = суббота, двадцать восьмого марта
2026-03-29 weekday = воскресенье, двадцать девятого марта
"""


def rows(table: str) -> list[tuple[str, str]]:
    pairs = [pair.split(" = ") for line in table.strip().splitlines() for pair in line.split(" | ")]
    return [(left.strip(), right.strip()) for left, right in pairs]


def cases(polish: str, english: str, russian: str) -> list[tuple[str, str, str]]:
    tables = zip(LANGUAGES, (polish, english, russian), strict=True)
    return [(language, *row) for language, table in tables for row in rows(table)]


UNDERSTOOD = cases(POLISH, ENGLISH, RUSSIAN)
SAID = cases(POLISH_SAID, ENGLISH_SAID, RUSSIAN_SAID)


@pytest.mark.parametrize(("language", "said", "meant"), UNDERSTOOD)
def test_a_day_that_a_caller_says(language: str, said: str, meant: str) -> None:
    expected = None if meant == "none" else date.fromisoformat(meant)
    assert understood_date(said, language, TODAY) == expected


@pytest.mark.parametrize(("language", "day", "said"), SAID)
def test_a_day_as_it_is_said(language: str, day: str, said: str) -> None:
    iso, *how = day.split()
    whole = said_date(date.fromisoformat(iso), language, year="year" in how, weekday="weekday" in how)
    assert whole == said


def test_each_language_has_forty_examples_of_both() -> None:
    for language in LANGUAGES:
        assert sum(case[0] == language for case in SAID) >= 40
        assert sum(case[0] == language and case[2] != "none" for case in UNDERSTOOD) >= 40


@pytest.mark.parametrize("language", LANGUAGES)
@given(day=st.dates(date(1000, 1, 1), date(2999, 12, 31)), today=st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_a_day_with_its_year_is_understood_as_it_is_said(language: str, day: date, today: date) -> None:
    assert understood_date(said_date(day, language, year=True), language, today) == day
    with_weekday = said_date(day, language, year=True, weekday=True)
    assert understood_date(with_weekday, language, today) == day


@pytest.mark.parametrize("language", LANGUAGES)
@given(today=st.dates(date(1990, 1, 1), date(2090, 1, 1)), ahead=st.integers(0, 364))
def test_a_day_without_its_year_is_the_next_such_day(language: str, today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead)
    assert understood_date(said_date(day, language), language, today) == day
    assert understood_date(f"{day:%d.%m}", language, today) == day


@pytest.mark.parametrize("language", LANGUAGES)
@given(today=st.dates(date(1990, 1, 1), date(2090, 1, 1)), ahead=st.integers(1, 7))
def test_a_weekday_is_the_nearest_one_from_tomorrow_on(language: str, today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead)
    assert understood_date(said_weekday(day, language, on=True), language, today) == day


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data())
def test_any_words_at_all_give_a_day_or_nothing(language: str, data: st.DataObject) -> None:
    words = st.sampled_from([*date_vocabulary(language), "22", "03", "2026", "99999", "x"])
    said = " ".join(data.draw(st.lists(words, max_size=7)))
    understood = understood_date(said, language, TODAY)
    assert understood is None or isinstance(understood, date)


@given(text=st.text(max_size=40), today=st.dates())
def test_any_text_at_any_time_gives_a_day_or_nothing(text: str, today: date) -> None:
    assert {type(understood_date(text, language, today)) for language in LANGUAGES} <= {date, type(None)}


def test_a_language_that_is_not_known_is_not_understood() -> None:
    assert understood_date("morgen", "de", TODAY) is None
    assert date_vocabulary("de") == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_said_day_is_listened_for(language: str) -> None:
    listened = {normalised(word) for word in date_vocabulary(language)}
    for ahead in range(366):
        for word in normalised(said_date(TODAY + timedelta(days=ahead), language, weekday=True)).split():
            assert word in listened
    assert all(" " not in word for word in date_vocabulary(language))


@pytest.mark.parametrize(
    ("source", "language", "said"),
    [
        ("day|date", "pl", "dwudziestego drugiego marca"),
        ("day|date(year)", "pl", "dwudziestego drugiego marca dwa tysiące dwudziestego szóstego roku"),
        ("day|date(weekday)", "ru", "воскресенье, двадцать второго марта"),
        ("day|date(weekday, year)", "en", "Sunday, March twenty second, twenty twenty six"),
        ("day|weekday", "en", "Sunday"),
        ("day|weekday(on)", "pl", "w niedzielę"),
        ("at|date", "ru", "двадцать второго марта"),
        ("nothing|date", "pl", "jutro"),
        ("nothing|weekday", "pl", "jutro"),
        ("day|date", "de", "2026-03-22"),
    ],
)
def test_filters_of_days(source: str, language: str, said: str) -> None:
    scope = {"day": "2026-03-22", "at": "2026-03-22T14:30:00+01:00", "nothing": "jutro"}
    assert parse_expression(source).value(scope, language) == said


@pytest.mark.parametrize("source", ["day|date(years)", "day|weekday(at)", "day|date(year, weekday, year)"])
def test_an_argument_that_a_filter_does_not_know_is_refused(source: str) -> None:
    with pytest.raises(ExpressionProblem):
        parse_expression(source)
