"""Who is at a chat: the visitor's pages that follow it, and who writes just now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

# A page that is loaded anew is back by then.
RELOAD_SECONDS = 6.0
# Whoever writes tells it every few seconds.
TYPING_SECONDS = 6.0
# Tabs of one visitor.
MOST_FOLLOWERS = 20

_RELOAD = timedelta(seconds=RELOAD_SECONDS)
_TYPING = timedelta(seconds=TYPING_SECONDS)


class Presence:
    """`away_since`: since when no page of the visitor follows; None while one does."""

    def __init__(self, now: datetime) -> None:
        self.away_since: datetime | None = now
        self._followers: dict[int, asyncio.Event] = {}
        self._last = 0
        self._visitor_until: datetime | None = None
        self._agent_until: datetime | None = None

    @property
    def crowded(self) -> bool:
        return len(self._followers) >= MOST_FOLLOWERS

    def is_there(self, now: datetime) -> bool:
        """Whether a page is there, or is only loaded anew."""
        return self.away_since is None or now - self.away_since < _RELOAD

    def visitor_types(self, now: datetime) -> bool:
        return self._visitor_until is not None and now < self._visitor_until

    def agent_types(self, now: datetime) -> bool:
        return self._agent_until is not None and now < self._agent_until

    def come(self) -> tuple[int, asyncio.Event]:
        """A page follows from now on; the event is set whenever there is news."""
        self._last += 1
        self.away_since = None
        event = self._followers[self._last] = asyncio.Event()
        return self._last, event

    def go(self, follower: int, now: datetime) -> None:
        self._followers.pop(follower, None)
        if not self._followers and self.away_since is None:
            self.away_since = now

    def news(self) -> None:
        for event in self._followers.values():
            event.set()

    def visitor_writes(self, now: datetime) -> None:
        self._visitor_until = now + _TYPING

    def visitor_wrote(self) -> None:
        self._visitor_until = None

    def agent_writes(self, now: datetime) -> None:
        self._agent_until = now + _TYPING

    def agent_wrote(self) -> None:
        self._agent_until = None

    def moments(self, now: datetime) -> Iterator[datetime]:
        """When it will look otherwise by itself."""
        gone = None if self.away_since is None else self.away_since + _RELOAD
        for moment in (gone, self._visitor_until, self._agent_until):
            if moment is not None and moment > now:
                yield moment
