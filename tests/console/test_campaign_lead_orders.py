"""Leads by filters, several at once, and as a file of what is filtered."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from console.words import load_words
from dialer.lead import LeadState
from dialer.reasons import ReasonCode
from dialer.results import AttemptResult
from engine.registers.leads import LeadFilter
from store.store import Store
from tests.conftest import HandClock
from tests.console.campaign_stage import Campaigning, open_campaigns
from tests.console.stage import Stage
from tests.store.campaign_samples import add, listed, running

LEADS = "/campaigns/spring/leads"


@pytest.fixture
async def room(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Campaigning]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_campaigns(stage, store, tmp_path) as opened:
        await opened.made()
        yield opened


async def called(room: Campaigning) -> list[str]:
    """Of three the second was busy yesterday, the third answered today."""
    ids = await room.people("+48600000001", "+48600000002", "+48600000003")
    now = room.stage.clock.now()
    _, busy, answered = [await room.parts.leads.get(one) for one in ids]
    await room.parts.leads.keep(
        [
            replace(busy, last_outcome=AttemptResult.BUSY, last_at=now - timedelta(days=1)),
            replace(answered, last_outcome=AttemptResult.ANSWERED, last_at=now, name="=cmd()"),
        ]
    )
    return ids


async def test_leads_are_filtered_by_all_that_is_chosen(room: Campaigning) -> None:
    await called(room)
    day = f"{room.stage.clock.now():%Y-%m-%d}"
    for query, seen, hidden in (
        ("outcome=busy", "Anna 1", "Anna 0"),
        (f"from={day}", "600 000 003", "Anna 1"),
        (f"to={day}&outcome=busy", "Anna 1", "Anna 2"),
        ("state=waiting&why=in_turn&q=anna", "Anna 0", "Nobody is found"),
    ):
        page = await room.page(f"{LEADS}?{query}")
        assert seen in page, query
        assert hidden not in page, query
    page = await room.page(f"{LEADS}?state=stopped&q=anna")
    assert "Nobody is found" in page
    assert 'href="/campaigns/spring/leads?view=line&q=anna&state=stopped"' in page
    for wrong in ("state=lost", "why=so", "outcome=good", "from=today", "to=1066-10-14"):
        await room.page(f"{LEADS}?{wrong}", 400)


async def test_the_file_is_what_is_filtered_and_no_formula(room: Campaigning) -> None:
    ids = await called(room)
    answer = await room.office.page(f"{LEADS}.csv?outcome=answered")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="spring-leads.csv"'
    rows = list(csv.DictReader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    assert [row["lead"] for row in rows] == [ids[2]]
    assert (rows[0]["numbers"], rows[0]["last_outcome"]) == ("'+48600000003", "answered")
    everybody = await (await room.office.page(f"{LEADS}.csv")).text()
    assert len(everybody.strip().splitlines()) == 4
    assert "lead.seen" in await room.office.told(f"lead:{ids[2]}")


async def test_a_long_list_is_a_whole_file_and_everybody_in_it_was_seen(
    room: Campaigning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whom it shows is noted as it goes on: no more notes wait than may."""
    monkeypatch.setattr("engine.seen_notes.MOST_WAITING", 40)
    monkeypatch.setattr("console.campaigns.lead_orders._PAGE_ROWS", 25)
    ids = await room.people(*(f"+486000001{n:02d}" for n in range(100)))
    text = await (await room.office.page(f"{LEADS}.csv")).text()
    assert len(text.strip().splitlines()) == 101
    assert "lead.seen" in await room.office.told(f"lead:{ids[99]}")


async def test_several_are_stopped_and_called_again_with_a_reason(room: Campaigning) -> None:
    ids = await called(room)
    two = {f"lead:{one}": "yes" for one in ids[:2]}
    assert f'name="lead:{ids[0]}"' in await room.page(LEADS)
    to = LEADS + "/orders"
    assert "Write a reason" in await room.send(to, 422, order="stop", **two)
    assert "Choose 1 to" in await room.send(to, 422, order="stop", reason="by letter")
    await room.send(to, 400, order="erase", reason="by letter", **two)
    place = await room.send(to, order="stop", reason="by letter", q="anna", view="all", **two)
    assert place == f"{LEADS}?view=all&q=anna&done=leads_stop"
    assert "Those chosen are not called any more." in await room.page(place)
    stopped = [await room.parts.leads.get(one) for one in ids]
    assert [lead.state for lead in stopped] == [LeadState.STOPPED, LeadState.STOPPED, LeadState.WAITING]
    assert stopped[0].reason.data["why"] == "by letter"
    part = await room.send(to, 409, order="reopen", reason="they asked", **two, **{f"lead:{ids[2]}": "yes"})
    assert "Changed: 2. Not changed: 1." in part
    assert "only one that is over" in part
    assert (await room.parts.leads.get(ids[0])).state is LeadState.WAITING
    await room.send(to, 409, order="stop", reason="by letter", **{"lead:01OTHER": "yes"})


async def test_the_register_filters_by_the_last_call(store: Store, clock: HandClock) -> None:
    await running(store)
    ids = await add(store, *(listed(n) for n in range(3)))
    now = clock.now()
    leads = [await store.leads.get(ids[n]) for n in range(3)]
    await store.leads.keep(
        [
            replace(lead, last_outcome=outcome, last_at=now - timedelta(hours=hours))
            for lead, outcome, hours in zip(
                leads, (AttemptResult.BUSY, AttemptResult.MACHINE), (5, 1), strict=False
            )
        ]
    )

    async def found(**wanted: object) -> list[str]:
        page = await store.leads.page("spring", LeadFilter(**wanted))  # type: ignore[arg-type]
        return [lead.id for lead in page.items]

    assert await found(outcomes=(AttemptResult.BUSY, AttemptResult.MACHINE)) == [ids[0], ids[1]]
    assert await found(called_since=now - timedelta(hours=2)) == [ids[1]]
    assert await found(called_before=now - timedelta(hours=2)) == [ids[0]]
    assert await found(called_since=now - timedelta(hours=5), called_before=now - timedelta(hours=5)) == []


def test_every_reason_has_its_short_word() -> None:
    words = load_words()
    assert all(f"lead_short_{code}" in table.table for table in words.values() for code in ReasonCode)
