"""/callbacks: a list by filter, and a calendar by day and week, with what was kept and broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from console.accounts.admission import saw
from console.agent_names import shown_names
from console.api.pages_of import next_of
from console.api.parts import ApiParts
from console.callbacks.calendar import bounds, days_of, on_days
from console.callbacks.telling import rows_of
from console.callbacks.viewing import Viewer, viewer_of
from console.faults import Fault
from console.pages import Pages
from console.query_values import place_of
from engine.registers.callbacks import CallbackFilter
from history.callback_figures import figures
from history.callbacks import STANDING, CallbackState

PAGE_ROWS = 40
MOST_IN_A_WEEK = 500
FIGURE_DAYS = 7
LONGEST_NAME = 64
VIEWS = ("list", "day", "week")
_S = CallbackState
FILTERS: Mapping[str, CallbackFilter] = {
    "standing": CallbackFilter(tuple(STANDING)),
    "mine": CallbackFilter(tuple(STANDING)),
    "team": CallbackFilter(tuple(STANDING), team=True),
    "due": CallbackFilter((_S.OPEN,)),
    "late": CallbackFilter(tuple(STANDING)),
    "kept": CallbackFilter((_S.KEPT,)),
    "broken": CallbackFilter((_S.BROKEN,)),
    "all": CallbackFilter(),
}


class CallbackList:
    def __init__(self, pages: Pages, parts: ApiParts) -> None:
        self._pages = pages
        self._parts = parts

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/callbacks", self.page)]

    async def page(self, request: web.Request) -> web.Response:
        viewer = await viewer_of(request, self._parts)
        view, show = _one_of(request, "view", VIEWS, "list"), _one_of(request, "show", FILTERS, "standing")
        topic, queue = _word(request, "topic"), _word(request, "queue")
        wanted = self._wanted(show, viewer, topic, queue)
        found: dict[str, Any] = (
            await self._list(request, wanted) if view == "list" else await self._days(request, wanted, view)
        )
        names = await shown_names(self._parts.agents)
        shown = [name for name in FILTERS if name != "mine" or viewer.agent is not None]
        return self._pages.page(
            request,
            "callbacks/page.html",
            page="callbacks",
            view=view,
            views=VIEWS,
            show=show,
            filters=shown,
            topic=topic or "",
            queue=queue or "",
            queues=sorted(self._parts.queues.queue_views()) if viewer.all else sorted(viewer.queues),
            figures=await self._figures(viewer),
            names=names,
            mine=viewer.agent,
            zone=str(self._parts.zone),
            weekdays=self._pages.words_for(request).listed("weekdays"),
            done=request.query.get("done", ""),
            **found,
        )

    def _wanted(self, show: str, viewer: Viewer, topic: str | None, queue: str | None) -> CallbackFilter:
        wanted = replace(FILTERS[show], seen_by=viewer.seen_by, topic=topic, queue=queue)
        now = self._parts.clock.now()
        if show == "mine":
            wanted = replace(wanted, agent=viewer.agent or "")
        if show == "due":
            wanted = replace(wanted, due_from=now, due_to=now)
        if show == "late":
            wanted = replace(wanted, over_by=now)
        return wanted

    async def _list(self, request: web.Request, wanted: CallbackFilter) -> dict[str, Any]:
        after = place_of(request, "id")
        page = await self._parts.callbacks.list(wanted, limit=PAGE_ROWS, after=after)
        saw(request, "callback.seen", [f"callback:{one.id}" for one in page.items])
        rows = await self._rows(request, page.items)
        return {
            "rows": rows,
            "first": after is None,
            "next": next_of(page),
            "days": (),
            "day": self._day(request),
        }

    async def _days(self, request: web.Request, wanted: CallbackFilter, view: str) -> dict[str, Any]:
        day = self._day(request)
        days = days_of(view, day)
        begins, ends = bounds(days, self._parts.zone)
        page = await self._parts.callbacks.list(
            replace(wanted, due_from=max(begins, wanted.due_from or begins), due_to=wanted.due_to or ends),
            limit=MOST_IN_A_WEEK,
        )
        saw(request, "callback.seen", [f"callback:{one.id}" for one in page.items])
        rows = await self._rows(request, page.items)
        step = timedelta(days=len(days))
        return {
            "rows": rows,
            "first": True,
            "next": None,
            "days": on_days(days, rows, self._parts.clock.now(), self._parts.zone),
            "day": day,
            "today": self._today(),
            "before": day - step,
            "later": day + step,
            "more": page.after is not None,
        }

    async def _rows(self, request: web.Request, items: Any) -> list[Any]:
        names = await shown_names(self._parts.agents)
        return await rows_of(items, self._parts, self._pages.words_for(request), names)

    async def _figures(self, viewer: Viewer) -> list[Any]:
        """Of the last week by day and agent; agents see their own."""
        today, _ = bounds([self._today() - timedelta(days=FIGURE_DAYS - 1)], self._parts.zone)
        ends = await self._parts.callbacks.ends(today, self._parts.clock.now() + timedelta(seconds=1))
        found = figures(ends, self._parts.zone)
        return [one for one in found if viewer.all or one.agent == viewer.agent]

    def _today(self) -> date:
        return self._parts.clock.now().astimezone(self._parts.zone).date()

    def _day(self, request: web.Request) -> date:
        """Raises Fault 400."""
        written = request.query.get("day")
        if not written:
            return self._today()
        try:
            day = date.fromisoformat(written)
        except ValueError:
            raise Fault(400, "`day` is a date such as 2026-11-24. Open /callbacks without it.") from None
        if not 2000 <= day.year <= 2200:
            raise Fault(400, "`day` is too far away. Open /callbacks without it.")
        return day


def _one_of(request: web.Request, field: str, known: Any, otherwise: str) -> str:
    value = request.query.get(field) or otherwise
    if value not in known:
        raise Fault(400, f"`{field}` is one of {', '.join(known)}.")
    return value


def _word(request: web.Request, field: str) -> str | None:
    value = request.query.get(field, "").strip()
    if len(value) > LONGEST_NAME or not value.isprintable():
        raise Fault(400, f"`{field}` has at most {LONGEST_NAME} letters that can be seen. Shorten it.")
    return value or None
