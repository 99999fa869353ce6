"""Leads: put on a campaign's list, reserved to be called, kept as they have become.

Every method raises StoreUnavailable; those that take an id raise Missing when there is no such thing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from dialer.attempt import Attempt
from dialer.campaign import Campaign
from dialer.lead import Lead, LeadCallback, LeadState
from dialer.reasons import ReasonCode
from dialer.results import AttemptResult
from engine.registers.actor import Actor
from engine.registers.campaigns import Lease
from engine.registers.pages import Page


@dataclass(frozen=True, slots=True)
class NewLead:
    """A person for a list. `numbers` are (E.164, kind), the first goes first.

    Without `contact_id` the contact is found by the numbers, or made. `place` names it in the report: a line
    of a file, an index of a request.
    """

    place: int
    numbers: tuple[tuple[str, str], ...]
    contact_id: str | None = None
    name: str = ""
    time_zone: str | None = None
    priority: int = 0
    fields: Mapping[str, str] = field(default_factory=dict)
    debt: str | None = None
    not_before: datetime | None = None
    callback: LeadCallback | None = None


class LeftOutCode(StrEnum):
    SAME_PERSON = "same_person"
    SAME_NUMBER = "same_number"
    NO_NUMBER = "no_number"
    NO_CONTACT = "no_contact"
    TWO_PEOPLE = "two_people"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Who was not added, and why. `other`: the lead that is there already. `sentence` tells it in English."""

    place: int
    code: LeftOutCode
    sentence: str
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """`ids` of those that were added, by place. `left_out` of a whole segment shows the first hundred;
    `left_out_counts` has all.
    """

    ids: Mapping[int, str]
    left_out: tuple[LeftOut, ...]
    left_out_counts: Mapping[LeftOutCode, int]


@dataclass(frozen=True, slots=True)
class LeadCount:
    state: LeadState
    reason: ReasonCode
    count: int


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Empty and None: all. `search`: what a name or a number begins with.

    `outcomes`: how the last call ended; `called_since` and `called_before`: when it was.
    """

    states: Collection[LeadState] = ()
    reasons: Collection[ReasonCode] = ()
    search: str | None = None
    outcomes: Collection[AttemptResult] = ()
    called_since: datetime | None = None
    called_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """What `why` goes by: the lead, its campaign, and its attempts, the newest first."""

    lead: Lead
    campaign: Campaign
    attempts: tuple[Attempt, ...]


class Leads(Protocol):
    async def add(self, actor: Actor, campaign: str, people: Sequence[NewLead]) -> Added:
        """At most 1,000 at once. Nobody and no number is twice in a campaign.

        Raises Refused for a finished campaign and for more people.
        """

    async def add_segment(self, actor: Actor, campaign: str, segment_id: str, *, priority: int = 0) -> Added:
        """All who are in the segment now, a thousand in a transaction; places count them from 1."""

    async def reserve(
        self,
        campaign: str,
        worker: str,
        limit: int,
        now: datetime,
        until: datetime,
        *,
        agents: Collection[str] = (),
        lease: Lease | None = None,
    ) -> Sequence[Lead]:
        """Those who are next, for this worker alone until then; none of a campaign that is not running.

        Callbacks first, then by priority, then who is due longest. A personal callback only for one of
        `agents`, until its `agent_until`. With a lease that another engine has by now: none. One that was
        reserved in vain is due again by itself.
        """

    async def release(self, worker: str, ids: Collection[str]) -> int:
        """Nothing was dialled: they wait as before. How many were still this worker's."""

    async def keep(self, leads: Sequence[Lead]) -> Sequence[str]:
        """Each as it is given, if it is still at its version, and one version on.

        Returns the ids of those that had changed meanwhile and were left.
        """

    async def add_number(self, id: str, e164: str) -> None:
        """A lead that was kept with one more number is found by it too."""

    async def number_went_bad(self, e164: str) -> int:
        """It does not exist, or is another person's: no lead that waits is called at it any more.

        How many leads of whatever campaign were to be.
        """

    async def get(self, id: str) -> Lead: ...

    async def of_contact(self, contact_id: str) -> Sequence[Lead]:
        """In all campaigns, merged contacts counted as one; newest first."""

    async def of_debt(self, debt: str) -> Sequence[Lead]:
        """In all campaigns, oldest first."""

    async def page(
        self, campaign: str, wanted: LeadFilter, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Lead]:
        """In the order of the list."""

    async def counts(self, campaign: str) -> Sequence[LeadCount]: ...

    async def closed(self, campaign: str) -> Mapping[str, int]:
        """How many leads are over with which last disposition."""

    async def next_due(self, campaign: str) -> datetime | None:
        """When the first one may be reserved; None: there is none that ever may."""

    async def facts(self, id: str, *, attempts: int = 20) -> LeadFacts: ...

    async def set_priority(self, actor: Actor, id: str, priority: int) -> Lead: ...

    async def stop(self, actor: Actor, id: str, note: str) -> Lead:
        """By a person's word it is not called any more. Raises Refused while a call goes on."""

    async def reopen(self, actor: Actor, id: str, note: str) -> Lead:
        """It is called again. Raises Refused for one that is not over, or is another lead's person."""
