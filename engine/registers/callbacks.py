"""Callback requests of all sources: one store, one standing request of a person and topic."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from engine.registers.actor import Actor
from engine.registers.pages import Page
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
    window is not over before the one and has begun before the other.
    """

    states: Collection[CallbackState] = ()
    topic: str | None = None
    contact_id: str | None = None
    due_from: datetime | None = None
    due_to: datetime | None = None


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
        """Put window, zone, campaign, note, name and language of `request`, read at its version.

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

    async def reached(self, id: str, reason: str) -> None:
        """A campaign that keeps the request as a lead has spoken with the person: it is kept, if it stands.

        Raises Missing.
        """

    async def put_back(self, worker: str, id: str, not_before: datetime) -> CallbackRequest:
        """They were not reached: it is due again then; broken when its window is over. As `kept`."""

    async def mark_broken(self, *, limit: int = 100) -> int:
        """End those whose window has passed in vain; how many they were."""

    async def counts(self) -> Mapping[str, int]:
        """How many there are in each state."""
