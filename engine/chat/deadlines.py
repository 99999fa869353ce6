"""What is due in a chat, and when: the flow's silences, those who are gone, and a store that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.chat.keeping import ChatKeeper
from engine.chat.leading import Leading
from engine.ports import Clock
from messaging.chat import ChatPhase, Speaker

if TYPE_CHECKING:
    from engine.chat.chat_in_progress import ChatInProgress

# Who waits and is gone for so long has given up.
GRACE_SECONDS = 60.0
# A page that stays open for ever keeps no chat for ever.
LONGEST = timedelta(hours=24)
# The visitor is told that the database is away when it has been for so long.
AWAY_SECONDS = 20.0

Moment = tuple[datetime, Callable[[], None] | None]


class Deadlines:
    """One timer for all of it. `tell_store_away` is called once each time that the store is away."""

    def __init__(
        self, one: ChatInProgress, keeper: ChatKeeper, clock: Clock, *, tell_store_away: Callable[[], None]
    ) -> None:
        self._one = one
        self._keeper = keeper
        self._clock = clock
        self._tell_store_away = tell_store_away
        self._store_away_since: datetime | None = None
        self._store_away_told = False
        self._timer: asyncio.TimerHandle | None = None

    def set(self, leading: Leading | None) -> None:
        self.cancel()
        if self._one.chat.is_open:
            now = self._clock.now()
            seconds = (min(at for at, _ in self._moments(now, leading)) - now).total_seconds()
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, seconds), self._time_passed, leading)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def store_is_back(self) -> None:
        self._store_away_told, self._store_away_since = False, None

    def _time_passed(self, leading: Leading | None) -> None:
        now = self._clock.now()
        due = [(at, work) for at, work in self._moments(now, leading) if at <= now and work is not None]
        if due:
            _, work = min(due, key=lambda moment: moment[0])
            self._one.do(work)
        self._one.looked_at()

    def _moments(self, now: datetime, leading: Leading | None) -> list[Moment]:
        """What is due when; None: it is only to be seen."""
        one, chat, away = self._one, self._one.chat, self._one.presence.away_since
        found: list[Moment] = [(chat.opened_at + LONGEST, lambda: one.shut("idle"))]
        found += [(moment, None) for moment in one.presence.moments(now)]
        if away is not None:
            last = one.lines.last_of(Speaker.VISITOR)
            quiet_since = max(away, last.at if last is not None else away)
            idle = timedelta(seconds=one.site.idle_seconds)
            found.append((quiet_since + idle, lambda: one.shut("idle")))
            if chat.phase is ChatPhase.WAITING:
                found.append((away + timedelta(seconds=GRACE_SECONDS), lambda: one.shut("visitor")))
        if leading is not None and not one.parked and (due := leading.due(now)) is not None:
            # Who is away reads nothing: the flow asks on when they are back.
            reads = away is None or not leading.understands or chat.phase is not ChatPhase.LED
            found += [(due, leading.time_passed)] if reads else []
        if self._keeper.away and not self._store_away_told:
            since = self._store_away_since = self._store_away_since or now
            found.append((since + timedelta(seconds=AWAY_SECONDS), self._told))
        return found

    def _told(self) -> None:
        self._store_away_told = True
        self._tell_store_away()
