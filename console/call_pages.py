"""/calls/ID: one call, what was said in it, what happened and who decided it; and all of that as a file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from aiohttp import web

from calls.call import Call, Direction
from calls.events import CallEvent
from console import call_player, call_view
from console.accounts.admission import saw
from console.agent_names import shown_names
from console.call_decisions import decisions
from console.faults import Fault
from console.pages import Pages
from console.words import Words
from engine.live import LiveCalls
from engine.ports import HistoryRow, Queries
from engine.registers.agents import AgentRegister
from engine.registers.decisions import DecisionFilter, Decisions, LoggedDecision
from engine.registers.recordings import Recording, RecordingFiles, RecordingRegister
from history.call_news import call_form
from history.dispositions import Disposition
from history.forms import time_form
from history.interaction import Channel

# Of one call: its row, its agents' parts, and what came of it.
MOST_PARTS = 50


class CallPages:
    """`decided` tells what the gate answered before a call was placed."""

    def __init__(
        self,
        pages: Pages,
        live: LiveCalls,
        queries: Queries,
        files: RecordingFiles,
        recorded: RecordingRegister | None,
        agents: AgentRegister | None,
        decided: Decisions | None,
        dispositions: Callable[[], Mapping[str, Disposition]],
    ) -> None:
        self._pages = pages
        self._live = live
        self._queries = queries
        self._files = files
        self._recorded = recorded
        self._agents = agents
        self._decided = decided
        self._dispositions = dispositions

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/calls/{call_id}", self.call),
            web.get("/calls/{call_id}/export", self.export),
            web.get("/parts/call/{call_id}", self.part),
        ]

    async def call(self, request: web.Request) -> web.Response:
        return self._pages.page(request, "call.html", page="calls", **await self._shown(request))

    async def part(self, request: web.Request) -> web.Response:
        return self._pages.page(request, "parts/call.html", **await self._shown(request))

    async def export(self, request: web.Request) -> web.Response:
        """The call, its log and what was written down of its talks. The sound has an address of its own."""
        call, events = await self._found(request)
        saw(request, "call.exported", [f"call:{call.id}"])
        talks = () if self._recorded is None else await self._recorded.of_call(call.id)
        told = {
            "call": call_form(call),
            "events": [
                {"seq": event.seq, "at": time_form(event.at), "kind": event.kind.value, "data": event.data}
                for event in events
            ],
            "recordings": [_recording_form(one) for one in talks],
        }
        name = "".join(letter for letter in call.id if letter.isalnum() or letter in "-_.")
        return web.Response(
            body=orjson.dumps(told, option=orjson.OPT_INDENT_2),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="call-{name}.json"'},
        )

    # --- inside -------------------------------------------------------------------------------------------

    async def _found(self, request: web.Request) -> tuple[Call, Sequence[CallEvent]]:
        """Raises Fault 404."""
        call_id = request.match_info["call_id"]
        call = self._live.get(call_id) or await self._queries.call(call_id)
        if call is None:
            raise Fault(404, "There is no such call. The list of calls is at /calls.")
        return call, await self._queries.events(call_id)

    async def _shown(self, request: web.Request) -> dict[str, Any]:
        call, events = await self._found(request)
        saw(request, "call.seen", [f"call:{call.id}"])
        words = self._pages.words_for(request)
        talks = () if self._recorded is None else await self._recorded.of_call(call.id)
        found = await self._queries.history(limit=MOST_PARTS, subject_id=call.id)
        ours = [row for row in found if row.interaction.source is None]
        rows = [row for row in ours if row.interaction.channel in (Channel.CALL, Channel.VOICEMAIL)]
        names = await shown_names(self._agents)
        player = call_player.player(call, events, talks, words, names)
        said = call_view.transcript(call, events, words, names)
        spoken = player.lines if player else ()
        return {
            "call": call,
            "contact_id": rows[0].interaction.contact_id if rows else None,
            "contact_name": rows[0].contact_name if rows else None,
            "names": names,
            "agents": [names.get(name, name) for name in call_view.agents_of(events)],
            "stops": call_view.call_line(call, events, words),
            "talk": sorted((*said, *spoken), key=lambda line: line.second),
            "events": call_view.event_rows(call, events, words, names, self._dispositions()),
            "decisions": decisions(call, events, words, names, await self._gate(call)),
            "recorded": call.recording is not None,
            "playable": call.recording is not None
            and await asyncio.to_thread(self._files.has, call.recording),
            "written": self._written(ours, names, words),
            "player": player,
        }

    async def _gate(self, call: Call) -> LoggedDecision | None:
        """Why it could be placed."""
        if self._decided is None or call.direction is not Direction.OUTBOUND:
            return None
        found = await self._decided.logged(DecisionFilter(subject=f"call:{call.id}"), limit=1)
        return next(iter(found), None)

    def _written(
        self, rows: Sequence[HistoryRow], names: Mapping[str, str], words: Words
    ) -> Sequence[call_view.Written]:
        parts = [row.interaction for row in rows if row.interaction.channel is Channel.TALK]
        return call_view.written_of(parts, names, self._dispositions(), words)


def _recording_form(one: Recording) -> dict[str, object]:
    return {
        "id": one.id,
        "agent": one.agent,
        "queue": one.queue,
        "basis": one.basis.value,
        "state": one.state.value,
        "started_at": time_form(one.started_at),
        "seconds": one.seconds,
        "codec": one.codec,
        "sha256": one.sha256,
        "language": one.language,
        "pauses": [list(pause) for pause in one.pauses],
        "transcript": [
            {
                "side": spoken.side,
                "words": [
                    {"text": w.text, "start": w.start, "end": w.end, "confidence": w.confidence}
                    for w in spoken.words
                ],
            }
            for spoken in one.transcript
        ],
    }
