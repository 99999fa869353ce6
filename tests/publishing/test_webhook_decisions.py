"""What follows from a receiver's answers, and how long it is left alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from engine.ports import StoreUnavailable
from engine.registers.publications import Told
from engine.registers.webhooks import (
    Claimed,
    DeliveryState,
    Settled,
    Standing,
    Webhook,
    WebhookFigures,
    WebhookState,
)
from engine.webhooks.decisions import Reaction, Verdict, pause_seconds, settled_by, verdict_of
from engine.webhooks.delivery import WebhookDelivery
from tests.virtual_time import ANCHOR, VirtualClock, run_in_virtual_time

NOW = datetime(2026, 11, 21, 16, 5, tzinfo=UTC)
FIVE_DAYS = timedelta(days=5)


def webhook(**fields: object) -> Webhook:
    known: dict[str, object] = {
        "id": "w",
        "url": "https://example.com/",
        "kinds": (),
        "description": "",
        "state": WebhookState.ACTIVE,
        "state_reason": "",
        "created_at": NOW,
        "changed_at": NOW,
        "version": 1,
        "secrets": ("new", "old"),
    }
    return Webhook(**{**known, **fields})  # type: ignore[arg-type]


def claimed(id: str = "d", attempts: int = 1, tried_until: datetime = NOW + timedelta(days=3)) -> Claimed:
    return Claimed(id, attempts, tried_until, Told(1, "p", NOW, "call.ended", "call:a", 1, {}))


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.TAKEN),
        (204, Verdict.TAKEN),
        (299, Verdict.TAKEN),
        (None, Verdict.UNWELL),
        (301, Verdict.UNWELL),
        (408, Verdict.UNWELL),
        (425, Verdict.UNWELL),
        (429, Verdict.UNWELL),
        (500, Verdict.UNWELL),
        (503, Verdict.UNWELL),
        (599, Verdict.UNWELL),
        (400, Verdict.REFUSED),
        (404, Verdict.REFUSED),
        (422, Verdict.REFUSED),
        (410, Verdict.GONE),
    ],
)
def test_what_an_answer_means(status: int | None, verdict: Verdict) -> None:
    assert verdict_of(Reaction(status)) is verdict


def test_pauses_double_up_to_an_hour_and_are_spread() -> None:
    assert [pause_seconds(n, 1.0) for n in (1, 2, 3, 10, 11, 500)] == [5, 10, 20, 2560, 3600, 3600]
    assert pause_seconds(3, 0.0) == 10


def decided(
    hook: Webhook, *reactions: Reaction, attempts: int = 1, **more: datetime
) -> tuple[list[Settled], Standing]:
    pairs = [(claimed(f"d{n}", attempts, **more), reaction) for n, reaction in enumerate(reactions)]
    return settled_by(hook, pairs, now=NOW, chance=lambda: 1.0, pause_after=FIVE_DAYS)


def test_a_receiver_that_asks_for_time_gets_it_up_to_an_hour() -> None:
    for asked_for, given in ((2.0, 5), (120.0, 120), (86400.0, 3600)):
        settled, standing = decided(webhook(), Reaction(429, retry_after_seconds=asked_for))
        assert standing.retry_at == settled[0].retry_at == NOW + timedelta(seconds=given)


def test_one_refused_delivery_does_not_hold_the_webhook_up() -> None:
    settled, standing = decided(webhook(), Reaction(200), Reaction(422), attempts=4)
    assert [one.state for one in settled] == [DeliveryState.DELIVERED, DeliveryState.WAITING]
    assert settled[1].retry_at == NOW + timedelta(seconds=40)
    assert (standing.failing_since, standing.failures, standing.retry_at) == (None, 0, None)
    _, alone = decided(webhook(), Reaction(404))
    assert (alone.failing_since, alone.failures, alone.retry_at) == (NOW, 0, None)


def test_one_success_forgives_the_failures() -> None:
    failing = webhook(failing_since=NOW - timedelta(days=4), failures=9, retry_at=NOW)
    _, standing = decided(failing, Reaction(200))
    assert (standing.failing_since, standing.failures, standing.retry_at) == (None, 0, None)


def test_the_fifth_day_pauses() -> None:
    just_not = webhook(failing_since=NOW - FIVE_DAYS + timedelta(seconds=1))
    assert decided(just_not, Reaction(500))[1].pause is None
    due = webhook(failing_since=NOW - FIVE_DAYS)
    assert decided(due, Reaction(500))[1].pause == "It has taken nothing since 2026-11-16 16:05 UTC."
    assert decided(due, Reaction(200))[1].pause is None
    assert decided(webhook(), Reaction(410))[1].pause == "It answered 410 Gone."


def test_the_last_try_is_the_one_after_which_none_fits() -> None:
    for left, state in ((5, DeliveryState.DEAD), (6, DeliveryState.WAITING)):
        settled, _ = decided(webhook(), Reaction(422), tried_until=NOW + timedelta(seconds=left))
        assert settled[0].state is state, left


def test_an_old_secret_ends_on_time() -> None:
    hook = webhook(old_secret_until=NOW + timedelta(hours=1))
    assert hook.secrets_at(NOW + timedelta(minutes=59)) == ("new", "old")
    assert hook.secrets_at(NOW + timedelta(hours=1)) == ("new",)
    assert "new" not in repr(hook)


class Kept:
    """A queue of one delivery in memory, where time is virtual; its database may be away."""

    def __init__(self, clock: VirtualClock, lasts: timedelta) -> None:
        self.clock = clock
        self.hook = webhook(created_at=ANCHOR)
        self.one: Claimed | None = claimed(tried_until=ANCHOR + lasts)
        self.next_at = ANCHOR
        self.ended: list[DeliveryState] = []
        self.away_until = ANCHOR

    def _check(self) -> None:
        if self.clock.now() < self.away_until:
            raise StoreUnavailable("the database is away")

    async def due(self) -> list[str]:
        self._check()
        return ["w"] if self.one is not None and self.next_at <= self.clock.now() else []

    async def claim(
        self, webhook_id: str, *, limit: int, lease_seconds: float
    ) -> tuple[Webhook, list[Claimed]] | None:
        self._check()
        if not await self.due() or self.one is None:
            return None
        return self.hook, [self.one]

    async def settle(self, webhook_id: str, settled: list[Settled], standing: Standing | None) -> None:
        self._check()
        (one,) = settled
        assert standing is not None
        self.hook = webhook(
            created_at=ANCHOR,
            failing_since=standing.failing_since,
            failures=standing.failures,
            retry_at=standing.retry_at,
        )
        if one.retry_at is not None:
            self.next_at = one.retry_at
            self.one = replace(one.claimed, attempts=one.claimed.attempts + 1)
        else:
            self.one = None
            self.ended.append(one.state)

    async def tidy(self) -> bool:
        return False

    async def figures(self) -> WebhookFigures:
        return WebhookFigures(1, (), (), 1, 0)


class Deaf:
    """A receiver that does not answer, until it does."""

    def __init__(self, clock: VirtualClock, answers_from: datetime | None = None) -> None:
        self.clock = clock
        self.answers_from = answers_from
        self.asked: list[datetime] = []

    async def send(self, url: str, secrets: object, told: Told, at: datetime) -> Reaction:
        self.asked.append(at)
        if self.answers_from is not None and at >= self.answers_from:
            return Reaction(200)
        return Reaction(None, "it did not answer within 10 s")


def told_for(
    hours: float, *, answers_after: timedelta | None = None, away_hours: float = 0
) -> tuple[Kept, Deaf]:
    """A worker that runs for so many hours, with one delivery that is tried for half a day."""

    async def run() -> tuple[Kept, Deaf]:
        clock = VirtualClock()
        queue = Kept(clock, timedelta(hours=12))
        queue.away_until = ANCHOR + timedelta(hours=away_hours)
        sender = Deaf(clock, None if answers_after is None else ANCHOR + answers_after)
        worker = WebhookDelivery(queue, sender, clock=clock, chance=lambda: 1.0)  # type: ignore[arg-type]
        worker.start()
        await asyncio.sleep(hours * 3600)
        await worker.close()
        return queue, sender

    return run_in_virtual_time(run())


def test_a_deaf_receiver_is_asked_ever_more_seldom_until_the_letter_is_dead() -> None:
    queue, sender = told_for(14)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(sender.asked)]
    assert gaps[:5] == pytest.approx([5, 10, 20, 40, 80], abs=1)
    assert gaps[-3:] == pytest.approx([3600, 3600, 3600], abs=1)
    assert queue.ended == [DeliveryState.DEAD]
    assert sender.asked[-1] <= ANCHOR + timedelta(hours=12)
    assert len(sender.asked) < 40


def test_a_receiver_that_comes_back_is_told_within_the_pause() -> None:
    queue, sender = told_for(3, answers_after=timedelta(hours=1))
    assert queue.ended == [DeliveryState.DELIVERED]
    assert sender.asked[-1] - ANCHOR < timedelta(hours=2)
    assert queue.hook.failures == 0


def test_a_database_that_is_away_is_waited_for() -> None:
    queue, sender = told_for(3, answers_after=timedelta(0), away_hours=2)
    assert queue.ended == [DeliveryState.DELIVERED]
    assert timedelta(hours=2) <= sender.asked[0] - ANCHOR <= timedelta(hours=2, seconds=6)
