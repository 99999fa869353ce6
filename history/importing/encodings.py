"""In which encoding a list was written, when nobody says: by the letters that it would have."""

from __future__ import annotations

import codecs

from charset_normalizer import from_bytes

# In order of how common they are; of equally good ones the first is taken.
CANDIDATES = ("cp1250", "cp1251", "iso8859_2", "koi8_r")
_LETTERS = frozenset("ąćęłńóśźżабвгдеёжзийклмнопрстуфхцчшщъыьэюя")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Each letter beyond ASCII is worth 2 where it is a Polish or Russian one; a sample of them is surely read.
_SURE = 1.5


class EncodingRefused(ValueError):
    """The message is one sentence with the remedy."""


def known_encoding(name: str) -> str:
    """Python's name of an encoding that somebody named. Raises EncodingRefused."""
    try:
        found = codecs.lookup(name.strip()).name
        "a".encode(found)
    except (LookupError, ValueError):
        raise EncodingRefused(
            f"There is no encoding “{name[:40]}”: write utf-8, windows-1250, iso-8859-2, windows-1251 or "
            "koi8-r."
        ) from None
    return found


def encoding_by_start(start: bytes) -> str | None:
    """By its byte order mark, or by the zero bytes between ASCII's in UTF-16."""
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name
    zeros_at = [start[place::2].count(0) for place in (0, 1)]
    if sum(zeros_at) * 4 > len(start):
        return "utf-16-be" if zeros_at[0] > zeros_at[1] else "utf-16-le"
    return None


def encoding_of(sample: bytes) -> str:
    """Of lines that have bytes beyond ASCII and are not UTF-8."""
    scores = {name: score for name in CANDIDATES if (score := _score(sample, name)) is not None}
    best = max(scores, key=lambda name: scores[name], default=None)
    if best is not None and scores[best] >= _SURE:
        return best
    found = from_bytes(sample).best()
    return found.encoding if found is not None else best or "cp1250"


def _score(sample: bytes, encoding: str) -> float | None:
    """The mean worth of the characters beyond ASCII; None when the bytes are none of this encoding."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return None
    worth = number = 0
    before = " "
    for character in text:
        if not character.isascii():
            number += 1
            if character.isalpha():
                worth += 2 if character.lower() in _LETTERS else 1
                if character.isupper() and before.islower():
                    worth -= 2  # small letters taken for capitals
            elif before.isalpha():
                worth -= 2  # a sign in the middle of a word
        before = character
    return worth / number if number else 0.0
