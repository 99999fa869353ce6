"""/messages/statistics: what became of messages, plotted; a mailing's page draws its own by the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from aiohttp import web
from babel import Locale

from console.api.parts import ApiParts
from console.display import money
from console.messages import figure_charts as charts
from console.messages.figure_filters import (
    COLUMNS,
    DIMENSIONS,
    LONGEST_DAYS,
    PREFIX_DIGITS,
    FiguresAsked,
    figures_asked,
)
from console.messages.filters import CHANNELS
from console.messages.means import MessageMeans
from console.messages.providers import seconds_told
from console.messages.telling import SHAPES
from console.number_ranges import NumberRange, ranges_of
from console.pages import Pages
from console.query_values import midnight
from console.words import Words
from engine.registers.mailings import Mailing
from engine.registers.message_statistics import GroupedBy, MessageFiguresBook, MessageStatistics, Narrowed
from engine.registers.refusals import Missing

MOST_ROWS = 50
# Hours and days are shown whole, so that the table holds what the course does.
_MOST_PERIODS = 1000
_PERIODS = (GroupedBy.DAY, GroupedBy.HOUR)
# What many pages show that are open at once is counted once; a million messages take seconds.
KEPT_SECONDS = 15.0
_MOST_KEPT = 50


@dataclass(frozen=True, slots=True)
class Plots:
    """Of messages of some days. `by_period`: by hours or days, as the course is drawn."""

    all_of_it: MessageStatistics
    by_period: Sequence[MessageStatistics]
    course: charts.Course
    times: tuple[charts.Step, ...]
    funnel: tuple[charts.Stage, ...]


class FigureReading:
    """Reads figures for the pages, and keeps them for a moment."""

    def __init__(self, parts: ApiParts, book: MessageFiguresBook) -> None:
        self._parts = parts
        self._book = book
        self._kept: dict[object, tuple[float, Sequence[MessageStatistics]]] = {}

    async def plots(self, only: Narrowed, first: date, last: date) -> Plots | None:
        """None: there are no messages."""
        found = await self.statistics(GroupedBy.ALL, only, first, last)
        if not found:
            return None
        by_hours = (last - first).days < charts.HOURS_UP_TO_DAYS
        by = GroupedBy.HOUR if by_hours else GroupedBy.DAY
        periods = await self.statistics(by, only, first, last, with_times=False)
        drawn = charts.course(periods, first, last, by_hours=by_hours)
        return Plots(found[0], periods, drawn, charts.times(found[0].took), charts.funnel(found[0]))

    async def statistics(
        self, by: GroupedBy, only: Narrowed, first: date, last: date, *, with_times: bool = True
    ) -> Sequence[MessageStatistics]:
        zone, now = self._parts.zone, self._parts.clock.monotonic()
        asked = (by, only, first, last, with_times)
        kept = self._kept.get(asked)
        if kept is None or not 0 <= now - kept[0] < KEPT_SECONDS:
            found = await self._book.statistics(
                by,
                since=midnight(first, zone),
                until=midnight(last + timedelta(days=1), zone),
                only=only,
                prefix_digits=PREFIX_DIGITS,
                zone=zone,
                limit=_MOST_PERIODS if by in _PERIODS else MOST_ROWS,
                with_times=with_times,
            )
            fresh = {what: one for what, one in self._kept.items() if 0 <= now - one[0] < KEPT_SECONDS}
            self._kept = dict(list(fresh.items())[-_MOST_KEPT:])
            kept = self._kept[asked] = now, found
        return kept[1]

    async def of_mailing(self, mailing: Mailing) -> Plots | None:
        """From its start to its end, or as far as is counted."""
        zone, now = self._parts.zone, self._parts.clock.now()
        if mailing.started_at is None:
            return None
        first = mailing.started_at.astimezone(zone).date()
        last = (mailing.over_at or now).astimezone(zone).date()
        last = max(first, min(last, first + timedelta(days=LONGEST_DAYS - 1)))
        return await self.plots(Narrowed(mailing=mailing.id), first, last)


def plot_words(words: Words) -> dict[str, Any]:
    """What the template of plots needs beside the plots."""
    return {
        "charts": charts,
        "seconds": lambda value: seconds_told(value, words),
        "span": lambda value: span_told(value, words),
        "percent": percent,
        "period": period_told,
        "mark": mark_told,
        "costs": lambda one: [money(amount, name, words) for name, amount in sorted(one.cost.items())],
        "state_shapes": SHAPES,
    }


class StatisticsPages:
    def __init__(self, pages: Pages, parts: ApiParts, means: MessageMeans, reading: FigureReading) -> None:
        self._pages = pages
        self._parts = parts
        self._means = means
        self._reading = reading

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/messages/statistics", self.page)]

    async def page(self, request: web.Request) -> web.Response:
        words, zone = self._pages.words_for(request), self._parts.zone
        asked = figures_asked(request.query, self._parts.clock.now().astimezone(zone).date())
        span = (asked.only(), asked.first_day, asked.last_day)
        plots = await self._reading.plots(*span)
        rows = () if plots is None else await self._reading.statistics(asked.by, *span)
        return self._pages.page(
            request,
            "messages/statistics.html",
            page="messages",
            tab="statistics",
            asked=asked,
            plots=plots,
            rows=sorted_rows(rows, asked),
            most=max((one.messages for one in rows), default=1),
            names=await self._names(asked.by, rows, words),
            columns=COLUMNS,
            dimensions=DIMENSIONS,
            channels=CHANNELS,
            providers=sorted({lane.name for lane in self._means.lanes()} | {asked.texts["provider"]} - {""}),
            file=asked.file(zone),
            cut=asked.by not in _PERIODS and len(rows) == MOST_ROWS,
            **plot_words(words),
        )

    async def _names(
        self, by: GroupedBy, rows: Sequence[MessageStatistics], words: Words
    ) -> Mapping[str, tuple[str, str]]:
        """What a key is called, and a word beside it, where it is not the key alone."""
        if by is GroupedBy.PREFIX:
            ranges = await ranges_of(one.key for one in rows)
            return {key: (key, _whose(ranges[key], words)) for key in ranges}
        if by is GroupedBy.CHANNEL:
            return {one.key: (words(f"channel_{one.key}"), "") for one in rows}
        if by in _PERIODS:
            return {one.key: (period_told(one.key), "") for one in rows}
        named: dict[str, tuple[str, str]] = {}
        if by is GroupedBy.MAILING and self._means.mailings is not None:
            for one in rows:
                try:
                    named[one.key] = ((await self._means.mailings.mailings.get(one.key)).name, "")
                except Missing:
                    continue
        return named


def sorted_rows(rows: Sequence[MessageStatistics], asked: FiguresAsked) -> Sequence[MessageStatistics]:
    """What is not known comes last, whichever way."""
    if not asked.sort:
        return rows
    known = [one for one in rows if getattr(one, asked.sort) is not None]
    unknown = [one for one in rows if getattr(one, asked.sort) is None]
    return [*sorted(known, key=lambda one: getattr(one, asked.sort), reverse=not asked.upwards), *unknown]


def _whose(one: NumberRange, words: Words) -> str:
    country = Locale(words.language).territories.get(one.country, one.country) if one.country else None
    return ", ".join(filter(None, (country, *one.operators)))


def period_told(key: str) -> str:
    """Of a day 21.11, of an hour 21.11, 16:00."""
    at = datetime.fromisoformat(key if len(key) <= 10 else f"{key}:00")
    return f"{at:%d.%m}" if len(key) <= 10 else f"{at:%d.%m, %H:00}"


def mark_told(key: str) -> str:
    """On the scale: a day, also of its first hour; else the hour alone."""
    return period_told(key[:10]) if key[10:] in ("", "T00") else f"{key[11:]}:00"


def span_told(seconds: int, words: Words) -> str:
    """An edge of the times to deliver, as 30 s, 5 min or 6 h."""
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if seconds >= length:
            return words(f"fig_{unit}", None, number=seconds // length)
    return words("campaign_seconds", None, seconds=seconds)


def percent(share: float | None) -> str:
    if share is None:
        return "–"
    return f"{100 * share:.0f}%" if share in (0, 1) or share >= 0.1 else f"{100 * share:.1f}%"
