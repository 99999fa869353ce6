"""What one simulated run came to."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Period:
    """One stretch of the run: calls by when they were placed or answered, seconds of agents."""

    attempts: int = 0
    live: int = 0  # answered by a person, those taken for machines among them
    connected: int = 0
    abandoned: int = 0  # people who got no agent, those taken for machines among them
    logged_seconds: float = 0.0
    busy_seconds: float = 0.0


@dataclass(slots=True)
class Run:
    """Counts and seconds of a run; each call has exactly one fate."""

    period_seconds: float
    seconds: float = 0.0  # how long it lasted: shorter than planned if the list ran out
    finished: bool = False  # no lead was left
    attempts: int = 0
    connected: int = 0  # machines taken for people among them
    abandoned: int = 0  # found no agent within the window
    mistaken: int = 0  # people taken for machines, who are abandoned too
    machines: int = 0
    no_answer: int = 0
    failed: int = 0
    cancelled: int = 0
    unfinished: int = 0  # in flight when the run ended
    logged_seconds: float = 0.0
    talk_seconds: float = 0.0
    wrap_seconds: float = 0.0
    leads_left: int | None = None  # not done at the end
    over_limits: int = 0  # calls that the pacer wanted beyond lines, leads or calls per second
    refused_cancels: int = 0
    idle_gaps: list[float] = field(default_factory=list)  # seconds from the end of a wrap-up to the next talk
    periods: list[Period] = field(default_factory=list)

    @property
    def live(self) -> int:
        """Calls that a person answered, and whose fate is known."""
        return self.connected + self.dropped

    @property
    def dropped(self) -> int:
        """People who got no agent, whatever the reason."""
        return self.abandoned + self.mistaken

    @property
    def abandon_rate(self) -> float:
        return self.dropped / self.live if self.live else 0.0

    @property
    def utilisation(self) -> float:
        """Talk and wrap-up over the time logged in; 0 if nobody was."""
        return (self.talk_seconds + self.wrap_seconds) / self.logged_seconds if self.logged_seconds else 0.0

    def period(self, at: float) -> Period:
        return self._place(int(at / self.period_seconds))

    def logged(self, begin: float, end: float) -> None:
        self.logged_seconds += max(0.0, end - begin)
        for period, seconds in self._parts(begin, end):
            period.logged_seconds += seconds

    def busy(self, begin: float, end: float) -> None:
        for period, seconds in self._parts(begin, end):
            period.busy_seconds += seconds

    def _place(self, place: int) -> Period:
        while len(self.periods) <= place:
            self.periods.append(Period())
        return self.periods[place]

    def _parts(self, begin: float, end: float) -> list[tuple[Period, float]]:
        parts = []
        place = int(begin / self.period_seconds)
        while begin < end:
            until = min(end, (place + 1) * self.period_seconds)
            parts.append((self._place(place), until - begin))
            begin, place = until, place + 1
        return parts
