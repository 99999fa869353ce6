"""The pages' own words in Polish, English and Russian. Callers' words are never translated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES: Mapping[str, str] = {"pl": "Polski", "en": "English", "ru": "Русский"}
FALLBACK_LANGUAGE = "en"


def plural_form(language: str, count: int) -> str:
    """The CLDR category ("one", "few", "many") of a whole number; English and others: "one", "many"."""
    tens, units = count % 100, count % 10
    teens = 11 <= tens <= 14
    if language == "ru":
        if units == 1 and not teens:
            return "one"
        return "few" if 2 <= units <= 4 and not teens else "many"
    if count == 1:
        return "one"
    if language == "pl" and 2 <= units <= 4 and not teens:
        return "few"
    return "many"


@dataclass(frozen=True, slots=True)
class Words:
    """One language's table. A value is a text, a text by plural form, or a list (days, months)."""

    language: str
    table: Mapping[str, str | Mapping[str, str] | list[str]]

    def __call__(self, key: str, /, count: int | None = None, **values: object) -> str:
        """The text of `key` with `{names}` filled in. Raises KeyError for an unknown key."""
        entry = self.table[key]
        if isinstance(entry, Mapping):
            entry = entry[plural_form(self.language, count if count is not None else 0)]
        if isinstance(entry, list):
            raise KeyError(f"{key} is a list")
        return entry.format(count=count, **values) if values or count is not None else entry

    def get(self, key: str, default: str) -> str:
        """The text of `key`, or `default` for a word that only the data knows."""
        return self(key) if key in self.table else default

    def listed(self, key: str) -> list[str]:
        entry = self.table[key]
        if not isinstance(entry, list):
            raise KeyError(f"{key} is not a list")
        return entry


@cache
def load_words() -> Mapping[str, Words]:
    """Every language's table, read once. Raises ValueError when one lacks a key that another has."""
    tables = {
        code: Words(
            code, json.loads((files("console") / "words" / f"{code}.json").read_text(encoding="utf-8"))
        )
        for code in LANGUAGES
    }
    keys = {key for words in tables.values() for key in words.table}
    for code, words in tables.items():
        if lacking := sorted(keys - words.table.keys()):
            raise ValueError(f"console/words/{code}.json lacks: {', '.join(lacking)}")
    return tables


def chosen_language(cookie: str | None, accept_language: str) -> str:
    """The cookie's language, else the first known one that the browser asks for, else English."""
    if cookie is not None and cookie in LANGUAGES:
        return cookie
    for part in accept_language.split(","):
        code = part.split(";")[0].strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return FALLBACK_LANGUAGE
