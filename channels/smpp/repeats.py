"""Which incoming text is one that the SMSC sends again, and which a person wrote twice.

A deliver_sm has no id. What comes again over the same live connection after it was confirmed is new. What
comes again without having been confirmed, or over another connection soon after the first was lost, is not.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass

_KEPT_SECONDS = 900.0
# A confirmation written so shortly before its connection was lost may not have arrived.
_UNSURE_SECONDS = 60.0
_MOST = 10_000


@dataclass(slots=True)
class _Seen:
    external_id: str
    link: int
    at: float
    confirmed_at: float | None = None


class Repeats:
    """`link` is a number of the connection. Times are of the caller's monotonic clock."""

    def __init__(self) -> None:
        self._seen: dict[bytes, _Seen] = {}
        self._lost: dict[int, float] = {}

    def external_id(self, mark: bytes, link: int, now: float) -> str:
        """The id of this text: the same as before when it is one that is sent again."""
        before = self._seen.get(mark)
        if before is not None and now - before.at < _KEPT_SECONDS and self._is_again(before, link):
            before.link = link
            before.confirmed_at = None
            return before.external_id
        if len(self._seen) >= _MOST:
            self._forget(now)
        self._seen.pop(mark, None)
        seen = self._seen[mark] = _Seen(uuid.uuid4().hex, link, now)
        return seen.external_id

    def confirmed(self, mark: bytes, now: float) -> None:
        if mark in self._seen:
            self._seen[mark].confirmed_at = now

    def lost(self, link: int, now: float) -> None:
        """The connection is gone."""
        self._lost = {number: at for number, at in self._lost.items() if now - at < _KEPT_SECONDS}
        self._lost[link] = now

    def _is_again(self, before: _Seen, link: int) -> bool:
        if before.confirmed_at is None:
            return True
        lost_at = self._lost.get(before.link)
        return link != before.link and lost_at is not None and lost_at - before.confirmed_at < _UNSURE_SECONDS

    def _forget(self, now: float) -> None:
        kept = {mark: seen for mark, seen in self._seen.items() if now - seen.at < _KEPT_SECONDS}
        # The oldest go first: a dict keeps the order in which they came.
        for mark in list(kept)[: max(0, len(kept) - _MOST // 2)]:
            del kept[mark]
        self._seen = kept


def mark_of(*parts: str | int) -> bytes:
    """What tells two texts apart; nothing of them can be read back from it."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode("utf-8", "replace")).digest()
