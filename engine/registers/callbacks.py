"""Callback requests of all sources: one store, one standing request of a person and topic."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from engine.registers.actor import Actor
from engine.registers.pages import Page
from history.callback_figures import CallbackEnd
from history.callbacks import CallbackRequest, CallbackState
from history.permissions import Consent


@dataclass(frozen=True, slots=True)
class Asked:
    """`made`: a new request stands; else one that stood was renewed. `repeated`: it was asked before."""

    request: CallbackRequest
    made: bool
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class CallbackFilter:
    """Which requests are listed. None: all.

    `contact_id`: of that person, merged contacts counted as one. `due_from` and `due_to`: those whose
    window is not over before the one and has begun before the other. `seen_by`: theirs, and those that are
    promised in nobody's name and wait for one of these queues (or are of a topic of that name). `agent`:
    promised in their name; `team`: in nobody's. `queue`: of that queue. `ended_from`, `ended_to`: when
    they were kept, broken or cancelled. `over_by`: their window is over then.
    """

    states: Collection[CallbackState] = ()
    topic: str | None = None
    contact_id: str | None = None
    due_from: datetime | None = None
    due_to: datetime | None = None
    seen_by: tuple[str, Collection[str]] | None = None
    agent: str | None = None
    team: bool = False
    queue: str | None = None
    ended_from: datetime | None = None
    ended_to: datetime | None = None
    over_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """All that stand, told apart: two that are equal are most likely of the same requests."""

    count: int
    versions: int
    newest: str | None


class Callbacks(Protocol):
    """Each method is one transaction. All raise StoreUnavailable."""

    async def request(
        self,
        actor: Actor,
        request: CallbackRequest,
        *,
        ask_id: str | None = None,
        consent: Consent | None = None,
    ) -> Asked:
        """Keep a request, or renew the standing one of the same person and topic.

        The contact is `request.contact_id`, or found by the point, or made. `ask_id` names this asking (the
        request's id does otherwise): the same one asked again changes nothing. `consent` is kept with it.
        Raises Missing: no such contact.
        """

    async def get(self, id: str) -> CallbackRequest:
        """Raises Missing."""

    async def list(
        self, wanted: CallbackFilter, *, limit: int = 50, after: tuple[str, ...] | None = None
    ) -> Page[CallbackRequest]:
        """Newest first."""

    async def change(self, actor: Actor, request: CallbackRequest) -> CallbackRequest:
        """Put window, zone, campaign, agent, note, name and language of `request`, read at its version.

        Raises Missing, Changed, and Refused for one that has ended.
        """

    async def cancel(self, actor: Actor, id: str, reason: str) -> CallbackRequest:
        """It is not to be kept any more. Raises Missing, and Refused for one that has ended."""

    async def reserve(
        self, worker: str, *, lease: timedelta, limit: int = 1, topics: Collection[str] = ()
    ) -> Sequence[CallbackRequest]:
        """Those that are due, for this worker alone until the lease ends; whoever has waited longest first.

        No topics: all. What a worker reserved and never ended is due again after its lease.
        """

    async def kept(self, worker: str, id: str, reason: str) -> CallbackRequest:
        """The person was reached. Raises Missing, and Changed when the worker has lost it."""

    async def standing(self) -> Standing:
        """Whether anything has come, gone or changed, for one who looks often."""

    async def claim(self, worker: str, id: str, lease: timedelta) -> CallbackRequest | None:
        """This very one is about to be dialled: for this worker alone until the lease ends.

        None: it has ended, or another worker dials it. Raises Missing.
        """

    async def reached(self, id: str, reason: str, agent: str | None = None) -> None:
        """A campaign that keeps the request as a lead has spoken with the person: it is kept, if it stands.

        `agent`: who spoke. Raises Missing.
        """

    async def give_up(self, id: str, reason: str, *, unwanted: bool = False) -> None:
        """It is tried no more, if it stands: broken; cancelled, if the person wants no calls.

        Raises Missing.
        """

    async def put_back(self, worker: str, id: str, not_before: datetime) -> CallbackRequest:
        """They were not reached: it is due again then; broken when its window is over. As `kept`."""

    async def mark_broken(self, *, limit: int = 100) -> int:
        """End those whose window has passed in vain; how many they were."""

    async def counts(self) -> Mapping[str, int]:
        """How many there are in each state."""

    async def ends(self, since: datetime, until: datetime) -> Sequence[CallbackEnd]:
        """How those came out that ended in that time."""
