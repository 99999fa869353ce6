"""What becomes of the n-th call: drawn from the seed and its number alone.

Two policies that are compared meet the same people in the same order, so their difference is not chance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dialer.forecast.durations import Floats, normal_quantiles
from dialer.forecast.world import World

_AT_ONCE, _HELD = 2048, 4


class Fate(NamedTuple):
    """Seconds, but for the numbers in 0..1 that chance is held against."""

    answering: float  # below the answer rate: a person
    setup: float
    ring: float  # a person's
    other: float  # what the call is if no person answers
    pickup: float  # a voicemail's
    failing: float
    detection: float
    mistaking: float  # below the share of false positives: a person taken for a machine
    talk: float
    wrap: float
    missing: float  # below the share of missed machines: a machine taken for a person
    machine_talk: float


class Fates:
    """The fates of the calls of one seed, by their number from 0.

    The last blocks that were asked for are held; an older one is drawn again, the same.
    """

    def __init__(self, world: World, seed: int, ring_timeout: float) -> None:
        self._world = world
        self._seed = seed
        self._ring_timeout = ring_timeout
        self._blocks: dict[int, list[Fate]] = {}

    def __getitem__(self, number: int) -> Fate:
        block, place = divmod(number, _AT_ONCE)
        rows = self._blocks.get(block)
        if rows is None:
            if len(self._blocks) >= _HELD:
                del self._blocks[next(iter(self._blocks))]
            rows = self._blocks[block] = self._drawn(block)
        return rows[place]

    def _drawn(self, block: int) -> list[Fate]:
        world = self._world
        chance = np.random.default_rng((self._seed, block)).random((len(Fate._fields), _AT_ONCE))
        (
            answering,
            setup,
            ring,
            other,
            pickup,
            failing,
            detection,
            mistaking,
            talk,
            wrap,
            missing,
            machine_talk,
        ) = chance
        mean, deviation = world.voicemail_seconds
        columns = (
            answering,
            _between(world.setup_seconds, setup),
            # Cut off at the timeout, not beyond it: the answer rate is of those who answer before.
            world.ring.quantiles(ring * world.ring.share_below(self._ring_timeout)),
            other,
            np.maximum(mean + deviation * normal_quantiles(pickup), 0.0),
            _between(world.failing_seconds, failing),
            world.detection.quantiles(detection),
            mistaking,
            world.talk.quantiles(talk),
            world.wrap.quantiles(wrap),
            missing,
            world.machine_talk.quantiles(machine_talk),
        )
        return list(map(Fate._make, zip(*(column.tolist() for column in columns), strict=True)))


def _between(limits: tuple[float, float], uniform: Floats) -> Floats:
    low, high = limits
    return low + (high - low) * uniform
