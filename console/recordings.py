"""Recordings as they are listened to: whole or by Range, by those who may, and never without a note of it."""

from __future__ import annotations

import asyncio
from contextlib import closing

from aiohttp import web

from console.accounts.admission import saw
from console.accounts.identity import Identity, identified
from console.faults import Fault
from console.sending import send
from engine.live import LiveCalls
from engine.ports import Queries
from engine.registers.access import Role
from engine.registers.agents import AgentRegister
from engine.registers.recordings import (
    Recording,
    RecordingDamaged,
    RecordingFiles,
    RecordingRegister,
    RecordingState,
    Sound,
)
from engine.registers.refusals import Missing, Refused

TYPES = ("audio/flac", "audio/ogg", "audio/wav", "audio/mpeg")
_CHUNK_BYTES = 1 << 18
_GONE = "The recording of this call is no longer in the recordings folder."
_WHY_NOT = {
    RecordingState.RUNNING: "It is still being recorded; try again in a minute.",
    RecordingState.LOST: "Nothing of this talk could be recorded.",
    RecordingState.DELETED: "This recording was deleted.",
}


async def opened(files: RecordingFiles, name: str, sha256: str | None = None) -> Sound:
    """Raises Fault: it is not there, or was changed."""
    try:
        sound = await asyncio.to_thread(files.open, name, sha256)
    except RecordingDamaged as damaged:
        raise Fault(409, str(damaged)) from damaged
    if sound is None:
        raise Fault(404, _GONE)
    return sound


async def opened_talk(files: RecordingFiles, recording: Recording) -> Sound:
    """Raises Fault with the reason why there is nothing to be heard."""
    if recording.path is None or recording.state is not RecordingState.KEPT:
        raise Fault(404, _WHY_NOT.get(recording.state, _GONE))
    return await opened(files, recording.path, recording.sha256)


async def own_name(identity: Identity | None, agents: AgentRegister | None) -> str | None:
    """The agent's name of somebody who may hear their own calls alone; None: they may hear all."""
    if identity is None or identity.scopes is not None or identity.role.includes(Role.SUPERVISOR):
        return None
    if agents is None:
        return ""
    try:
        return (await agents.of_person(identity.actor, identity.actor.id)).name
    except (Missing, Refused):
        return ""


async def send_sound(request: web.Request, sound: Sound, name: str = "") -> web.StreamResponse:
    """`name`: save it under this name instead of playing it. The sound is closed."""
    with closing(sound):
        headers = {
            "Accept-Ranges": "bytes",
            "Content-Type": sound.media_type,
            "Cache-Control": "private, no-store",
        }
        if name:
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        start, stop, status = 0, sound.size, 200
        try:
            wanted = request.http_range
        except ValueError:
            wanted = slice(None)
        if wanted.start is not None or wanted.stop is not None:
            start, stop, _ = wanted.indices(sound.size)
            if start >= stop:
                return web.Response(status=416, headers={"Content-Range": f"bytes */{sound.size}"})
            status = 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{sound.size}"
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = stop - start
        await response.prepare(request)
        if request.method != "HEAD":
            for place in range(start, stop, _CHUNK_BYTES):
                piece = await asyncio.to_thread(sound.read, place, min(place + _CHUNK_BYTES, stop))
                await send(response, piece)
        await response.write_eof()
        return response


class Recordings:
    """By the call's or the recording's id: no file name comes from outside."""

    def __init__(
        self,
        files: RecordingFiles,
        queries: Queries,
        live: LiveCalls,
        register: RecordingRegister | None = None,
        agents: AgentRegister | None = None,
    ) -> None:
        self._files = files
        self._queries = queries
        self._live = live
        self._register = register
        self._agents = agents

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/calls/{call_id}/recording", self.get),
            web.get("/recordings/{recording_id}/audio", self.get_talk),
        ]

    async def get(self, request: web.Request) -> web.StreamResponse:
        """The message that a caller left."""
        call_id = request.match_info["call_id"]
        call = self._live.get(call_id) or await self._queries.call(call_id)
        if call is None or call.recording is None:
            raise Fault(404, "This call has no recording.")
        sound = await opened(self._files, call.recording)
        saw(request, "recording.seen", [f"call:{call_id}"])
        return await send_sound(request, sound)

    async def get_talk(self, request: web.Request) -> web.StreamResponse:
        """One agent's part of a call; with `?save=1` as a file."""
        recording = await self._recording(request)
        sound = await opened_talk(self._files, recording)
        saw(request, "recording.heard", [f"recording:{recording.id}"])
        name = f"{recording.id}.{sound.media_type.partition('/')[2]}" if request.query.get("save") else ""
        return await send_sound(request, sound, name)

    async def _recording(self, request: web.Request) -> Recording:
        missing = Fault(404, "There is no such recording.")
        if self._register is None:
            raise missing
        try:
            recording = await self._register.get(request.match_info["recording_id"])
        except Missing:
            raise missing from None
        own = await own_name(identified(request), self._agents)
        if own is not None and recording.agent != own:
            raise Fault(403, "An agent hears their own calls; a supervisor hears all.")
        return recording
