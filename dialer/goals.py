"""What a campaign is to reach, and by what it stops itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Goal:
    """So many leads closed with one of these dispositions; none: that were reached."""

    count: int
    dispositions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopRules:
    """`list_ended`: it finishes when no lead is left that may ever be called; else it waits for new ones.

    `attempts`: at most so many calls in all. `refused_in_row`: it pauses when so many leads on end are
    refused by the gate for ever: the purpose or the list is wrong then. None: not a rule.
    """

    list_ended: bool = True
    attempts: int | None = None
    refused_in_row: int | None = 1000


@dataclass(frozen=True, slots=True)
class Tally:
    """A campaign's counts. `standing`: leads that are called or may be called some day, callbacks included.

    `closed`: leads by their last disposition. `reached`: leads with a conversation. `refused_in_row`: leads
    that the gate refused for ever since the last one that it allowed.
    """

    standing: int
    attempts: int
    reached: int
    closed: Mapping[str, int] = field(default_factory=dict)
    refused_in_row: int = 0


def progress(goal: Goal, tally: Tally) -> int:
    """How many of the goal's count are reached."""
    if not goal.dispositions:
        return tally.reached
    return sum(tally.closed.get(name, 0) for name in goal.dispositions)


def room_left(
    goal: Goal | None,
    stop: StopRules,
    tally: Tally,
    *,
    placed_since: int = 0,
    in_flight: int = 0,
    spoken_since: int = 0,
) -> int | None:
    """How many more calls may be placed so that a goal is not gone beyond; None: any number.

    `placed_since` the tally was counted; `in_flight`: whose leads are not planned yet; `spoken_since`: calls
    that were answered and are over. A goal of dispositions has none: few calls end so, and waiting for each
    would leave agents idle.
    """
    rooms: list[int] = []
    if stop.attempts is not None:
        rooms.append(stop.attempts - tally.attempts - placed_since)
    if goal is not None and not goal.dispositions:
        rooms.append(goal.count - tally.reached - spoken_since - in_flight)
    return max(0, min(rooms)) if rooms else None
