"""Parts of an SMS: what one message costs is how many of them it takes, and one letter can double that.

3GPP TS 23.038: the GSM 7-bit default alphabet, in which a few letters take two septets, or UCS-2, which is
UTF-16 here as telephones read it. TS 23.040: 140 octets, less the header by which parts are put together.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
).replace("\x1b", "\0")
"""By their codes. The code of the escape stands here as a letter that is never sent."""
EXTENSION = "\f^{}\\[~]|€"
MOST_PARTS = 10
# With an 8-bit reference, and with a 16-bit one.
HEADER_OCTETS, LONG_HEADER_OCTETS = 6, 7
_OCTETS = 140
_SEPTETS = {letter: 1 for letter in BASIC if letter != "\0"} | dict.fromkeys(EXTENSION, 2)


class Encoding(StrEnum):
    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class Forcing:
    """The first letter that GSM 7-bit lacks; `position` from 1, in letters of the text."""

    letter: str
    position: int

    @property
    def sentence(self) -> str:
        name = unicodedata.name(self.letter, "").lower() or f"U+{ord(self.letter):04X}"
        shown = self.letter if self.letter.isprintable() else f"U+{ord(self.letter):04X}"
        return (
            f"{shown!r} ({name}), letter {self.position}, is not in the GSM alphabet, so that a part has 70 "
            f"letters instead of 160"
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """`texts`: one for each part, in order. `units`: septets of GSM 7-bit, or UTF-16 code units."""

    encoding: Encoding
    texts: tuple[str, ...]
    units: int
    forced_by: Forcing | None = None

    @property
    def count(self) -> int:
        return len(self.texts)


class TooLong(ValueError):
    """The text takes more parts than are allowed; `str()` is one sentence."""

    def __init__(self, parts: Parts, most: int) -> None:
        over = sum(map(len, parts.texts[most:]))
        at_most = "only one is allowed" if most == 1 else f"at most {most} are allowed"
        super().__init__(
            f"the message takes {parts.count} parts, and {at_most}: shorten it by {over} "
            f"{'letter' if over == 1 else 'letters'}"
        )
        self.parts = parts


class NotText(ValueError):
    """Half of a surrogate pair stands alone; no message can carry it."""


def parts_of(text: str, *, most: int = MOST_PARTS, header_octets: int = HEADER_OCTETS) -> Parts:
    """How `text` travels. Neither a surrogate pair nor an escaped letter is ever split between parts.

    An empty text is one empty part. Raises TooLong, or NotText.
    """
    forced = forcing(text)
    encoding = Encoding.GSM7 if forced is None else Encoding.UCS2
    sizes = [_SEPTETS[letter] for letter in text] if forced is None else list(map(_utf16_units, text))
    whole, part = _room(encoding, 0), _room(encoding, header_octets)
    total = sum(sizes)
    texts = (text,) if total <= whole else _split(text, sizes, part)
    parts = Parts(encoding, texts, total, forced)
    if parts.count > most:
        raise TooLong(parts, most)
    return parts


def forcing(text: str) -> Forcing | None:
    """The letter for which `text` has to go as UCS-2; None when GSM 7-bit has all. Raises NotText."""
    found: Forcing | None = None
    for position, letter in enumerate(text, 1):
        if letter in _SEPTETS:
            continue
        if 0xD800 <= ord(letter) <= 0xDFFF:
            raise NotText(f"letter {position} is half of a letter (U+{ord(letter):04X}): remove it")
        found = found or Forcing(letter, position)
    return found


def septets(text: str) -> int | None:
    """What `text` takes in GSM 7-bit; None when it has a letter that is not in it."""
    return None if any(letter not in _SEPTETS for letter in text) else sum(_SEPTETS[x] for x in text)


def _utf16_units(letter: str) -> int:
    return 2 if ord(letter) > 0xFFFF else 1


def _room(encoding: Encoding, header_octets: int) -> int:
    octets = _OCTETS - header_octets
    return octets * 8 // 7 if encoding is Encoding.GSM7 else octets // 2


def _split(text: str, sizes: list[int], room: int) -> tuple[str, ...]:
    texts, begin, used = [], 0, 0
    for at, size in enumerate(sizes):
        if used + size > room:
            texts.append(text[begin:at])
            begin, used = at, 0
        used += size
    return (*texts, text[begin:])
