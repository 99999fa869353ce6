"""The words of digits in each language, with the inflected forms that people use when they dictate."""

from __future__ import annotations

SAID = {
    "pl": ("zero", "jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć"),
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "ru": ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"),
}
SIGNS = {"pl": "plus", "en": "plus", "ru": "плюс"}


def _table(lines: dict[int, str]) -> dict[str, int]:
    return {word: value for value, words in lines.items() for word in words.split()}


UNITS = {
    "pl": _table(
        {
            0: "zero zera zerem zerko",
            1: "jeden jedna jedno jedynka jedynkę jedynki",
            2: "dwa dwie dwójka dwójkę",
            3: "trzy trójka trójkę",
            4: "cztery czwórka czwórkę",
            5: "pięć piątka piątkę",
            6: "sześć szóstka szóstkę",
            7: "siedem siódemka siódemkę",
            8: "osiem ósemka ósemkę",
            9: "dziewięć dziewiątka dziewiątkę",
        }
    ),
    "en": _table(
        {
            0: "zero oh o nought naught nil",
            1: "one",
            2: "two",
            3: "three",
            4: "four",
            5: "five",
            6: "six",
            7: "seven",
            8: "eight",
            9: "nine niner",
        }
    ),
    "ru": _table(
        {
            0: "ноль нуль нолик нолика",
            1: "один одна одно раз единица единицу единичка единичку",
            2: "два две двойка двойку двоечка",
            3: "три тройка тройку троечка",
            4: "четыре четверка четверку",
            5: "пять пятерка пятерку",
            6: "шесть шестерка шестерку",
            7: "семь семерка семерку",
            8: "восемь восьмерка восьмерку",
            9: "девять девятка девятку",
        }
    ),
}

# Plural forms that follow a count: "dwie piątki", "three fives", "два нуля".
UNIT_GROUPS = {
    "pl": _table(
        {
            0: "zera",
            1: "jedynki",
            2: "dwójki",
            3: "trójki",
            4: "czwórki",
            5: "piątki",
            6: "szóstki",
            7: "siódemki",
            8: "ósemki",
            9: "dziewiątki",
        }
    ),
    "en": _table(
        {
            0: "zeros zeroes ohs noughts",
            1: "ones",
            2: "twos",
            3: "threes",
            4: "fours",
            5: "fives",
            6: "sixes",
            7: "sevens",
            8: "eights",
            9: "nines",
        }
    ),
    "ru": _table(
        {
            0: "нуля ноля",
            1: "единицы единички",
            2: "двойки",
            3: "тройки",
            4: "четверки",
            5: "пятерки",
            6: "шестерки",
            7: "семерки",
            8: "восьмерки",
            9: "девятки",
        }
    ),
}

# The forms that follow five and more: "pięć zer", "пять нулей".
UNIT_GROUPS_OF_MANY = {
    "pl": _table(
        {
            0: "zer",
            1: "jedynek",
            2: "dwójek",
            3: "trójek",
            4: "czwórek",
            5: "piątek",
            6: "szóstek",
            7: "siódemek",
            8: "ósemek",
            9: "dziewiątek",
        }
    ),
    "en": UNIT_GROUPS["en"],
    "ru": _table(
        {
            0: "нулей ноликов",
            1: "единиц единичек",
            2: "двоек",
            3: "троек",
            4: "четверок",
            5: "пятерок",
            6: "шестерок",
            7: "семерок",
            8: "восьмерок",
            9: "девяток",
        }
    ),
}

REPEATERS = {
    "pl": {
        **_table(
            {
                2: "podwójne podwójna podwójny podwójną podwójnie dwukrotnie",
                3: "potrójne potrójna potrójny potrójną potrójnie trzykrotnie",
                4: "poczwórne poczwórna poczwórny poczwórną",
            }
        ),
        "dwa razy": 2,
        "trzy razy": 3,
        "cztery razy": 4,
        "pięć razy": 5,
        "sześć razy": 6,
    },
    "en": {
        **_table({2: "double twice", 3: "triple treble thrice", 4: "quadruple", 5: "quintuple"}),
        "two times": 2,
        "three times": 3,
        "four times": 4,
        "five times": 5,
        "six times": 6,
    },
    "ru": {
        **_table(
            {
                2: "двойной двойная двойное двойную двойные дважды",
                3: "тройной тройная тройное тройную тройные трижды",
                4: "четверной четверная четверное четырежды",
            }
        ),
        "два раза": 2,
        "три раза": 3,
        "четыре раза": 4,
        "пять раз": 5,
        "шесть раз": 6,
    },
}

