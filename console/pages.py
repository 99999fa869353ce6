"""The pages and the parts of them that are fetched anew when something changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from console import call_view, display
from console.accounts.admission import may, saw
from console.accounts.identity import identified
from console.faults import Fault
from console.form_bodies import form_of
from console.hotline import HotlineFacts
from console.page_templates import page_templates
from console.words import LANGUAGES, Words, chosen_language, load_words
from engine.health import Health
from engine.live import LiveCalls
from engine.ports import Clock, HistoryRow, Queries, StoreUnavailable

LATEST_CALLS = 8
PAGE_ROWS = 40
THEMES = frozenset({"light", "dark"})
COOKIE_SECONDS = 365 * 24 * 3600


class Pages:
    """Renders what is true now, in the asker's language."""

    def __init__(
        self,
        *,
        live: LiveCalls,
        health: Health,
        queries: Queries,
        hotline: Callable[[], HotlineFacts],
        clock: Clock,
        contacts: bool = False,
        desk: bool = False,
        floor: bool = False,
        settings: bool = False,
        campaigns: bool = False,
        messages: bool = False,
        written: bool = False,
        mailings: bool = False,
        chats: Callable[[], bool] = bool,
    ) -> None:
        self._live = live
        self._health = health
        self._queries = queries
        self._hotline = hotline
        self._clock = clock
        self._contacts = contacts
        self._desk = desk
        self._floor = floor
        self._settings = settings
        self._campaigns = campaigns
        self._messages = messages
        self._written = written
        self._mailings = mailings
        self._chats = chats
        self._words = load_words()
        self._templates = page_templates()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.first_run),
            web.get("/calls", self.calls),
            web.get("/parts/health", self.part_health),
            web.get("/parts/headline", self.part_headline),
            web.get("/parts/setup", self.part_setup),
            web.get("/parts/live", self.part_live),
            web.get("/parts/latest", self.part_latest),
            web.get("/parts/calls", self.part_calls),
            web.get("/parts/mine/{visitor_id}", self.part_mine),
            web.post("/language", self.set_language),
        ]

    # --- pages ---

    async def first_run(self, request: web.Request) -> web.Response:
        rows = await self._latest(request) if may(identified(request), "/parts/latest") else ()
        return self.page(request, "first_run.html", page="hotline", rows=rows)

    async def calls(self, request: web.Request) -> web.Response:
        return self.page(request, "calls.html", page="calls", **await self._history_page(request))

    def error_page(self, request: web.Request, status: int, message: str, language: str) -> web.Response:
        return self.page(request, "error.html", status=status, page="", message=message, language=language)

    # --- parts ---

    async def part_health(self, request: web.Request) -> web.Response:
        return self.page(request, "parts/health.html")

    async def part_headline(self, request: web.Request) -> web.Response:
        return self.page(request, "parts/headline.html")

    async def part_setup(self, request: web.Request) -> web.Response:
        try:
            rows = await self._queries.history(limit=1, calls_only=True)
        except StoreUnavailable:  # the list of what works is needed all the more
            rows = ()
        return self.page(request, "parts/setup.html", rows=rows)

    async def part_live(self, request: web.Request) -> web.Response:
        return self.page(request, "parts/live.html")

    async def part_latest(self, request: web.Request) -> web.Response:
        return self.page(request, "parts/latest.html", rows=await self._latest(request))

    async def part_calls(self, request: web.Request) -> web.Response:
        return self.page(request, "parts/history.html", **await self._history_page(request))

    async def part_mine(self, request: web.Request) -> web.Response:
        """The visitor's own call, found by its channel, which bears the visitor's id.

        `?call=` names it once it is no longer live; nothing (204) while the database does not know it.
        """
        channel = display.VISITOR_CHANNEL + request.match_info["visitor_id"]
        call = next((c for c in self._live.all() if c.network_id == channel), None)
        if call is None and (known := request.query.get("call")):
            call = await self._queries.call(known)
            if call is None or call.network_id != channel:
                return web.Response(status=204)
        events = await self._queries.events(call.id) if call else ()
        words = self.words_for(request)
        lines = call_view.transcript(call, events, words) if call else ()
        return self.page(request, "parts/mine.html", call=call, lines=lines)

    # --- preferences ---

    async def set_language(self, request: web.Request) -> web.Response:
        """Remember the language and go back to the page where it was chosen."""
        language = (await form_of(request)).get("language", "")
        if language not in LANGUAGES:
            raise Fault(400, f"There is no language {language[:20]!r}; choose one of {', '.join(LANGUAGES)}.")
        _, _, came_from = request.headers.get("Referer", "").partition("://")
        host, _, path = came_from.partition("/")
        # A path that begins with two slashes would be another host.
        back = "/" + path.lstrip("/\\") if host == request.host else "/"
        response = web.Response(status=303, headers={"Location": back})
        response.set_cookie(
            "language", language, max_age=COOKIE_SECONDS, samesite="Strict", httponly=True, path="/"
        )
        return response

    # --- how they are made ---

    async def _latest(self, request: web.Request) -> Sequence[HistoryRow]:
        rows = await self._queries.history(limit=LATEST_CALLS, calls_only=True)
        _saw_rows(request, rows)
        return rows

    async def _history_page(self, request: web.Request) -> dict[str, Any]:
        before = request.query.get("before") or None
        if before is not None and (len(before) > 80 or not before.isprintable()):
            raise Fault(400, "`before` is not the id of a row. Open /calls without it.")
        rows = await self._queries.history(limit=PAGE_ROWS + 1, before=before, calls_only=True)
        more = rows[PAGE_ROWS - 1].interaction.id if len(rows) > PAGE_ROWS else None
        _saw_rows(request, rows[:PAGE_ROWS])
        return {"rows": rows[:PAGE_ROWS], "before": before, "more": more}

    def words_for(self, request: web.Request) -> Words:
        cookie = request.cookies.get("language")
        return self._words[chosen_language(cookie, request.headers.get("Accept-Language", ""))]

    def page(self, request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
        words = self.words_for(request)
        theme = request.cookies.get("theme", "")
        me = identified(request)
        text = self._templates.get_template(template).render(
            t=words,
            me=me,
            contacts_known=self._contacts and may(me, "/contacts"),
            desk_known=self._desk and me is not None,
            floor_known=self._floor and may(me, "/floor"),
            campaigns_known=self._campaigns and may(me, "/campaigns"),
            callbacks_known=self._campaigns and may(me, "/callbacks"),
            messages_known=self._messages and may(me, "/messages"),
            written_known=self._written,
            chats_known=self._chats(),
            inbox_known=(self._written or self._chats()) and me is not None and may(me, "/inbox"),
            mailings_known=self._mailings and may(me, "/mailings"),
            settings_known=self._settings and may(me, "/settings"),
            may=lambda path: may(me, path),
            languages=LANGUAGES,
            theme=theme if theme in THEMES else "",
            hotline=self._hotline(),
            health=self._health,
            live=self._live.all(),
            now=self._clock.now(),
            caller_of=lambda call: display.caller_of(call, words),
            point_shown=lambda point: display.point_shown(point, words),
            day_time=display.short_date_time,
            clock_time=display.local_time,
            full_day=display.numeric_day,
            long_time=lambda at: display.local_date_time(at, words),
            row_party=lambda row: _row_party(row, words),
            elapsed=call_view.elapsed,
            **values,
        )
        return web.Response(text=text, content_type="text/html", status=status)


def _saw_rows(request: web.Request, rows: Sequence[HistoryRow]) -> None:
    people = {row.interaction.contact_id for row in rows if row.interaction.contact_id}
    saw(request, "contact.seen", [f"contact:{person}" for person in sorted(people)])


def _row_party(row: HistoryRow, words: Words) -> str:
    """The contact's name, else the number or address of the row."""
    if row.contact_name:
        return row.contact_name
    point = row.interaction.point
    if point is None:
        return words("caller_withheld")
    return display.point_shown(point, words) if point.kind == "visitor" else display.party(point.value, words)
