"""Machine detection by sound: the port to the network's own, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Sounds(StrEnum):
    """Like what an answered leg sounds. `NOTHING`: nobody has said a word."""

    HUMAN = "human"
    MACHINE = "machine"
    UNSURE = "unsure"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Sounding:
    """`why` in the detector's own words, such as "LONGGREETING-1520-1500"."""

    sounds: Sounds
    why: str


class SoundDetection(Protocol):
    async def detect(self, channel_id: str, *, seconds: float) -> Sounding:
        """Listen to a leg of ours that has just been answered and is in no bridge, for so long at most.

        Meanwhile it can be hung up and listened in to, nothing else. Raises ChannelGone when it ends,
        ControlLost when Asterisk does not tell in time.
        """

    async def until_quiet(self, channel_id: str, *, seconds: int) -> bool:
        """Until nothing has been said for 1.5 s, or False after so many seconds. Else as `detect`."""
