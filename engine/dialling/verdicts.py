"""Verdicts: the port through which a campaign learns whether a person or a machine has answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from calls.events import CallEvent, CallEventKind
from dialer.attempt import Verdict
from dialer.machine import MachinePolicy


@dataclass(frozen=True, slots=True)
class Judged:
    """`seconds` from the answer to the verdict; `why` for the call's log, as "greeting 1900 ms"."""

    verdict: Verdict
    seconds: float
    why: str


class Verdicts(Protocol):
    async def of(self, channel_id: str, policy: MachinePolicy, language: str) -> Judged:
        """Of a leg of ours that was answered just now and is in no bridge. Asked once.

        Returns within `policy.seconds`, and as much again where Asterisk is slow; where nothing can be told
        in time it is unsure. With `detect` off it is human at once. Raises what CallControl raises, so
        ChannelGone when they hang up meanwhile. Afterwards the channel is in the engine's hands, as before.
        """

    async def greeting_over(self, channel_id: str, *, seconds: int) -> None:
        """Wait until a machine has said its greeting and beeped, for so long at most: then it records.

        Of a leg in no bridge, as above. Raises what CallControl raises.
        """


def verdict_in(events: Sequence[CallEvent]) -> Verdict | None:
    """What a call's log tells of it; None: nothing yet."""
    told = [event.data["verdict"] for event in events if event.kind is CallEventKind.DETECTED]
    return Verdict(str(told[-1])) if told else None


class NoDetection:
    """Implements Verdicts: whoever answers is a person."""

    async def of(self, channel_id: str, policy: MachinePolicy, language: str) -> Judged:
        return Judged(Verdict.HUMAN, 0.0, "not asked")

    async def greeting_over(self, channel_id: str, *, seconds: int) -> None:
        """Nobody listens: it is taken to be over."""
