"""Asterisk's own machine detection (AMD): a leg goes through the dialplan and comes back with the verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from asterisk.ari import AriConnection
from calls.control import ChannelGone, ControlLost, RequestRefused
from calls.detection import Sounding, Sounds

JUDGED_ARGUMENT = "judged"
DETECTION_CONTEXT = "detection"
SLACK_SECONDS = 2.0
"""AMD counts the audio that came: where none comes it is late."""
_SOUNDS = {"HUMAN": Sounds.HUMAN, "MACHINE": Sounds.MACHINE}
# AMD calls a silent person a machine.
_SILENCE = "INITIALSILENCE"


class Detection:
    """The legs that are being listened to."""

    def __init__(self, ari: AriConnection) -> None:
        self._ari = ari
        self._waiting: dict[str, asyncio.Future[tuple[str, str]]] = {}

    async def detect(self, channel_id: str, seconds: float) -> Sounding:
        """See SoundDetection."""
        status, why = await self._judged_by(channel_id, f"amd{round(seconds * 1000)}", seconds)
        if why.startswith(_SILENCE):
            return Sounding(Sounds.NOTHING, why)
        return Sounding(_SOUNDS.get(status, Sounds.UNSURE), why)

    async def until_quiet(self, channel_id: str, seconds: int) -> bool:
        """See SoundDetection."""
        status, _ = await self._judged_by(channel_id, f"quiet{seconds}", seconds)
        return status == "SILENCE"

    async def _judged_by(self, channel_id: str, extension: str, seconds: float) -> tuple[str, str]:
        """Through an extension of the dialplan and back: its status, and why."""
        if channel_id in self._waiting:
            raise RequestRefused(f"{channel_id} is being listened to already")
        verdict: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
        self._waiting[channel_id] = verdict
        where: dict[str, str | int] = {"context": DETECTION_CONTEXT, "extension": extension, "priority": 1}
        try:
            await self._ari.request("POST", f"channels/{channel_id}/continue", where)
            async with asyncio.timeout(seconds + SLACK_SECONDS):
                return await verdict
        except TimeoutError:
            raise ControlLost(f"Asterisk did not tell in time what is heard on {channel_id}") from None
        finally:
            del self._waiting[channel_id]

    def has(self, channel_id: str) -> bool:
        """Whether it is in the dialplan now, to come back."""
        waiting = self._waiting.get(channel_id)
        return waiting is not None and not waiting.done()

    def judged(self, channel_id: str, args: Sequence[str]) -> bool:
        """It came back, with a status and why; returns whether anybody waits for that."""
        waiting = self._waiting.get(channel_id)
        if waiting is None or waiting.done():
            return False
        _, status, why, *_ = (*args, "", "")
        waiting.set_result((status, why))
        return True

    def ended(self, channel_id: str) -> None:
        """The channel is no more."""
        waiting = self._waiting.get(channel_id)
        if waiting is not None and not waiting.done():
            waiting.set_exception(ChannelGone(f"{channel_id} has ended"))
