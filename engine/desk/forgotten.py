"""Written work that an agent has open and does nothing about: since when, and what went back to its queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

# So long the desk tells of what went back.
TOLD = timedelta(minutes=10)


class Forgotten:
    """Asked again and again by whoever holds the work. Pure."""

    def __init__(self) -> None:
        self._touched: dict[str, tuple[str, datetime]] = {}  # work -> who did the last deed, and when
        self._returned: dict[str, list[datetime]] = {}  # by agent

    def touch(self, agent: str, id: str, now: datetime) -> None:
        self._touched[id] = (agent, now)

    def due(
        self, held: Mapping[str, str], now: datetime, longest: timedelta
    ) -> Iterator[tuple[str, str, float]]:
        """Work, agent and seconds of what is `held` (work -> agent) for longer than that without a deed."""
        self._touched = {
            one: self._touched[one] if self._touched.get(one, ("", now))[0] == agent else (agent, now)
            for one, agent in held.items()
        }
        for one, (agent, at) in tuple(self._touched.items()):
            if now - at >= longest:
                yield one, agent, (now - at).total_seconds()

    def went_back(self, agent: str, now: datetime) -> None:
        self._returned.setdefault(agent, []).append(now)

    def told(self, agent: str, now: datetime) -> int:
        """How many went back from this agent lately."""
        lately = [at for at in self._returned.pop(agent, ()) if now - at < TOLD]
        if lately:
            self._returned[agent] = lately
        return len(lately)
