"""Calls from dialling until an agent has them, or nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dialer.forecast.agenda import Agenda
from dialer.forecast.fates import Fate, Fates
from dialer.forecast.leads import Supply
from dialer.forecast.tally import Run
from dialer.forecast.world import World
from dialer.pacing import CallEnded, CallView, PacingEvent, PacingSettings, PersonAnswered

_ROUNDING = 1e-9

CallResult = Literal["no_answer", "failed", "machine", "abandoned", "cancelled", "hung_up"]


@dataclass(slots=True, eq=False)
class Flight:
    """One call. `tried`: how often its lead was dialled, this time included."""

    id: str
    dialled_at: float
    fate: Fate
    tried: int
    person: bool
    stage: Literal["dialling", "ringing", "detecting", "waiting", "over"]
    since: float
    answered_at: float | None = None

    @property
    def talk(self) -> float:
        """Seconds for which an agent has it."""
        return self.fate.talk if self.person else self.fate.machine_talk


class Flights:
    """All calls in flight. `on_person` is told of each whom detection takes for a person."""

    def __init__(
        self,
        world: World,
        settings: PacingSettings,
        fates: Fates,
        supply: Supply,
        agenda: Agenda,
        tally: Run,
        events: list[PacingEvent],
        on_person: Callable[[Flight], None],
    ) -> None:
        self._world = world
        self._settings = settings
        self._fates = fates
        self._supply = supply
        self._agenda = agenda
        self._tally = tally
        self._events = events
        self._on_person = on_person
        self._calls: dict[str, Flight] = {}  # in order of dialling
        self._views: dict[str, CallView] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def views(self) -> list[CallView]:
        return list(self._views.values())

    def dial(self) -> None:
        now, number = self._agenda.now, self._tally.attempts
        self._tally.attempts += 1
        self._tally.period(now).attempts += 1
        fate = self._fates[number]
        person = fate.answering < self._world.answer.at(now)
        call = Flight(f"call-{number}", now, fate, self._supply.take(), person, "dialling", now)
        self._calls[call.id] = call
        self._views[call.id] = CallView(call.id, now, "dialling", now)
        if not person and fate.other < self._world.failed_share:
            self._agenda.enter(now + fate.failing, self._fails, call)
        else:
            self._agenda.enter(now + fate.setup, self._rings, call)

    def cancel(self, call_id: str) -> None:
        """Only of a call that has rung for long enough; anything else is counted as refused."""
        call = self._calls.get(call_id)
        rung = self._agenda.now - call.since + _ROUNDING if call and call.stage == "ringing" else -1.0
        if call is None or rung < self._settings.min_ring:
            self._tally.refused_cancels += 1
        else:
            self._tally.cancelled += 1
            self.end(call, "cancelled")

    def stage(self, call: Flight, stage: Literal["ringing", "detecting", "waiting"]) -> None:
        call.stage, call.since = stage, self._agenda.now
        self._views[call.id] = CallView(call.id, call.dialled_at, stage, call.since)

    def hand_over(self, call: Flight) -> None:
        """An agent has it."""
        self._forget(call)
        self._supply.give_back(call.tried, self._agenda.now, reached=call.person)

    def end(self, call: Flight, result: CallResult) -> None:
        """No agent gets it."""
        self._forget(call)
        reached = call.person and call.answered_at is not None
        self._supply.give_back(call.tried, self._agenda.now, reached=reached)
        self._events.append(CallEnded(call.id, result, call.dialled_at, call.answered_at, self._agenda.now))

    def _forget(self, call: Flight) -> None:
        call.stage = "over"
        del self._calls[call.id]
        del self._views[call.id]

    def _fails(self, call: Flight) -> None:
        self._tally.failed += 1
        self.end(call, "failed")

    def _rings(self, call: Flight) -> None:
        self.stage(call, "ringing")
        fate, world, now = call.fate, self._world, self._agenda.now
        timeout = self._settings.ring_timeout
        voicemail = fate.other < world.failed_share + world.voicemail_share
        if call.person:
            self._agenda.enter(now + fate.ring, self._is_answered, call)
        elif voicemail and fate.pickup < timeout:
            self._agenda.enter(now + fate.pickup, self._is_answered, call)
        else:
            self._agenda.enter(now + timeout, self._rings_out, call)

    def _rings_out(self, call: Flight) -> None:
        if call.stage != "over":  # cancelled before
            self._tally.no_answer += 1
            self.end(call, "no_answer")

    def _is_answered(self, call: Flight) -> None:
        if call.stage != "over":
            call.answered_at = self._agenda.now
            self.stage(call, "detecting")
            self._agenda.enter(self._agenda.now + call.fate.detection, self._is_detected, call)

    def _is_detected(self, call: Flight) -> None:
        now = self._agenda.now
        if not call.person and call.fate.missing >= self._world.machines_missed:
            self._tally.machines += 1
            self.end(call, "machine")
            return
        period = self._tally.period(now)
        period.live += 1
        if call.person and call.fate.mistaking < self._world.false_positive:
            self._tally.mistaken += 1
            period.abandoned += 1
            self.end(call, "machine")
            return
        answered_at = now if call.answered_at is None else call.answered_at
        self._events.append(PersonAnswered(call.id, call.dialled_at, answered_at, now))
        self._on_person(call)
