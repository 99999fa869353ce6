"""Times of day and spans of time as they are said, and times as callers say them."""

from __future__ import annotations

from datetime import datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wording.durations import LONGEST_SECONDS, said_duration
from wording.expressions import ExpressionProblem, parse_expression
from wording.phrases import normalised
from wording.times import said_datetime, said_time, time_vocabulary, understood_time

LANGUAGES = ("pl", "en", "ru")

# In these tables a text stands before the time it means; "none" is not understood.
POLISH = """
ósma = 08:00 | o ósmej = 08:00 | na ósmą = 08:00 | godzina ósma = 08:00 | o godzinie ósmej = 08:00
osiem = 08:00
ósma trzydzieści = 08:30 | o ósmej trzydzieści = 08:30 | osiem trzydzieści = 08:30 | ósma zero pięć = 08:05
ósma pięć = 08:05 | ósma i piętnaście minut = 08:15 | zero osiem trzydzieści = 08:30
ósma zero zero = 08:00
czternasta trzydzieści = 14:30 | o czternastej trzydzieści = 14:30 | czternaście trzydzieści = 14:30
czternasta = 14:00 | dwudziesta = 20:00 | dwudziesta pięć = 20:05 | dwudziesta druga = 22:00
dwudziesta druga zero dwa = 22:02 | dwudziesta trzecia pięćdziesiąt dziewięć = 23:59
dwudziesta czwarta = 00:00 | zero trzydzieści = 00:30 | zero zero pięć = 00:05 | wpół do trzeciej = 02:30
o wpół do trzeciej = 02:30 | w pół do ósmej rano = 07:30 | wpół do pierwszej = 12:30
wpół do piętnastej = 14:30 | piętnaście po ósmej = 08:15 | kwadrans po ósmej = 08:15
pięć minut po dziewiątej = 09:05 | za pięć dziewiąta = 08:55 | za kwadrans ósma = 07:45
za dziesięć minut dwunasta = 11:50 | za dwadzieścia pięć druga = 01:35 | kwadrans przed ósmą = 07:45
za pięć wpół do trzeciej = 02:25 | pięć po wpół do trzeciej = 02:35 | za pięć pierwsza = 12:55
ósma rano = 08:00 | rano o ósmej = 08:00 | ósma wieczorem = 20:00 | wieczorem o ósmej = 20:00
o trzeciej po południu = 15:00 | po południu o trzeciej = 15:00 | kwadrans po czwartej po południu = 16:15
wpół do pierwszej po południu = 12:30 | pierwsza w nocy = 01:00 | jedenasta w nocy = 23:00
dwunasta w nocy = 00:00 | wpół do pierwszej w nocy = 00:30 | dwunasta w południe = 12:00
dziesiąta przed południem = 10:00 | czternasta po południu = 14:00 | północ = 00:00 | o północy = 00:00
południe = 12:00 | w samo południe = 12:00 | za kwadrans północ = 23:45 | pięć po północy = 00:05
kwadrans przed południem = 11:45 | 8:30 = 08:30 | 08:30 = 08:30 | 14.30 = 14:30 | 1430 = 14:30 | 830 = 08:30
8:05 = 08:05 | o 14 = 14:00 | 8 rano = 08:00 | Około ósmej, proszę. = 08:00 | punkt ósma = 08:00
dwudziesta piąta = none | ósma sześćdziesiąt = none | ósma zero trzydzieści = none | konsultant = none
ósma konsultant = none | wpół do = none | czternasta rano = none | po południu = none | za pięć = none
rano = none | 25:00 = none | kwadrans = none
"""
ENGLISH = """
eight = 08:00 | at eight = 08:00 | eight o'clock = 08:00 | eight o clock = 08:00 | eight thirty = 08:30
eight oh five = 08:05 | eight zero five = 08:05 | ten twenty five = 10:25 | ten ten = 10:10
eleven eleven = 11:11 | half past two = 02:30 | half two = 02:30 | quarter past eight = 08:15
a quarter past eight = 08:15 | quarter to nine = 08:45 | a quarter to nine = 08:45
a quarter of nine = 08:45
ten past eight = 08:10 | ten minutes past eight = 08:10 | ten after eight = 08:10 | five to nine = 08:55
twenty to nine = 08:40 | twenty five to nine = 08:35 | five minutes before nine = 08:55
ten till nine = 08:50 | twenty five past two = 02:25 | eight a m = 08:00 | eight p m = 20:00
eight thirty p m = 20:30 | eight oh five a m = 08:05 | twelve a m = 00:00 | twelve p m = 12:00
twelve thirty a m = 00:30 | twelve thirty p m = 12:30 | half past eight p m = 20:30
quarter to one p m = 12:45 | 8pm = 20:00 | 8 p.m. = 20:00 | 8:30 AM = 08:30 | 8:30 = 08:30 | 14:30 = 14:30
08:05 = 08:05 | 0830 = 08:30 | eight in the morning = 08:00 | nine o'clock in the evening = 21:00
three in the afternoon = 15:00 | half past three in the afternoon = 15:30 | eleven at night = 23:00
two at night = 02:00 | this evening at eight = 20:00 | tonight at nine = 21:00
ten to twelve in the morning = 11:50 | noon = 12:00 | at noon = 12:00 | midday = 12:00 | midnight = 00:00
twelve noon = 12:00 | twelve midnight = 00:00 | quarter to midnight = 23:45 | ten past midnight = 00:10
half past noon = 12:30 | fourteen thirty = 14:30 | fourteen hundred hours = 14:00 | oh eight hundred = 08:00
twenty oh five = 20:05 | twenty two thirty = 22:30 | fourteen thirty hours = 14:30 | thirteen = 13:00
About eight, please. = 08:00 | eight five = none | twenty five = none | eight sixty = none | agent = none
eight agent = none | half past = none | morning = none | thirteen a m = none
eleven in the afternoon = none
p m = none | quarter = none | 25:00 = none | twelve in the morning = none
"""
RUSSIAN = """
восемь = 08:00 | в восемь = 08:00 | восемь часов = 08:00 | в восемь часов = 08:00 | два часа = 02:00
восемь тридцать = 08:30 | восемь часов тридцать минут = 08:30 | восемь ноль пять = 08:05
восемь ноль ноль = 08:00 | ноль восемь тридцать = 08:30 | три пятнадцать = 03:15
четырнадцать тридцать = 14:30 | в четырнадцать тридцать = 14:30 | двадцать часов = 20:00
двадцать один час = 21:00 | двадцать один пятнадцать = 21:15 | двадцать два тридцать = 22:30
двадцать ноль пять = 20:05 | двадцать часов пять минут = 20:05 | двадцать три пятьдесят девять = 23:59
ноль часов пять минут = 00:05 | ноль тридцать = 00:30 | час = 01:00 | в час = 01:00 | час тридцать = 01:30
час ноль пять = 01:05 | половина третьего = 02:30 | в половине третьего = 02:30 | полтретьего = 02:30
пол третьего = 02:30 | полдвенадцатого = 11:30 | в половине первого = 12:30 | четверть третьего = 02:15
четверть четвёртого = 03:15 | пять минут третьего = 02:05 | двадцать минут девятого = 08:20
двадцать пять третьего = 02:25 | без пяти девять = 08:55 | без четверти девять = 08:45
без четверти три = 02:45 | без двадцати пяти минут девять = 08:35 | без пятнадцати час = 12:45
без десяти девять = 08:50 | восемь с половиной = 08:30 | в девять утра = 09:00 | утром в девять = 09:00
в три часа дня = 15:00 | три дня = 15:00 | час дня = 13:00 | в час ночи = 01:00 | восемь вечера = 20:00
в восемь часов вечера = 20:00 | вечером в восемь = 20:00 | двенадцать дня = 12:00 | двенадцать ночи = 00:00
одиннадцать ночи = 23:00 | одиннадцать дня = 11:00 | половина третьего дня = 14:30
половина первого ночи = 00:30 | пять минут первого ночи = 00:05 | без пяти час дня = 12:55
без четверти двенадцать утра = 11:45 | без десяти шесть вечера = 17:50 | четыре часа утра = 04:00
три часа ночи = 03:00 | в три после обеда = 15:00 | полдень = 12:00 | в полдень = 12:00 | полночь = 00:00
без пяти полночь = 23:55 | 8:30 = 08:30 | 14.30 = 14:30 | 1430 = 14:30 | в 8 утра = 08:00
Ровно в восемь, пожалуйста. = 08:00 | двадцать пять = none | восемь шестьдесят = none | оператор = none
восемь оператор = none | половина = none | без пяти = none | утра = none | девятнадцать утра = none
двадцать пять часов = none | 25:00 = none
"""
POLISH_SAID = """
00:00 = północ | 01:00 = pierwsza | 02:00 = druga | 03:00 = trzecia | 04:00 = czwarta | 05:00 = piąta
06:00 = szósta | 07:00 = siódma | 08:00 = ósma | 09:00 = dziewiąta | 10:00 = dziesiąta
11:00 = jedenasta | 12:00 = dwunasta | 13:00 = trzynasta | 14:00 = czternasta | 15:00 = piętnasta
16:00 = szesnasta | 17:00 = siedemnasta | 18:00 = osiemnasta | 19:00 = dziewiętnasta | 20:00 = dwudziesta
21:00 = dwudziesta pierwsza | 22:00 = dwudziesta druga | 23:00 = dwudziesta trzecia
00:00 at = o północy | 01:07 at = o pierwszej zero siedem | 02:14 at = o drugiej czternaście
03:21 at = o trzeciej dwadzieścia jeden | 04:28 at = o czwartej dwadzieścia osiem
05:35 at = o piątej trzydzieści pięć | 06:42 at = o szóstej czterdzieści dwa
07:49 at = o siódmej czterdzieści dziewięć | 08:56 at = o ósmej pięćdziesiąt sześć
09:03 at = o dziewiątej zero trzy | 10:10 at = o dziesiątej dziesięć
11:17 at = o jedenastej siedemnaście | 12:24 at = o dwunastej dwadzieścia cztery
13:31 at = o trzynastej trzydzieści jeden | 14:38 at = o czternastej trzydzieści osiem
15:45 at = o piętnastej czterdzieści pięć | 16:52 at = o szesnastej pięćdziesiąt dwa
17:59 at = o siedemnastej pięćdziesiąt dziewięć | 18:06 at = o osiemnastej zero sześć
19:13 at = o dziewiętnastej trzynaście | 20:20 at = o dwudziestej dwadzieścia
21:27 at = o dwudziestej pierwszej dwadzieścia siedem
22:34 at = o dwudziestej drugiej trzydzieści cztery
23:41 at = o dwudziestej trzeciej czterdzieści jeden | 00:01 = zero zero jeden | 00:30 = zero trzydzieści
01:30 = pierwsza trzydzieści | 01:01 = pierwsza zero jeden | 08:05 = ósma zero pięć
12:05 = dwunasta zero pięć | 12:30 = dwunasta trzydzieści | 13:11 = trzynasta jedenaście
14:30 = czternasta trzydzieści | 20:02 = dwudziesta zero dwa
21:21 = dwudziesta pierwsza dwadzieścia jeden
"""
ENGLISH_SAID = """
00:00 = midnight | 01:00 = one a m | 02:00 = two a m | 03:00 = three a m | 04:00 = four a m
05:00 = five a m | 06:00 = six a m | 07:00 = seven a m | 08:00 = eight a m | 09:00 = nine a m
10:00 = ten a m | 11:00 = eleven a m | 12:00 = noon | 13:00 = one p m | 14:00 = two p m
15:00 = three p m | 16:00 = four p m | 17:00 = five p m | 18:00 = six p m | 19:00 = seven p m
20:00 = eight p m | 21:00 = nine p m | 22:00 = ten p m | 23:00 = eleven p m | 00:00 at = at midnight
01:07 at = at one oh seven a m | 02:14 at = at two fourteen a m | 03:21 at = at three twenty one a m
04:28 at = at four twenty eight a m | 05:35 at = at five thirty five a m
06:42 at = at six forty two a m | 07:49 at = at seven forty nine a m | 08:56 at = at eight fifty six a m
09:03 at = at nine oh three a m | 10:10 at = at ten ten a m | 11:17 at = at eleven seventeen a m
12:24 at = at twelve twenty four p m | 13:31 at = at one thirty one p m
14:38 at = at two thirty eight p m | 15:45 at = at three forty five p m
16:52 at = at four fifty two p m | 17:59 at = at five fifty nine p m | 18:06 at = at six oh six p m
19:13 at = at seven thirteen p m | 20:20 at = at eight twenty p m | 21:27 at = at nine twenty seven p m
22:34 at = at ten thirty four p m | 23:41 at = at eleven forty one p m | 00:01 = twelve oh one a m
00:30 = twelve thirty a m | 01:30 = one thirty a m | 01:01 = one oh one a m | 08:05 = eight oh five a m
12:05 = twelve oh five p m | 12:30 = twelve thirty p m | 13:11 = one eleven p m | 14:30 = two thirty p m
20:02 = eight oh two p m | 21:21 = nine twenty one p m
"""
RUSSIAN_SAID = """
00:00 = полночь | 01:00 = час ночи | 02:00 = два часа | 03:00 = три часа | 04:00 = четыре часа
05:00 = пять часов | 06:00 = шесть часов | 07:00 = семь часов | 08:00 = восемь часов
09:00 = девять часов | 10:00 = десять часов | 11:00 = одиннадцать часов | 12:00 = двенадцать часов
13:00 = тринадцать часов | 14:00 = четырнадцать часов | 15:00 = пятнадцать часов
16:00 = шестнадцать часов | 17:00 = семнадцать часов | 18:00 = восемнадцать часов
19:00 = девятнадцать часов | 20:00 = двадцать часов | 21:00 = двадцать один час
22:00 = двадцать два часа | 23:00 = двадцать три часа | 00:00 at = в полночь | 01:07 at = в час ноль семь
02:14 at = в два четырнадцать | 03:21 at = в три часа двадцать одну минуту
04:28 at = в четыре двадцать восемь | 05:35 at = в пять тридцать пять
06:42 at = в шесть часов сорок две минуты | 07:49 at = в семь сорок девять
08:56 at = в восемь пятьдесят шесть | 09:03 at = в девять ноль три | 10:10 at = в десять десять
11:17 at = в одиннадцать семнадцать | 12:24 at = в двенадцать двадцать четыре
13:31 at = в тринадцать часов тридцать одну минуту | 14:38 at = в четырнадцать тридцать восемь
15:45 at = в пятнадцать сорок пять | 16:52 at = в шестнадцать часов пятьдесят две минуты
17:59 at = в семнадцать пятьдесят девять | 18:06 at = в восемнадцать ноль шесть
19:13 at = в девятнадцать тринадцать | 20:20 at = в двадцать двадцать
21:27 at = в двадцать один двадцать семь | 22:34 at = в двадцать два тридцать четыре
23:41 at = в двадцать три часа сорок одну минуту | 00:01 = ноль часов одна минута
00:30 = ноль часов тридцать минут | 01:30 = час тридцать | 01:01 = один час одна минута
08:05 = восемь ноль пять | 12:05 = двенадцать ноль пять | 12:30 = двенадцать тридцать
13:11 = тринадцать одиннадцать | 14:30 = четырнадцать тридцать | 20:02 = двадцать часов две минуты
21:21 = двадцать один час двадцать одна минута
"""


