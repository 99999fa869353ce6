"""A campaign at a desk in a real browser: leads looked at before they are called, and an open line."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from compliance.facts import Mode, Purpose
from dialer.attempt import Attempt
from dialer.campaign import Campaign, CampaignKind, CampaignMove
from dialer.goals import StopRules
from dialer.lead import Lead, LeadCallback, LeadState
from dialer.preview import PreviewPolicy
from engine.clock import SystemClock
from engine.registers.leads import LeadFilter, NewLead
from infolinia.configuration import load_configuration
from store.opening import open_campaigns
from tests.desk.center import Center, Person, center
from tests.desk.desk_page import band, be_ready, choose_outcome, press, shows
from tests.desk.ears import hear
from tests.house import take_ports
from tests.patience import patient
from tests.public.people import Public, simulated_public
from tests.running import until
from tests.store.people import WE

pytestmark = [
    pytest.mark.live,
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("campaign_desk"),
]

STAYS, TALKS, ALSO_TALKS = "+48220000000", "+48220000071", "+48220000072"
NOT_ASKED, RINGS = "+48220000073", "+48220000060"
OPEN_LINES = "() => (window.peers ?? []).filter((one) => one.connectionState === 'connected').length"


@dataclass
class Desk:
    house: Center
    public: Public
    anna: Person

    @property
    def url(self) -> str:
        return load_configuration(self.house.hotline.config).database_url

    async def starts(
        self,
        name: str,
        mode: Mode,
        *people: tuple[str, bool],
        purpose: Purpose = Purpose.SERVICE,
        **changes: Any,
    ) -> None:
        """A campaign that calls these now, in this order; the second of each: they asked for it."""
        clock = SystemClock()
        now = clock.now()
        campaign = Campaign(
            name,
            name.title(),
            CampaignKind.SALES if purpose is Purpose.MARKETING else CampaignKind.INFORMATION,
            mode,
            purpose,
            now,
            now,
            queue="orders",
            ring_seconds=15,
            stop=StopRules(list_ended=False),
            **changes,
        )
        asked = now - timedelta(minutes=5), now - timedelta(minutes=1), now + timedelta(hours=6)
        leads = [
            NewLead(
                place,
                ((number, "mobile"),),
                name=f"Jan {place}",
                priority=-place,
                fields={"Plan": f"basic {place}"},
                callback=LeadCallback(f"{name}{place}", *asked, True) if wanted else None,
            )
            for place, (number, wanted) in enumerate(people, 1)
        ]
        async with open_campaigns(self.url, clock) as (campaigns, register, _):
            await campaigns.create(WE, campaign)
            await register.add(WE, name, leads)
            await campaigns.set_state(WE, name, CampaignMove.START)

    async def lead(self, campaign: str, number: str) -> Lead:
        async with open_campaigns(self.url, SystemClock()) as (_, leads, _attempts):
            found = (await leads.page(campaign, LeadFilter())).items
        (lead,) = [one for one in found if one.numbers[0].e164 == number]
        return lead

    async def attempt(self, campaign: str, number: str) -> Attempt | None:
        async with open_campaigns(self.url, SystemClock()) as (_, _leads, attempts):
            found = (await attempts.page(campaign)).items
        return next((one for one in found if one.number == number), None)

    async def until_lead(self, campaign: str, number: str, state: LeadState) -> Lead:
        found: list[Lead] = []

        async def so() -> bool:
            found[:] = [await self.lead(campaign, number)]
            return found[0].state is state

        await until(so, f"{number} is {state}", 40, self.house.hotline.log)
        return found[0]

    async def lines(self) -> int:
        """Calls that Anna's browser is on now."""
        return int(await self.anna.page.evaluate(OPEN_LINES))

    async def rung(self) -> int:
        """How often her browser has taken a call, all in all."""
        return int(await self.anna.page.evaluate("() => (window.peers ?? []).length"))

    async def until_lines(self, count: int) -> None:
        async def so() -> bool:
            return await self.lines() == count

        await until(so, f"{count} calls at the browser", 30, self.house.hotline.log)

    async def finish(self, campaign: str) -> None:
        await self.house.hotline.run("campaign", "finish", campaign)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("campaign-desk")
    (folder / "public").mkdir()
    with take_ports() as ports:
        async with simulated_public(folder / "public", ports) as public:
            changes: dict[str, Any] = {
                "sip": {"trunks": [{"name": "carrier", "hosts": [public.host], "codecs": ["ulaw", "alaw"]}]},
                "outbound": {"caller_id": "+48220000010", "lines": 5, "calls_per_second": 20},
            }
            async with center(folder, {"Anna": "agent"}, **changes) as house:
                anna = await house.sign_in("Anna", "/desk")
                await be_ready(anna)
                yield Desk(house, public, anna)
                assert not anna.errors


