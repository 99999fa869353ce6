"""/debts and /debts/ID: found by filters; promises and their reminders; what is said of a debt holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dialer.debts.debt import Debt, DebtState
from dialer.debts.promise import Instalment, Promise
from dialer.debts.promising import PromiseTerms
from dialer.debts.reminders import ReminderKind
from dialer.lead import LeadState
from engine.changes import InteractionAdded
from engine.registers.contacts import ContactDraft
from engine.registers.debts import ReminderJob
from engine.registers.leads import NewLead
from history.interaction import Channel, ContactPoint, Interaction, PointKind
from store.store import Store
from tests.console.campaign_stage import Campaigning, open_campaigns
from tests.console.offices import SHELL
from tests.console.stage import START, Stage

NUMBER = "+48600000001"


@pytest.fixture
async def store(tmp_path: Path, make_store: Callable[..., Store]) -> Store:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    return store


@pytest.fixture
async def room(stage: Stage, tmp_path: Path, store: Store) -> AsyncIterator[Campaigning]:
    async with open_campaigns(stage, store, tmp_path) as opened:
        yield opened


async def owed(room: Campaigning) -> Debt:
    draft = ContactDraft((ContactPoint(PointKind.PHONE, NUMBER),), {"name": "Anna"}, frozenset(), {})
    person = await room.parts.history.contacts.create(SHELL, draft)
    debt = Debt("d1", person.id, "F/17", 30_000, "PLN", START.date(), START, "Example bank")
    return await room.parts.debts.add(SHELL, debt)


async def test_debts_are_found(room: Campaigning) -> None:
    assert "There are no debts" in await room.page("/debts")
    await owed(room)
    page = await room.page("/debts")
    for seen in ("F/17", "Anna", "Example bank", "300.00", "Open"):
        assert seen in page, seen
    assert "F/17" in await room.page("/debts?q=F/&creditor=Example+bank&state=open")
    assert "Nothing is found" in await room.page("/debts?state=paid")
    assert "`state` is one of" in await room.page("/debts?state=owed", 400)
    assert "debt.seen" in await room.office.told("debt:d1")


async def test_a_debt_shows_what_was_promised_and_who_is_reminded(room: Campaigning) -> None:
    debt = await owed(room)
    today = START.date()
    parts = (Instalment(20_000, today + timedelta(days=5)), Instalment(10_000, today + timedelta(days=35)))
    promise = Promise("p1", "d1", debt.contact_id, "PLN", parts, START, today, "Europe/Warsaw", agent="anna")
    at = START + timedelta(days=3)
    job = ReminderJob("p1.1", at, at + timedelta(days=1), NUMBER, "Pay.", "en", ReminderKind.BEFORE, 1)
    await room.parts.debts.promise(SHELL, promise, PromiseTerms(), today, [job])
    page = await room.page("/debts/d1")
    for seen in ("Promised", "200.00", "100.00", "anna", "before the day", "waits", "awaited"):
        assert seen in page, seen
    assert "There is no such debt" in await room.page("/debts/none", 404)


async def test_calls_from_the_person_are_listed(room: Campaigning, store: Store) -> None:
    debt = await owed(room)
    assert "They have not called" in await room.page("/debts/d1")
    point = ContactPoint(PointKind.PHONE, NUMBER)
    for call_id, direction, hours in (("01A", "inbound", 1), ("01B", "outbound", 2), ("01C", "inbound", -1)):
        call = Interaction(
            id=f"i{call_id}",
            at=debt.created_at + timedelta(hours=hours),
            channel=Channel.CALL,
            direction=direction,
            subject_id=call_id,
            point=point,
            contact_id=debt.contact_id,
            outcome="completed",
        )
        await store.ledger.commit([InteractionAdded(call, f"c{call_id}")], durable=True)
    page = await room.page("/debts/d1")
    assert "/calls/01A" in page
    assert "Completed" in page
    assert "/calls/01B" not in page
    assert "/calls/01C" not in page, "nothing was owed yet"


async def test_a_dispute_stops_the_calls_and_tells_who_and_why(room: Campaigning) -> None:
    debt = await owed(room)
    await room.made(kind="collections", purpose="collections")
    new = replace(NewLead(0, ((NUMBER, ""),), debt.contact_id), debt="d1")
    added = await room.parts.leads.add(SHELL, "spring", [new])
    assert "Write why" in await room.send("/debts/d1/moves/dispute", 422, reason=" ")
    assert await room.send("/debts/d1/moves/dispute", reason="It was paid in May") == "/debts/d1?done=dispute"
    assert (await room.parts.leads.get(added.ids[0])).state is LeadState.STOPPED
    page = await room.page("/debts/d1?done=dispute")
    for seen in ("campaigns have stopped calling", "Disputed since", "by Ewa", "It was paid in May"):
        assert seen in page, seen
    assert "Load the page anew" in await room.send("/debts/d1/moves/release", 409, reason="no")
    assert "What is said of a debt" in await room.send("/debts/d1/moves/settle", 404, reason="no")
    await room.send("/debts/d1/moves/uphold", reason="It was not")
    assert (await room.parts.debts.get("d1")).state is DebtState.OPEN
    assert (await room.parts.leads.get(added.ids[0])).state is LeadState.WAITING
