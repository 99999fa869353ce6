"""What people say to pick one of a numbered list: "two", "the second one", "numer dwa", "вторая"."""

from __future__ import annotations

from wording.digit_words import TEENS, UNITS
from wording.phrases import normalised

MOST_OPTIONS = 9

_ORDINALS = {
    "pl": {
        1: "pierwszy pierwsza pierwsze pierwszą pierwszego",
        2: "drugi druga drugie drugą drugiego",
        3: "trzeci trzecia trzecie trzecią trzeciego",
        4: "czwarty czwarta czwarte czwartą czwartego",
        5: "piąty piąta piąte piątą piątego",
        6: "szósty szósta szóste szóstą szóstego",
        7: "siódmy siódma siódme siódmą siódmego",
        8: "ósmy ósma ósme ósmą ósmego",
        9: "dziewiąty dziewiąta dziewiąte dziewiątą dziewiątego",
    },
    "en": {
        1: "first",
        2: "second",
        3: "third",
        4: "fourth",
        5: "fifth",
        6: "sixth",
        7: "seventh",
        8: "eighth",
        9: "ninth",
    },
    "ru": {
        1: "первый первая первое первую первого",
        2: "второй вторая второе вторую второго",
        3: "третий третья третье третью третьего",
        4: "четвёртый четвёртая четвёртое четвёртую четвёртого",
        5: "пятый пятая пятое пятую пятого",
        6: "шестой шестая шестое шестую шестого",
        7: "седьмой седьмая седьмое седьмую седьмого",
        8: "восьмой восьмая восьмое восьмую восьмого",
        9: "девятый девятая девятое девятую девятого",
    },
}
# Around an ordinal, and before a number.
_ORDINAL_FORMS = {
    "pl": ("{}", "ten {}", "{} termin"),
    "en": ("{}", "the {}", "the {} one", "{} one"),
    "ru": ("{}", "вариант {}", "{} вариант"),
}
_NUMBER_FORMS = {
    "pl": ("{}", "numer {}", "opcja {}"),
    "en": ("{}", "number {}", "option {}"),
    "ru": ("{}", "номер {}", "вариант {}"),
}


def number_phrases(number: int, language: str) -> tuple[str, ...]:
    """Single words for a number from 0 to 19: "four"; in Polish and Russian "czwórka" and "четвёрка" too."""
    tables = (UNITS.get(language, {}), TEENS.get(language, {}))
    return tuple(word for table in tables for word, value in table.items() if value == number)


def option_phrases(number: int, language: str) -> tuple[str, ...]:
    """All that picks option `number` (1 to 9); empty for an unknown language."""
    if language not in _ORDINALS:
        return ()
    ordinals = _ORDINALS[language][number].split()
    said = [form.format(word) for form in _ORDINAL_FORMS[language] for word in ordinals]
    numbers = number_phrases(number, language)
    said += [form.format(word) for form in _NUMBER_FORMS[language] for word in numbers]
    return tuple(dict.fromkeys(said))


def option_words(language: str) -> frozenset[str]:
    """Every single word that picks some option, normalised."""
    return frozenset(
        normalised(phrase)
        for number in range(1, MOST_OPTIONS + 1)
        for phrase in option_phrases(number, language)
        if " " not in phrase
    )
