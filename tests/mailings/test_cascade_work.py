"""Cascades on their way: moved on by receipts, deadlines and people, whatever is cut in the middle."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from compliance.facts import Channel
from dialer.debts.debt import Debt
from engine.followup.cascade_events import CascadeEvents
from engine.followup.cascade_steps import advanced_run
from engine.registers.cascades import Advance, KeptRun
from engine.registers.messages import MessageFilter
from messaging.cascade import Ending
from messaging.mailing import Order
from messaging.provider import Incoming
from messaging.states import MessageState
from store.mailing_rows import HELD
from tests.mailings.conftest import WE, Mill
from tests.mailings.test_mailing_work import draft

_M = MessageState


async def moved(mill: Mill) -> None:
    while await mill.cascades.round():
        pass


async def states(mill: Mill, run: str) -> dict[str, MessageState]:
    """By message id, of those that there are."""
    page = await mill.store.messages.list(MessageFilter(cascade=run))
    return {one.id: one.state for one in page.items}


async def test_what_is_not_delivered_goes_by_the_next_channel(mill: Mill) -> None:
    anna = await mill.person("+48600000001", email="anna@example.com", order="A1")
    begun = await mill.cascades.begin("notice", anna, id="run")
    assert (begun.run.states, begun.run.ending) == ((_M.QUEUED,), None)
    again = await mill.cascades.begin("notice", anna, id="run")
    assert again.created_at == begun.created_at
    assert await states(mill, "run") == {"run-1": _M.QUEUED}

    await mill.accept(await mill.store.messages.get("run-1"))
    await moved(mill)
    assert (await mill.store.cascades.get("run")).run.waiting
    mill.clock.pass_seconds(600)
    await moved(mill)
    assert await states(mill, "run") == {"run-1": _M.ACCEPTED, "run-2": _M.QUEUED}
    letter = await mill.store.messages.get("run-2")
    assert (letter.channel, letter.subject, letter.cascade_step) == (Channel.EMAIL, "Your order", 1)

    # A late receipt of the first step does what the cascade is for: the second is withdrawn.
    await mill.receipt(await mill.store.messages.get("run-1"), _M.DELIVERED)
    await moved(mill)
    kept = await mill.store.cascades.get("run")
    assert (kept.run.ending, kept.over_at, kept.late) == (
        Ending.DELIVERED,
        mill.clock.now(),
        ((0, _M.DELIVERED),),
    )
    assert await states(mill, "run") == {"run-1": _M.DELIVERED, "run-2": _M.STOPPED}
    await moved(mill)
    assert await mill.store.cascades.pending(limit=10) == []


async def test_a_channel_without_address_or_words_is_passed_over(mill: Mill) -> None:
    no_phone = await mill.person(None, email="jan@example.com", order="A1")
    kept = await mill.cascades.begin("notice", no_phone, id="mail")
    assert kept.run.states == (None, _M.QUEUED)
    nowhere = await mill.person(None, order="A1")
    assert (await mill.cascades.begin("notice", nowhere, id="none")).run.ending is Ending.NO_POINT
    wordless = await mill.person("+48600000003", email="x@example.com")
    kept = await mill.cascades.begin("notice", wordless, id="mute")
    assert (kept.run.ending, len(kept.notes)) == (Ending.FAILED, 2)
    assert await states(mill, "mute") == {}


async def test_people_and_events_end_it(mill: Mill) -> None:
    anna = await mill.person("+48600000001", email="anna@example.com", order="A1")
    for run in ("paid", "stopped", "out"):
        await mill.cascades.begin("notice", anna, id=run)
    assert await mill.store.cascades.happened(anna.id, "debt.created") == 0
    await mill.store.cascades.stop("stopped")
    await moved(mill)
    assert (await mill.store.cascades.get("stopped")).run.ending is Ending.STOPPED
    to_anna = await mill.store.messages.get("out-1")
    await mill.accept(to_anna)
    stop = Incoming("test", Channel.SMS, "+48600000001", "100", "STOP", mill.clock.now(), "in", "ref-out-1")
    await mill.store.message_queue("sender").take(stop, opted_out=True)
    mill.clock.pass_seconds(1)
    assert await mill.store.cascades.happened(anna.id, "debt.paid") == 2
    await moved(mill)
    endings = {run: (await mill.store.cascades.get(run)).run.ending for run in ("paid", "out")}
    assert endings == {"paid": Ending.OPTED_OUT, "out": Ending.OPTED_OUT}
    assert (await states(mill, "stopped")) == {"stopped-1": _M.STOPPED}


async def test_what_is_begun_twice_at_once_is_begun_once(mill: Mill) -> None:
    anna = await mill.person("+48600000001", order="A1")
    begun = await asyncio.gather(*(mill.cascades.begin("notice", anna, id="run") for _ in range(4)))
    assert {one.id for one in begun} == {"run"}
    assert await states(mill, "run") == {"run-1": _M.QUEUED}


async def test_one_that_fails_holds_no_other_up_and_rests_ever_longer(
    mill: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await mill.person("+48600000001", email="anna@example.com", order="A1")
    for run in ("ill", "well", "unkept"):
        await mill.cascades.begin("notice", anna, id=run)
        await mill.store.cascades.stop(run)
    tried: list[str] = []

    def advanced(kept: KeptRun, *others: Any) -> Advance:
        tried.append(kept.id)
        if kept.id == "ill":
            raise RuntimeError("a fault of ours")
        advance = advanced_run(kept, *others)
        return advance if kept.id == "well" else replace(advance, messages=(None,))  # type: ignore[arg-type]

    monkeypatch.setattr("engine.followup.cascades.advanced_run", advanced)
    await moved(mill)
    assert (await mill.store.cascades.get("well")).run.ending is Ending.STOPPED
    for seconds, tries in ((0, 1), (5, 2), (9, 2)):
        mill.clock.pass_seconds(seconds)
        await moved(mill)
        assert (tried.count("ill"), tried.count("unkept")) == (tries, tries)
    monkeypatch.undo()
    mill.clock.pass_seconds(1)
    await moved(mill)
    endings = [(await mill.store.cascades.get(run)).run.ending for run in ("ill", "unkept")]
    assert endings == [Ending.STOPPED] * 2


async def test_only_the_person_answers_by_naming_a_message(mill: Mill) -> None:
    anna = await mill.person("+48600000001", email="anna@example.com", order="A1")
    await mill.cascades.begin("notice", anna, id="run")
    await mill.accept(await mill.store.messages.get("run-1"))
    queue = mill.store.message_queue("sender")
    taken = []
    for from_ in ("+48600000009", "+48600000001"):
        said = Incoming(
            "test", Channel.SMS, from_, "100", "Yes", mill.clock.now(), from_, in_reply_to="ref-run-1"
        )
        taken.append(await queue.take(said, opted_out=False))
    assert [one and one.in_reply_to for one in taken] == [None, "run-1"]
    mail = Incoming(
        "mail", Channel.EMAIL, "anna@example.com", "us", "Yes", mill.clock.now(), "m1", in_reply_to="run-1"
    )
    other_way = await queue.take(mail, opted_out=False)
    assert other_way is not None
    assert other_way.in_reply_to == "run-1", "by another address of the same person"


async def test_what_is_published_ends_cascades_that_list_it(mill: Mill) -> None:
    anna = await mill.person("+48600000001", order="A1")
    events = CascadeEvents(mill.store.cascades, mill.store.publications, mill.store.followups)
    assert await events.look() is False
    await mill.cascades.begin("notice", anna, id="run")
    today = mill.clock.now().date()
    owed = Debt(
        id="d1",
        contact_id=anna.id,
        reference="R-1",
        amount=100,
        currency="PLN",
        due=today,
        created_at=mill.clock.now(),
    )
    await mill.store.debts.add(WE, owed)
    await events.look()
    await moved(mill)
    assert (await mill.store.cascades.get("run")).run.ending is None
    await mill.store.debts.set_balance(WE, "d1", 0)
    await events.look()
    await events.look()
    await moved(mill)
    assert (await mill.store.cascades.get("run")).run.ending is Ending.STOPPED
    assert await mill.store.cascades.pending(limit=10) == []


async def test_a_step_is_sent_once_whoever_moves_it_on(mill: Mill) -> None:
    anna = await mill.person("+48600000001", email="anna@example.com", order="A1")
    await mill.cascades.begin("notice", anna, id="run")
    await mill.accept(await mill.store.messages.get("run-1"))
    mill.clock.pass_seconds(700)
    found = await mill.store.cascades.pending(limit=10)
    # Two engines read the same; only one of them writes, and news are struck out with what they led to.
    now = mill.clock.now()
    both = [advanced_run(one.kept, one.contact, one.news, mill.shelf, now) for one in found]
    assert await mill.store.cascades.keep(both) == 1
    assert await mill.store.cascades.keep(both) == 0
    mill.clock.pass_seconds(600)
    await moved(mill)
    assert sorted(await states(mill, "run")) == ["run-1", "run-2"]


async def test_a_mailing_with_a_cascade_comes_to_true_ends(mill: Mill) -> None:
    ids = [
        (await mill.person(f"+4860000000{n}", email=f"p{n}@example.com", order=f"A{n}")).id for n in range(4)
    ]
    made = await mill.desk.create(
        WE, draft(mill, ids, template=None, channel=None, cascade="notice", values={})
    )
    preview = await mill.desk.preview(made)
    assert (preview.mistakes, preview.recipients, preview.parts) == ((), 4, 4)
    await mill.desk.start(WE, made.id)
    await mill.rounds()
    first = await mill.messages(made.id)
    assert [one.cascade_step for one in first] == [0] * 4
    await mill.accept(*first)
    await moved(mill)
    delivered, failed, silent, silent_too = first
    await mill.receipt(delivered, _M.DELIVERED)
    await mill.receipt(failed, _M.FAILED)
    await moved(mill)
    figures = await mill.store.mailings.figures(made.id)
    assert (figures.endings, figures.running) == ({Ending.DELIVERED: 1}, 3)
    mill.clock.pass_seconds(600)
    await moved(mill)
    letters = [one for one in await mill.messages(made.id) if one.cascade_step == 1]
    assert len(letters) == 3
    await mill.accept(*letters)
    await moved(mill)
    for letter in letters[:2]:
        await mill.receipt(letter, _M.DELIVERED)
    await moved(mill)
    mill.clock.pass_seconds(3600)
    await moved(mill)
    figures = await mill.store.mailings.figures(made.id)
    assert (figures.endings, figures.running) == ({Ending.DELIVERED: 3, Ending.UNANSWERED: 1}, 0)
    assert figures.silent == 3
    await mill.rounds()
    mill.clock.pass_seconds(5)
    await mill.rounds()
    assert await mill.state_of(made.id) == "finished"
    for late in (silent, silent_too):
        await mill.receipt(late, _M.DELIVERED)
    await moved(mill)
    runs = (await mill.store.cascades.list(mailing=made.id)).items
    assert sorted(one.late for one in runs) == [(), (), ((0, _M.DELIVERED),), ((0, _M.DELIVERED),)]


async def test_a_stopped_mailing_stops_its_cascades(mill: Mill) -> None:
    ids = await mill.people(2, order="A1")
    made = await mill.desk.create(
        WE, draft(mill, ids, template=None, channel=None, cascade="notice", values={})
    )
    await mill.desk.start(WE, made.id)
    await mill.rounds()
    await mill.desk.order(WE, made.id, Order.PAUSE)
    await mill.rounds()
    assert {one.not_before for one in await mill.messages(made.id)} == {HELD}
    await mill.desk.order(WE, made.id, Order.STOP, "enough")
    for _ in range(3):
        await mill.rounds()
        await moved(mill)
    mill.clock.pass_seconds(5)
    await mill.rounds()
    figures = await mill.store.mailings.figures(made.id)
    assert (figures.endings, figures.progress.counts) == ({Ending.STOPPED: 2}, {_M.STOPPED: 2})
    assert (await mill.store.mailings.get(made.id)).over_at is not None


async def test_what_cascades_of_a_paused_mailing_write_next_is_held_with_the_rest(mill: Mill) -> None:
    anna = await mill.person("+48600000001", email="anna@example.com", order="A1")
    made = await mill.desk.create(
        WE, draft(mill, [anna.id], template=None, channel=None, cascade="notice", values={})
    )
    await mill.desk.start(WE, made.id)
    await mill.rounds()
    (first,) = await mill.messages(made.id)
    await mill.accept(first)
    await mill.desk.order(WE, made.id, Order.PAUSE)
    await mill.rounds()
    await mill.receipt(first, _M.FAILED)
    await moved(mill)
    queue = mill.store.message_queue("sender")
    assert await queue.claim(Channel.EMAIL, limit=10, lease_seconds=5) == []
    await mill.desk.order(WE, made.id, Order.GO_ON)
    await mill.rounds()
    (letter,) = await queue.claim(Channel.EMAIL, limit=10, lease_seconds=5)
    assert letter.cascade_step == 1
