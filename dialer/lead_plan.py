"""LeadPlan: what becomes of a lead next, and what else is to be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dialer.lead import Lead, LeadState
from dialer.reasons import Reason


@dataclass(frozen=True, slots=True)
class NumberWentBad:
    """The contact's number is to be marked, for other campaigns as well."""

    e164: str
    why: str  # an AttemptResult, or a disposition's name


@dataclass(frozen=True, slots=True)
class StopAsked:
    """An objection is to be written: the person asked not to be called."""

    number: str


@dataclass(frozen=True, slots=True)
class CallbackKept:
    request: str


@dataclass(frozen=True, slots=True)
class CallbackPutBack:
    """Its next try may be from `not_before` on; it is broken if its window is over by then."""

    request: str
    not_before: datetime


@dataclass(frozen=True, slots=True)
class CallbackGivenUp:
    """The campaign tries it no more: its lead is over, or its window is. It is for people to look at."""

    request: str
    reason: Reason


LeadEvent = NumberWentBad | StopAsked | CallbackKept | CallbackPutBack | CallbackGivenUp


@dataclass(frozen=True, slots=True)
class LeadPlan:
    """`lead` is the whole lead as it is to be kept; its `version` is the one that was read.

    Whoever keeps it does so if the lead is still at that version, and makes it one more.
    """

    lead: Lead
    events: tuple[LeadEvent, ...] = ()

    @property
    def state(self) -> LeadState:
        return self.lead.state

    @property
    def not_before(self) -> datetime | None:
        return self.lead.not_before

    @property
    def number(self) -> str | None:
        return self.lead.next_number

    @property
    def reason(self) -> Reason:
        return self.lead.reason

    @property
    def agent(self) -> str | None:
        """A personal callback's agent."""
        return None if self.lead.callback is None else self.lead.callback.agent