TEENS = {
    "pl": _table(
        {
            10: "dziesięć dziesiątka",
            11: "jedenaście",
            12: "dwanaście",
            13: "trzynaście",
            14: "czternaście",
            15: "piętnaście",
            16: "szesnaście",
            17: "siedemnaście",
            18: "osiemnaście",
            19: "dziewiętnaście",
        }
    ),
    "en": _table(
        {
            10: "ten",
            11: "eleven",
            12: "twelve",
            13: "thirteen",
            14: "fourteen",
            15: "fifteen",
            16: "sixteen",
            17: "seventeen",
            18: "eighteen",
            19: "nineteen",
        }
    ),
    "ru": _table(
        {
            10: "десять десятка",
            11: "одиннадцать",
            12: "двенадцать",
            13: "тринадцать",
            14: "четырнадцать",
            15: "пятнадцать",
            16: "шестнадцать",
            17: "семнадцать",
            18: "восемнадцать",
            19: "девятнадцать",
        }
    ),
}

TENS = {
    "pl": _table(
        {
            20: "dwadzieścia",
            30: "trzydzieści",
            40: "czterdzieści",
            50: "pięćdziesiąt",
            60: "sześćdziesiąt",
            70: "siedemdziesiąt",
            80: "osiemdziesiąt",
            90: "dziewięćdziesiąt",
        }
    ),
    "en": _table(
        {
            20: "twenty",
            30: "thirty",
            40: "forty",
            50: "fifty",
            60: "sixty",
            70: "seventy",
            80: "eighty",
            90: "ninety",
        }
    ),
    "ru": _table(
        {
            20: "двадцать",
            30: "тридцать",
            40: "сорок",
            50: "пятьдесят",
            60: "шестьдесят",
            70: "семьдесят",
            80: "восемьдесят",
            90: "девяносто",
        }
    ),
}

# In hundreds. English says them with a word of its own, which the grammar of digits.py knows.
HUNDREDS = {
    "pl": _table(
        {
            1: "sto setka",
            2: "dwieście",
            3: "trzysta",
            4: "czterysta",
            5: "pięćset",
            6: "sześćset",
            7: "siedemset",
            8: "osiemset",
            9: "dziewięćset",
        }
    ),
    "en": {},
    "ru": _table(
        {
            1: "сто сотня",
            2: "двести",
            3: "триста",
            4: "четыреста",
            5: "пятьсот",
            6: "шестьсот",
            7: "семьсот",
            8: "восемьсот",
            9: "девятьсот",
        }
    ),
}

# Words that say nothing about the number.
FILLERS = {
    "pl": frozenset(["i", "numer", "to", "jest", "e", "eee", "yyy", "proszę"]),
    "en": frozenset(["and", "number", "um", "uh", "it's", "is", "the", "hash"]),
    "ru": frozenset(["и", "номер", "это", "э", "эээ", "так"]),
}

# The fewer words a recogniser listens for, the better it tells them apart. English speakers dictate digit by
# digit, and "fifteen", "fifty" and "five" are easily confused on a narrow line: there only digits are heard.
# Polish and Russian speakers dictate pairs and hundreds, so these are listened for.
_REPEATING = {
    "pl": (
        *("podwójne", "podwójna", "podwójny", "potrójne", "potrójna", "razy", "zera", "zer"),
        *("jedynka", "dwójka", "trójka", "czwórka", "piątka", "szóstka", "siódemka", "ósemka", "dziewiątka"),
        *("jedynki", "dwójki", "trójki", "czwórki", "piątki", "szóstki", "siódemki", "ósemki", "dziewiątki"),
    ),
    "en": ("double", "triple", "oh"),
    "ru": (
        *("дважды", "трижды", "раза", "двойной", "нуля", "ноля", "нулей", "единица", "единицы"),
        *("двойка", "тройка", "четвёрка", "пятёрка", "шестёрка", "семёрка", "восьмёрка", "девятка"),
        *("двойки", "тройки", "четвёрки", "пятёрки", "шестёрки", "семёрки", "восьмёрки", "девятки"),
    ),
}
LISTENED = {
    "pl": (*SAID["pl"], "dwie", *TEENS["pl"], *TENS["pl"], *HUNDREDS["pl"], *_REPEATING["pl"]),
    "en": (*SAID["en"], *_REPEATING["en"]),
    "ru": (*SAID["ru"], "нуль", "одна", "две", *TEENS["ru"], *TENS["ru"], *HUNDREDS["ru"], *_REPEATING["ru"]),
}
