"""The worker that tells webhooks: it finds what is due, sends it, and writes down what became of it.

Each webhook is told by a task of its own, so a slow or dead receiver keeps nobody else waiting. What is sent
is claimed first: when this process dies its claim runs out, and it or another sends it again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from engine.health import Health
from engine.ports import Clock, StoreUnavailable
from engine.registers.publications import Told
from engine.registers.webhooks import Claimed, DeliveryQueue, DeliveryState, Settled, Webhook, WebhookFigures
from engine.webhooks.decisions import Reaction, settled_by

log = structlog.get_logger("webhooks")

# Longer pauses while the database is away.
AWAY_SECONDS = 5.0
TIDY_SECONDS = 60.0
# Sent to one webhook at the same time, of different subjects.
AT_ONCE = 16
# Transactions of all webhooks' tasks at the same time: calls and pages need the database too.
WRITING_AT_ONCE = 3
# At the end, what is being sent may come to its end for so long.
CLOSE_SECONDS = 5.0


class WebhookSender(Protocol):
    async def send(self, url: str, secrets: Sequence[str], told: Told, at: datetime) -> Reaction:
        """Send one signed delivery, within a limit of time. Never raises for what the receiver does."""


@dataclass(frozen=True, slots=True)
class DeliveryLimits:
    """A claim lasts longer than the sender's own limit.

    `look_seconds`: how often what is due is looked for; what other processes have written is seen so too.
    """

    lease_seconds: float = 30.0
    look_seconds: float = 0.5
    pause_after: timedelta = timedelta(days=5)


class WebhookDelivery:
    """Runs between `start` and `close`. `counted` is told of each delivery: its state."""

    def __init__(
        self,
        queue: DeliveryQueue,
        sender: WebhookSender,
        *,
        clock: Clock,
        chance: Callable[[], float],
        health: Health | None = None,
        limits: DeliveryLimits | None = None,
        counted: Callable[[DeliveryState], None] | None = None,
    ) -> None:
        self._queue = queue
        self._sender = sender
        self._clock = clock
        self._chance = chance
        self._health = health
        self._limits = limits or DeliveryLimits()
        self._counted = counted
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._resting: dict[str, float] = {}
        self._writing = asyncio.Semaphore(WRITING_AT_ONCE)
        self._work: list[asyncio.Task[None]] = []
        self._closing = False
        self._away = False
        self.figures: WebhookFigures | None = None

    def start(self) -> None:
        self._work = [asyncio.create_task(self._look_on()), asyncio.create_task(self._tidy_on())]

    async def close(self) -> None:
        """What is being sent comes to its end, for a while; the rest stays queued. Idempotent."""
        self._closing = True
        for task in self._work:
            task.cancel()
        if self._lanes:
            await asyncio.wait(self._lanes.values(), timeout=CLOSE_SECONDS)
        tasks = [*self._work, *self._lanes.values()]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    def waiting(self) -> Counter[str]:
        """Deliveries by state, as last counted, for the measures."""
        figures = self.figures
        return Counter() if figures is None else Counter({"waiting": figures.waiting, "dead": figures.dead})

    async def _look_on(self) -> None:
        while True:
            pause = self._limits.look_seconds
            try:
                async with self._writing:
                    due = await self._queue.due()
                self._note_database(None)
                for webhook_id in due:
                    if webhook_id not in self._lanes and not self._rests(webhook_id):
                        self._lanes[webhook_id] = asyncio.create_task(self._tell(webhook_id))
            except StoreUnavailable as unavailable:
                self._note_database(unavailable)
                pause = AWAY_SECONDS
            except Exception:
                log.exception("what is due for webhooks could not be found; looking again in a while")
                pause = AWAY_SECONDS
            await asyncio.sleep(pause)

    async def _tell(self, webhook_id: str) -> None:
        """Round after round until nothing is due for this webhook."""
        try:
            while not self._closing and await self._round(webhook_id):
                pass
        except StoreUnavailable as unavailable:
            # What was sent but not written down is sent again when its claim has run out.
            self._note_database(unavailable)
            self._resting[webhook_id] = self._clock.monotonic() + AWAY_SECONDS
        except Exception:
            log.exception("a webhook's deliveries stopped; they go on in a while", webhook=webhook_id)
            self._resting[webhook_id] = self._clock.monotonic() + AWAY_SECONDS
        finally:
            del self._lanes[webhook_id]

    def _rests(self, webhook_id: str) -> bool:
        until = self._resting.get(webhook_id)
        if until is not None and until <= self._clock.monotonic():
            del self._resting[webhook_id]
            return False
        return until is not None

    async def _round(self, webhook_id: str) -> bool:
        """Claim some, send them together, write down what became of them. False: nothing was due."""
        async with self._writing:
            found = await self._queue.claim(
                webhook_id, limit=AT_ONCE, lease_seconds=self._limits.lease_seconds
            )
        if found is None:
            return False
        webhook, claimed = found
        kept = [one for one in claimed if one.told is not None]
        reactions = await asyncio.gather(*(self._send(webhook, one) for one in kept))
        settled, standing = settled_by(
            webhook,
            list(zip(kept, reactions, strict=True)),
            now=self._clock.now(),
            chance=self._chance,
            pause_after=self._limits.pause_after,
        )
        settled += [
            Settled(one, DeliveryState.DEAD, "what it told is no longer kept")
            for one in claimed
            if one.told is None
        ]
        async with self._writing:
            await self._queue.settle(webhook_id, settled, standing if kept else None)
        self._say(webhook, settled, standing.pause)
        return True

    async def _send(self, webhook: Webhook, claimed: Claimed) -> Reaction:
        assert claimed.told is not None
        now = self._clock.now()
        return await self._sender.send(webhook.url, webhook.secrets_at(now), claimed.told, now)

    def _say(self, webhook: Webhook, settled: Sequence[Settled], pause: str | None) -> None:
        """To the log: never what was told, only that it was."""
        for one in settled:
            if self._counted is not None:
                self._counted(one.state)
        dead = sum(one.state is DeliveryState.DEAD for one in settled)
        if dead:
            log.warning("deliveries became dead letters", webhook=webhook.id, deliveries=dead)
        failed = next((one for one in settled if one.error), None)
        if failed is not None and webhook.failing_since is None:
            log.warning("a webhook did not take a delivery", webhook=webhook.id, why=failed.error)
        if pause is not None:
            log.error("a webhook was paused", webhook=webhook.id, why=pause)

    async def _tidy_on(self) -> None:
        while True:
            more = False
            try:
                more = await self._queue.tidy()  # one batch, with others' work before the next
                if not more:
                    self.figures = await self._queue.figures()
                    self._show(self.figures)
            except StoreUnavailable as unavailable:
                self._note_database(unavailable)
            except Exception:
                log.exception("old deliveries could not be tidied away; trying again in a while")
            await asyncio.sleep(self._limits.look_seconds if more else TIDY_SECONDS)

    def _show(self, figures: WebhookFigures) -> None:
        if self._health is None or not (figures.active or figures.paused):
            return
        troubled = [*figures.paused, *figures.failing]
        detail = " ".join(troubled) or f"{figures.active} are told."
        if figures.dead:
            detail += f" Dead letters: {figures.dead}."
        self._health.set("webhooks", not troubled, detail, needed=False)

    def _note_database(self, unavailable: StoreUnavailable | None) -> None:
        if unavailable is not None and not self._away:
            log.warning("webhooks wait for the database", why=str(unavailable))
        self._away = unavailable is not None
