"""How many agents a queue needs: Erlang C.

Calls come at random at a steady rate, talks last as long as they happen to, everybody waits and nobody gives
up. `traffic` is in erlangs: calls per second times the seconds that one takes.
"""

from __future__ import annotations

from math import ceil, exp

# Beyond this a queue's traffic is a mistake in what was asked.
MOST_AGENTS = 100_000


def traffic_erlangs(calls: float, interval_seconds: float, handle_seconds: float) -> float:
    """Of so many calls in an interval."""
    if calls < 0 or interval_seconds <= 0 or handle_seconds < 0:
        raise ValueError("calls and handle time are not negative, and an interval is longer than nothing")
    return calls / interval_seconds * handle_seconds


def wait_probability(agents: int, traffic: float) -> float:
    """C(agents, traffic): the part of the callers who wait at all. 1 when there are too few agents."""
    if traffic <= 0:
        return 0.0
    if agents <= traffic:
        return 1.0
    blocked = 1.0  # Erlang B by its recurrence, which neither overflows nor loses digits
    for number in range(1, agents + 1):
        blocked = traffic * blocked / (number + traffic * blocked)
    return blocked / (1 - traffic / agents * (1 - blocked))


def service_level(agents: int, traffic: float, handle_seconds: float, target_seconds: float) -> float:
    """The part of the callers who wait for no longer than the target."""
    if agents <= traffic:
        return 0.0 if traffic > 0 else 1.0
    if handle_seconds <= 0:
        return 1.0
    waits = wait_probability(agents, traffic)
    return 1 - waits * exp(-(agents - traffic) * target_seconds / handle_seconds)


def mean_wait_seconds(agents: int, traffic: float, handle_seconds: float) -> float | None:
    """Of all callers, those who wait for nothing among them. None: the queue only grows."""
    if traffic <= 0:
        return 0.0
    if agents <= traffic:
        return None
    return wait_probability(agents, traffic) * handle_seconds / (agents - traffic)


def occupancy(agents: int, traffic: float) -> float:
    """The part of their time that agents are busy, 1 at the most."""
    return min(1.0, traffic / agents) if agents > 0 else 1.0


def agents_needed(
    traffic: float,
    handle_seconds: float,
    target_seconds: float,
    target_level: float,
    most_occupancy: float = 1.0,
) -> int:
    """The fewest with whom the service level is reached, and who are not busier than that.

    Raises ValueError for a level that no number of agents reaches.
    """
    if not 0 <= target_level < 1 or not 0 < most_occupancy <= 1:
        raise ValueError("a target level is at least 0 and below 1, an occupancy above 0 and at most 1")
    if traffic <= 0:
        return 0
    low = max(1, ceil(traffic / most_occupancy))
    if low > MOST_AGENTS:
        raise ValueError(f"{traffic:.0f} erlangs are more than {MOST_AGENTS} agents can serve")
    high = low
    while service_level(high, traffic, handle_seconds, target_seconds) < target_level:
        low, high = high + 1, high * 2
    while low < high:
        middle = (low + high) // 2
        if service_level(middle, traffic, handle_seconds, target_seconds) < target_level:
            low = middle + 1
        else:
            high = middle
    return low
