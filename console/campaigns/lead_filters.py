"""Which leads a page or a file shows: by view, state, reason, end of the last call, its day, and text."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from urllib.parse import urlencode

from console.campaigns.frame import CALL_BACK, ON_THE_LINE, REFUSED
from console.campaigns.frame import REACHED as TALKED_WITH
from console.faults import Fault
from console.query_values import choice_of, day_of, midnight
from dialer.lead import OVER, LeadState
from dialer.reasons import ReasonCode
from dialer.results import AttemptResult
from engine.registers.leads import LeadFilter

LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class View:
    """Which leads a tab shows; nothing named: all."""

    states: Collection[LeadState] = ()
    reasons: Collection[ReasonCode] = ()


VIEWS: Mapping[str, View] = {
    "all": View(),
    "line": View(ON_THE_LINE),
    "reached": View(tuple(OVER), TALKED_WITH),
    "callback": View((LeadState.WAITING,), CALL_BACK),
    "refused": View((), REFUSED),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """As the address has it. `state`, `reason`, `outcome` "": all; days are of the last call."""

    view: str
    search: str
    state: LeadState | None
    reason: ReasonCode | None
    outcome: AttemptResult | None
    first_day: date | None
    last_day: date | None

    @property
    def narrowed(self) -> bool:
        return any((self.state, self.reason, self.outcome, self.first_day, self.last_day))

    def query(self, **more: str) -> str:
        """The address's query for the same leads."""
        told = {**self._told(), **more}
        return urlencode({name: value for name, value in told.items() if value or name == "view"})

    def hidden(self, *, all_of_it: bool = False) -> list[tuple[str, str]]:
        """Members of a form that asks for the same leads; `all_of_it`: and of the same view and text."""
        own = () if all_of_it else ("view", "q")
        return [(name, value) for name, value in self._told().items() if value and name not in own]

    def _told(self) -> dict[str, str]:
        return {
            "view": self.view,
            "q": self.search,
            "state": self.state or "",
            "why": self.reason or "",
            "outcome": self.outcome or "",
            "from": "" if self.first_day is None else self.first_day.isoformat(),
            "to": "" if self.last_day is None else self.last_day.isoformat(),
        }

    def filter(self, zone: tzinfo) -> LeadFilter:
        """Within the view; a state or reason that is chosen goes before those of the view."""
        view = VIEWS[self.view]
        return LeadFilter(
            view.states if self.state is None else (self.state,),
            view.reasons if self.reason is None else (self.reason,),
            self.search or None,
            outcomes=() if self.outcome is None else (self.outcome,),
            called_since=None if self.first_day is None else midnight(self.first_day, zone),
            called_before=None
            if self.last_day is None
            else midnight(self.last_day + timedelta(days=1), zone),
        )


def asked_of(query: Mapping[str, str]) -> Asked:
    """Raises Fault 400."""
    view, search = query.get("view", "all"), " ".join(query.get("q", "").split())
    if view not in VIEWS:
        raise Fault(400, f"`view` is one of {', '.join(VIEWS)}.")
    if len(search) > LONGEST_SEARCH or not search.isprintable():
        raise Fault(400, f"`q` has at most {LONGEST_SEARCH} letters that can be seen. Shorten it.")
    return Asked(
        view,
        search,
        choice_of(query, "state", LeadState),
        choice_of(query, "why", ReasonCode),
        choice_of(query, "outcome", AttemptResult),
        day_of(query, "from"),
        day_of(query, "to"),
    )
