"""The words of the calendar in each language, with the cases that people put them in."""

from __future__ import annotations

from wording.phrases import normalised

# By number from 1: nominative, genitive, then the rest. A date is said with the genitive.
MONTHS: dict[str, tuple[str, ...]] = {
    "pl": (
        "styczeń stycznia styczniu",
        "luty lutego lutym",
        "marzec marca marcu",
        "kwiecień kwietnia kwietniu",
        "maj maja maju",
        "czerwiec czerwca czerwcu",
        "lipiec lipca lipcu",
        "sierpień sierpnia sierpniu",
        "wrzesień września wrześniu",
        "październik października październiku",
        "listopad listopada listopadzie",
        "grudzień grudnia grudniu",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "ru": (
        "январь января январе",
        "февраль февраля феврале",
        "март марта марте",
        "апрель апреля апреле",
        "май мая мае",
        "июнь июня июне",
        "июль июля июле",
        "август августа августе",
        "сентябрь сентября сентябре",
        "октябрь октября октябре",
        "ноябрь ноября ноябре",
        "декабрь декабря декабре",
    ),
}

# From Monday: nominative, accusative (said with "on"), then the rest.
WEEKDAYS: dict[str, tuple[str, ...]] = {
    "pl": (
        "poniedziałek poniedziałek poniedziałku poniedziałkiem",
        "wtorek wtorek wtorku wtorkiem",
        "środa środę środy środzie",
        "czwartek czwartek czwartku czwartkiem",
        "piątek piątek piątku piątkiem",
        "sobota sobotę soboty sobocie",
        "niedziela niedzielę niedzieli",
    ),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "ru": (
        "понедельник понедельник понедельника понедельнику",
        "вторник вторник вторника вторнику",
        "среда среду среды среде",
        "четверг четверг четверга четвергу",
        "пятница пятницу пятницы пятнице",
        "суббота субботу субботы субботе",
        "воскресенье воскресенье воскресенья воскресение воскресенью",
    ),
}

# Days from today.
RELATIVE_DAYS = {
    "pl": {
        "dziś": 0,
        "dzisiaj": 0,
        "dzisiejszy dzień": 0,
        "dzisiejszego": 0,
        "dzisiejszym": 0,
        "jutro": 1,
        "jutrzejszy dzień": 1,
        "jutrzejszego": 1,
        "jutrzejszym": 1,
        "pojutrze": 2,
        "po jutrze": 2,
        "wczoraj": -1,
        "wczorajszego": -1,
        "przedwczoraj": -2,
    },
    "en": {
        "today": 0,
        "tomorrow": 1,
        "day after tomorrow": 2,
        "yesterday": -1,
        "day before yesterday": -2,
    },
    "ru": {
        "сегодня": 0,
        "сегодняшний день": 0,
        "сегодняшнего": 0,
        "завтра": 1,
        "завтрашний день": 1,
        "завтрашнего": 1,
        "послезавтра": 2,
        "после завтра": 2,
        "вчера": -1,
        "вчерашнего": -1,
        "позавчера": -2,
    },
}

# In which week a weekday is meant; `COMING`: the nearest one from tomorrow on, `THIS`: today too.
COMING, THIS, NEXT = "coming", "this", "next"
WHICH_WEEK = {
    "pl": {
        COMING: "najbliższy najbliższą najbliższa najbliższego",
        THIS: "ten tę tą ta tego",
        NEXT: "przyszły przyszłą przyszła przyszłego następny następną następna następnego kolejny kolejną",
    },
    "en": {COMING: "coming", THIS: "this", NEXT: "next following"},
    "ru": {
        COMING: "ближайший ближайшую ближайшая ближайшее",
        THIS: "этот эту эта",
        NEXT: "следующий следующую следующая следующее будущий будущую будущее",
    },
}

# Whole weeks and months that are named from today.
WEEKS_AWAY = {
    "pl": {
        "tym tygodniu": 0,
        "bieżącym tygodniu": 0,
        "przyszłym tygodniu": 1,
        "następnym tygodniu": 1,
        "przyszły tydzień": 1,
        "następny tydzień": 1,
    },
    "en": {"this week": 0, "next week": 1, "following week": 1, "week after next": 2},
    "ru": {"этой неделе": 0, "следующей неделе": 1, "будущей неделе": 1},
}
MONTHS_AWAY = {
    "pl": {
        "tego miesiąca": 0,
        "bieżącego miesiąca": 0,
        "tym miesiącu": 0,
        "przyszłego miesiąca": 1,
        "następnego miesiąca": 1,
        "przyszłym miesiącu": 1,
        "następnym miesiącu": 1,
    },
    "en": {"this month": 0, "next month": 1, "following month": 1},
    "ru": {
        "этого месяца": 0,
        "текущего месяца": 0,
        "этом месяце": 0,
        "следующего месяца": 1,
        "будущего месяца": 1,
        "следующем месяце": 1,
    },
}
YEARS_AWAY = {
    "pl": {
        "tego roku": 0,
        "bieżącego roku": 0,
        "tym roku": 0,
        "przyszłego roku": 1,
        "następnego roku": 1,
        "przyszłym roku": 1,
        "ubiegłego roku": -1,
        "zeszłego roku": -1,
    },
    "en": {"this year": 0, "next year": 1, "last year": -1},
    "ru": {
        "этого года": 0,
        "текущего года": 0,
        "этом году": 0,
        "следующего года": 1,
        "будущего года": 1,
        "следующем году": 1,
        "прошлого года": -1,
    },
}

# Counted spans: "za trzy dni", "in two weeks", "через месяц", "three days ago".
DAYS, MONTHS_LONG = "days", "months"
SPANS: dict[str, dict[str, tuple[str, int]]] = {
    "pl": {
        "dzień dni": (DAYS, 1),
        "tydzień tygodnie tygodni": (DAYS, 7),
        "miesiąc miesiące miesięcy": (MONTHS_LONG, 1),
        "rok lata lat": (MONTHS_LONG, 12),
    },
    "en": {
        "day days": (DAYS, 1),
        "week weeks": (DAYS, 7),
        "fortnight": (DAYS, 14),
        "month months": (MONTHS_LONG, 1),
        "year years": (MONTHS_LONG, 12),
    },
    "ru": {
        "день дня дней": (DAYS, 1),
        "неделю неделя недели недель": (DAYS, 7),
        "месяц месяца месяцев": (MONTHS_LONG, 1),
        "год года лет": (MONTHS_LONG, 12),
    },
}
AHEAD = {"pl": ("za",), "en": ("in",), "ru": ("через",)}
FROM_TODAY = {
    "pl": ("od dziś", "od dzisiaj", "od teraz"),
    "en": ("from now", "from today", "today", "time"),
    "ru": ("от сегодня", "с сегодняшнего дня"),
}
AGO = {"pl": ("temu",), "en": ("ago",), "ru": ("назад", "тому назад")}

# Words that say nothing about which day it is. What is left of "22nd" and "22-го" is among them.
_FILLERS = {
    "pl": "w we na to dnia dniu jest będzie niech może być proszę poproszę eee yyy no a i",
    "en": "on the of for at it's is please um uh maybe and st nd rd th",
    "ru": "в во на это число числа числу будет давайте пожалуйста ну э эээ и го ого ое е",
}
FILLERS = {language: frozenset(words.split()) for language, words in _FILLERS.items()}


def table_of(lines: tuple[str, ...]) -> dict[str, int]:
    """Every form of each line, with the line's number from 0."""
    return {normalised(form): number for number, forms in enumerate(lines) for form in forms.split()}


MONTH_NUMBERS = {
    language: {form: number + 1 for form, number in table_of(lines).items()}
    for language, lines in MONTHS.items()
}
WEEKDAY_NUMBERS = {language: table_of(lines) for language, lines in WEEKDAYS.items()}
