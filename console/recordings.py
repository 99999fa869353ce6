"""Recordings are served from their own folder and from nowhere else."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from console.accounts.admission import saw
from console.faults import Fault
from engine.live import LiveCalls
from engine.ports import Queries

SUFFIXES = ("", ".wav")
TYPES = {".wav": "audio/wav", ".ogg": "audio/ogg", ".mp3": "audio/mpeg"}


def find_recording(folder: Path, name: str) -> Path | None:
    """The sound file that `name` means inside `folder`; None when it is absent, outside, or no sound.

    `name` may lack ".wav" and may be a full path, as long as it leads into the folder, links followed.
    """
    root = folder.resolve()
    for suffix in SUFFIXES:
        try:
            path = (root / (name + suffix)).resolve()
            inside = path.is_relative_to(root) and path.suffix in TYPES and path.is_file()
        except (OSError, ValueError):  # a name too long for the file system, or with a zero byte
            return None
        if inside:
            return path
    return None


class Recordings:
    """A call's recording, by the call's id: no file name comes from outside."""

    def __init__(self, folder: Path, queries: Queries, live: LiveCalls) -> None:
        self._folder = folder
        self._queries = queries
        self._live = live

    async def get(self, request: web.Request) -> web.StreamResponse:
        """The sound file, whole or by Range."""
        call_id = request.match_info["call_id"]
        call = self._live.get(call_id) or await self._queries.call(call_id)
        if call is None or call.recording is None:
            raise Fault(404, "This call has no recording.")
        path = find_recording(self._folder, call.recording)
        if path is None:
            raise Fault(404, "The recording of this call is no longer in the recordings folder.")
        saw(request, "recording.seen", [f"call:{call_id}"])
        return web.FileResponse(path, headers={"Content-Type": TYPES[path.suffix]})
