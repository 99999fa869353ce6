"""What the hash of a decision covers: every column of its row in one form, and the hash before it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

# Before the first row of a chain.
GENESIS = "0" * 64

HASHED = (
    "writer",
    "seq",
    "at",
    "subject",
    "person",
    "point",
    "channel",
    "purpose",
    "mode",
    "debt",
    "campaign",
    "packs",
    "allowed",
    "rule",
    "reason",
    "next_allowed_at",
    "checked",
)


def chained(row: Mapping[str, Any], prev_hash: str) -> str:
    """SHA-256, in hexadecimal digits, of `prev_hash` and the row. Times to the microsecond, in UTC."""
    content = [_plain(row[name]) for name in HASHED]
    return hashlib.sha256(prev_hash.encode() + orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
