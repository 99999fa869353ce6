"""/campaigns/ID/leads and /rules: who is on the list, why, a list that is added, and what the rules ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from compliance.facts import Mode
from compliance.pack import CampaignLimits
from console.accounts.identity import CSRF_HEADER
from console.api.lead_shapes import lead_shape
from console.campaigns.rules import asked
from console.campaigns.telling import row_of, told
from console.words import load_words
from dialer.lead import Lead, LeadNumber, LeadState
from dialer.reasons import Reason, ReasonCode, waits
from dialer.results import AttemptResult
from engine.registers.imports import ImportState
from store.store import Store
from tests.console.campaign_stage import Campaigning, open_campaigns
from tests.console.offices import SHELL
from tests.console.stage import Stage

NOW = datetime(2026, 11, 17, 10, 0, tzinfo=UTC)
LEAD = Lead("l1", "spring", "c1", (LeadNumber("+48600000001"),), NOW)


@pytest.fixture
async def room(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Campaigning]:
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_campaigns(stage, store, tmp_path) as opened:
        yield opened


async def test_the_list_its_filters_and_its_search(room: Campaigning) -> None:
    await room.made()
    assert "Nobody is on the list yet" in await room.page("/campaigns/spring/leads")
    ids = await room.people("+48600000001", "+48600000002", "+48600000003")
    await room.parts.leads.stop(SHELL, ids[2], "asked for by letter")
    page = await room.page("/campaigns/spring/leads")
    for seen in (
        "Anna 0",
        "+48 600 000 001",
        "In its turn",
        "Not called",
        "Somebody at the shell took it from the campaign: asked for by letter",
    ):
        assert seen in page
    found = await room.page("/campaigns/spring/leads?q=%2B48600000002")
    assert "Anna 1" in found
    assert "Anna 0" not in found
    assert "Nobody is found" in await room.page("/campaigns/spring/leads?q=zzz")
    part = await room.page("/parts/campaigns/spring/leads?view=refused")
    assert "Nobody is here now" in part
    assert "<html" not in part
    assert "lead.seen" in await room.office.told(f"lead:{ids[0]}")
    await room.page(f"/campaigns/spring/leads?q={'x' * 101}", 400)
    assert ">1 of 3<" in (await room.page("/campaigns")).replace("</progress>", ">")


async def test_why_tells_all_that_holds_a_lead_and_the_rules_in_order(room: Campaigning) -> None:
    await room.made(kind="sales", purpose="marketing")
    (lead,) = await room.people("+48600000001")
    why = await room.page(f"/parts/leads/{lead}/why")
    assert "Why Anna 0 is not called" in why
    assert "The campaign: Draft" in why
    assert why.count("rule-deciding") == 1
    assert "verdict" not in why
    assert why.index("rule-") < why.index("rule-deciding") or why.count('class="rule-') == 1


async def test_why_tells_whether_a_flow_found_that_it_was_them(room: Campaigning) -> None:
    await room.made()
    ids = await room.people("+48600000001", "+48600000002", "+48600000003")
    for lead_id, verified in zip(ids, (True, False, None), strict=True):
        lead = await room.parts.leads.get(lead_id)
        assert not await room.parts.leads.keep([replace(lead, last_verified=verified)])
        assert lead_shape(await room.parts.leads.get(lead_id)).last_verified is verified
    first, second, third = [await room.page(f"/parts/leads/{lead_id}/why") for lead_id in ids]
    assert "a flow found that it was them" in first
    assert "a flow did not find that it was them" in second
    assert "that it was them" not in third


async def test_a_list_is_added_or_told_why_not(room: Campaigning) -> None:
    await room.made()
    headers = {CSRF_HEADER: await room.office.csrf(), "Content-Type": "application/octet-stream"}
    client = room.office.client
    table = "Telefon;Imię\n600 000 012;Anna\n".encode()
    sent = await client.post("/campaigns/spring/list?name=list.csv", data=table, headers=headers)
    assert sent.status == 201, await sent.text()
    begun = await room.parts.imports.get((await sent.json())["import"])
    assert (begun.options.campaign, begun.options.country) == ("spring", "PL")
    assert begun.state is ImportState.WAITING
    assert "list.csv" in await room.page((await sent.json())["place"])
    twice = await client.post("/campaigns/spring/list?name=list.csv", data=table, headers=headers)
    assert twice.status == 409
    for query, data, status in (("name=x.csv", b"", 422), ("name=", table, 400), ("name=x.xlsx", b"PK", 422)):
        refused = await client.post(f"/campaigns/spring/list?{query}", data=data, headers=headers)
        assert refused.status == status, (query, await refused.text())
        assert (await refused.json())["error"].endswith(".")
    bare = await client.post("/campaigns/spring/list?name=list.csv", data=table)
    assert bare.status == 403
    await room.send("/campaigns/spring/moves/finish")
    late = await client.post("/campaigns/spring/list?name=late.csv", data=table, headers=headers)
    assert late.status == 409


async def test_the_rules_of_a_campaign(room: Campaigning) -> None:
    await room.made(packs=("us-tsr",))
    page = await room.page("/campaigns/spring/rules")
    for seen in ("us-tsr", "3.0% at most", "over 30 days", "a way to opt out", "Rings at least"):
        assert seen in page


def test_what_is_asked_of_a_whole_campaign() -> None:
    limits = CampaignLimits(
        abandon_cap=0.03,
        agent_within_seconds=2,
        agent_from_speech_start=True,
        redial_lock_hours=72,
        caller_id_always=True,
        labelled=True,
        modes=(Mode.PREVIEW,),
    )
    for language, words in load_words().items():
        found = dict(asked(limits, words))
        assert len(found) == 6, language
    assert asked(CampaignLimits(), load_words()["en"]) == []


def test_every_reason_result_and_state_has_its_word() -> None:
    for words in load_words().values():
        for code in ReasonCode:
            assert told(Reason(code), words)
        for result in AttemptResult:
            assert words(f"attempt_result_{result}")
        for state in LeadState:
            assert words(f"lead_state_{state}")


def test_what_a_row_says() -> None:
    words = load_words()["en"]
    later = NOW + timedelta(days=1)

    def row(state: LeadState, reason: Reason, until: datetime | None = None) -> tuple[str, str, str]:
        lead = replace(LEAD, state=state, reason=reason, not_before=until, last_outcome=AttemptResult.BUSY)
        shown = row_of(lead, words, NOW, UTC)
        return shown.state, shown.next, shown.why

    S, R = LeadState, ReasonCode
    here = f"{later.astimezone():%d.%m, %H:%M}"
    assert row(S.WAITING, waits(R.RETRY, later, result="busy"), later) == (
        "Busy",
        f"from {here}",
        f"Last call: Busy; again {here}",
    )
    assert row(S.WAITING, waits(R.CALLBACK, later), later)[0] == "Call back"
    assert row(S.WAITING, waits(R.GATE, later, rule="pl/hours", reason="it is night"), later)[2] == (
        f"Rule pl/hours: it is night; from {here} on"
    )
    assert row(S.DONE, Reason(R.DISPOSITION, {"disposition": "order"})) == ("Reached", "", "Closed as order")
    assert row(S.WAITING, Reason(R.NO_NUMBER))[2].endswith("?")
    assert row(S.TALKING, Reason(R.ON_THE_LINE))[2] == "There is a call with this person: Talking"
    assert row(S.WAITING, Reason(R.IN_TURN), NOW + timedelta(minutes=1))[1].startswith("today ")
