"""Pages of campaigns, callbacks and debts take nothing without their own token, and show names as names."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from dialer.campaign import CampaignState
from dialer.debts.debt import Debt
from engine.registers.contacts import ContactDraft
from engine.registers.leads import LeadFilter, NewLead
from history.interaction import ContactPoint, PointKind
from store.store import Store
from tests.console.campaign_stage import Campaigning, open_campaigns
from tests.console.offices import SHELL
from tests.console.stage import START, Stage
from tests.console.test_callback_pages import asked

NUMBER = "+48600000001"
HOSTILE = '<script>alert("1")</script>'
PLACES = ("/campaigns", "/callbacks", "/debts")


@pytest.fixture
async def room(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Campaigning]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_campaigns(stage, store, tmp_path) as opened:
        draft = ContactDraft((ContactPoint(PointKind.PHONE, NUMBER),), {"name": HOSTILE}, frozenset(), {})
        person = await opened.parts.history.contacts.create(SHELL, draft)
        debt = Debt("d1", person.id, f"F/17{HOSTILE}", 300, "PLN", START.date(), START, f"Bank {HOSTILE}")
        await opened.parts.debts.add(SHELL, debt)
        await opened.made(name=f"Spring {HOSTILE}", topics=["orders"], kind="callback", purpose="service")
        await opened.parts.leads.add(SHELL, "spring", [NewLead(0, ((NUMBER, ""),), person.id, name=HOSTILE)])
        await asked(opened, 1, name=HOSTILE, note=HOSTILE, contact_id=person.id)
        yield opened


async def test_nothing_is_done_without_the_page_s_own_token(room: Campaigning) -> None:
    posts = {
        route.resource.canonical
        for route in room.office.client.app.router.routes()
        if route.method == "POST" and route.resource is not None
    }
    ours = sorted(path for path in posts if path.startswith(PLACES))
    assert {"/campaigns/new", "/debts/{debt_id}/moves/{move}", "/callbacks/{callback_id}/cancel"} <= set(ours)
    known = {"campaign_id": "spring", "debt_id": "d1", "callback_id": "c1", "move": "dispute"}
    for path in ours:
        place = re.sub(r"\{(\w+)\}", lambda gap: known.get(gap[1], "1"), path)
        for csrf in ({}, {"csrf": "made-up"}):
            answer = await room.office.post(place, {"reason": "no token", **csrf})
            assert answer.status == 403, (place, csrf)
    assert (await room.parts.campaigns.get("spring")).state is CampaignState.DRAFT
    assert (await room.parts.debts.get("d1")).version == 1
    assert (await room.parts.callbacks.get("c1")).version == 1


async def test_a_name_that_is_a_script_is_shown_and_not_run(room: Campaigning) -> None:
    (lead,) = (await room.parts.leads.page("spring", LeadFilter(), limit=5)).items
    pages = [
        "/debts", "/debts/d1", "/campaigns", "/callbacks", "/callbacks?view=day", "/callbacks?view=week",
        f"/parts/leads/{lead.id}/why", "/campaigns/spring/leads", "/campaigns/spring/live",
        "/campaigns/spring/rules", "/campaigns/spring/change?step=what",
        "/campaigns/spring/change?step=check", f"/debts?q={HOSTILE}&creditor={HOSTILE}",
        f"/callbacks?topic={HOSTILE}",
    ]  # fmt: skip
    for path in pages:
        answer = await room.office.page(path)
        text = await answer.text()
        assert answer.status == 200, path
        assert "<script>alert" not in text, path
        assert 'alert("1")' not in text, path
        if "rules" not in path and "topic=" not in path:
            assert "&lt;script&gt;" in text, path
