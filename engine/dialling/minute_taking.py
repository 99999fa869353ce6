"""MinuteTaking: how a campaign's agents spend their seconds, added up minute by minute as its run looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from dialer.pacing import AgentView
from engine.registers.campaign_minutes import AgentMinute, CampaignMinutes
from engine.registers.campaigns import Lease

# What was not looked at for longer than this is not known.
LONGEST_LOOK_SECONDS = 5.0
# While the database is away: half a day.
MOST_WAITING = 720


class MinuteTaking:
    def __init__(self) -> None:
        self._minute: AgentMinute | None = None
        self._over: list[AgentMinute] = []
        self._looked_at: float | None = None

    def look(self, at: datetime, now: float, agents: Sequence[AgentView], lines: int, held: str = "") -> None:
        """The agents have been in these states since the last look. `now`: the loop's seconds."""
        seconds = 0.0 if self._looked_at is None else min(now - self._looked_at, LONGEST_LOOK_SECONDS)
        self._looked_at = now
        minute = at.astimezone(UTC).replace(second=0, microsecond=0)
        if self._minute is None or self._minute.at != minute:
            self._end()
            self._minute = AgentMinute(minute)
        spent = {"idle": 0.0, "talking": 0.0, "wrapping": 0.0}
        for agent in agents:
            spent[agent.state] += seconds
        before = self._minute
        self._minute = AgentMinute(
            minute,
            before.ready_seconds + spent["idle"],
            before.talking_seconds + spent["talking"],
            before.wrapping_seconds + spent["wrapping"],
            max(before.lines, lines),
            held,
        )

    def rest(self) -> None:
        """It is not looked at any more: what comes later does not follow on."""
        self._looked_at = None

    async def keep(self, minutes: CampaignMinutes, lease: Lease, *, all_of_it: bool = False) -> None:
        """Those that are over; all of it: and the one that goes on. Raises StoreUnavailable."""
        if all_of_it:
            self._end()
        waiting = tuple(self._over)
        await minutes.keep(lease, [_rounded(one) for one in waiting])
        del self._over[: len(waiting)]

    def _end(self) -> None:
        if self._minute is not None:
            at = self._minute.at
            self._over = [one for one in self._over if one.at != at]  # a clock was put back
            self._over.append(self._minute)
            del self._over[:-MOST_WAITING]
        self._minute = None


def _rounded(minute: AgentMinute) -> AgentMinute:
    return replace(
        minute,
        ready_seconds=round(minute.ready_seconds, 2),
        talking_seconds=round(minute.talking_seconds, 2),
        wrapping_seconds=round(minute.wrapping_seconds, 2),
    )
