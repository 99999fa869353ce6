"""Chats and their lines: kept once, whoever tries again; a visitor who gives a number becomes known."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from engine.changes import InteractionAdded, JobAdded
from engine.registers.chats import ChatFilter
from engine.registers.contacts import ContactDraft
from engine.registers.refusals import Missing, Refused
from engine.registers.timeline import TimelineFilter
from history.callbacks import CallbackRequest, CallbackSource
from history.interaction import Channel, ContactPoint, Interaction, PointKind
from messaging.chat import (
    PAGE_MOST,
    STATE_BYTES_MOST,
    TEXT_MOST,
    Button,
    Chat,
    ChatLine,
    ChatPhase,
    LineKind,
    Speaker,
)
from store.store import Store
from tests.conftest import HandClock
from tests.store.people import WE, told

ANNA = "+48600000001"
VISITOR = ContactPoint(PointKind.VISITOR, "browser-1")


def chat(n: int, now: datetime, visitor: str = VISITOR.value, **given: object) -> Chat:
    point = ContactPoint(PointKind.VISITOR, visitor)
    plain = {
        "node": "n1",
        "flow": "hotline",
        "page": "https://shop.example.com/tea",
        "state": {"step": "greet", "heard": ["1", {"a": 0.5}]},
    }
    return Chat(f"ch{n}", "shop", point, "5ec", now, **{**plain, **given})  # type: ignore[arg-type]


def said(seq: int, now: datetime, text: str = "Dzień dobry", **given: object) -> ChatLine:
    return ChatLine(seq, now, Speaker.VISITOR, LineKind.TEXT, text, **given)  # type: ignore[arg-type]


def row_of(done: Chat, now: datetime) -> Interaction:
    whose = {"point": done.point, "contact_id": done.contact_id}
    return Interaction(f"{done.id}-chat", now, Channel.CHAT, "inbound", done.id, outcome="talked", **whose)  # type: ignore[arg-type]


async def test_a_chat_is_read_as_it_was_kept_with_its_lines_in_order(store: Store, clock: HandClock) -> None:
    now = clock.now()
    greeting = ChatLine(
        1, now, Speaker.FLOW, LineKind.TEXT, "How can we help?", buttons=(Button("1", "Orders"),)
    )
    opened = await store.chats.open(chat(1, now), [greeting])
    assert opened.contact_id is not None
    assert opened == replace(chat(1, now), contact_id=opened.contact_id, last_at=now)
    assert await store.chats.get("ch1") == opened
    clock.pass_seconds(5)
    more = [
        said(2, clock.now(), client_id="a1", data={"typed": True}),
        ChatLine(3, clock.now(), Speaker.VISITOR, LineKind.PAGE, "https://shop.example.com/tea"),
    ]
    waiting = replace(
        opened,
        phase=ChatPhase.WAITING,
        queue="orders",
        skills=("pl", "tea"),
        since=clock.now(),
        last_seq=3,
        last_at=clock.now(),
        owed_since=clock.now(),
        work_id=1 << 40,
    )
    after = await store.chats.keep(waiting, more)
    assert after == replace(waiting, version=2)
    assert await store.chats.get("ch1") == after
    assert await store.chats.lines("ch1") == [greeting, *more]
    assert await store.chats.lines("ch1", after=1, limit=1) == more[:1]
    assert await store.chats.lines("none") == []
    row = await store.chats.row("ch1")
    assert (row.chat, row.contact and row.contact.points) == (after, (VISITOR,))


async def test_who_tries_again_writes_nothing_twice_and_who_is_late_is_refused(
    store: Store, clock: HandClock
) -> None:
    now = clock.now()
    opened = await store.chats.open(chat(1, now), [said(1, now)])
    assert await store.chats.open(chat(1, now, page="elsewhere"), [said(1, now, "other")]) == opened
    closed = replace(opened, phase=ChatPhase.CLOSED, closed_at=now, ended_by="visitor", last_seq=2)
    changes = [InteractionAdded(row_of(closed, now), "unused"), JobAdded("j1", "webhook", "j1", {})]
    for _ in range(2):  # as when the answer to the first try was lost
        after = await store.chats.keep(closed, [said(1, now, "changed"), said(2, now)], changes)
        assert after == replace(closed, version=2)
    assert [line.text for line in await store.chats.lines("ch1")] == ["Dzień dobry", "Dzień dobry"]
    (row,) = (await store.history.timeline.of(opened.contact_id, TimelineFilter())).items
    assert (row.subject_id, row.channel, row.contact_id) == ("ch1", Channel.CHAT, opened.contact_id)
    with pytest.raises(Refused, match="version 2 now, not 1") as refused:
        await store.chats.keep(replace(closed, outcome="other"), [said(3, now)])
    assert refused.value.field == "version"
    assert len(await store.chats.lines("ch1")) == 2
    for asked in (store.chats.get("none"), store.chats.row("none"), store.chats.join("none", ANNA)):
        with pytest.raises(Missing, match="no chat none"):
            await asked
    with pytest.raises(Missing):
        await store.chats.keep(chat(7, now), [said(1, now)])


async def test_what_is_too_long_is_refused_and_what_no_database_keeps_is_replaced(
    store: Store, clock: HandClock
) -> None:
    now = clock.now()
    for given, lines, field in (
        ({"page": "x" * (PAGE_MOST + 1)}, (), "page"),
        ({"name": "x" * 201}, (), "name"),
        ({"state": {"heard": "x" * STATE_BYTES_MOST}}, (), "state"),
        ({}, [said(1, now, "x" * (TEXT_MOST + 1))], "lines[1].text"),
        ({}, [said(2, now, data={"a": "x" * 17_000})], "lines[2].data"),
    ):
        with pytest.raises(Refused, match="at most") as refused:
            await store.chats.open(chat(1, now, **given), lines)  # type: ignore[arg-type]
        assert refused.value.field == field
    opened = await store.chats.open(chat(1, now, name="A\0", state={"a\0": "\ud800"}), [said(1, now, "\0é")])
    assert (opened.name, opened.state) == ("A\ufffd", {"a\ufffd": "\ufffd"})
    assert await store.chats.get("ch1") == opened
    assert [line.text for line in await store.chats.lines("ch1")] == ["\ufffdé"]


async def test_open_ones_are_found_by_their_engine_and_lists_have_the_newest_first(
    store: Store, clock: HandClock
) -> None:
    began = clock.now()
    for n in range(5):
        one = chat(n, clock.now(), f"browser-{n % 2}", queue=("orders", "other")[n % 2], node=f"n{n % 2}")
        await store.chats.open(one, [])
        clock.pass_seconds(60)
    second = await store.chats.get("ch2")
    await store.chats.keep(replace(second, phase=ChatPhase.CLOSED, agent="anna", last_at=clock.now()), ())
    assert [one.id for one in await store.chats.unfinished("n0")] == ["ch0", "ch4"]

    async def found(**wanted: object) -> Sequence[str]:
        page = await store.chats.list(ChatFilter(**wanted))  # type: ignore[arg-type]
        return [row.chat.id for row in page.items]

    assert await found() == ["ch2", "ch4", "ch3", "ch1", "ch0"]
    assert await found(phases=(ChatPhase.LED, ChatPhase.TALKING), queue="orders") == ["ch4", "ch0"]
    assert await found(site="shop", agent="anna") == ["ch2"]
    assert await found(site="other") == []
    assert await found(contact_id=second.contact_id) == ["ch2", "ch4", "ch0"]
    assert await found(since=began + timedelta(seconds=121)) == ["ch4", "ch3"]
    seen: list[str] = []
    after = None
    while True:
        page = await store.chats.list(ChatFilter(), limit=2, after=after)
        seen += [row.chat.id for row in page.items]
        if (after := page.after) is None:
            break
    assert seen == ["ch2", "ch4", "ch3", "ch1", "ch0"]
    with pytest.raises(Refused, match="page is not known"):
        await store.chats.list(ChatFilter(), after=("yesterday", "ch1"))


async def test_what_a_visitor_says_of_themselves_fills_what_is_not_known(
    store: Store, clock: HandClock
) -> None:
    now, phone = clock.now(), ContactPoint(PointKind.PHONE, ANNA)

    async def known(chat_id: str) -> tuple[str | None, str | None]:
        contact = (await store.chats.row(chat_id)).contact
        assert contact is not None
        return contact.name, contact.language

    for n, (name, language) in enumerate([(" ", "en"), ("Anna  Łącka", "pl"), ("Jan", "ru")]):
        await store.chats.open(chat(n, now, name=name, language=language), ())
    assert await known("ch0") == ("Anna Łącka", "en"), "the name by the second chat, and nothing again"
    joined = await store.chats.join("ch1", ANNA)
    (merge,) = await store.history.merges.of(str(joined.contact_id))
    assert (joined.point, await known("ch1")) == (phone, ("Anna Łącka", "en"))
    assert (await known("ch0"), merge.survivor_id) == (await known("ch1"), joined.contact_id)
    # Somebody else at that browser; and a chat of a browser that keeps nothing.
    await store.chats.open(chat(4, now, "browser-2", name="Anna"), ())
    await store.chats.open(chat(5, now, "browser-2", name="Jan"), ())
    jan = await store.chats.join("ch5", "+48600000002")
    assert (await known("ch4"), await known("ch5")) == (("Anna", None), ("Jan", None))
    assert not await store.history.merges.of(str(jan.contact_id))
    await store.chats.open(replace(chat(6, now, name="Ewa"), point=None), ())
    await store.chats.join("ch6", "+48600000003")
    assert await known("ch6") == ("Ewa", None)


async def test_who_fills_in_a_form_is_called_what_they_wrote_where_no_name_is_known(
    store: Store, clock: HandClock
) -> None:
    phone = ContactPoint(PointKind.PHONE, ANNA)
    for n, (source, name, language, known) in enumerate(
        [
            (CallbackSource.API, "Jan", "ru", (None, None)),  # somebody else's words
            (CallbackSource.FORM, "Anna", "pl", ("Anna", "pl")),
            (CallbackSource.FORM, "Ewa", "en", ("Anna", "pl")),
        ]
    ):
        request = CallbackRequest(f"c{n}", phone, "web", source, clock.now(), name=name, language=language)
        asked = await store.callbacks.request(WE, request)
        contact = await store.history.contacts.get(str(asked.request.contact_id))
        assert (contact.name, contact.language) == known
    assert [kind for kind, _ in await told(store)].count("contact.changed") == 1


async def test_a_visitor_who_gives_a_number_is_that_person_from_now_on(
    store: Store, clock: HandClock
) -> None:
    anna = await store.history.contacts.create(
        WE, ContactDraft((ContactPoint(PointKind.PHONE, ANNA),), {"name": "Anna"})
    )
    now = clock.now()
    first = await store.chats.open(chat(1, now), [said(1, now)])
    closed = replace(first, phase=ChatPhase.CLOSED, closed_at=now)
    await store.chats.keep(closed, (), [InteractionAdded(row_of(first, now), "unused")])
    opened = await store.chats.open(chat(2, now), [said(1, now)])
    await store.chats.open(chat(4, now), ())
    joined, same = await asyncio.gather(store.chats.join("ch2", ANNA), store.chats.join("ch4", ANNA))
    assert same.contact_id == anna.id
    assert joined == replace(opened, point=ContactPoint(PointKind.PHONE, ANNA), contact_id=anna.id, version=2)
    assert await store.chats.join("ch2", ANNA) == joined
    timeline = await store.history.timeline.of(anna.id, TimelineFilter())
    assert [row.subject_id for row in timeline.items] == ["ch1"], "what they wrote before is theirs too"
    row = await store.chats.row("ch1")
    assert row.contact is not None
    assert (row.contact.name, set(row.contact.points)) == (
        "Anna",
        {VISITOR, ContactPoint(PointKind.PHONE, ANNA)},
    )
    (merge,) = await store.history.merges.of(anna.id)
    assert (merge.merged_id, merge.actor) == (opened.contact_id, "engine:engine")
    kept = await store.chats.keep(replace(joined, phase=ChatPhase.WAITING), ())
    assert (kept.contact_id, kept.point) == (anna.id, joined.point)
    # Another person at the same browser: the chat is theirs, Anna stays who she is.
    await store.chats.open(chat(3, now), ())
    other = await store.chats.join("ch3", "+48600000002")
    assert other.contact_id not in (anna.id, opened.contact_id, None)
    assert len(await store.history.merges.of(anna.id)) == 1
