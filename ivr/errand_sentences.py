"""Sentences that belong to single verbs: who is called back, and what was wrong."""

from __future__ import annotations

from wording.templates import parse_template

WRONG = {
    "pl": parse_template("To się nie zgadza."),
    "en": parse_template("That is not right."),
    "ru": parse_template("Неверно."),
}
CALL_BACK_ON = {
    "pl": parse_template("Oddzwonimy na numer {value|phone}."),
    "en": parse_template("We will call you back on {value|phone}."),
    "ru": parse_template("Мы перезвоним на номер {value|phone}."),
}
