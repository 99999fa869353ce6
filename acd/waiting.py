"""Those who wait: in which order they are served, and what they want as their wait grows."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from acd.abilities import Demand, Wanted
from acd.events import Moved
from acd.queues import Queue
from acd.work import Waiting, WorkKind

# A level of priority is worth so long a wait: who has more goes first, and yet nobody waits for ever.
PRIORITY_SECONDS = 120.0

# Skills come from flows, and so from what callers say: no more combinations than this are remembered.
MOST_DEMANDS = 5000

NOTHING = Demand("")
Turn = tuple[int, datetime, str]
_TURN = attrgetter("turn")


@dataclass(slots=True, eq=False)
class Place:
    """One piece of work that waits. `entered`: this queue; its relaxing and overflow count from then.

    `relaxed`: so many of the queue's steps are taken, the next at `relax_at`; at `overflow_at` it goes to the
    queue `overflow_to`. `offered_to`: an agent. `absent_since`: nobody for it is signed in. `been_in`: the
    queues it came from. `told`: its place as it was told last.
    `last_resort`: what is wanted once all steps are taken.
    """

    work: Waiting
    queue: Queue
    entered: datetime
    turn: Turn
    deadline: datetime
    demand: Demand = NOTHING
    relaxed: int = 0
    relax_at: datetime | None = None
    overflow_at: datetime | None = None
    overflow_to: str = ""
    offered_to: str = ""
    absent_since: datetime | None = None
    been_in: frozenset[str] = frozenset()
    told: Moved | None = None
    preferred_until: datetime | None = None
    due: datetime | None = None
    last_resort: Demand = NOTHING

    @property
    def next_step(self) -> datetime:
        """When the next thing happens to it by itself; its absence apart."""
        moment = self.deadline
        if self.relax_at is not None and self.relax_at < moment:
            moment = self.relax_at
        if self.overflow_at is not None and self.overflow_at < moment:
            moment = self.overflow_at
        if self.preferred_until is not None and self.preferred_until < moment:
            moment = self.preferred_until
        return moment


class Wishes:
    """What is wanted of agents, by queue, caller's skills and steps taken: worked out once for each."""

    def __init__(self) -> None:
        self._by_steps: dict[tuple[str, tuple[str, ...], int, WorkKind], Demand] = {}
        self._demands: dict[tuple[str, Wanted, WorkKind], Demand] = {}

    def demand(self, queue: Queue, work: Waiting, steps: int) -> Demand:
        key = queue.name, work.skills, steps, work.kind
        demand = self._by_steps.get(key)
        if demand is None:
            if len(self._by_steps) >= MOST_DEMANDS:
                self.forget()
            new = Demand(queue.name, wanted(queue, work.skills, steps), work.kind)
            demand = self._demands.setdefault((new.queue, new.wanted, new.kind), new)
            self._by_steps[key] = demand
        return demand

    def forget(self) -> None:
        self._by_steps.clear()
        self._demands.clear()


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
        self._wishes = Wishes()

    def place_of(self, work: Waiting, queue: Queue, now: datetime, *, again: bool, front: bool) -> Place:
        """A place that is not taken yet. `again`: the wait counts from when it began."""
        worth = timedelta(seconds=PRIORITY_SECONDS * (work.priority + queue.priority))
        turn = 0 if front else 1, work.since - worth, work.work_id
        place = Place(work, queue, work.since if again else now, turn, work.deadline)
        if work.preferred:
            place.preferred_until = place.entered + timedelta(seconds=work.preferred_seconds)
        self._settle(place, now)
        return place

    def relax(self, place: Place, now: datetime) -> bool:
        """Take the steps whose time has come. Whether there are others who may serve it now."""
        if place.relax_at is None or place.relax_at > now:
            return False
        steps, before = place.queue.relax, place.demand
        while place.relax_at is not None and place.relax_at <= now:
            place.relaxed += 1
            place.relax_at = None
            if place.relaxed < len(steps):
                place.relax_at = place.entered + timedelta(seconds=steps[place.relaxed].after_seconds)
        place.demand = self._wishes.demand(place.queue, place.work, place.relaxed)
        return place.demand is not before

    def stay(self, place: Place) -> None:
        """It does not go where it would have gone, and is not asked to again."""
        place.been_in |= {place.overflow_to}
        self._plan_overflow(place)

    def last_resort(self, queue: Queue, work: Waiting) -> Demand:
        """What is wanted once all steps are taken."""
        return self._wishes.demand(queue, work, len(queue.relax))

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
        place.been_in |= {place.queue.name}
        place.entered, place.told = now, None
        self._transfer(place, queue, now)

    def waiting_in(self, queue: str) -> list[Place]:
        return self.by_queue.get(queue, [])

    def callers_in(self, queue: str) -> list[Place]:
        """Those of them who wait now, and not for an answer in writing."""
        return [place for place in self.waiting_in(queue) if not place.work.kind.patient]

    def replace(self, named: Mapping[str, Queue], now: datetime) -> None:
        """The queues are set up anew; who waits in one that is no more, goes on waiting there."""
        self._wishes.forget()
        for place in tuple(self.in_turn):
            queue = named.get(place.queue.name)
            if queue is not None and queue != place.queue:
                self._transfer(place, queue, now)

    def _transfer(self, place: Place, queue: Queue, now: datetime) -> None:
        self.remove(place.work.work_id)
        worth = timedelta(seconds=PRIORITY_SECONDS * (queue.priority - place.queue.priority))
        front, at, work_id = place.turn
        place.turn, place.queue = (front, at - worth, work_id), queue
        self._settle(place, now)
        self.add(place)

    def _settle(self, place: Place, now: datetime) -> None:
        """In the queue in which it is, as that is set up."""
        queue, work = place.queue, place.work
        place.deadline = work.deadline
        if queue.max_wait_seconds is not None and not work.kind.patient:
            place.deadline = min(place.deadline, work.since + timedelta(seconds=queue.max_wait_seconds))
        place.relaxed = 0
        place.relax_at = None
        place.demand = self._wishes.demand(queue, work, 0)
        if queue.relax:
            place.relax_at = place.entered + timedelta(seconds=queue.relax[0].after_seconds)
            self.relax(place, now)
        place.last_resort = self.last_resort(queue, work)
        self._plan_overflow(place)

    def _plan_overflow(self, place: Place) -> None:
        timed = (o for o in place.queue.overflow if o.after_seconds is not None and o.to not in place.been_in)
        first = min(timed, key=lambda overflow: overflow.after_seconds or 0.0, default=None)
        place.overflow_at, place.overflow_to = None, ""
        if first is not None:
            place.overflow_to = first.to
            place.overflow_at = place.entered + timedelta(seconds=first.after_seconds or 0.0)


def _take_out(places: list[Place], place: Place) -> None:
    del places[bisect_left(places, place.turn, key=_TURN)]
