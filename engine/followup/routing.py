"""Which provider carries a message: by the number's beginning, by weight, by who can now. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.followup.pace import Bucket
from messaging.provider import Provider


@dataclass(frozen=True, slots=True)
class Carrier:
    """A provider and its share. `prefixes`: only addresses that begin so, and these before others'; none:
    all. `sender`: ours, where a message names none.
    """

    provider: Provider
    weight: int = 1
    prefixes: tuple[str, ...] = ()
    sender: str | None = None

    def reach(self, to: str) -> int | None:
        """How closely this carrier is meant for that address; None: not at all."""
        if not self.prefixes:
            return 0
        return max((len(one) for one in self.prefixes if to.startswith(one)), default=None)


@dataclass(slots=True)
class Lane:
    """A carrier at work. `why`: what it failed with, also while it is tried again.

    `paused_until`: it asked for a pause, or was not to be had. `credit`: its share.
    """

    carrier: Carrier
    bucket: Bucket
    standing: bool = False
    why: str = "it has not connected yet"
    in_flight: int = 0
    paused_until: float = 0.0
    credit: float = field(default=0.0)

    @property
    def name(self) -> str:
        return self.carrier.provider.name

    @property
    def well(self) -> bool:
        """It can be used, and has not failed since it last answered."""
        return self.standing and not self.why

    def usable(self, now: float) -> bool:
        return self.standing and self.paused_until <= now

    def room(self, now: float) -> int:
        """How many more it may be given now."""
        if not self.usable(now):
            return 0
        window = max(0, self.carrier.provider.pace.at_once - self.in_flight)
        rate = self.bucket.room(now)
        return window if rate is None else min(window, max(0, rate))


def choose(lanes: Sequence[Lane], to: str, now: float) -> Lane | None:
    """The lane for that address, reserved; None: there is none with room now.

    Of those that are meant for it most closely and can be used; the others stand in when none can. Among
    equals by weight (smooth weighted round robin).
    """
    reaches = [(reach, lane) for lane in lanes if (reach := lane.carrier.reach(to)) is not None]
    for closest in sorted({reach for reach, _ in reaches}, reverse=True):
        usable = [lane for reach, lane in reaches if reach == closest and lane.usable(now)]
        if not usable:
            continue
        free = [lane for lane in usable if lane.room(now) > 0]
        if not free:
            return None
        for lane in free:
            lane.credit += lane.carrier.weight
        best = max(free, key=lambda lane: lane.credit)
        best.credit -= sum(lane.carrier.weight for lane in free)
        best.in_flight += 1
        best.bucket.take(now)
        return best
    return None
