"""How many messages of a mailing may be queued now: so many a second, evenly, and never a heap of them.

Times are monotonic seconds of the engine's clock; nothing here is kept over a restart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

# After a pause nobody catches up more than this.
MOST_HELD_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """Fills at `per_second` and holds one second's worth, one message at least. It begins with one."""

    per_second: float
    at: float
    held: float = 1.0

    def filled(self, now: float) -> Bucket:
        room = max(1.0, self.per_second * MOST_HELD_SECONDS)
        passed = max(0.0, now - self.at)
        return replace(self, at=max(self.at, now), held=min(room, self.held + passed * self.per_second))

    @property
    def whole(self) -> int:
        # Sums of fractions fall short of the whole by a hair.
        return int(self.held + 1e-9)

    def without(self, count: int) -> Bucket:
        return replace(self, held=max(0.0, self.held - count))

    @property
    def next_at(self) -> float:
        """When it holds a whole message."""
        return self.at if self.whole else self.at + (1.0 - self.held) / self.per_second


@dataclass(frozen=True, slots=True)
class BulkPace:
    """A mailing's own bucket, and one for each provider; a message needs one from both.

    Providers without a bucket have no pace of their own.
    """

    mailing: Bucket
    providers: Mapping[str, Bucket]

    def taken(self, provider: str, wanted: int, now: float) -> tuple[BulkPace, int]:
        """The pace after it, and how many of `wanted` messages for `provider` go now."""
        mailing, own = self.mailing.filled(now), self.providers.get(provider)
        count = min(wanted, mailing.whole)
        if own is None:
            return replace(self, mailing=mailing.without(count)), count
        own = own.filled(now)
        count = min(count, own.whole)
        providers = {**self.providers, provider: own.without(count)}
        return BulkPace(mailing.without(count), providers), count

    def next_at(self, provider: str, now: float) -> float:
        """When the next message for `provider` may go; `now` when one may."""
        own = self.providers.get(provider)
        times: list[float] = [
            self.mailing.filled(now).next_at,
            *(() if own is None else (own.filled(now).next_at,)),
        ]
        return max(now, *times)
