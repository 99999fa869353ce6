"""Asterisk's call log (CEL) behind the engine's NetworkLog port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from asterisk.cel import CelCall, calls_ended_since, calls_since, leg_of, message_seconds
from engine.ports import LoggedCall, LoggedLeg


class CelNetworkLog:
    """`booted_at` tells when the Asterisk that runs now was started, None when none runs.

    `recording_dir` is where Asterisk writes what an engine has it record.
    """

    def __init__(
        self, path: Path, booted_at: Callable[[], datetime | None], recording_dir: Path | None = None
    ) -> None:
        self._path = path
        self._booted_at = booted_at
        self._recording_dir = recording_dir

    async def calls_since(self, since: datetime) -> list[LoggedCall]:
        calls = await calls_since(self._path, since, self._booted_at())
        return [_logged(call) for call in calls if call.ended_at is not None or call.crashed]

    async def calls_ended_since(self, since: datetime) -> list[LoggedCall]:
        return [_logged(call) for call in await calls_ended_since(self._path, since, self._booted_at())]

    async def call(self, network_id: str, since: datetime) -> LoggedCall | None:
        for call in await calls_since(self._path, since, self._booted_at()):
            if call.linkedid == network_id:
                return _logged(call)
        return None

    async def leg(self, channel_id: str) -> LoggedLeg | None:
        leg = await leg_of(self._path, channel_id)
        return None if leg is None else LoggedLeg(leg.answered_at, leg.ended_at, leg.cause)

    async def clips_of(self, call_id: str) -> list[str]:
        return [str(path) for path in await asyncio.to_thread(self._recorded, f"{call_id}.clip.*.wav")]

    async def message_of(self, call_id: str) -> tuple[str, float] | None:
        return await asyncio.to_thread(self._message_of, call_id)

    def _message_of(self, call_id: str) -> tuple[str, float] | None:
        found = self._recorded(f"{call_id}.message.*.wav")
        seconds, path = max(((message_seconds(path), str(path)) for path in found), default=(0.0, ""))
        return (path, seconds) if seconds else None

    def _recorded(self, pattern: str) -> list[Path]:
        return [] if self._recording_dir is None else list(self._recording_dir.glob(pattern))


def _logged(call: CelCall) -> LoggedCall:
    return LoggedCall(
        network_id=call.linkedid,
        started_at=call.started_at,
        last_seen_at=call.last_seen_at,
        caller=call.caller,
        dialled=call.dialled,
        trunk=call.trunk,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        message_path=None if call.message is None else str(call.message),
        message_seconds=call.message_seconds,
    )