async def wrapped_up(person: Person, outcome: str) -> None:
    await press(person, "Shift+F2")
    await shows(person, "wrap")
    await choose_outcome(person, outcome)
    await press(person, "Control+Enter")


async def test_a_lead_is_looked_at_then_skipped_called_or_refused(at: Desk) -> None:
    policy = PreviewPolicy(skip_reasons=("Wrong hour",))
    people = ((STAYS, True), (TALKS, True))
    await at.starts("autumn", Mode.PREVIEW, *people, preview=policy, preview_seconds=300)
    anna, page = at.anna, at.anna.page
    await shows(anna, "lead")
    await expect(band(anna)).to_contain_text("Jan 1")
    await expect(band(anna)).to_contain_text("A callback was promised")
    await expect(page.locator("#desk-customer")).to_contain_text("basic 1")
    await expect(page.locator("#the-band [data-until]")).to_have_text(re.compile(r"[45]:\d\d"))

    await band(anna).get_by_role("button", name="Wrong hour").click()
    await expect(band(anna)).to_contain_text("Jan 2")
    skipped = await at.lead("autumn", STAYS)
    assert (skipped.skips, skipped.attempts, skipped.reason.data["why"]) == (1, 0, "Wrong hour")

    await press(anna, "F2")
    await shows(anna, "talking")
    await wrapped_up(anna, "Sale")
    done = await at.until_lead("autumn", TALKS, LeadState.DONE)
    attempt = await at.attempt("autumn", TALKS)
    assert attempt is not None
    assert (attempt.agent, attempt.mode, done.last_disposition) == ("anna", Mode.PREVIEW, "sale")

    await at.finish("autumn")
    # Nobody has agreed to be sold anything: the rules forbid it, which is told.
    await at.starts("summer", Mode.PREVIEW, (NOT_ASKED, False), purpose=Purpose.MARKETING)
    await shows(anna, "lead")
    await press(anna, "F2")
    await expect(page.locator("#toasts .bad")).to_be_visible()
    await shows(anna, "idle")
    assert [one.number for one in at.public.calls] == [TALKS]
    assert (await at.lead("summer", NOT_ASKED)).attempts == 0
    await at.finish("summer")


async def test_a_browser_on_the_open_line_talks_with_one_after_the_other(at: Desk) -> None:
    anna = at.anna
    before = len(at.public.calls)
    await at.starts("spring", Mode.PROGRESSIVE, (TALKS, True), (ALSO_TALKS, True))
    await shows(anna, "talking")
    await expect(band(anna)).to_contain_text("+48 22 000 00 7")
    assert await at.lines() == 1
    rung = await at.rung()
    await anna.heard()

    async def hears() -> bool:
        heard = await anna.heard()
        return bool(heard.size) and int(abs(heard).max()) > 300

    await until(hears, "Anna hears them", 15, at.house.hotline.log)
    await wrapped_up(anna, "Sale")
    # The next one comes over the same line: nothing has rung.
    await shows(anna, "talking")
    assert await at.rung() == rung
    await wrapped_up(anna, "Sale")
    for number in (TALKS, ALSO_TALKS):
        await at.until_lead("spring", number, LeadState.DONE)
        attempt = await at.attempt("spring", number)
        assert attempt is not None
        assert attempt.answered_at is not None
        assert attempt.connected_at is not None
        waited = (attempt.connected_at - attempt.answered_at).total_seconds()
        assert waited < patient(1.5), waited  # the figure itself is measured by bench.campaign_live
    assert len(at.public.calls) == before + 2
    await at.finish("spring")
    await at.until_lines(0)


async def test_a_waiting_caller_takes_the_place_of_the_open_line(at: Desk) -> None:
    anna = at.anna
    await at.starts("winter", Mode.PROGRESSIVE, (RINGS, True), lines=1)
    await at.until_lines(1)
    rung = await at.rung()
    caller = await at.house.caller(keys="1")
    await shows(anna, "ringing")
    await press(anna, "F2")
    await shows(anna, "talking")
    await hear(caller, "anna")
    assert await at.lines() == 1
    assert await at.rung() == rung + 1
    await wrapped_up(anna, "Sale")
    # A break ends the line that was opened again.
    await at.until_lines(1)
    await anna.page.locator("#status-menu summary").click()
    await anna.page.locator("#status-menu [data-status=break]").first.click()
    await at.until_lines(0)
    await at.finish("winter")
