"""/floor: agents, queues and talks as they are now; a supervisor's line, and what they change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from acd.agents import AgentStatus
from console.accounts.identity import Identity, identified
from console.faults import Fault
from console.floor.agent_log import Naming, day_figures, entry_of
from console.floor.board import agent_row, break_word, line_of, queue_row, status_shown
from console.floor.forms import skills_of, status_of, written_reason
from console.form_bodies import form_of
from console.pages import Pages
from console.words import Words
from engine.desk.view import BreakChoice
from engine.floor.changes import Floor, FloorRefused
from engine.floor.supervision import SupervisionMode, SupervisionRefused
from engine.registers.ratings import in_all
from engine.registers.refusals import Changed, Refused
from history.dispositions import Disposition

Form = dict[str, str]
Change = Callable[[Identity, Form], Awaitable[None]]
# What a supervisor may set; `missed` is set by rule alone.
LONGEST_PAGE_ID = 40
SETTABLE = (AgentStatus.AVAILABLE, AgentStatus.TRAINING, AgentStatus.OFFLINE)


class FloorPages:
    """`breaks` and `dispositions` are told as they are configured now."""

    def __init__(
        self,
        pages: Pages,
        floor: Floor,
        breaks: Callable[[], Sequence[BreakChoice]],
        dispositions: Callable[[], Mapping[str, Disposition]] = dict,
    ) -> None:
        self._pages = pages
        self._floor = floor
        self._breaks = breaks
        self._dispositions = dispositions

    def routes(self) -> list[web.RouteDef]:
        one = "/floor/agents/{agent}"
        return [
            web.get("/floor", self.floor),
            web.get("/parts/floor", self.part),
            web.get(one, self.agent),
            web.post(f"{one}/status", self.status),
            web.post(f"{one}/skills", self.skills),
            web.post(f"{one}/sign-out", self.sign_out),
            web.post(f"{one}/hang-up", self.hang_up),
            web.post("/floor/phone", self.phone),
            web.post("/floor/phone/gone", self.gone),
            web.post("/floor/line", self.line),
            web.post("/floor/line/end", self.end_line),
        ]

    # --- what is shown ------------------------------------------------------------------------------------

    async def floor(self, request: web.Request) -> web.Response:
        return self._pages.page(request, "floor/floor.html", page="floor", **await self._board(request))

    async def part(self, request: web.Request) -> web.Response:
        return self._pages.page(request, "floor/board.html", **await self._board(request))

    async def agent(self, request: web.Request) -> web.Response:
        return await self._show_agent(request)

    # --- the line: asked by the page's script, answered in JSON -------------------------------------------

    async def phone(self, request: web.Request) -> web.Response:
        """A telephone of the page's own, and its password until the next load."""
        _, supervisor = await self._supervisor(request)
        try:
            page = page_id((await form_of(request)).get("page", ""))
            phone, password = await self._floor.supervision.open_phone(supervisor, page)
        except SupervisionRefused as refused:
            raise Fault(503, self._told(request, refused)) from None
        return web.json_response({"user": phone, "password": password})

    async def gone(self, request: web.Request) -> web.Response:
        """Sent by a page that closes."""
        _, supervisor = await self._supervisor(request)
        page = page_id((await form_of(request)).get("page", ""))
        await self._floor.supervision.close_phone(supervisor, page)
        return web.Response(status=204)

    async def line(self, request: web.Request) -> web.Response:
        """On an agent's line, or from one way of being on it to another."""
        me, supervisor = await self._supervisor(request)
        form = await form_of(request)
        try:
            mode = SupervisionMode(form.get("mode", ""))
        except ValueError:
            raise Fault(400, "`mode` is listen, whisper or barge.") from None
        try:
            view = await self._floor.supervision.supervise(
                me.actor, supervisor, form.get("call", ""), form.get("agent", ""), mode
            )
        except SupervisionRefused as refused:
            raise Fault(409, self._told(request, refused)) from None
        return web.json_response({"call": view.call_id, "agent": view.agent, "mode": view.mode.value})

    async def end_line(self, request: web.Request) -> web.Response:
        _, supervisor = await self._supervisor(request)
        await self._floor.supervision.end(supervisor)
        return web.Response(status=204)

    # --- what is changed: plain forms, each of which leads back to the agent --------------------------------

    async def status(self, request: web.Request) -> web.StreamResponse:
        async def change(me: Identity, form: Form) -> None:
            status, reason = status_of(form, self._known_breaks(), SETTABLE)
            await self._floor.set_status(
                me.actor, me.name, _agent_name(request), status, reason, written_reason(form)
            )

        return await self._change(request, "status", change)

    async def skills(self, request: web.Request) -> web.StreamResponse:
        async def change(me: Identity, form: Form) -> None:
            skills, version = skills_of(form)
            await self._floor.set_skills(
                me.actor, _agent_name(request), skills, written_reason(form), version
            )

        return await self._change(request, "skills", change)

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        async def change(me: Identity, form: Form) -> None:
            await self._floor.sign_out(me.actor, me.name, _agent_name(request), written_reason(form))

        return await self._change(request, "sign-out", change)

    async def hang_up(self, request: web.Request) -> web.StreamResponse:
        async def change(me: Identity, form: Form) -> None:
            await self._floor.hang_up(me.actor, form.get("call", ""), written_reason(form))

        return await self._change(request, "hang-up", change)

    # --- inside -------------------------------------------------------------------------------------------

    async def _board(self, request: web.Request) -> dict[str, Any]:
        words, breaks = self._pages.words_for(request), self._known_breaks()
        me = identified(request)
        view = await self._floor.view(await self._floor.supervisor(me.actor) if me else None)
        return {
            "agents": [agent_row(agent, view, breaks, words) for agent in view.agents],
            "queues": [
                queue_row(queue, view.days.get(queue.name), view.now, in_all(view.ratings, queue=queue.name))
                for queue in view.queues
            ],
            "line": line_of(view),
            "modes": [mode.value for mode in SupervisionMode],
        }

    async def _show_agent(
        self,
        request: web.Request,
        *,
        status: int = 200,
        form: str = "",
        typed: Form | None = None,
        sentence: str = "",
    ) -> web.Response:
        words, breaks = self._pages.words_for(request), self._known_breaks()
        try:
            found = await self._floor.agent(_agent_name(request))
        except FloorRefused as refused:
            raise Fault(404, f"{refused} The floor is at /floor.") from None
        me = identified(request)
        naming = Naming(words, breaks, self._dispositions(), found.names)
        view = await self._floor.view(None)
        choices = [
            (one.value, status_shown(one, "", breaks, words)[2])
            for one in (AgentStatus.AVAILABLE, AgentStatus.TRAINING)
        ]
        choices += [(f"break:{name}", break_word(name, breaks, words)) for name in breaks]
        return self._pages.page(
            request,
            "floor/agent.html",
            status=status,
            page="floor",
            row=agent_row(found.agent, view, breaks, words),
            profile=found.profile,
            events=[entry_of(event, naming) for event in found.events],
            figures=day_figures(found.day, found.rating, words),
            choices=choices,
            form=form,
            typed=typed or {},
            sentence=sentence,
            done=request.query.get("done", ""),
            csrf=me.csrf if me else "",
        )

    async def _change(self, request: web.Request, name: str, change: Change) -> web.StreamResponse:
        """303 back to the agent; else the page with what was typed and one sentence (409, 422)."""
        me, _ = await self._supervisor(request)
        form = await form_of(request)
        words = self._pages.words_for(request)
        status = 422
        try:
            await change(me, form)
            place = f"/floor/agents/{_agent_name(request)}?done={name}"
            return web.Response(status=303, headers={"Location": place})
        except FloorRefused as refused:
            sentence = words.get(f"floor_refused_{refused.why}", str(refused))
        except Refused as refused:
            sentence = str(refused)
        except Changed:
            status, sentence = 409, words("floor_changed")
        return await self._show_agent(request, status=status, form=name, typed=form, sentence=sentence)

    async def _supervisor(self, request: web.Request) -> tuple[Identity, str]:
        """Who asks, and by which name they are known on the line. Raises Fault 403."""
        me = identified(request)
        if me is None:
            raise Fault(
                403,
                "Nobody is signed in: add the first person with `infolinia people add NAME --role admin`, "
                "others with `--role supervisor`, then sign in.",
            )
        try:
            return me, await self._floor.supervisor(me.actor)
        except Refused as refused:
            raise Fault(403, str(refused)) from None

    def _known_breaks(self) -> dict[str, BreakChoice]:
        return {one.name: one for one in self._breaks()}

    def _told(self, request: web.Request, refused: SupervisionRefused) -> str:
        words: Words = self._pages.words_for(request)
        return words.get(f"floor_refused_{refused.why}", str(refused))


def page_id(given: str) -> str:
    """Raises Fault 400."""
    if not given or len(given) > LONGEST_PAGE_ID or not given.isascii() or not given.isprintable():
        raise Fault(400, "The page's own id is wanted as `page`. Load /floor anew.")
    return given


def _agent_name(request: web.Request) -> str:
    return request.match_info["agent"]
