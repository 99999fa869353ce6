"""/mailings: made by a form, looked at before the start, ordered, and told how far they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from compliance.facts import Channel
from console.refusal_telling import refusal_told
from console.words import load_words
from engine.registers.actor import Actor, ActorKind
from engine.registers.mailings import Mailing
from engine.registers.refusals import Refused
from messaging.mailing import MailingState, Order
from messaging.states import MessageState
from store import mailing_freezing
from store.store import Store
from tests.console.message_stage import Messaging, open_messages
from tests.console.offices import PASSWORD, alerts
from tests.console.stage import Stage

PEOPLE = "600 000 001\r\n+48600000002\r\n"
FORM = {
    "name": "June",
    "what": "template:order_sent",
    "channel": "sms",
    "people": PEOPLE,
    "values": "order=A/7",
}


@pytest.fixture
async def writing(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Messaging]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_messages(stage, store, tmp_path) as opened:
        await opened.person("+48600000001", "Anna", language="en")
        await opened.person("+48600000002", "Jan", language="pl")
        yield opened


async def test_a_mailing_is_made_looked_at_started_and_stopped(writing: Messaging) -> None:
    room = writing.room
    assert "No mailings yet" in await room.page("/mailings")
    assert "order_sent" in await room.page("/mailings/new")
    place = await room.send("/mailings/new", 303, **FORM)
    page = await room.page(place)
    for seen in (
        "Ready: 2 people would get it", "The first ten", "Anna, order A/7 is on its way",
        "Jan, zamówienie A/7", "0.13", "SMS parts",
    ):  # fmt: skip
        assert seen in page, seen
    mailing_id = place.rsplit("/", 1)[1]
    assert await room.send(f"{place}/orders/start", version="1") == f"{place}?done=start"
    page = await room.page(f"{place}?done=start")
    for seen in ("Running", "Not written yet", "It is running", f"/parts{place}?state=running"):
        assert seen in page, seen
    assert "reason" in await room.send(f"{place}/orders/pause", 422)
    await room.send(f"{place}/orders/pause", reason="a mistake in it")
    assert "a mistake in it" in await room.page(f"/parts{place}")
    await room.send(f"{place}/orders/go_on")
    await room.send(f"{place}/orders/stop", reason="enough")
    stopped = await room.office.page(f"/parts{place}?state=running")
    assert stopped.headers["HX-Refresh"] == "true"
    assert "“Stopped”; what it can is: –" in await room.send(f"{place}/orders/pause", 409, reason="again")
    assert "What is ordered" in await room.send(f"{place}/orders/finish", 404)
    assert "June" in await room.page("/mailings")
    assert await room.office.told(f"mailing:{mailing_id}") == [
        "mailing.created", "mailing.checked", "mailing.running", "mailing.paused", "mailing.running",
        "mailing.stopped",
    ]  # fmt: skip


async def test_who_gets_a_great_one_is_written_down_before_it_runs(
    writing: Messaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing_freezing, "PREPARED_AT_ONCE", 1)
    room = writing.room
    place = await room.send("/mailings/new", 303, **FORM)
    mailing_id = place.rsplit("/", 1)[1]
    await room.send(f"{place}/orders/start", version="1")
    queue = writing.store.mailing_queue("one")
    await queue.claim(lease_seconds=30)
    assert await queue.prepare(mailing_id, lease_seconds=30)
    page = await room.page(f"{place}?done=start")
    for seen in ("Preparing", "1 of 2", "being written down", "Pause", f"/parts{place}?state=preparing"):
        assert seen in page, seen
    assert "1 of 2" in await room.page("/mailings")
    assert await queue.prepare(mailing_id, lease_seconds=30)
    assert "Running" in await room.page(f"/parts{place}?state=preparing")


async def test_refusals_of_a_mailing_are_told_in_the_readers_language(
    stage: Stage, writing: Messaging
) -> None:
    assert stage.messages is not None
    desk, words, now = stage.messages.mailings, load_words()["pl"], datetime(2026, 11, 23, tzinfo=UTC)
    good = Mailing(
        "", "July", now, now, template="order_sent", channel=Channel.SMS, contact_ids=("nobody",),
        values={"order": "A/7"},
    )  # fmt: skip
    actor = Actor(ActorKind.PERSON, "manager")
    made = await desk.create(actor, good)
    for wrong, told in (
        (replace(good, cascade="notice"), "nie oba naraz"),
        (replace(good, channel=None), "Szablon wychodzi jako"),
        (replace(good, template=None, cascade="notice"), "Kaskada ma własne kanały"),
        (replace(good, contact_ids=()), "Podaj segment albo listę"),
        (replace(good, opens=time(9)), "dwie różne"),
        (good, "Wysyłka o nazwie „July” już istnieje"),
    ):
        with pytest.raises(Refused) as refused:
            await desk.create(actor, wrong)
        assert told in refusal_told(refused.value, words)
    with pytest.raises(Refused) as refused:
        await desk.start(actor, made.id)
    assert "Nikt by jej nie dostał" in refusal_told(refused.value, words)
    with pytest.raises(Refused) as refused:
        await desk.order(actor, made.id, Order.PAUSE)
    assert "stan „Sprawdzona”; możliwe jest: Uruchom, Zatrzymaj." in refusal_told(refused.value, words)
    await desk.change(actor, replace(await desk.mailings.get(made.id), ends_at=now - timedelta(days=900)))
    with pytest.raises(Refused) as refused:
        await desk.start(actor, made.id)
    assert "koniec już minął" in refusal_told(refused.value, words)


async def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(writing: Messaging) -> None:
    room = writing.room
    for change, told in (
        ({"name": " "}, "Write a name"),
        ({"what": ""}, "Choose a template or a cascade"),
        ({"channel": "call"}, "sms, email"),
        ({"channel": "pigeon"}, "Choose a channel"),
        ({"people": ""}, "Choose a segment, or list people"),
        ({"people": "600 000 001\n600 000 009"}, "Line 2, 600 000 009"),
        ({"people": "no number"}, "Line 1, no number"),
        ({"values": "order"}, "name=value"),
        ({"per_second": "0"}, "above 0"),
        ({"per_second": "fast"}, "above 0"),
        ({"opens": "9 am"}, "Write a time"),
        ({"opens": "09:00+02:00", "closes": "17:00"}, "Write a time"),
        ({"values": "a\0=1"}, "name=value"),
        ({"people": "a\0@example.com"}, "Line 1"),
        ({"campaign": "a\0"}, "Write a name"),
        ({"what": "template:a\0"}, "Choose a template"),
        ({"opens": "09:00"}, "from when and until when"),
        ({"ends_at": "soon"}, "a day and a time"),
        ({"language": "polish language"}, "two letters"),
    ):
        page = await room.send("/mailings/new", 422, **{**FORM, **change})
        assert any(told in one for one in alerts(page)), (change, alerts(page))
        assert change.get("name") or 'value="June"' in page
    await room.send("/mailings/new", 303, **FORM)
    page = await room.send("/mailings/new", 422, **FORM)
    assert "already" in page


async def test_mistakes_keep_it_from_starting_until_it_is_changed(writing: Messaging) -> None:
    room = writing.room
    place = await room.send("/mailings/new", 303, **{**FORM, "values": ""})
    page = await room.page(place)
    assert "takes order" in page
    assert f"{place}/orders/start" not in page
    assert "takes order" in await room.send(f"{place}/orders/start", 409, version="1")
    assert "2 people are listed" in await room.page(f"{place}/change")
    changed = {**FORM, "people": "", "version": "1"}
    assert await room.send(f"{place}/change", 303, **changed) == place
    assert f"{place}/orders/start" in await room.page(place)
    assert "no such mailing" in await room.page("/mailings/none", 404)


async def test_what_somebody_changed_meanwhile_is_neither_lost_nor_sent_unseen(writing: Messaging) -> None:
    room = writing.room
    place = await room.send("/mailings/new", 303, **FORM)
    for page in (place, f"{place}/change"):
        assert 'name="version" value="1"' in await room.page(page)
    await room.send(f"{place}/change", 303, **FORM, version="1")
    for wrong in ({"version": "1"}, {}, {"version": "x"}):
        assert "changed this meanwhile" in await room.send(f"{place}/change", 409, **{**FORM, **wrong})
        assert "changed this meanwhile" in await room.send(f"{place}/orders/start", 409, **wrong)
    await room.send(f"{place}/orders/start", version="2")


async def test_how_far_it_is(writing: Messaging) -> None:
    room = writing.room
    place = await room.send("/mailings/new", 303, **FORM)
    mailing_id = place.rsplit("/", 1)[1]
    await room.send(f"{place}/orders/start", version="1")
    await writing.written("m1", MessageState.DELIVERED, mailing=mailing_id, channel=Channel.SMS)
    await writing.written("m2", MessageState.FAILED, mailing=mailing_id, channel=Channel.SMS)
    page = await room.page(f"/parts{place}")
    for seen in ("Delivered", "Failed", f"mailing={mailing_id}&state=failed"):
        assert seen in page, seen
    kept = await writing.store.mailings.get(mailing_id)
    assert kept.state is MailingState.RUNNING


async def test_a_supervisor_looks_and_orders_nothing(writing: Messaging) -> None:
    room = writing.room
    place = await room.send("/mailings/new", 303, **FORM)
    await room.office.post("/sign-out", {"csrf": await room.office.csrf()})
    assert (await room.office.sign_in("Jan", PASSWORD)).status == 303
    page = await room.page(place)
    assert f"{place}/orders/start" not in page
    assert "takes the role manager" in await room.send(f"{place}/orders/start", 403)
    await room.page("/mailings/new", 403)