def cases(polish: str, english: str, russian: str) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for language, table in zip(LANGUAGES, (polish, english, russian), strict=True):
        for line in table.strip().splitlines():
            for pair in line.split(" | "):
                left, right = pair.split(" = ")
                found.append((language, left.strip(), right.strip()))
    return found


UNDERSTOOD = cases(POLISH, ENGLISH, RUSSIAN)
SAID = cases(POLISH_SAID, ENGLISH_SAID, RUSSIAN_SAID)


@pytest.mark.parametrize(("language", "said", "meant"), UNDERSTOOD)
def test_a_time_that_a_caller_says(language: str, said: str, meant: str) -> None:
    assert understood_time(said, language) == (None if meant == "none" else time.fromisoformat(meant))


@pytest.mark.parametrize(("language", "at", "said"), SAID)
def test_a_time_as_it_is_said(language: str, at: str, said: str) -> None:
    iso, *on = at.split()
    assert said_time(time.fromisoformat(iso), language, on=bool(on)) == said


def test_each_language_has_forty_examples_of_both() -> None:
    for language in LANGUAGES:
        assert sum(case[0] == language for case in SAID) >= 40
        assert sum(case[0] == language and case[2] != "none" for case in UNDERSTOOD) >= 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_minute_of_the_day_is_understood_as_it_is_said(language: str) -> None:
    for minute in range(24 * 60):
        at = time(minute // 60, minute % 60)
        assert understood_time(said_time(at, language), language) == at
        assert understood_time(said_time(at, language, on=True), language) == at
        assert understood_time(f"{at:%H:%M}", language) == at


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data())
def test_any_words_at_all_give_a_time_or_nothing(language: str, data: st.DataObject) -> None:
    words = st.sampled_from([*time_vocabulary(language), "22", "03", "2026", "99999", "x"])
    said = " ".join(data.draw(st.lists(words, max_size=6)))
    understood = understood_time(said, language)
    assert understood is None or isinstance(understood, time)


