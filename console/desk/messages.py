"""Short messages, as they are counted and paid for: GSM 03.38, else UCS-2."""

from __future__ import annotations

from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")  # two places each


@dataclass(frozen=True, slots=True)
class Length:
    """`used` places of `most`: what fits into so many `parts`."""

    used: int
    most: int
    parts: int


def length_of(text: str) -> Length:
    """A text of several parts loses some places of each to the header that joins them."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        used, alone, joined = len(text) + sum(letter in _EXTENDED for letter in text), 160, 153
    else:
        used, alone, joined = len(text.encode("utf-16-be")) // 2, 70, 67
    if used <= alone:
        return Length(used, alone, 1)
    parts = -(-used // joined)
    return Length(used, parts * joined, parts)
