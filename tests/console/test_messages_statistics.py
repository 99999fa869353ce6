"""/messages/statistics: plotted, in a table, narrowed, sorted; and a mailing's own page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from console.messages.figure_charts import HEIGHT, TOP, course, funnel, times, top_of
from console.messages.figures import KEPT_SECONDS, mark_told, percent, period_told, span_told
from console.words import load_words
from engine.registers.message_statistics import TOOK_EDGES_SECONDS, MessageStatistics
from history.interaction import ContactPoint, PointKind
from messaging.states import MessageState
from store.store import Store
from tests.console.message_stage import Messaging, open_messages
from tests.console.stage import START, Stage
from tests.console.test_messages_mailings import FORM

S = MessageState
PAGE = "/messages/statistics"
DAY = START.date().isoformat()


@pytest.fixture
async def writing(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Messaging]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_messages(stage, store, tmp_path) as opened:
        yield opened


async def some(writing: Messaging) -> None:
    sent = {"sent_at": START, "cost": 7, "currency": "PLN"}
    arrived = sent | {"delivered_at": START + timedelta(seconds=3)}
    await writing.written("m1", S.DELIVERED, template="hours", **arrived)
    await writing.written("m2", S.READ, template="hours", read_at=START, **arrived)
    other = ContactPoint(PointKind.PHONE, "+48530000001")
    await writing.written("m3", S.FAILED, template="order_sent", code="0x58", point=other, **sent)
    await writing.written("m4", S.QUEUED, provider="south", at=START - timedelta(days=4))


async def test_what_became_of_messages_is_plotted(writing: Messaging) -> None:
    room = writing.room
    assert "Nothing was written in this time" in await room.page(PAGE)
    room.office.clock.at += timedelta(seconds=KEPT_SECONDS)
    await some(writing)
    page = await room.page(PAGE)
    assert 'aria-label="4 messages; the most, 3: 17.11"' in page
    assert 'aria-label="Half within 3.0 s, 95% within 3.0 s"' in page
    assert "2 of 3 sent" in page
    assert "0x58" in page
    assert "PLN" in page
    assert page.count('<th scope="row" class="who">') == 2
    assert f'href="/messages?view=all&from=2026-11-11&to={DAY}&template=hours"' in page
    # As far as it goes: the bars' table has each day that has messages.
    assert '<th scope="row">13.11</th>' in page
    for by, shown in (
        ("provider", "south"),
        ("channel", "SMS"),
        ("prefix", "Poland, T-Mobile"),
        ("day", "13.11"),
        ("hour", "17.11, "),
        ("mailing", "None of them has one"),
        ("campaign", "None of them has one"),
    ):
        assert shown in await room.page(f"{PAGE}?by={by}"), by
    one_day = await room.page(f"{PAGE}?from={DAY}&to={DAY}")
    assert "Hour by hour" in one_day
    narrowed = await room.page(f"{PAGE}?prefix=%2B4853&template=order_sent")
    assert "1 messages; the most, 1" in narrowed
    assert "Nothing was delivered in this time" in narrowed
    assert "Nothing is found" in await room.page(f"{PAGE}?template=none")
    listed = await room.page("/messages?view=all&prefix=%2B48530")
    assert ("/messages/m3" in listed, "/messages/m1" in listed) == (True, False)


async def test_the_table_is_sorted(writing: Messaging) -> None:
    await some(writing)

    async def order(query: str) -> bool:
        page = await writing.room.page(f"{PAGE}?{query}")
        rows = page.split("<tbody>")[-1]
        return rows.index(">hours<") < rows.index(">order_sent<")

    assert await order("") is True
    assert await order("sort=failed") is False
    assert await order("sort=failed&order=up") is True
    # What has no time comes last, whichever way.
    assert await order("sort=p50_seconds") is True
    assert await order("sort=p50_seconds&order=up") is True
    page = await writing.room.page(f"{PAGE}?sort=failed")
    assert 'aria-sort="descending"' in page
    assert "sort=failed&order=up" in page


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("by=all", "`by` is one of template"),
        ("by=colour", "`by` is one of"),
        ("from=2026-11-18&to=2026-11-17", "`to` is not before `from`"),
        ("from=2025-11-01&to=2026-11-17", "at most 366 days"),
        ("by=hour&from=2026-11-01&to=2026-11-17", "by hours at most 7 days"),
        ("prefix=48", "`prefix` is how numbers begin"),
        ("sort=colour", "`sort` is one of"),
        (f"template={'x' * 101}", "Shorten it"),
    ],
)
async def test_what_cannot_be_counted_is_told(writing: Messaging, query: str, told: str) -> None:
    assert told in await writing.room.page(f"{PAGE}?{query}", 400)


async def test_a_mailing_plots_its_own_messages(writing: Messaging) -> None:
    await writing.person(language="en")
    await writing.person("+48600000002", "Jan", language="pl")
    place = await writing.room.send("/mailings/new", 303, **FORM)
    assert "Hour by hour" not in await writing.room.page(place)
    await writing.room.send(f"{place}/orders/start", version="1")
    mailing = place.rsplit("/", 1)[1]
    assert (await writing.room.page(f"/parts{place}/plots")).strip() == ""
    writing.room.office.clock.at += timedelta(minutes=1)
    await some(writing)
    at = (await writing.store.mailings.get(mailing)).started_at
    assert at is not None
    arrived = {"sent_at": at, "delivered_at": at + timedelta(seconds=90), "mailing": mailing}
    await writing.written("m9", S.DELIVERED, at=at, **arrived)
    page = await writing.room.page(place)
    assert "1 messages; the most, 1" in page
    assert "Hour by hour" in await writing.room.page(f"/parts{place}/plots")
    by_mailing = await writing.room.page(f"{PAGE}?by=mailing&to={at:%Y-%m-%d}")
    assert f">{FORM['name']}</a>" in by_mailing


def test_bars_stand_on_each_other_and_hold_all_messages() -> None:
    first, last = date(2026, 11, 16), date(2026, 11, 17)
    one = MessageStatistics("2026-11-17", messages=10, delivered=5, failed=2, expired=1, waiting=2)
    drawn = course([one], first, last, by_hours=False)
    empty, full = drawn.bars
    assert (empty.key, empty.pieces) == ("2026-11-16", ())
    assert [(piece.kind, piece.count) for piece in full.pieces] == [
        ("delivered", 5),
        ("failed", 3),
        ("waiting", 2),
    ]
    assert full.pieces[-1].y == TOP
    assert sum(piece.height for piece in full.pieces) == pytest.approx(HEIGHT - 24 - TOP)
    assert [mark for _, mark in drawn.marks] == [0, 5, 10]
    assert drawn.kinds == ("delivered", "failed", "waiting")
    hours = course([], first, last, by_hours=True)
    assert (len(hours.bars), hours.bars[25].key, len(hours.labels)) == (48, "2026-11-17T01", 8)


def test_other_pictures() -> None:
    assert times((0,) * 12) == ()
    steps = times((4, 0, 2, *(0,) * 9))
    assert (steps[0].edge_seconds, steps[-1].edge_seconds) == (TOOK_EDGES_SECONDS[0], None)
    assert steps[0].height == pytest.approx(2 * steps[2].height)
    stages = funnel(MessageStatistics("", messages=9, sent=8, delivered=6, opened=2, replied=1))
    assert [(one.count, one.share) for one in stages] == [(8, 1.0), (6, 0.75), (2, 0.25), (1, 0.125)]
    assert funnel(MessageStatistics(""))[1].share is None
    assert [top_of(n) for n in (0, 2, 3, 11, 41, 999_999)] == [2, 2, 4, 20, 100, 1_000_000]
    assert [percent(share) for share in (None, 0, 0.034, 0.5, 1)] == ["–", "0%", "3.4%", "50%", "100%"]
    assert (period_told("2026-11-17"), period_told("2026-11-17T09")) == ("17.11", "17.11, 09:00")
    marks = ["2026-11-17", "2026-11-17T00", "2026-11-17T09"]
    assert [mark_told(key) for key in marks] == ["17.11", "17.11", "09:00"]
    words = load_words()
    assert [span_told(n, words["ru"]) for n in (30, 300, 21_600)] == ["30 с", "5 мин", "6 ч"]
