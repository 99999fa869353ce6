"""Texts in letters that GSM 7-bit has, so that a part holds 160 of them: ą is written a, щ is shch."""

from __future__ import annotations

import unicodedata

from anyascii import anyascii

from messaging.parts import forcing, septets

_SCRIPTS = ("LATIN ", "CYRILLIC ")
# Dashes, quotation marks and blanks of every width are written as the plain ones.
_PLAIN_CATEGORIES = frozenset({"Pd", "Pi", "Pf", "Zs"})
_SIGNS = {"…": "...", "№": "No", "′": "'", "″": '"', "‚": "'", "„": '"', "•": "*", "\u2028": "\n"}


def transliterated(text: str) -> str:
    """`text` with Latin and Cyrillic letters, dashes and quotation marks in letters of GSM 7-bit.

    What GSM 7-bit has stays, as é and Ö do. Other scripts and pictures stay too: nobody could read them in
    Latin letters. Raises messaging.parts.NotText.
    """
    text = unicodedata.normalize("NFC", text)
    if forcing(text) is None:
        return text
    return "".join(_written(text, at) for at in range(len(text)))


def _written(text: str, at: int) -> str:
    letter = text[at]
    if septets(letter) is not None:
        return letter
    if letter in _SIGNS:
        return _SIGNS[letter]
    if unicodedata.category(letter) in _PLAIN_CATEGORIES:
        return anyascii(letter)
    if not unicodedata.name(letter, "").startswith(_SCRIPTS):
        return letter
    plain = anyascii(letter)
    if letter.isupper() and len(plain) > 1 and _shouted(text, at):
        return plain.upper()
    return plain


def _shouted(text: str, at: int) -> bool:
    """Whether the word around is in capitals: ЩУКА is SHCHUKA, and Щука is Shchuka."""
    after = text[at + 1 : at + 2]
    if after.isalpha():
        return after.isupper()
    return text[at - 1 : at].isupper() if at else False
