"""Flights: the calls of one campaign, from the row of the attempt to the plan of its lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from calls.events import CallEventKind
from dialer.attempt import Attempt, Verdict
from dialer.pacing import CallEnded, CallView, PacingEvent, PersonAnswered
from dialer.results import AttemptResult
from engine.call_log import CallLog
from engine.dialling.attempt_folding import attempt_after

Ended = Literal["no_answer", "failed", "machine", "abandoned", "cancelled", "hung_up"]

_ENDED: dict[AttemptResult, Ended] = {
    AttemptResult.MACHINE: "machine",
    AttemptResult.ABANDONED: "abandoned",
    AttemptResult.CANCELLED: "cancelled",
    AttemptResult.ANSWERED: "hung_up",
    AttemptResult.CONGESTION: "failed",
    AttemptResult.FAILED: "failed",
    AttemptResult.UNALLOCATED: "failed",
    AttemptResult.CHANGED: "failed",
    AttemptResult.LOST: "failed",
    AttemptResult.INTERRUPTED: "failed",
    AttemptResult.BUSY: "failed",
}


@dataclass(slots=True, eq=False)
class Flight:
    """`seen` and `stored`: up to which event of its log. `live`, `abandoned`, `told`: counted, told once.

    `again`: an earlier engine's, whose log is not the one that is written. `talking`, `hung_up`: that its
    lead is so is written. `ended_at` and `try_again_at`, of what the database could not take, in the loop's
    seconds. `rang`: the trunk has shown whether it works. `claimed`: its callback is dialled.
    `given_at`: when a flow gave the person to agents.
    """

    attempt: Attempt
    log: CallLog
    detects: bool = False
    seen: int = 0
    stored: int = 1  # the row itself is the first event's
    again: bool = False
    live: bool = False
    abandoned: bool = False
    told: bool = False
    rang: bool = False
    talking: bool = False
    hung_up: bool = False
    claimed: bool = False
    ended_at: float | None = None
    try_again_at: float = 0.0
    given_at: datetime | None = None

    @property
    def in_flow(self) -> bool:
        """The flow that goes before the agent leads them still."""
        return self.given_at is None and bool(self.log.events and self.log.events[0].data.get("before_agent"))

    @property
    def over(self) -> bool:
        return self.attempt.ended_at is not None

    @property
    def in_talk(self) -> bool:
        """An agent has it, or had it: their word is awaited."""
        return self.attempt.connected_at is not None


@dataclass(slots=True)
class Counted:
    """Over the legal window so far."""

    attempts: int = 0
    live: int = 0
    abandoned: int = 0


class Flights:
    """`at`: a moment in the loop's seconds.

    `placed`: how many calls were ever added as new; `spoken`: how many of all were answered and are done.
    """

    def __init__(self, at: Callable[[datetime], float]) -> None:
        self.placed = self.spoken = 0
        self._at = at
        self._flights: dict[str, Flight] = {}
        self.counted = Counted()
        self._counted_since: datetime | None = None

    def __len__(self) -> int:
        return len(self._flights)

    def __iter__(self) -> Iterator[Flight]:
        return iter(tuple(self._flights.values()))

    def __contains__(self, call_id: object) -> bool:
        return call_id in self._flights

    @property
    def on_line(self) -> int:
        """Calls that have a line."""
        return sum(not flight.over for flight in self._flights.values())

    def stages(self) -> dict[str, int]:
        """How many calls that have a line are how far: dialling, ringing, detecting, waiting, talking."""
        found = dict.fromkeys(("dialling", "ringing", "detecting", "waiting", "talking"), 0)
        for flight in self._flights.values():
            if flight.over:
                continue
            view = self._view(flight)
            if flight.in_talk:
                found["talking"] += 1
            elif view is not None:
                found[view.stage] += 1
            else:  # abandoned: it hears the message
                found["waiting"] += 1
        return found

    def add(self, flight: Flight, *, again: bool = False) -> None:
        """`again`: an earlier engine's, which the counters know already."""
        if flight.attempt.id in self._flights:
            return
        self._flights[flight.attempt.id] = flight
        if again:
            self._follow(flight)
            flight.live, flight.abandoned = _is_live(flight), flight.attempt.abandoned
        else:
            self.placed += 1
            self.counted.attempts += 1

    def count(self, written: Counted, since: datetime) -> None:
        """What the database has counted since then: other engines' calls too, these here not all yet."""
        ours = self.counted
        if since != self._counted_since:
            ours, self._counted_since = Counted(), since
        self.counted = Counted(
            max(ours.attempts, written.attempts),
            max(ours.live, written.live),
            max(ours.abandoned, written.abandoned),
        )

    def done(self, flight: Flight) -> None:
        if self._flights.pop(flight.attempt.id, None) is not None:
            self.spoken += flight.attempt.result is AttemptResult.ANSWERED

    def look(self, now: float) -> tuple[list[CallView], list[PacingEvent]]:
        """Calls for which no agent is busy yet, and what happened since the last look."""
        views: list[CallView] = []
        events: list[PacingEvent] = []
        for flight in self._flights.values():
            if flight.told and flight.seen == flight.log.last_seq:
                continue
            self._follow(flight)
            events += self._told(flight, now)
            if (view := self._view(flight)) is not None:
                views.append(view)
        return views, events

    def _follow(self, flight: Flight) -> None:
        if flight.log.last_seq > flight.seen:
            events = flight.log.events
            flight.attempt = attempt_after(flight.attempt, events[flight.seen :])
            for event in events[flight.seen :]:
                if event.kind is CallEventKind.STEP_ENTERED and event.data.get("verb") == "queue":
                    flight.given_at = flight.given_at or event.at
            flight.seen = len(events)

    def _told(self, flight: Flight, now: float) -> Iterator[PacingEvent]:
        attempt = flight.attempt
        dialled_at = self._at(attempt.dialled_at or attempt.reserved_at)
        answered_at = None if attempt.answered_at is None else self._at(attempt.answered_at)
        if not flight.live and _is_live(flight):
            flight.live = True
            self.counted.live += 1
            told_at = attempt.verdict_at or attempt.answered_at
            assert told_at is not None
            assert answered_at is not None
            yield PersonAnswered(attempt.id, dialled_at, answered_at, self._at(told_at))
        if not flight.abandoned and attempt.abandoned:
            flight.abandoned = True
            self.counted.abandoned += 1
        if flight.told:
            return
        if attempt.connected_at is not None:
            flight.told = True  # the agent's end of it is told from now on
        elif attempt.abandoned:
            flight.told = True
            yield CallEnded(attempt.id, "abandoned", dialled_at, answered_at, now)
        elif attempt.ended_at is not None:
            flight.told = True
            result = _ENDED.get(attempt.result or AttemptResult.FAILED, "no_answer")
            yield CallEnded(attempt.id, result, dialled_at, answered_at, self._at(attempt.ended_at))

    def _view(self, flight: Flight) -> CallView | None:
        attempt = flight.attempt
        if flight.told:
            return None
        dialled_at = self._at(attempt.dialled_at or attempt.reserved_at)
        if attempt.answered_at is not None:
            waits = (not flight.detects or attempt.verdict is not None) and not flight.in_flow
            since = self._at(flight.given_at or attempt.verdict_at or attempt.answered_at)
            return CallView(attempt.id, dialled_at, "waiting" if waits else "detecting", since)
        if attempt.ringing_at is not None:
            return CallView(attempt.id, dialled_at, "ringing", self._at(attempt.ringing_at))
        return CallView(attempt.id, dialled_at, "dialling", dialled_at)


def _is_live(flight: Flight) -> bool:
    """A person has answered, as far as is known."""
    attempt = flight.attempt
    if attempt.answered_at is None:
        return False
    return attempt.verdict is not Verdict.MACHINE if attempt.verdict is not None else not flight.detects
