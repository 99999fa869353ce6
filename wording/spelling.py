"""Codes spelt aloud: letters by their names, digits one by one, signs by name."""

from __future__ import annotations

from wording.digit_words import SAID


def _names(letters: str, names: str) -> dict[str, str]:
    return dict(zip(letters, names.split(), strict=True))


# English voices read a single capital letter by its name; Polish and Russian ones are not sure to.
LETTERS: dict[str, dict[str, str]] = {
    "pl": {
        **_names("abcdefghijklm", "a be ce de e ef gie ha i jot ka el em"),
        **_names("nopqrstuvwxyz", "en o pe ku er es te u fau wu iks igrek zet"),
        **_names("ćłńóśźż", "cie eł eń ó eś ziet żet"),
        "ą": "a z ogonkiem",
        "ę": "e z ogonkiem",
    },
    "en": {letter: letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"},
    "ru": {
        **_names("абвгдежзиклмноп", "а бэ вэ гэ дэ е жэ зэ и ка эль эм эн о пэ"),
        **_names("рстуфхцчшщыэюяё", "эр эс тэ у эф ха цэ че ша ща ы э ю я ё"),
        "й": "и краткое",
        "ъ": "твёрдый знак",
        "ь": "мягкий знак",
        "w": "дубль вэ",
        **_names("abcdefghijklm", "а бэ цэ дэ е эф гэ аш и йот ка эль эм"),
        **_names("nopqrstuvxyz", "эн о пэ ку эр эс тэ у вэ икс игрек зет"),
    },
}
SIGNS = {
    "pl": {"-": "myślnik", "/": "ukośnik", ".": "kropka", "@": "małpa", "_": "podkreślenie", "+": "plus"},
    "en": {"-": "dash", "/": "slash", ".": "dot", "@": "at", "_": "underscore", "+": "plus"},
    "ru": {"-": "дефис", "/": "дробь", ".": "точка", "@": "собака", "_": "подчёркивание", "+": "плюс"},
}


def spelt(text: str, language: str) -> str:
    """Every letter, digit and known sign by its name, with a pause after each; other characters are left out.

    Raises KeyError for an unknown language.
    """
    digits = {str(value): word for value, word in enumerate(SAID[language])}
    names = LETTERS[language] | SIGNS[language] | digits
    return ", ".join(names[character] for character in text.casefold() if character in names)


def spelt_of_text(text: str, language: str) -> str:
    """The filter's way: a text of which nothing can be spelt, or in another language, stays as it is."""
    return (spelt(text, language) if language in LETTERS else "") or text
