"""The words of numbers in each language: as they are said, and the inflected forms that callers use."""

from __future__ import annotations

from dataclasses import dataclass

from wording.digit_words import HUNDREDS, SAID, TEENS, TENS, UNITS


def _table(lines: dict[int, str]) -> dict[str, int]:
    return {word: value for value, words in lines.items() for word in words.split()}


# Thousands, millions and milliards: (gender, one, few, many). English has one form of each.
SCALES: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "pl": (
        ("m", "tysiąc", "tysiące", "tysięcy"),
        ("m", "milion", "miliony", "milionów"),
        ("m", "miliard", "miliardy", "miliardów"),
    ),
    "en": (
        ("m", "thousand", "thousand", "thousand"),
        ("m", "million", "million", "million"),
        ("m", "billion", "billion", "billion"),
    ),
    "ru": (
        ("f", "тысяча", "тысячи", "тысяч"),
        ("m", "миллион", "миллиона", "миллионов"),
        ("m", "миллиард", "миллиарда", "миллиардов"),
    ),
}

# 1 and 2 by gender; the other numbers have none that is said here.
ONE = {
    "pl": {"m": "jeden", "f": "jedna", "n": "jedno"},
    "en": {"m": "one", "f": "one", "n": "one"},
    "ru": {"m": "один", "f": "одна", "n": "одно"},
}
TWO = {
    "pl": {"m": "dwa", "f": "dwie", "n": "dwa"},
    "en": {"m": "two", "f": "two", "n": "two"},
    "ru": {"m": "два", "f": "две", "n": "два"},
}
MINUS = {"pl": "minus", "en": "minus", "ru": "минус"}

POINT = {"pl": "przecinek", "en": "point", "ru": "запятая"}

# Russian says decimals as a fraction: (one, many) by the count of decimal digits.
RUSSIAN_FRACTIONS = {
    1: ("десятая", "десятых"),
    2: ("сотая", "сотых"),
    3: ("тысячная", "тысячных"),
}

RUSSIAN_DENOMINATORS = _table(
    {
        1: "десятая десятых десятые десятую",
        2: "сотая сотых сотые сотую",
        3: "тысячная тысячных тысячные тысячную",
    }
)

