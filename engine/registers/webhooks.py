"""Webhooks: who is told of what, and what became of each delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from engine.registers.actor import Actor
from engine.registers.publications import Told

# Each has connections of its own while it is told something.
MOST_WEBHOOKS = 100


class WebhookState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # nothing is queued for it, and nothing sent


@dataclass(frozen=True, slots=True)
class Webhook:
    """`kinds` empty: all. `state_reason`: why it was paused, empty when a person did so.

    `failing_since`: nothing was taken since then. `failures`: how often in a row it did not answer; before
    `retry_at` it is left alone. The secrets are in no text that is made of it.
    """

    id: str
    url: str
    kinds: tuple[str, ...]
    description: str
    state: WebhookState
    state_reason: str
    created_at: datetime
    changed_at: datetime
    version: int
    secrets: tuple[str, ...] = ()
    old_secret_until: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    retry_at: datetime | None = None
    last_error: str | None = None
    delivered_at: datetime | None = None

    def secrets_at(self, now: datetime) -> tuple[str, ...]:
        """Those that sign now, the newest first."""
        old_counts = self.old_secret_until is not None and now < self.old_secret_until
        return self.secrets if old_counts else self.secrets[:1]

    def __repr__(self) -> str:
        return f"Webhook({self.id!r}, {self.url!r}, {self.state.value})"


@dataclass(frozen=True, slots=True)
class WebhookChange:
    """What is None stays as it is. Activating forgets past failures."""

    url: str | None = None
    kinds: tuple[str, ...] | None = None
    description: str | None = None
    state: WebhookState | None = None


class DeliveryState(StrEnum):
    """
    waiting -> sending                   claimed by a worker
    sending -> delivered                 the receiver took it
    sending -> waiting                   it did not, or the worker died; later, again
    sending -> dead                      it was tried for three days
    waiting -> dead                      it could not be tried in four
    dead, delivered -> waiting           replayed
    """

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One publication for one webhook. `next_at`: when it is due; `told` is None once it is too old."""

    id: str
    webhook_id: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_at: datetime
    ended_at: datetime | None
    last_error: str | None
    told: Told | None


class Webhooks(Protocol):
    """Raises Missing, Changed, Refused and StoreUnavailable as registers do."""

    async def create(
        self,
        actor: Actor,
        id: str,
        *,
        url: str,
        kinds: Sequence[str],
        description: str,
        secret: str,
        at: datetime,
    ) -> Webhook:
        """Refused when there are MOST_WEBHOOKS already."""

    async def get(self, id: str) -> Webhook: ...

    async def list(self, *, limit: int = MOST_WEBHOOKS, after: str | None = None) -> Sequence[Webhook]:
        """In order of id; `after` is the last one of the page before."""

    async def change(
        self, actor: Actor, id: str, version: int, change: WebhookChange, at: datetime
    ) -> Webhook: ...

    async def rotate(
        self, actor: Actor, id: str, secret: str, *, old_until: datetime, at: datetime
    ) -> Webhook:
        """A new secret; deliveries are signed with the old one too until then."""

    async def delete(self, actor: Actor, id: str, at: datetime) -> None:
        """What waits for it is dropped."""

    async def ping(self, actor: Actor, id: str, publication_id: str, at: datetime) -> Delivery:
        """Queue a webhook.ping for this webhook alone. Refused when it is paused."""


class Deliveries(Protocol):
    """Raises Missing, Refused and StoreUnavailable."""

    async def list(
        self,
        webhook_id: str,
        now: datetime,
        *,
        state: DeliveryState | None = None,
        limit: int = 50,
        before: tuple[datetime, str] | None = None,
    ) -> Sequence[Delivery]:
        """Newest first; `before` is creation time and id of the last one of the page before."""

    async def replay(self, actor: Actor, delivery_id: str, at: datetime) -> Delivery:
        """Deliver it again. Refused when it waits anyway, or what was told is no longer kept."""

    async def replay_since(self, actor: Actor, webhook_id: str, since: datetime, at: datetime) -> int:
        """Deliver again all that was told since then and is of its kinds; returns how many."""


# --- the worker's side ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker holds; `attempts` counts this one, and none follows after `tried_until`.

    `told` None: it is no longer kept.
    """

    id: str
    attempts: int
    tried_until: datetime
    told: Told | None


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of it: DELIVERED, WAITING until `retry_at`, or DEAD."""

    claimed: Claimed
    state: DeliveryState
    error: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a webhook stands after some deliveries. `pause`: why it is paused now, None when it is not."""

    failing_since: datetime | None
    failures: int
    retry_at: datetime | None
    last_error: str | None
    delivered_at: datetime | None
    pause: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookFigures:
    """`paused` and `failing`: a sentence for each webhook that a person should look at."""

    active: int
    paused: tuple[str, ...]
    failing: tuple[str, ...]
    waiting: int
    dead: int


class DeliveryQueue(Protocol):
    """Deliveries from a worker's side. Every method raises StoreUnavailable."""

    async def due(self) -> Sequence[str]:
        """Ids of the webhooks for which something is to be sent now."""

    async def claim(
        self, webhook_id: str, *, limit: int, lease_seconds: float
    ) -> tuple[Webhook, Sequence[Claimed]] | None:
        """Some deliveries of one webhook, one of each subject; a single one while it is failing.

        None when there is nothing to send, or the webhook is paused, gone, or to be left alone.
        """

    async def settle(self, webhook_id: str, settled: Sequence[Settled], standing: Standing | None) -> None:
        """In one transaction. A claim that was lost meanwhile changes nothing; `standing` None: as before."""

    async def tidy(self) -> bool:
        """Bury what expired and drop what is too old, a bounded batch of each; True when there is more."""

    async def figures(self) -> WebhookFigures: ...
