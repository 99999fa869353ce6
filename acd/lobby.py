"""The lobby: who comes in to wait, who is sent elsewhere, and who waits no longer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from acd.agenda import Agenda
from acd.estimate import HandleTimes, expected_wait_seconds
from acd.events import CallerJoined, Command, Moved, Overflowed, Refusal, Refused
from acd.floor import Demand, Floor
from acd.queues import Queue
from acd.seats import Seat
from acd.waiting import Place, Room

# When the last agent signs out, those who wait are kept for so long: a telephone may only register anew.
ABSENCE_SECONDS = 20.0
_ABSENCE = timedelta(seconds=ABSENCE_SECONDS)


class Lobby:
    """`opening`: queue -> whether its hours are, where that was told. `moved`: queues to tell places in."""

    def __init__(
        self,
        queues: Mapping[str, Queue],
        floor: Floor,
        agenda: Agenda[Place | Seat],
        commands: list[Command],
        handled: HandleTimes,
    ) -> None:
        self.room = Room()
        self.opening: dict[str, bool] = {}
        self.moved: set[str] = set()
        self.wanted = 0  # goes up as what is wanted, or of whom, becomes something else
        self._queues = queues
        self._floor = floor
        self._agenda = agenda
        self._commands = commands
        self._handled = handled
        self._staff: dict[Demand, tuple[int, int]] = {}
        self._staffing = floor.staffing
        self._newcomers: list[Place] = []  # not looked at yet, whether anybody is there for them

    def waiting(self) -> Counter[str]:
        """How many wait in each queue, those queues named in which somebody does."""
        return Counter({name: n for name in self.room.by_queue if (n := len(self.room.callers_in(name)))})

    def join(self, event: CallerJoined, now: datetime) -> None:
        work = event.caller
        queue = self._queues.get(work.queue)
        self.leave(work.work_id)
        if queue is None:
            self._commands.append(Refused(work.work_id, Refusal.NOBODY))
            return
        place = self.room.place_of(work, queue, now, again=event.again, front=event.front)
        if not event.again:
            self.opening[queue.name] = event.open
            why = self._objection(place, queue)
            if why is not None:
                to = self._other_queue(place, why)
                if to is None:
                    self._commands.append(Refused(work.work_id, why))
                else:
                    self._enter(place)
                    self._overflow(place, to, now)
                return
        self._enter(place)

    def leave(self, work_id: str) -> Place | None:
        place = self.room.remove(work_id)
        if place is not None:
            self._agenda.put(place, None)
            self.moved.add(place.queue.name)
            self.wanted += 1
        return place

    def back(self, place: Place) -> None:
        """To the place it had: an agent answered, and it came to nothing."""
        place.offered_to = ""
        self._enter(place)

    def moves(self, place: Place, now: datetime) -> bool:
        """Whether the next step takes it out of its queue, so that nobody may be rung for it."""
        absent = place.absent_since is not None and now - place.absent_since >= _ABSENCE
        overflows = place.overflow_at is not None and place.overflow_at <= now
        return absent or place.deadline <= now or (overflows and self._planned_queue(place) is not None)

    def step(self, place: Place, now: datetime) -> None:
        """What happens to it as time passes: less is wanted, any agent will do, another queue, the end."""
        if place.deadline <= now:
            self._refuse(place, Refusal.TIMEOUT)
            return
        if place.absent_since is not None and now - place.absent_since >= _ABSENCE:
            to = self._other_queue(place, Refusal.NOBODY)
            if to is None:
                self._refuse(place, Refusal.NOBODY)
                return
            self._overflow(place, to, now)
        if place.preferred_until is not None and place.preferred_until <= now:
            place.preferred_until = None
        if place.overflow_at is not None and place.overflow_at <= now:
            to = self._planned_queue(place)
            if to is not None:
                self._overflow(place, to, now)
            else:
                self.room.stay(place)
        self.wanted += 1
        if self.room.relax(place, now):
            self.moved.add(place.queue.name)
        self._plan(place)

    def look_round(self, now: datetime) -> None:
        """Whether there is anybody for those who wait."""
        places = self._newcomers
        if self._staffing != self._floor.staffing:
            self._staffing = self._floor.staffing
            self._staff.clear()
            self.moved.update(self.room.by_queue)
            places = self.room.in_turn
        for place in places:
            if place.work.work_id not in self.room.places:
                continue
            absent = not place.work.kind.patient and not self._staffed(place.last_resort)
            if absent is (place.absent_since is None):
                place.absent_since = now if absent else None
                self._plan(place)
        self._newcomers = []

    def tell_places(self) -> None:
        """To those whose place has changed, or whose expected wait."""
        for name in sorted(self.moved):
            handle_seconds = self._handled.mean_seconds(name)
            for position, place in enumerate(self.room.callers_in(name), 1):
                wait_seconds = None
                if handle_seconds is not None:
                    agents = self._staff_for(place.demand)[1]
                    wait_seconds = expected_wait_seconds(position, agents, handle_seconds)
                told = place.told
                if told is None or told.position != position or told.wait_seconds != wait_seconds:
                    place.told = Moved(place.work.work_id, position, wait_seconds)
                    self._commands.append(place.told)
        self.moved.clear()

    def retired(self) -> dict[str, Queue]:
        """Queues in which somebody waits, and that are no more."""
        return {
            name: places[0].queue
            for name, places in self.room.by_queue.items()
            if places and name not in self._queues
        }

    def reconfigured(self, now: datetime) -> None:
        """Queues and agents are set up anew."""
        self.room.replace(self._queues, now)
        self.opening = {name: is_open for name, is_open in self.opening.items() if name in self._queues}
        for place in self.room.in_turn:
            self._plan(place)

    # --- inside -------------------------------------------------------------------------------------------

    def _enter(self, place: Place) -> None:
        self.room.add(place)
        self.moved.add(place.queue.name)
        self._newcomers.append(place)
        self.wanted += 1
        self._plan(place)

    def _overflow(self, place: Place, to: Queue, now: datetime) -> None:
        self.moved |= {place.queue.name, to.name}
        self.room.move(place, to, now)
        place.absent_since = None
        self._newcomers.append(place)
        self._plan(place)
        self._commands.append(Overflowed(place.work.work_id, to.name))

    def _refuse(self, place: Place, why: Refusal) -> None:
        self.leave(place.work.work_id)
        self._commands.append(Refused(place.work.work_id, why))

    def _plan(self, place: Place) -> None:
        moment = place.next_step
        if place.absent_since is not None:
            moment = min(moment, place.absent_since + _ABSENCE)
        self._agenda.put(place, moment)

    def _objection(self, place: Place, queue: Queue) -> Refusal | None:
        """Why it cannot wait there."""
        if place.work.kind.patient:
            return None
        if not self.opening.get(queue.name, True):
            return Refusal.CLOSED
        if not self._staffed(self.room.last_resort(queue, place.work)):
            return Refusal.NOBODY
        if len(self.room.callers_in(queue.name)) >= queue.capacity:
            return Refusal.FULL
        return None

    def _planned_queue(self, place: Place) -> Queue | None:
        """Where it goes after its time in this queue, if it can wait there."""
        to = self._queues.get(place.overflow_to)
        return to if to is not None and self._objection(place, to) is None else None

    def _other_queue(self, place: Place, why: Refusal) -> Queue | None:
        """Where to wait instead of a queue that is full, or that nobody serves."""
        for overflow in place.queue.overflow if why is not Refusal.CLOSED else ():
            to = self._queues.get(overflow.to)
            if to is None or to.name in place.been_in or (why is Refusal.FULL and not overflow.when_full):
                continue
            if self._objection(place, to) is None:
                return to
        return None

    def _staffed(self, demand: Demand) -> bool:
        return self._staff_for(demand)[0] > 0

    def _staff_for(self, demand: Demand) -> tuple[int, int]:
        """How many agents for it are signed in, and how many of these available."""
        if self._staffing != self._floor.staffing:
            return self._floor.staff(demand)
        staff = self._staff.get(demand)
        if staff is None:
            staff = self._staff[demand] = self._floor.staff(demand)
        return staff