_OBLIQUE_UNITS = {
    "pl": _table(
        {
            0: "zeru",
            1: "jedną jednego jednej jednemu jednym",
            2: "dwóch dwu dwóm dwom dwoma dwiema dwaj dwoje dwojga",
            3: "trzech trzem trzema trzej troje trojga",
            4: "czterech czterem czterema czterej czworo",
            5: "pięciu pięcioma pięcioro",
            6: "sześciu sześcioma sześcioro",
            7: "siedmiu siedmioma siedmioro",
            8: "ośmiu ośmioma ośmioro",
            9: "dziewięciu dziewięcioma dziewięcioro",
        }
    ),
    "en": {},
    "ru": _table(
        {
            0: "ноля нуля нолем нулем",
            1: "одну одного одной одному одним одном",
            2: "двух двум двумя двое двоих",
            3: "трех трем тремя трое троих",
            4: "четырех четырем четырьмя четверо четверых",
            5: "пяти пятью пятеро пятерых",
            6: "шести шестью шестеро",
            7: "семи семью семеро",
            8: "восьми восемью восьмью",
            9: "девяти девятью",
        }
    ),
}
_OBLIQUE_TEENS = {
    "pl": {
        "dziesięciu": 10,
        "dziesięcioma": 10,
        "dwunastu": 12,
        "dwunastoma": 12,
        **{
            word[: -len("ście")] + ending: value
            for word, value in TEENS["pl"].items()
            if word.endswith("naście")
            for ending in ("stu", "stoma")
        },
    },
    "en": {},
    "ru": {
        word[:-1] + ending: value
        for word, value in TEENS["ru"].items()
        if word.endswith("ь")
        for ending in ("и", "ью")
    },
}
_OBLIQUE_TENS = {
    "pl": {
        **_table({20: "dwudziestu dwudziestoma", 30: "trzydziestu trzydziestoma"}),
        **_table({40: "czterdziestu czterdziestoma"}),
        **{
            word[: -len("dziesiąt")] + ending: value
            for word, value in TENS["pl"].items()
            if word.endswith("dziesiąt")
            for ending in ("dziesięciu", "dziesięcioma")
        },
    },
    "en": {},
    "ru": _table(
        {
            20: "двадцати двадцатью",
            30: "тридцати тридцатью",
            40: "сорока",
            50: "пятидесяти пятьюдесятью",
            60: "шестидесяти шестьюдесятью",
            70: "семидесяти семьюдесятью",
            80: "восьмидесяти восемьюдесятью восьмьюдесятью",
            90: "девяноста",
        }
    ),
}
_OBLIQUE_HUNDREDS = {
    "pl": _table(
        {
            1: "stu stoma setkę",
            2: "dwustu dwustoma",
            3: "trzystu",
            4: "czterystu",
            5: "pięciuset",
            6: "sześciuset",
            7: "siedmiuset",
            8: "ośmiuset",
            9: "dziewięciuset",
        }
    ),
    "en": {},
    "ru": _table(
        {
            1: "ста сотню",
            2: "двухсот двумстам двумястами двухстах",
            3: "трехсот тремстам тремястами трехстах",
            4: "четырехсот четыремстам четырьмястами четырехстах",
            5: "пятисот пятистам пятьюстами пятистах",
            6: "шестисот шестистам шестьюстами шестистах",
            7: "семисот семистам семьюстами семистах",
            8: "восьмисот восьмистам восемьюстами восьмистах",
            9: "девятисот девятистам девятьюстами девятистах",
        }
    ),
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class NumberWords:
    """What each word adds or multiplies. All words are written as `normalised` leaves them."""

    units: dict[str, int]
    teens: dict[str, int]
    tens: dict[str, int]
    hundreds: dict[str, int]
    multipliers: dict[str, int]
    """Words that multiply what stands before them within a thousand: "two hundred", "two dozen"."""
    scales: dict[str, int]
    minus: frozenset[str]
    points: frozenset[str]
    """Words between whole part and decimals."""
    rewritten: dict[str, str]
    """Phrases of up to three words that stand for one: HALF_MORE, HALF, ONE_AND_HALF or figures."""
    fillers: frozenset[str]


# Marks that stand for phrases with a half; no caller's word looks like them.
HALF_MORE, HALF, ONE_AND_HALF = "½+", "½", "1½"

WORDS = {
    "pl": NumberWords(
        units=UNITS["pl"] | _OBLIQUE_UNITS["pl"],
        teens=TEENS["pl"] | _OBLIQUE_TEENS["pl"],
        tens=TENS["pl"] | _OBLIQUE_TENS["pl"],
        hundreds=HUNDREDS["pl"] | _OBLIQUE_HUNDREDS["pl"],
        multipliers=_table({10: "dycha dychę dychy dych", 100: "stówa stówę stówy stów setki setek"}),
        scales=_table(
            {
                10**3: "tysiąc tysiące tysięcy tysiąca tysiącem tysiącu tysiącom tysiącami tysiącach",
                10**6: "milion miliony milionów miliona milionem milionowi milionie milionom milionach",
                10**9: "miliard miliardy miliardów miliarda miliardem",
            }
        ),
        minus=frozenset(["minus"]),
        points=frozenset(["przecinek", "kropka"]),
        rewritten={
            "i pół": HALF_MORE,
            "i pol": HALF_MORE,
            "i połowa": HALF_MORE,
            "półtora": ONE_AND_HALF,
            "półtorej": ONE_AND_HALF,
            "pół": HALF,
            "pół setki": "50",
        },
        fillers=_words("i to jest będzie e eee yyy no około proszę poproszę"),
    ),
    "en": NumberWords(
        units=UNITS["en"],
        teens=TEENS["en"],
        tens=TENS["en"],
        hundreds={},
        multipliers={"hundred": 100, "hundreds": 100, "dozen": 12},
        scales={
            "thousand": 10**3,
            "thousands": 10**3,
            "grand": 10**3,
            "million": 10**6,
            "millions": 10**6,
            "billion": 10**9,
        },
        minus=frozenset(["minus", "negative"]),
        points=frozenset(["point", "decimal", "dot"]),
        rewritten={
            "and a half": HALF_MORE,
            "and half": HALF_MORE,
            "half a dozen": "6",
            "half a": HALF,
            "half": HALF,
        },
        fillers=_words("and a an um uh er it's its is the about please"),
    ),
    "ru": NumberWords(
        units=UNITS["ru"] | _OBLIQUE_UNITS["ru"],
        teens=TEENS["ru"] | _OBLIQUE_TEENS["ru"],
        tens=TENS["ru"] | _OBLIQUE_TENS["ru"],
        hundreds=HUNDREDS["ru"] | _OBLIQUE_HUNDREDS["ru"],
        multipliers=_table({100: "сотни сотен"}),
        scales=_table(
            {
                10**3: "тысяча тысячи тысяч тысячу тысяче тысячей тысячью тысячам тысячами тысячах тыща тыщу",
                10**6: "миллион миллиона миллионов миллиону миллионом миллионе миллионам миллионы",
                10**9: "миллиард миллиарда миллиардов миллиардом миллиарды",
            }
        ),
        minus=frozenset(["минус"]),
        points=frozenset(["запятая", "точка", "целая", "целых", "целые", "целую"]),
        rewritten={
            "с половиной": HALF_MORE,
            "и половина": HALF_MORE,
            "полтора": ONE_AND_HALF,
            "полторы": ONE_AND_HALF,
            "полутора": ONE_AND_HALF,
            "пол": HALF,
            "полсотни": "50",
            "полтысячи": "500",
            "полмиллиона": "500000",
            "половина": HALF,
        },
        fillers=_words("и это э эээ так будет около примерно ну пожалуйста"),
    ),
}

# What callers say when they are asked for a number. All the inflected forms would make the recogniser confuse
# more words, and only some of them are said in an answer.
_ANSWERED = {
    "pl": (
        *("jedna", "jedno", "jedną", "dwie", "dwóch", "trzech", "czterech", "pięciu", "minus"),
        *("tysiąc", "tysiące", "tysięcy", "milion", "miliony", "milionów", "i", "pół", "półtora"),
    ),
    "en": ("oh", "nought", "a", "and", "half", "hundred", "thousand", "million", "minus"),
    "ru": (
        *("нуль", "одна", "одно", "одну", "две", "двух", "трёх", "четырёх", "пяти", "минус"),
        *("тысяча", "тысячу", "тысячи", "тысяч", "миллион", "миллиона", "миллионов"),
        *("с", "половиной", "полтора", "полторы"),
    ),
}
LISTENED = {
    language: (*SAID[language], *TEENS[language], *TENS[language], *HUNDREDS[language], *_ANSWERED[language])
    for language in SAID
}