@given(text=st.text(max_size=40))
def test_any_text_gives_a_time_or_nothing(text: str) -> None:
    assert {type(understood_time(text, language)) for language in LANGUAGES} <= {time, type(None)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_said_time_is_listened_for(language: str) -> None:
    listened = {normalised(word) for word in time_vocabulary(language)}
    for minute in range(24 * 60):
        said = said_time(time(minute // 60, minute % 60), language, on=True)
        assert set(normalised(said).split()) <= listened
    assert all(" " not in word for word in time_vocabulary(language))


def test_a_language_that_is_not_known_is_not_understood() -> None:
    assert understood_time("acht", "de") is None
    assert time_vocabulary("de") == ()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("pl", "w poniedziałek dwudziestego trzeciego marca o czternastej trzydzieści"),
        ("en", "on Monday, March twenty third, at two thirty p m"),
        ("ru", "в понедельник, двадцать третьего марта, в четырнадцать тридцать"),
    ],
)
def test_a_day_with_its_time_answers_when(language: str, said: str) -> None:
    assert said_datetime(datetime(2026, 3, 23, 14, 30), language) == said
    scope = {"at": "2026-03-23T14:30"}
    assert parse_expression("at|datetime").value(scope, language) == said


# Seconds, then how long that is, then when it is over.
DURATIONS = """
pl 0 = zero sekund = za zero sekund | pl 1 = jedna sekunda = za jedną sekundę
pl 22 = dwadzieścia dwie sekundy = za dwadzieścia dwie sekundy | pl 45 = czterdzieści pięć sekund = -
pl 60 = jedna minuta = za jedną minutę | pl 89 = jedna minuta = - | pl 90 = dwie minuty = za dwie minuty
pl 180 = trzy minuty = za trzy minuty | pl 300 = pięć minut = - | pl 720 = dwanaście minut = -
pl 1260 = dwadzieścia jeden minut = - | pl 1320 = dwadzieścia dwie minuty = - | pl 3599 = jedna godzina = -
pl 3600 = jedna godzina = za jedną godzinę | pl 5400 = jedna godzina i trzydzieści minut = -
pl 7260 = dwie godziny i jedna minuta = za dwie godziny i jedną minutę | pl 18000 = pięć godzin = -
pl 86400 = jeden dzień = za jeden dzień | pl 172800 = dwa dni = -
pl 93600 = jeden dzień i dwie godziny = -
en 0 = zero seconds = in zero seconds | en 1 = one second = in one second | en 45 = forty five seconds = -
en 60 = one minute = in one minute | en 180 = three minutes = in three minutes | en 3600 = one hour = -
en 5400 = one hour and thirty minutes = - | en 86400 = one day = - | en 187200 = two days and four hours = -
ru 1 = одна секунда = через одну секунду | ru 3 = три секунды = - | ru 45 = сорок пять секунд = -
ru 60 = одна минута = через одну минуту | ru 120 = две минуты = через две минуты | ru 300 = пять минут = -
ru 660 = одиннадцать минут = - | ru 1260 = двадцать одна минута = через двадцать одну минуту
ru 3600 = один час = через один час | ru 7200 = два часа = - | ru 18000 = пять часов = -
ru 75600 = двадцать один час = - | ru 5400 = один час тридцать минут = - | ru 86400 = один день = -
ru 172800 = два дня = через два дня | ru 432000 = пять дней = -
"""


@pytest.mark.parametrize(
    "row", [pair for line in DURATIONS.strip().splitlines() for pair in line.split(" | ")]
)
def test_a_span_of_time(row: str) -> None:
    what, long, ahead = row.split(" = ")
    language, seconds = what.split()
    assert said_duration(int(seconds), language) == long
    if ahead != "-":
        assert said_duration(int(seconds), language, ahead=True) == ahead


@pytest.mark.parametrize("seconds", [-1, LONGEST_SECONDS + 1])
def test_what_is_no_span_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="not said as a duration"):
        said_duration(seconds, "en")


