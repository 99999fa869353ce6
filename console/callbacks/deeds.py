"""What is done to a callback from its page: taken, given to the team, moved, cancelled, called now."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from aiohttp import web

from console.api.parts import ApiParts
from console.callbacks.viewing import Viewer, callback_read, viewer_of
from console.campaigns.asking import actor_of
from console.desk.actions import refusal_told as desk_refusal_told
from console.desk.pages import agent_of
from console.faults import Fault
from console.form_bodies import form_of
from console.pages import Pages
from console.refusal_telling import refusal_told
from engine.desk.desks import Desks
from engine.desk.refusals import DeskRefused
from engine.registers.refusals import Changed, Missing, Refused
from history.callback_windows import WrongWindow, chosen_window, moment_of
from history.callbacks import CallbackRequest, CallbackState

LONGEST_REASON = 500
_FILTERS = ("view", "show", "day", "topic", "queue")


class CallbackDeeds:
    """Without `desks` nobody can call from here."""

    def __init__(self, pages: Pages, parts: ApiParts, desks: Desks | None) -> None:
        self._pages = pages
        self._parts = parts
        self._desks = desks

    def routes(self) -> list[web.RouteDef]:
        place = "/callbacks/{callback_id}"
        return [
            web.post(f"{place}/take", self.take),
            web.post(f"{place}/team", self.give_to_team),
            web.post(f"{place}/move", self.move),
            web.post(f"{place}/cancel", self.cancel),
            web.post(f"{place}/call", self.call),
        ]

    async def take(self, request: web.Request) -> web.Response:
        viewer, known = await self._asked(request)
        if viewer.agent is None:
            raise Fault(403, "Only who works as an agent can take a callback.")
        return await self._changed(request, replace(known, agent=viewer.agent), "taken")

    async def give_to_team(self, request: web.Request) -> web.Response:
        _, known = await self._asked(request)
        return await self._changed(request, replace(known, agent=None), "team")

    async def move(self, request: web.Request) -> web.Response:
        """To a window that was agreed with the person, by our clocks."""
        _, known = await self._asked(request)
        form, now = await form_of(request), self._parts.clock.now()
        zone, within = self._parts.zone, self._parts.promise.within
        try:
            begins = moment_of(form.get("from", ""), zone, "from") if form.get("from") else None
            ends = moment_of(form.get("to", ""), zone, "to") if form.get("to") else None
            if begins is None and ends is None:
                raise WrongWindow("Tell from when on, or until when.", "from", "window_none")
            window = chosen_window(begins, ends, now, within=within, hours=self._parts.promise.hours)
        except WrongWindow as wrong:
            raise self._fault(request, 422, wrong) from None
        moved = replace(known, window_from=window.begins, window_to=window.ends, person_chose=True)
        return await self._changed(request, moved, "moved")

    async def cancel(self, request: web.Request) -> web.Response:
        _, known = await self._asked(request)
        reason = " ".join((await form_of(request)).get("reason", "").split())
        if not 0 < len(reason) <= LONGEST_REASON or not reason.isprintable():
            raise Fault(422, f"Say why, in 1 to {LONGEST_REASON} letters that can be seen.")
        try:
            await self._parts.callbacks.cancel(actor_of(request), known.id, reason)
        except Refused as refused:
            raise self._fault(request, 409, refused) from None
        except Missing:
            raise self._meanwhile(request) from None
        return _back(request, "cancelled")

    async def call(self, request: web.Request) -> web.Response:
        """From the agent's own desk, which must be open; the rules are asked as for every call."""
        _, known = await self._asked(request)
        if self._desks is None:
            raise Fault(404, "Nobody can call from here: the hotline has no desks.")
        agent = await agent_of(request, self._desks)
        if known.state is not CallbackState.OPEN:
            raise self._meanwhile(request)
        try:
            await self._desks.dial(agent, known.point.value, "service", known.queue or "")
        except DeskRefused as refused:
            words = self._pages.words_for(request)
            told, _ = desk_refusal_told(refused, words, self._desks.names())
            raise Fault(409, f"{told} {words('callbacks_open_desk')}", words.language) from None
        return web.Response(status=303, headers={"Location": "/desk"})

    # --- inside -------------------------------------------------------------------------------------------

    def _fault(self, request: web.Request, status: int, why: Refused | WrongWindow) -> Fault:
        words = self._pages.words_for(request)
        return Fault(status, refusal_told(why, words), words.language)

    def _meanwhile(self, request: web.Request) -> Fault:
        words = self._pages.words_for(request)
        return Fault(409, words("refused_meanwhile"), words.language)

    async def _asked(self, request: web.Request) -> tuple[Viewer, CallbackRequest]:
        viewer = await viewer_of(request, self._parts)
        return viewer, await callback_read(request, self._parts, viewer)

    async def _changed(self, request: web.Request, wanted: CallbackRequest, done: str) -> web.Response:
        version = (await form_of(request)).get("version", "")
        if version != str(wanted.version):
            raise self._meanwhile(request)
        try:
            await self._parts.callbacks.change(actor_of(request), wanted)
        except (Changed, Missing):
            raise self._meanwhile(request) from None
        except Refused as refused:
            raise self._fault(request, 409, refused) from None
        return _back(request, done)


def _back(request: web.Request, done: str) -> web.Response:
    """To the page as it was filtered."""
    kept = {name: request.query[name] for name in _FILTERS if name in request.query}
    return web.Response(status=303, headers={"Location": f"/callbacks?{urlencode({**kept, 'done': done})}"})
