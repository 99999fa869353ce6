"""/messages/providers: who carries messages, whether they can now, how fast, and what they did today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from console.api.parts import ApiParts
from console.display import duration
from console.messages.filters import midnight_before
from console.messages.means import MessageMeans
from console.messages.telling import ICONS
from console.pages import Pages
from console.words import Words
from engine.followup.routing import Lane
from engine.registers.message_statistics import GroupedBy, MessageStatistics

# What many pages show that are open at once is counted once.
KEPT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Row:
    """`lane` None: it carried messages today, and is configured no more, or works in another engine."""

    name: str
    lane: Lane | None
    day: MessageStatistics
    paused: bool


class ProviderPages:
    def __init__(self, pages: Pages, parts: ApiParts, means: MessageMeans) -> None:
        self._pages = pages
        self._parts = parts
        self._means = means
        self._kept: tuple[float, Mapping[str, MessageStatistics]] | None = None

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/messages/providers", self.list),
            web.get("/parts/messages/providers", self.part),
        ]

    async def list(self, request: web.Request) -> web.Response:
        drawn = await self._drawn(request)
        return self._pages.page(request, "messages/providers.html", page="messages", tab="providers", **drawn)

    async def part(self, request: web.Request) -> web.Response:
        return self._pages.page(request, "messages/provider_rows.html", **await self._drawn(request))

    async def _drawn(self, request: web.Request) -> dict[str, Any]:
        days, now = await self._days(), self._parts.clock.monotonic()
        words = self._pages.words_for(request)
        lanes = {lane.name: lane for lane in self._means.lanes()}
        rows = [
            Row(name, lane, days.get(name, MessageStatistics(name)), lane.paused_until > now)
            for name, lane in sorted(lanes.items())
        ]
        rows += [Row(name, None, day, False) for name, day in sorted(days.items()) if name not in lanes]
        return {"rows": rows, "icons": ICONS, "seconds": lambda value: seconds_told(value, words)}

    async def _days(self) -> Mapping[str, MessageStatistics]:
        now = self._parts.clock.monotonic()
        if self._kept is None or not 0 <= now - self._kept[0] < KEPT_SECONDS:
            until = self._parts.clock.now()
            since = midnight_before(until, self._parts.zone)
            found = await self._means.statistics.statistics(GroupedBy.PROVIDER, since=since, until=until)
            self._kept = now, {one.key: one for one in found if one.key}
        return self._kept[1]


def seconds_told(seconds: float | None, words: Words) -> str:
    """Tenths of a second below ten; m:ss from a minute on."""
    if seconds is None:
        return "–"
    if seconds >= 60:
        return duration(seconds)
    return words("campaign_seconds", None, seconds=f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}")