@pytest.mark.parametrize(
    ("source", "language", "said"),
    [
        ("at|time", "pl", "czternasta trzydzieści"),
        ("at|time(at)", "pl", "o czternastej trzydzieści"),
        ("moment|time", "en", "two thirty p m"),
        ("moment|datetime", "en", "on Sunday, March twenty second, at two thirty p m"),
        ("day|datetime", "pl", "w niedzielę dwudziestego drugiego marca"),
        ("day|datetime", "ru", "в воскресенье, двадцать второго марта"),
        ("day|time", "ru", "2026-03-22"),
        ("early|time", "ru", "восемь ноль пять"),
        ("nothing|time", "pl", "kiedyś"),
        ("nothing|datetime", "pl", "kiedyś"),
        ("at|time", "de", "14:30"),
        ("wait|duration", "pl", "trzy minuty"),
        ("wait|duration(in)", "ru", "через три минуты"),
        ("exact|duration", "en", "one minute"),
        ("nothing|duration", "pl", "kiedyś"),
        ("wait|duration", "de", "170"),
        ("minus|duration", "pl", "-3"),
        ("huge|duration", "pl", "1e999999"),
        ("nan|duration", "pl", "NaN"),
    ],
)
def test_filters_of_times_and_spans(source: str, language: str, said: str) -> None:
    scope = {
        "at": "14:30",
        "early": "8:05",
        "moment": "2026-03-22T14:30:00+01:00",
        "day": "2026-03-22",
        "nothing": "kiedyś",
        "wait": 170,
        "exact": "61.5",
        "minus": -3,
        "huge": "1e999999",
        "nan": "NaN",
    }
    assert parse_expression(source).value(scope, language) == said


@pytest.mark.parametrize(
    "source", ["at|time(on)", "at|datetime(year)", "at|duration(at)", "at|duration(in, in)"]
)
def test_an_argument_that_a_filter_does_not_know_is_refused(source: str) -> None:
    with pytest.raises(ExpressionProblem):
        parse_expression(source)
