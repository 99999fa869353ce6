"""Text folded for finding: case and Latin diacritics do not count, ł is l and ё is е.

The database folds what it indexes in the same way: see the migration of full-text search.
"""

from __future__ import annotations

import re
import unicodedata

# Letters that have no decomposition, and so keep their stroke when diacritics are taken off.
STROKED = {"ł": "l", "đ": "d", "ø": "o", "ħ": "h", "ŧ": "t", "ı": "i", "ё": "е"}

_MARKED = re.compile("([a-z])[\u0300-\u036f]+")
_STROKES = str.maketrans(STROKED)
_WORD = re.compile(r"[^\W_]+")


def folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    marked = unicodedata.normalize("NFD", text.lower())
    return unicodedata.normalize("NFC", _MARKED.sub(r"\1", marked)).translate(_STROKES)


def words_of(text: str) -> list[str]:
    """The folded words: letters and digits, in order."""
    return _WORD.findall(folded(text))
