"""Those who wait: in which order they are served, and what they want as their wait grows."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from acd.events import Moved
from acd.floor import Demand, Wanted
from acd.queues import Overflow, Queue
from acd.work import Waiting

# A level of priority is worth so long a wait: who has more goes first, and yet nobody waits for ever.
PRIORITY_SECONDS = 120.0

Turn = tuple[int, datetime, str]
_TURN = attrgetter("turn")


@dataclass(slots=True, eq=False)
class Place:
    """One piece of work that waits. `entered`: this queue; its relaxing and overflow count from then.

    `relaxed`: so many of the queue's steps are taken. `offered_to`: an agent. `absent_since`: nobody for it
    is signed in. `been_in`: the queues it came from. `told`: its place as it was told last.
    `last_resort`: what is wanted once all steps are taken.
    """

    work: Waiting
    queue: Queue
    entered: datetime
    turn: Turn
    demand: Demand = ("", ())
    relaxed: int = 0
    offered_to: str = ""
    absent_since: datetime | None = None
    been_in: frozenset[str] = frozenset()
    told: Moved | None = None
    preferred_until: datetime | None = None
    due: datetime | None = None
    last_resort: Demand = ("", ())

    @property
    def deadline(self) -> datetime:
        """When the wait is too long."""
        if self.queue.max_wait_seconds is None:
            return self.work.deadline
        return min(self.work.deadline, self.work.since + timedelta(seconds=self.queue.max_wait_seconds))

    @property
    def overflow(self) -> tuple[datetime, Overflow] | None:
        """Where to wait instead, and from when on."""
        later = [o for o in self.queue.overflow if o.after_seconds is not None and o.to not in self.been_in]
        if not later:
            return None
        first = min(later, key=lambda overflow: overflow.after_seconds or 0.0)
        return self.entered + timedelta(seconds=first.after_seconds or 0.0), first

    def relax(self, now: datetime) -> bool:
        """Take the steps whose time has come. Whether something is wanted less now."""
        waited = (now - self.entered).total_seconds()
        steps = sum(step.after_seconds <= waited for step in self.queue.relax)
        before = self.demand
        self.relaxed = max(self.relaxed, steps)
        self.demand = self.queue.name, wanted(self.queue, self.work.skills, self.relaxed)
        return self.demand != before

    def next_step(self, now: datetime) -> datetime | None:
        """When the next thing happens to it by itself, after now; its absence apart."""
        moments = [self.deadline]
        if self.relaxed < len(self.queue.relax):
            step = self.queue.relax[self.relaxed]
            moments.append(self.entered + timedelta(seconds=step.after_seconds))
        if (overflow := self.overflow) is not None:
            moments.append(overflow[0])
        if self.preferred_until is not None:
            moments.append(self.preferred_until)
        return min((moment for moment in moments if moment > now), default=None)


def place_of(work: Waiting, queue: Queue, now: datetime, *, again: bool, front: bool) -> Place:
    """`again`: the wait counts from when it began."""
    worth = timedelta(seconds=PRIORITY_SECONDS * (work.priority + queue.priority))
    place = Place(
        work, queue, work.since if again else now, (0 if front else 1, work.since - worth, work.work_id)
    )
    if work.preferred:
        place.preferred_until = place.entered + timedelta(seconds=work.preferred_seconds)
    settle(place, now)
    return place


def settle(place: Place, now: datetime) -> None:
    """In the queue in which it is, or as that is set up anew."""
    place.demand = "", ()
    place.relaxed = 0
    place.relax(now)
    last = wanted(place.queue, place.work.skills, len(place.queue.relax))
    place.last_resort = place.queue.name, last


def wanted(queue: Queue, skills: tuple[str, ...], steps: int) -> Wanted:
    """The levels that an agent must have: the queue's and the caller's, less what so many steps relax."""
    levels = dict.fromkeys(skills, 1) | dict(queue.skills)
    for step in queue.relax[:steps]:
        if step.drop is not None:
            levels.pop(step.drop, None)
        if step.lower_by > 0:
            levels = {skill: max(1, level - step.lower_by) for skill, level in levels.items()}
    return tuple(sorted(levels.items()))


class Room:
    """Everybody who waits, in turn."""

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.in_turn: list[Place] = []
        self.by_queue: dict[str, list[Place]] = {}

    def add(self, place: Place) -> None:
        self.places[place.work.work_id] = place
        insort(self.in_turn, place, key=_TURN)
        insort(self.by_queue.setdefault(place.queue.name, []), place, key=_TURN)

    def remove(self, work_id: str) -> Place | None:
        place = self.places.pop(work_id, None)
        if place is not None:
            _take_out(self.in_turn, place)
            _take_out(self.by_queue[place.queue.name], place)
        return place

    def move(self, place: Place, queue: Queue, now: datetime) -> None:
        """To another queue; the turn stays what it was among those of equal priority."""
        self.remove(place.work.work_id)
        place.been_in |= {place.queue.name}
        extra = timedelta(seconds=PRIORITY_SECONDS * (queue.priority - place.queue.priority))
        front, at, work_id = place.turn
        place.turn = front, at - extra, work_id
        place.queue, place.entered, place.told = queue, now, None
        settle(place, now)
        self.add(place)

    def waiting_in(self, queue: str) -> list[Place]:
        return self.by_queue.get(queue, [])

    def replace(self, named: Mapping[str, Queue], now: datetime) -> None:
        """The queues are set up anew; who waits in one that is no more, goes on waiting there."""
        for place in tuple(self.in_turn):
            queue = named.get(place.queue.name)
            if queue is not None and queue != place.queue:
                self.remove(place.work.work_id)
                extra = timedelta(seconds=PRIORITY_SECONDS * (queue.priority - place.queue.priority))
                front, at, work_id = place.turn
                place.turn, place.queue = (front, at - extra, work_id), queue
                settle(place, now)
                self.add(place)


def _take_out(places: list[Place], place: Place) -> None:
    del places[bisect_left(places, place.turn, key=_TURN)]
