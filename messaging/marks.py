"""The number that goes out with each part of a message and comes back in receipts: nobody keeps it."""

from __future__ import annotations

import zlib

_MARKS = 0x10000


def mark_of(message_id: str, part: int = 0) -> int:
    """Of 16 bits, so others have the same: it tells the message only together with the recipient's number."""
    return (zlib.crc32(message_id.encode()) + part) % _MARKS
