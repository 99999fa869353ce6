"""Phrases in the form in which they are compared: case, punctuation and ё do not matter."""

from __future__ import annotations

import re
from functools import lru_cache

_NOT_WORD = re.compile(r"[^\w']+|_")


@lru_cache(maxsize=4096)
def normalised(phrase: str) -> str:
    """`phrase` in lower case with single blanks, without punctuation, and with ё written е."""
    return _NOT_WORD.sub(" ", phrase.casefold().replace("ё", "е")).strip()
