"""Ordinal numbers by gender and case: "dwudziestego drugiego", "twenty second", "двадцать второе"."""

from __future__ import annotations

# Endings by gender and case. A stem in the tables below names its declension after a slash; "y" without one.
_POLISH = {
    "y": {"m": ("y", "ego", "ym"), "n": ("e", "ego", "ym"), "f": ("a", "ej", "ej")},
    "k": {"m": ("i", "iego", "im"), "n": ("ie", "iego", "im"), "f": ("a", "iej", "iej")},
    "i": {"m": ("i", "iego", "im"), "n": ("ie", "iego", "im"), "f": ("ia", "iej", "iej")},
}
_RUSSIAN = {
    "y": {"m": ("ый", "ого", "ом"), "n": ("ое", "ого", "ом"), "f": ("ая", "ой", "ой")},
    "o": {"m": ("ой", "ого", "ом"), "n": ("ое", "ого", "ом"), "f": ("ая", "ой", "ой")},
    "i": {"m": ("ий", "ьего", "ьем"), "n": ("ье", "ьего", "ьем"), "f": ("ья", "ьей", "ьей")},
}
_ENDINGS = {"pl": _POLISH, "ru": _RUSSIAN}
CASES = {"nom": 0, "gen": 1, "loc": 2}


def _from(first: int, step: int, words: str) -> dict[int, str]:
    return {first + step * at: word for at, word in enumerate(words.split())}


_STEMS = {
    "pl": {
        **_from(0, 1, "zerow pierwsz drug/k trzec/i czwart piąt szóst siódm ósm dziewiąt dziesiąt"),
        **_from(
            11, 1, "jedenast dwunast trzynast czternast piętnast szesnast siedemnast osiemnast dziewiętnast"
        ),
        **_from(20, 10, "dwudziest trzydziest czterdziest pięćdziesiąt sześćdziesiąt siedemdziesiąt"),
        **_from(80, 10, "osiemdziesiąt dziewięćdziesiąt setn"),
        **_from(
            200, 100, "dwusetn trzechsetn czterechsetn pięćsetn sześćsetn siedemsetn osiemsetn dziewięćsetn"
        ),
        **_from(
            1000, 1000, "tysięczn dwutysięczn trzytysięczn czterotysięczn pięciotysięczn sześciotysięczn"
        ),
        **_from(7000, 1000, "siedmiotysięczn ośmiotysięczn dziewięciotysięczn"),
    },
    "ru": {
        **_from(0, 1, "нулев/o перв втор/o трет/i четвёрт пят шест/o седьм/o восьм/o девят десят"),
        **_from(11, 1, "одиннадцат двенадцат тринадцат четырнадцат пятнадцат шестнадцат семнадцат"),
        **_from(18, 1, "восемнадцат девятнадцат"),
        **_from(20, 10, "двадцат тридцат сороков/o пятидесят шестидесят семидесят восьмидесят девяност сот"),
        **_from(200, 100, "двухсот трёхсот четырёхсот пятисот шестисот семисот восьмисот девятисот"),
        **_from(1000, 1000, "тысячн двухтысячн трёхтысячн четырёхтысячн пятитысячн шеститысячн семитысячн"),
        **_from(8000, 1000, "восьмитысячн девятитысячн"),
    },
}
_ENGLISH = {
    **_from(0, 1, "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"),
    **_from(13, 1, "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"),
    **_from(20, 10, "twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth"),
}
_ENGLISH_TENS = _from(20, 10, "twenty thirty forty fifty sixty seventy eighty ninety")


def ordinal_words(value: int, language: str, gender: str, case: str) -> tuple[int, list[str]]:
    """(what is said before as a plain number, the words after it) for 0 to 9999.

    English hundreds and thousands have no words after it: "th" is put to the plain number.
    Polish inflects tens and units, Russian the last word alone: "dwudziesty drugi", "двадцать второй".
    """
    if language == "en":
        return _english(value)
    stems = _STEMS[language]
    if value in stems:
        return 0, [_inflected(stems[value], language, gender, case)]
    rest = next(value % size for size in (10, 100, 1000) if value % size)
    if 10 < value % 100 < 20:
        rest = value % 100
    before = value - rest
    if language == "pl" and value % 100 > 20 and value % 10:
        rest = value % 100
        words = [stems[rest - rest % 10], stems[rest % 10]]
        return value - rest, [_inflected(word, language, gender, case) for word in words]
    return before, [_inflected(stems[rest], language, gender, case)]


def _english(value: int) -> tuple[int, list[str]]:
    before, rest = value - value % 100, value % 100
    if rest == 0 and value:
        return value, []
    words = [_ENGLISH[rest]] if rest in _ENGLISH else [_ENGLISH_TENS[rest - rest % 10], _ENGLISH[rest % 10]]
    return before, ["and", *words] if before else words


def _inflected(stem: str, language: str, gender: str, case: str) -> str:
    root, _, declension = stem.partition("/")
    return root + _ENDINGS[language][declension or "y"][gender][CASES[case]]
