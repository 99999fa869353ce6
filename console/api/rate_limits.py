"""Token buckets: how many requests each token, person and stranger's address may make."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass

from console.api.problem import Problem
from engine.ports import Clock

_MOST_BUCKETS = 20_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` requests at once, and `per_second` from then on."""

    per_second: float = 50.0
    burst: int = 200


# Requests without a good token or session, of one address.
STRANGERS = Rate(per_second=1.0, burst=30)


class Buckets:
    """Of this process alone: with several engines each grants the rate."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._filled: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key -> (tokens, at)

    def _tokens(self, key: str, now: float) -> float:
        tokens, at = self._filled.get(key, (float(self._rate.burst), now))
        return min(float(self._rate.burst), tokens + (now - at) * self._rate.per_second)

    def take(self, key: str) -> None:
        """Raises Problem 429 when there is none left."""
        self.check(key)
        now = self._clock.monotonic()
        self._filled[key] = (self._tokens(key, now) - 1.0, now)
        self._filled.move_to_end(key)
        if len(self._filled) > _MOST_BUCKETS:  # whoever came longest ago has a full bucket again, or nearly
            self._filled.popitem(last=False)

    def check(self, key: str) -> None:
        """Raises Problem 429 when there is none left; takes none."""
        tokens = self._tokens(key, self._clock.monotonic())
        if tokens < 1.0:
            wait = max(1, math.ceil((1.0 - tokens) / self._rate.per_second))
            raise Problem(
                429,
                "too-many",
                f"Too many requests. Come again in {wait} s.",
                headers={"Retry-After": str(wait), **self.headers(key)},
            )

    def headers(self, key: str) -> dict[str, str]:
        """What is left, as the IETF's draft "RateLimit header fields for HTTP" writes it."""
        tokens = self._tokens(key, self._clock.monotonic())
        missing = self._rate.burst - tokens
        window = math.ceil(self._rate.burst / self._rate.per_second)
        return {
            "RateLimit-Policy": f'"default";q={self._rate.burst};w={window}',
            "RateLimit": f'"default";r={max(0, int(tokens))};t={math.ceil(missing / self._rate.per_second)}',
        }


def address_key(address: str | None) -> str:
    """One bucket an IPv4 address; of IPv6 one a /64, which is one subscriber."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "address:unknown"
    if found.version == 6:
        if found.ipv4_mapped:
            return f"address:{found.ipv4_mapped}"
        return f"address:{ipaddress.ip_network((found, 64), strict=False).network_address}"
    return f"address:{found}"
