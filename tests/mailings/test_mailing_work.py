"""Mailings: frozen, written in batches, paused, stopped, finished; none lost, none twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from compliance.facts import Channel
from engine.followup import mailings as work_of_mailings
from engine.registers.mailings import Mailing
from engine.registers.message_statistics import GroupedBy
from engine.registers.refusals import Changed, Refused
from messaging.mailing import LeftOut, MailingState, Order
from messaging.provider import Incoming
from messaging.states import MessageState
from store import mailing_freezing, mailing_queue
from store.mailing_rows import HELD
from store.store import Store
from tests.mailings.conftest import WE, Mill

_S = MailingState


def draft(mill: Mill, ids: list[str], **more: object) -> Mailing:
    now = mill.clock.now()
    given = {
        "template": "news",
        "channel": Channel.SMS,
        "contact_ids": tuple(ids),
        "values": {"shop": "Town"},
        "name": "October",
    }
    return Mailing(id="", created_at=now, updated_at=now, **(given | more))  # type: ignore[arg-type]


async def started(mill: Mill, ids: list[str], **more: object) -> str:
    made = await mill.desk.create(WE, draft(mill, ids, **more))
    return (await mill.desk.start(WE, made.id)).id


async def test_everybody_of_the_frozen_list_gets_one(mill: Mill) -> None:
    ids = await mill.people(3)
    nobody = (await mill.person(None, email="jan@example.com")).id
    same = [ids[0], *ids, nobody]
    mailing = await started(mill, same)
    await mill.person("+48600000077")  # too late to get it
    kept = await mill.store.mailings.get(mailing)
    assert (kept.state, kept.recipients) == (_S.RUNNING, 3)
    assert kept.left_out == {LeftOut.SAME_PERSON: 1, LeftOut.NO_POINT: 1}
    assert kept.purpose == "marketing"

    await mill.rounds()
    written = await mill.messages(mailing)
    assert [one.text for one in written] == ["Anna, nowe godziny."] * 3
    assert {one.contact_id for one in written} == set(ids)
    assert {one.template for one in written} == {"news"}
    figures = await mill.store.mailings.figures(mailing)
    assert (figures.progress.under_way, figures.progress.to_come, figures.done) == (3, 0, False)

    await mill.accept(*written)
    for one in written:
        await mill.receipt(one, MessageState.DELIVERED)
    mill.clock.pass_seconds(10)
    await mill.rounds()
    kept = await mill.store.mailings.get(mailing)
    assert (kept.state, kept.over_at) == (_S.FINISHED, mill.clock.now())
    (told,) = await mill.store.message_statistics.statistics(
        GroupedBy.MAILING, since=mill.clock.now() - timedelta(days=1), until=mill.clock.now()
    )
    assert (told.key, told.messages, told.sent, told.delivered, told.p50_seconds) == (mailing, 3, 3, 3, 0)


async def test_a_mailing_that_is_cut_anywhere_loses_nobody_and_doubles_nobody(
    mill: Mill, make_mill: Callable[..., Mill], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_of_mailings, "BATCH", 2)
    ids = await mill.people(9)
    mailing = await started(mill, ids)
    for cut in range(1, 12):
        other = make_mill(mill.store, f"worker {cut}")
        queue = other.work._queue

        class Cut:
            """Dies behind the `cut`th step, whether its transaction went through or not."""

            left = cut % 4

            def __getattr__(self, name: str, queue: object = queue) -> object:
                async def step(*given: object, **named: object) -> object:
                    done = await getattr(queue, name)(*given, **named)
                    Cut.left -= 1
                    if Cut.left < 0:
                        raise asyncio.CancelledError
                    return done

                return step

        other.work._queue = Cut()  # type: ignore[assignment]
        with pytest.raises(asyncio.CancelledError):
            await other.work.round()
        mill.clock.pass_seconds(work_of_mailings.LEASE_SECONDS + 1)
    await mill.rounds()
    written = await mill.messages(mailing)
    assert sorted(one.contact_id or "" for one in written) == sorted(ids)
    assert (await mill.store.mailings.figures(mailing)).progress.to_come == 0


async def test_a_great_mailing_is_prepared_in_batches_whoever_dies_in_between(
    mill: Mill, make_mill: Callable[..., Mill], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing_freezing, "PREPARED_AT_ONCE", 2)
    ids = await mill.people(9)
    mailing = await started(mill, ids)
    kept = await mill.store.mailings.get(mailing)
    assert (kept.state, kept.prepared, kept.recipients) == (_S.PREPARING, 0, 9)
    figures = await mill.store.mailings.figures(mailing)
    assert (figures.progress.recipients, figures.progress.to_come, figures.done) == (9, 9, False)

    killed = mill.store.mailing_queue("killed")
    assert [one.id for one in await killed.claim(lease_seconds=30)] == [mailing]
    assert await killed.prepare(mailing, lease_seconds=30)
    assert not await mill.store.mailing_queue("other").prepare(mailing, lease_seconds=30)
    await mill.work.round()  # another worker leaves it alone as long as the lease holds
    assert (await mill.store.mailings.get(mailing)).prepared == 2
    await mill.person("+48600000077")  # too late to get it
    await mill.store.history.merges.merge(WE, ids[0], ids[8], "the same")
    await mill.store.history.merges.merge(WE, ids[5], ids[1], "the same")
    await mill.store.privacy.erase(WE, ids[4], "asked for it")
    await mill.desk.order(WE, mailing, Order.PAUSE, "lunch")
    await mill.rounds()
    assert (await mill.store.mailings.get(mailing)).prepared == 2
    assert (await mill.desk.order(WE, mailing, Order.GO_ON)).state is _S.PREPARING
    assert not await killed.prepare(mailing, lease_seconds=30)

    mill.clock.pass_seconds(31)
    for worker in ("two", "three"):
        other = make_mill(mill.store, worker)
        queue = mill.store.mailing_queue(worker)
        await queue.claim(lease_seconds=30)
        assert await queue.prepare(mailing, lease_seconds=30)
        with monkeypatch.context() as cut:
            cut.setattr(mailing_queue, "write_next", _dies)
            with pytest.raises(asyncio.CancelledError):
                await other.work.round()
        mill.clock.pass_seconds(31)
    assert (await mill.store.mailings.get(mailing)).prepared == 6
    assert await mill.messages(mailing) == []
    await mill.rounds()
    kept = await mill.store.mailings.get(mailing)
    assert (kept.state, kept.prepared) == (_S.RUNNING, 9)
    assert sorted(one.contact_id or "" for one in await mill.messages(mailing)) == sorted(
        {*ids} - {ids[8], ids[1], ids[4]} | {ids[5]}
    )
    assert (await mill.store.mailings.figures(mailing)).progress.to_come == 0


def _dies(*_: object) -> int:
    raise asyncio.CancelledError


async def test_a_mailing_that_is_stopped_or_over_while_it_is_prepared_sends_nothing(
    mill: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing_freezing, "PREPARED_AT_ONCE", 1)
    ids = await mill.people(3)
    stopped = await started(mill, ids)
    queue = mill.store.mailing_queue("one")
    await queue.claim(lease_seconds=30)
    assert await queue.prepare(stopped, lease_seconds=30)
    await mill.desk.order(WE, stopped, Order.STOP, "wrong hours")
    assert not await queue.prepare(stopped, lease_seconds=30)
    late = await started(mill, ids, name="November", ends_at=mill.clock.now() + timedelta(hours=1))
    mill.clock.pass_seconds(3601)
    await mill.rounds()
    for mailing in (stopped, late):
        kept = await mill.store.mailings.get(mailing)
        assert (kept.state, kept.over_at) == (_S.STOPPED, mill.clock.now())
        assert await mill.messages(mailing) == []
    assert (await mill.store.mailings.get(stopped)).prepared == 1


async def test_two_workers_share_a_mailing_and_nobody_gets_two(
    mill: Mill, make_mill: Callable[..., Mill]
) -> None:
    ids = await mill.people(6)
    mailing = await started(mill, ids)
    other = make_mill(mill.store, "two")
    queue = mill.store.mailing_queue("late")
    assert [one.id for one in await queue.claim(lease_seconds=1)] == [mailing]
    waiting = await queue.to_write(mailing, limit=10)
    assert await other.work.round() is False  # it is claimed
    assert await mill.messages(mailing) == []
    mill.clock.pass_seconds(2)
    await other.rounds()
    late = work_of_mailings.written_ones(
        await mill.store.mailings.get(mailing), waiting, mill.shelf, mill.clock.now()
    )
    assert await queue.write(mailing, late, lease_seconds=1) is False
    assert len(await mill.messages(mailing)) == 6


async def test_a_batch_with_one_that_was_written_before_loses_none_of_the_others(mill: Mill) -> None:
    mailing = await started(mill, await mill.people(2))
    queue = mill.store.mailing_queue("one")
    await queue.claim(lease_seconds=60)
    waiting = await queue.to_write(mailing, limit=10)
    kept = await mill.store.mailings.get(mailing)
    outcomes = work_of_mailings.written_ones(kept, waiting, mill.shelf, mill.clock.now())
    assert await queue.write(mailing, outcomes[:1], lease_seconds=60) is True
    await queue.write(mailing, outcomes, lease_seconds=60)
    left = await queue.to_write(mailing, limit=10)
    assert len(await mill.messages(mailing)) + len(left) == 2


async def test_a_batch_with_one_who_was_erased_meanwhile_is_made_again_without_them(mill: Mill) -> None:
    people = await mill.people(3)
    mailing = await started(mill, people)
    queue = mill.store.mailing_queue("one")
    await queue.claim(lease_seconds=60)
    waiting = await queue.to_write(mailing, limit=10)
    kept = await mill.store.mailings.get(mailing)
    outcomes = work_of_mailings.written_ones(kept, waiting, mill.shelf, mill.clock.now())
    await mill.store.privacy.erase(WE, people[1], "asked in a letter")
    assert await queue.write(mailing, outcomes, lease_seconds=60) is False
    assert await mill.messages(mailing) == []
    await mill.rounds()
    assert {one.contact_id for one in await mill.messages(mailing)} == {people[0], people[2]}


async def test_pause_holds_what_is_queued_and_stop_ends_it(mill: Mill) -> None:
    mailing = await started(mill, await mill.people(3))
    await mill.rounds()
    await mill.desk.order(WE, mailing, Order.PAUSE)
    await mill.rounds()
    queue = mill.store.message_queue("sender")
    assert await queue.claim(Channel.SMS, limit=10, lease_seconds=5) == []
    await mill.desk.order(WE, mailing, Order.GO_ON)
    await mill.rounds()
    (gone, *_) = await queue.claim(Channel.SMS, limit=1, lease_seconds=5)
    await mill.accept(gone)
    with pytest.raises(Refused, match="cannot start"):
        await mill.desk.order(WE, mailing, Order.START)
    stopped = await mill.desk.order(WE, mailing, Order.STOP, "wrong hours")
    assert (stopped.state, stopped.note, stopped.over_at) == (_S.STOPPED, "wrong hours", None)
    await mill.rounds()
    states = sorted(one.state for one in await mill.messages(mailing))
    assert states == [MessageState.ACCEPTED, MessageState.STOPPED, MessageState.STOPPED]
    assert (await mill.store.mailings.get(mailing)).over_at is None  # one is with the provider
    await mill.receipt(gone, MessageState.DELIVERED)
    mill.clock.pass_seconds(work_of_mailings.TIDY_SECONDS + 1)
    await mill.rounds()
    assert (await mill.store.mailings.get(mailing)).over_at == mill.clock.now()


async def test_a_mailing_is_held_a_few_at_a_time_and_looked_over_seldom(
    mill: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing_queue, "HELD_AT_ONCE", 2)
    mailing = await started(mill, await mill.people(5))
    await mill.rounds()
    queue, looks = mill.work._queue, list[str]()

    class Watched:
        def __getattr__(self, name: str) -> object:
            looks.append(name)
            return getattr(queue, name)

    mill.work._queue = Watched()  # type: ignore[assignment]
    sender = mill.store.message_queue("sender")
    for order in (Order.PAUSE, Order.GO_ON, Order.PAUSE):
        await mill.desk.order(WE, mailing, order)
        await mill.rounds()
        held = {one.not_before == HELD for one in await mill.messages(mailing)}
        assert held == {order is Order.PAUSE}
    assert (looks.count("hold"), looks.count("release")) == (8, 4)
    assert await sender.claim(Channel.SMS, limit=10, lease_seconds=5) == []
    await mill.desk.order(WE, mailing, Order.STOP, "enough")
    for _ in range(3):
        await mill.rounds()
    assert looks.count("sweep") == 1


async def test_what_nobody_tells_of_is_waited_for_until_it_could_not_arrive(mill: Mill) -> None:
    mailing = await started(mill, await mill.people(1))
    await mill.rounds()
    await mill.accept(*await mill.messages(mailing))
    mill.clock.pass_seconds(mill.shelf.expires.total_seconds() + 60)
    await mill.rounds()
    assert await mill.state_of(mailing) == _S.RUNNING
    mill.clock.pass_seconds(3600)
    await mill.rounds()
    assert await mill.state_of(mailing) == _S.FINISHED
    assert (await mill.store.mailings.figures(mailing)).silent == 1


async def test_its_rate_its_hours_and_its_end_hold(mill: Mill) -> None:
    ids = await mill.people(5)
    mailing = await started(mill, ids, per_second=1.0, opens=time(9), closes=time(17))
    for _ in range(3):
        await mill.rounds()
    assert len(await mill.messages(mailing)) == 1
    mill.clock.pass_seconds(1)
    await mill.rounds()
    assert len(await mill.messages(mailing)) == 2
    mill.clock.pass_seconds(3600)  # behind 17:00
    await mill.rounds()
    assert len(await mill.messages(mailing)) == 2
    ended = await started(mill, ids, name="ends", ends_at=mill.clock.now() + timedelta(hours=1))
    mill.clock.pass_seconds(3600)
    await mill.rounds()
    kept = await mill.store.mailings.get(ended)
    assert (kept.state, kept.note) == (_S.STOPPED, work_of_mailings.TIME_OVER)
    assert await mill.messages(ended) == []


def test_hours_over_midnight() -> None:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    night = Mailing("m", "m", at, at, opens=time(20), closes=time(8))
    hours = {hour for hour in range(24) if work_of_mailings.is_open(night, at.replace(hour=hour))}
    assert hours == {20, 21, 22, 23, *range(8)}


async def test_a_second_look_at_a_preview_asks_nobody(mill: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = await mill.people(2)
    made = await mill.desk.create(WE, draft(mill, ids))
    first = await mill.desk.preview(made)
    mill.gate.refused.add("+48600000001")
    assert await mill.desk.preview(made) is first
    changed = await mill.desk.change(WE, replace(made, values={"shop": "Village"}))
    assert (await mill.desk.preview(changed)).allowed == 1
    mill.gate.refused.clear()
    mill.clock.pass_seconds(15)
    assert (await mill.desk.preview(changed)).allowed == 2
    for n in range(60):
        await mill.desk.preview(replace(changed, id=f"other-{n}"))
    monkeypatch.setattr(mill.store.mailings, "audience", None)
    with pytest.raises(TypeError):  # as many are kept as people look at, not all that there ever were
        await mill.desk.preview(changed)


async def test_names_of_attributes_are_found_however_many_have_them(mill: Mill) -> None:
    assert await mill.store.mailings.attribute_names() == []
    await mill.people(3, order="A1", city="Gdańsk")
    await mill.person("+48600000077", age="30")
    assert await mill.store.mailings.attribute_names() == ["age", "city", "order"]


async def test_one_that_fails_holds_no_other_up_and_is_told(
    mill: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await mill.people(2)
    ill, well = [await started(mill, ids, name=name) for name in ("ill", "well")]
    written = work_of_mailings.written_ones
    tried: list[str] = []

    def fails(mailing: Mailing, *others: Any) -> Any:
        tried.append(mailing.name)
        if mailing.id == ill:
            raise RuntimeError("a fault of ours")
        return written(mailing, *others)

    monkeypatch.setattr(work_of_mailings, "written_ones", fails)
    await mill.rounds()
    await mill.rounds()
    assert (len(await mill.messages(well)), tried.count("ill")) == (2, 1)
    assert "RuntimeError" in (await mill.store.mailings.get(ill)).note
    monkeypatch.undo()
    mill.clock.pass_seconds(5)
    await mill.rounds()
    assert (len(await mill.messages(ill)), (await mill.store.mailings.get(ill)).note) == (2, "")


async def test_who_opts_out_in_the_middle_gets_no_more(mill: Mill) -> None:
    ids = await mill.people(2)
    first, second = [await started(mill, ids, name=name) for name in ("first", "second")]
    await mill.rounds()
    (to_anna, _) = await mill.messages(first)
    await mill.accept(to_anna)
    assert to_anna.point is not None
    stop = Incoming("test", Channel.SMS, to_anna.point.value, "100", "STOP", mill.clock.now(), "in-1")
    await mill.store.message_queue("sender").take(stop, opted_out=True)
    states = {one.contact_id: one.state for one in await mill.messages(second)}
    assert states == {ids[0]: MessageState.STOPPED, ids[1]: MessageState.QUEUED}
    figures = await mill.store.mailings.figures(first)
    assert (figures.progress.replied, figures.progress.opted_out) == (1, 1)


async def test_people_without_words_are_told_and_counted(mill: Mill) -> None:
    known = await mill.person("+48600000001", order="A1")
    blank = await mill.person("+48600000002")
    mailing = await started(mill, [known.id, blank.id], template="due", values={})
    await mill.rounds()
    figures = await mill.store.mailings.figures(mailing)
    (why,) = figures.unwritten
    assert (why, figures.progress.begun) == (
        "{order} is not known of this person, and template due (en) has no default for it",
        1,
    )
    (told,) = (await mill.store.mailings.recipients(mailing, unwritten=True)).items
    assert (told.contact_id, told.message_id) == (blank.id, None)


async def test_two_recipients_who_become_one_person_get_one(mill: Mill) -> None:
    ids = await mill.people(2)
    mailing = await started(mill, ids)
    await mill.store.history.merges.merge(WE, ids[0], ids[1], "the same")
    await mill.rounds()
    assert [one.contact_id for one in await mill.messages(mailing)] == [ids[0]]
    assert (await mill.store.mailings.figures(mailing)).unwritten == {work_of_mailings.TWICE: 1}


async def test_a_segment_is_frozen_and_a_preview_writes_nothing(mill: Mill, store: Store) -> None:
    ids = await mill.people(12, order="A1")
    await mill.person("+48600000099", order="A1", language="de")
    segment = await store.history.segments.create(WE, "old", {"field": "language", "is": "de"})
    mill.gate.refused = {"+48600000002"}
    preview = await mill.desk.preview(draft(mill, ids))
    assert (preview.recipients, preview.sampled, preview.allowed) == (12, 12, 11)
    assert (preview.refused, preview.parts, len(preview.first)) == ({"objection": 1}, 11, 10)
    assert preview.first[1].refused == "They objected."
    of_segment = draft(mill, [], contact_ids=(), segment_id=segment.id, language="en")
    preview = await mill.desk.preview(of_segment)
    assert [one.text for one in preview.first] == ["Anna, new hours in Town."]
    made = await mill.desk.create(WE, of_segment)
    assert await mill.messages(made.id) == []
    wrong = await mill.desk.preview(draft(mill, ids, values={"shop": "x"}, template="due"))
    assert wrong.mistakes == ()
    empty = await mill.desk.preview(draft(mill, ids, values={}))
    assert empty.mistakes == ("Template news takes shop: give it in values.",)


async def test_what_cannot_be_is_refused_in_a_sentence(mill: Mill) -> None:
    ids = await mill.people(1)
    for field, wrong in {
        "template": {"cascade": "notice"},
        "channel": {"channel": None},
        "segment_id": {"contact_ids": ()},
        "opens": {"opens": time(9)},
    }.items():
        with pytest.raises(Refused) as refused:
            await mill.desk.create(WE, draft(mill, ids, **wrong))
        assert refused.value.field == field
    made = await mill.desk.create(WE, draft(mill, ids))
    with pytest.raises(Refused, match="named October"):
        await mill.desk.create(WE, draft(mill, ids))
    changed = await mill.desk.change(WE, replace(made, values={}))
    with pytest.raises(Changed):
        await mill.desk.change(WE, made)
    with pytest.raises(Refused, match="takes shop"):
        await mill.desk.start(WE, made.id)
    nobody = await mill.desk.change(WE, replace(changed, values={"shop": "x"}, channel=Channel.PUSH))
    with pytest.raises(Refused, match="Nobody would get it"):
        await mill.desk.start(WE, nobody.id)


async def test_how_far_many_are_is_counted_at_once(mill: Mill) -> None:
    ids = await mill.people(3)
    waits = await mill.desk.create(WE, draft(mill, ids, name="November"))
    goes = await started(mill, ids)
    await mill.rounds()
    written = await mill.messages(goes)
    await mill.accept(*written)
    await mill.receipt(written[0], MessageState.DELIVERED)
    await mill.receipt(written[1], MessageState.FAILED)
    number = written[0].point
    assert number is not None
    for n in range(2):
        answer = Incoming("test", Channel.SMS, number.value, "100", "Thanks", mill.clock.now(), f"in-{n}")
        await mill.store.message_queue("sender").take(answer, opted_out=False)
    mailings = [await mill.store.mailings.get(one) for one in (waits.id, goes)]
    told = await mill.store.mailings.progress(mailings)
    assert (told[waits.id].recipients, told[waits.id].counts) == (0, {})
    one = told[goes]
    assert (one.recipients, one.final, one.reached, one.replied, one.to_come) == (3, 2, 1, 1, 0)
    assert await mill.store.mailings.progress([]) == {}
