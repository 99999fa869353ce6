"""Webhooks are told in order, at least once, signed; nobody waits for a slow or dead receiver."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta

import pytest

from engine.health import Health
from engine.live import LiveCalls
from engine.registers.refusals import Missing, Refused
from engine.registers.webhooks import Delivery, DeliveryState, Settled, WebhookChange, WebhookState
from engine.webhooks.delivery import DeliveryLimits
from history.publication import Publication
from store.store import Store
from tests.conftest import HandClock
from tests.publishing.receivers import (
    SECRET,
    SOMEBODY,
    delivering,
    hooked,
    publication,
    receiving,
    tell,
    until,
    verified,
)


async def states(store: Store, clock: HandClock, id: str = "w") -> list[str]:
    return [one.state.value for one in await store.deliveries.list(id, clock.now(), limit=200)]


async def one_delivery(store: Store, clock: HandClock, id: str = "w") -> Delivery:
    (one,) = await store.deliveries.list(id, clock.now())
    return one


async def all_done(store: Store, clock: HandClock, number: int, id: str = "w") -> None:
    async def done() -> bool:
        return await states(store, clock, id) == ["delivered"] * number

    await until(done)


async def test_a_delivery_is_what_was_told_and_signed(url: str, store: Store, clock: HandClock) -> None:
    async with receiving() as receiver, delivering(store, clock):
        await hooked(store, clock, "w", receiver.url)
        await tell(url, publication("p1", clock))
        await until(lambda: len(receiver.taken) == 1)
        (one,) = receiver.taken
        assert one.body == {
            "id": "p1",
            "kind": "contact.changed",
            "subject": "contact:a",
            "sequence": 1,
            "at": "2026-11-21T16:05:00Z",
            "data": {"id": "p1"},
        }
        header = one.headers["X-Infolinia-Signature"]
        assert verified(SECRET, header, one.raw, clock.now().timestamp())
        assert not verified("another", header, one.raw, clock.now().timestamp())
        assert not verified(SECRET, header, one.raw + b" ", clock.now().timestamp())
        assert not verified(SECRET, header, one.raw, clock.now().timestamp() + 301)
        assert one.headers["X-Infolinia-Idempotency-Key"] == "p1"
        assert one.headers["X-Infolinia-Sequence"] == "1"
        assert one.headers["Content-Type"] == "application/json"
        await all_done(store, clock, 1)


async def test_order_holds_per_subject_with_parallel_writers_and_a_failing_receiver(
    url: str, store: Store, clock: HandClock
) -> None:
    chance = random.Random(7)
    subjects = ["contact:a", "contact:b", "call:c"]

    async def write(writer: int) -> None:
        for turn in range(8):
            some = [
                publication(f"{writer}-{turn}-{n}", clock, subject)
                for n, subject in enumerate(chance.sample(subjects, 2))
            ]
            await tell(url, *some)

    async with receiving() as receiver:
        await hooked(store, clock, "w", receiver.url)
        receiver.answer = lambda delivered: 200 if chance.random() < 0.6 else chance.choice([500, 400, 429])
        limits = DeliveryLimits(look_seconds=0.02, lease_seconds=1e6)  # the clock runs fast here

        async def done() -> bool:
            clock.pass_seconds(20)  # what failed is due again
            return await states(store, clock) == ["delivered"] * 64

        async with (
            delivering(store, clock, limits=limits),
            delivering(store, clock, limits=limits, worker="w2"),
        ):
            await asyncio.gather(*(write(writer) for writer in range(4)))
            await until(done, 40)
    for subject in subjects:
        taken = receiver.sequences(subject)
        assert taken == list(range(1, len(taken) + 1)), subject
    assert len(receiver.asked) > 64  # some did fail


async def test_a_dead_receiver_keeps_nobody_waiting(url: str, store: Store, clock: HandClock) -> None:
    async with receiving() as slow, receiving() as quick:
        slow.hold = asyncio.Event()
        await hooked(store, clock, "slow", slow.url)
        await hooked(store, clock, "dead", "http://127.0.0.1:22399/hooks")
        await hooked(store, clock, "quick", quick.url)
        async with delivering(store, clock, limit_seconds=60.0):
            for batch in range(6):
                await tell(url, *(publication(f"p{batch}-{n}", clock, f"contact:{n}") for n in range(10)))
            await until(lambda: len(quick.taken) == 60)
            assert slow.taken == []
            await until(lambda: len(slow.asked) == 10)  # one of each subject
            slow.hold.set()


async def test_a_receiver_that_is_away_is_asked_with_one_delivery_at_a_time(
    url: str, store: Store, clock: HandClock
) -> None:
    async with receiving() as receiver:
        receiver.answer = lambda delivered: 503
        await hooked(store, clock, "w", receiver.url)
        await tell(url, *(publication(f"p{n}", clock, f"contact:{n}") for n in range(5)))
        async with delivering(store, clock):
            await until(lambda: len(receiver.asked) == 5)
            for pause in (5, 10, 20):  # with chance 1, the whole pause
                asked = len(receiver.asked)
                await until_failures(store, "w", {5: 1, 10: 2, 20: 3}[pause])
                clock.pass_seconds(pause - 0.5)
                await asyncio.sleep(0.15)
                assert len(receiver.asked) == asked
                clock.pass_seconds(0.5)
                await until(lambda asked=asked: len(receiver.asked) == asked + 1)
            await until_failures(store, "w", 4)
            receiver.answer = lambda delivered: 200
            clock.pass_seconds(40)
            await all_done(store, clock, 5)
    webhook = await store.webhooks.get("w")
    assert (webhook.failures, webhook.failing_since, webhook.retry_at) == (0, None, None)


async def until_failures(store: Store, id: str, number: int) -> None:
    async def so() -> bool:
        return (await store.webhooks.get(id)).failures == number

    await until(so)


async def until_paused(store: Store, id: str) -> None:
    async def so() -> bool:
        return (await store.webhooks.get(id)).state is WebhookState.PAUSED

    await until(so)


async def test_after_three_days_it_is_a_dead_letter_and_can_be_replayed(
    url: str, store: Store, clock: HandClock
) -> None:
    async with receiving() as receiver, delivering(store, clock):
        receiver.answer = lambda delivered: 422
        await hooked(store, clock, "w", receiver.url)
        await tell(url, publication("p1", clock), publication("p2", clock))
        born = clock.now()

        async def both_dead() -> bool:
            clock.pass_seconds(1800)
            return await states(store, clock) == ["dead", "dead"]

        await until(both_dead, 30)
        dead = await store.deliveries.list("w", clock.now(), state=DeliveryState.DEAD)
        assert {one.last_error for one in dead} == {"it answered 422"}
        assert [one.body["id"] for one in receiver.asked][-1] == "p2"  # tried once the first was dead
        for one in dead:
            assert one.ended_at is not None
            assert timedelta(days=2, hours=22) <= one.ended_at - born <= timedelta(days=3, hours=1)
        receiver.answer = lambda delivered: 200
        clock.pass_seconds(3600)
        again = await store.deliveries.replay(SOMEBODY, dead[0].id, clock.now())
        assert again.state is DeliveryState.WAITING
        with pytest.raises(Refused, match="waits to be delivered already"):
            await store.deliveries.replay(SOMEBODY, dead[0].id, clock.now())
        await until(lambda: len(receiver.taken) == 1)
        since = clock.now() - timedelta(days=4)
        assert await store.deliveries.replay_since(SOMEBODY, "w", since, clock.now()) >= 1
        await until(lambda: {d.body["id"] for d in receiver.taken} == {"p1", "p2"})
        await all_done(store, clock, 2)
        with pytest.raises(Missing):
            await store.deliveries.replay(SOMEBODY, "nothing", clock.now())


async def test_a_new_webhook_may_be_told_of_what_was_before_it(
    url: str, store: Store, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.registers.deliveries._REPLAYED_AT_ONCE", 20)
    async with receiving() as receiver, delivering(store, clock):
        await tell(url, publication("old", clock))
        clock.pass_seconds(3600)
        since = clock.now()
        others = [publication(f"p{n}", clock, f"contact:{n % 7}") for n in range(100)]
        await tell(url, *others, publication("x", clock, "call:x", "call.ended"))
        await hooked(store, clock, "w", receiver.url, "contact.changed")
        assert await store.deliveries.replay_since(SOMEBODY, "w", since, clock.now()) == 100
        assert await store.deliveries.replay_since(SOMEBODY, "w", since, clock.now()) < 100  # no twins
        await until(lambda: len({d.body["id"] for d in receiver.taken}) == 100, 30)
        assert {d.body["id"] for d in receiver.taken} == {one.id for one in others}
        for number in range(7):
            taken = receiver.sequences(f"contact:{number}")
            assert sorted(set(taken)) == list(range(1, max(taken) + 1))
        with pytest.raises(Missing):
            await store.deliveries.replay_since(SOMEBODY, "none", since, clock.now())


async def test_410_pauses_at_once_and_days_of_failures_do_too(
    url: str, store: Store, clock: HandClock
) -> None:
    async with receiving() as gone, receiving() as failing, delivering(store, clock):
        gone.answer = lambda delivered: 410
        failing.answer = lambda delivered: 500
        await hooked(store, clock, "gone", gone.url)
        await hooked(store, clock, "failing", failing.url)
        await tell(url, publication("p1", clock))
        await until_paused(store, "gone")
        webhook = await store.webhooks.get("gone")
        assert (webhook.state_reason, webhook.version) == ("It answered 410 Gone.", 2)
        await until_failures(store, "failing", 1)
        for day in range(1, 6):
            clock.pass_seconds(24 * 3600 - 1)
            await tell(url, publication(f"day {day}", clock, f"call:{day}"))
            assert (await store.webhooks.get("failing")).state is WebhookState.ACTIVE, day
            await until_failures(store, "failing", day + 1) if day < 5 else None
        clock.pass_seconds(3600)
        await until_paused(store, "failing")
        assert (
            "has taken nothing since 2026-11-21 16:05" in (await store.webhooks.get("failing")).state_reason
        )
        figures = await store.delivery_queue("figures").figures()
        assert len(figures.paused) == 2
        assert len(gone.asked) == 1
        # Once active again it is told, and what was told meanwhile can be asked for.
        webhook = await store.webhooks.get("gone")
        gone.answer = lambda delivered: 200
        change = WebhookChange(state=WebhookState.ACTIVE)
        await store.webhooks.change(SOMEBODY, "gone", webhook.version, change, clock.now())
        assert await store.deliveries.replay_since(
            SOMEBODY, "gone", clock.now() - timedelta(hours=30), clock.now()
        )
        await until(lambda: any(d.body["id"] == "day 5" for d in gone.taken))


async def test_two_secrets_sign_while_they_are_changed(url: str, store: Store, clock: HandClock) -> None:
    async with receiving() as receiver, delivering(store, clock):
        await hooked(store, clock, "w", receiver.url)
        until_then = clock.now() + timedelta(hours=24)
        await store.webhooks.rotate(SOMEBODY, "w", "whsec_new", old_until=until_then, at=clock.now())
        await tell(url, publication("p1", clock))
        await until(lambda: len(receiver.taken) == 1)
        clock.pass_seconds(24 * 3600)
        await tell(url, publication("p2", clock))
        await until(lambda: len(receiver.taken) == 2)
    first, second = receiver.taken
    for secret, one, good in (
        ("whsec_new", first, True),
        (SECRET, first, True),
        ("whsec_new", second, True),
        (SECRET, second, False),
    ):
        sent = float(one.headers["X-Infolinia-Signature"].split(",")[0][2:])
        assert verified(secret, one.headers["X-Infolinia-Signature"], one.raw, sent) is good


async def test_a_deleted_webhook_is_told_nothing_more(url: str, store: Store, clock: HandClock) -> None:
    async with receiving() as receiver, receiving() as other:
        await hooked(store, clock, "w", receiver.url)
        await hooked(store, clock, "other", other.url)
        await tell(url, publication("p1", clock))
        await store.webhooks.delete(SOMEBODY, "w", clock.now())
        await tell(url, publication("p2", clock))
        async with delivering(store, clock):
            await until(lambda: len(other.taken) == 2)
    assert receiver.asked == []
    with pytest.raises(Missing):
        await store.webhooks.get("w")


async def test_what_is_being_sent_comes_to_its_end_when_the_worker_closes(
    url: str, store: Store, clock: HandClock
) -> None:
    async with receiving() as receiver:
        receiver.hold = asyncio.Event()
        await hooked(store, clock, "w", receiver.url)
        await tell(url, publication("p1", clock), publication("p2", clock))
        async with delivering(store, clock):
            await until(lambda: len(receiver.asked) == 1)
            asyncio.get_running_loop().call_later(0.2, receiver.hold.set)
        assert sorted(await states(store, clock)) == ["delivered", "waiting"]


async def test_old_rows_go(url: str, store: Store, clock: HandClock) -> None:
    queue = store.delivery_queue("tidy")
    async with receiving() as receiver:
        await hooked(store, clock, "w", receiver.url)
        ended = Publication("c1", clock.now(), "call.ended", "call:1", {})
        await tell(url, ended, *(publication(f"p{n}", clock, f"contact:{n}") for n in range(3)))
        async with delivering(store, clock):
            await all_done(store, clock, 4)
    await tell(url, publication("late", clock))
    clock.pass_seconds(4 * 24 * 3600 + 1)
    assert not await queue.tidy()
    assert sorted(await states(store, clock)) == ["dead", *["delivered"] * 4]
    clock.pass_seconds(3 * 24 * 3600 + 1)
    await queue.tidy()
    assert await states(store, clock) == ["dead"]
    assert await store.publications.settled() == 5
    assert len(await store.publications.between(0, 5, limit=10)) == 5
    clock.pass_seconds(23 * 24 * 3600)
    await queue.tidy()
    assert await store.publications.between(0, 5, limit=10) == []
    clock.pass_seconds(5 * 24 * 3600)
    await queue.tidy()
    assert await states(store, clock) == []
    # Numbers go on where they were; the subjects of persons too.
    await tell(url, publication("new", clock))
    (new,) = await store.publications.between(0, 100, limit=10)
    assert (new.number, new.sequence) == (6, 2)


async def test_a_worker_that_lost_its_claim_changes_nothing(url: str, store: Store, clock: HandClock) -> None:
    await hooked(store, clock, "w", "http://127.0.0.1:22399/")
    await tell(url, publication("p1", clock))
    first, second = store.delivery_queue("one"), store.delivery_queue("two")
    held = await first.claim("w", limit=5, lease_seconds=30)
    assert held is not None
    assert await second.claim("w", limit=5, lease_seconds=30) is None
    assert await second.due() == []
    clock.pass_seconds(31)
    assert await second.due() == ["w"]
    taken = await second.claim("w", limit=5, lease_seconds=30)
    assert taken is not None
    assert [one.attempts for one in taken[1]] == [2]
    await first.settle("w", [Settled(held[1][0], DeliveryState.DEAD, "late")], None)
    assert (await one_delivery(store, clock)).state is DeliveryState.SENDING
    await second.settle("w", [Settled(taken[1][0], DeliveryState.DELIVERED)], None)
    assert (await one_delivery(store, clock)).state is DeliveryState.DELIVERED


def test_the_limits_leave_room_for_the_longest_send() -> None:
    assert DeliveryLimits().lease_seconds >= 20 + 5


async def test_trouble_is_told_in_health_and_measures(url: str, store: Store, clock: HandClock) -> None:
    health = Health(LiveCalls())
    counted: Counter[str] = Counter()
    queue = store.delivery_queue("w1")
    async with receiving() as receiver:
        receiver.answer = lambda delivered: 500
        await hooked(store, clock, "w", receiver.url)
        await tell(url, publication("p1", clock))
        async with delivering(
            store, clock, health=health, counted=lambda state: counted.update([state.value])
        ):
            await until_failures(store, "w", 1)
            await until(lambda: bool(health.all()))
    assert counted == {"waiting": 1}
    (condition,) = health.all()
    assert (condition.name, condition.ok, condition.needed) == ("webhooks", True, False)
    assert (await queue.figures()).failing == ()
    clock.pass_seconds(600)
    figures = await queue.figures()
    assert figures.failing == ("Webhook w has taken nothing since 2026-11-21 16:05 UTC: it answered 500.",)
    assert (figures.active, figures.waiting, figures.dead) == (1, 1, 0)
    async with receiving() as idle, delivering(store, clock, health=health) as worker:
        await until(lambda: not health.all()[0].ok)
        since = "Webhook w has taken nothing since 2026-11-21 16:05 UTC: "
        assert health.all()[0].detail.startswith(since)
        assert worker.waiting() == {"waiting": 1, "dead": 0}
        assert idle.asked == []
