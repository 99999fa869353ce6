"""A campaign on real Asterisks: one dials, one plays the public, and two SIP telephones take the calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from compliance.facts import Mode, Purpose
from dialer.attempt import Attempt
from dialer.campaign import Campaign, CampaignKind, CampaignMove
from dialer.lead import Lead, LeadCallback, LeadState
from dialer.results import AttemptResult
from engine.clock import SystemClock
from engine.registers.leads import NewLead
from infolinia.configuration import load_configuration
from store.store import open_campaigns
from tests.house import Ports, take_ports
from tests.phone import SipPhone
from tests.public.agents import sip_agents
from tests.public.people import Public, simulated_public
from tests.running import RunningHotline, until
from tests.store.people import WE

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("campaign"),
]

OURS = "+48220000010"
UNKNOWN = """
flow: unknown-number
languages: [en]
always: {agent: bye, trouble: bye}
start: bye
steps:
  bye: {hangup: normal}
"""
PASSWORDS = {"anna": "a password of hers", "jan": "another password"}


def number_of(fate: int) -> str:
    """See tests.public.fates."""
    return f"+482200000{fate:02d}"


@dataclass
class Office:
    hotline: RunningHotline
    public: Public
    phones: list[SipPhone]

    @property
    def url(self) -> str:
        return load_configuration(self.hotline.config).database_url

    async def starts(self, name: str, *fates: int) -> None:
        """A campaign that calls these, who all asked to be called now."""
        clock = SystemClock()
        now = clock.now()
        campaign = Campaign(
            name,
            name.title(),
            CampaignKind.INFORMATION,
            Mode.PROGRESSIVE,
            Purpose.SERVICE,
            now,
            now,
            queue="sales",
            lines=10,
            calls_per_second=10.0,
            ring_seconds=15,
        )
        asked = now - timedelta(minutes=5), now - timedelta(minutes=1), now + timedelta(hours=2)
        people = [
            NewLead(place, ((number_of(fate), ""),), callback=LeadCallback(f"r{fate}", *asked, True))
            for place, fate in enumerate(fates, 1)
        ]
        async with open_campaigns(self.url, clock) as (campaigns, leads, _):
            await campaigns.create(WE, campaign)
            await leads.add(WE, name, people)
            await campaigns.set_state(WE, name, CampaignMove.START)

    async def attempts(self, name: str) -> dict[str, Attempt]:
        """By number, each of which was called once at the most."""
        async with open_campaigns(self.url, SystemClock()) as (_, _, attempts):
            found = (await attempts.page(name)).items
        assert len({one.number for one in found}) == len(found), found
        return {one.number: one for one in found}

    async def lead(self, attempt: Attempt) -> Lead:
        async with open_campaigns(self.url, SystemClock()) as (_, leads, _):
            return await leads.get(attempt.lead)

    async def until_over(self, name: str, count: int, limit_seconds: float = 60) -> dict[str, Attempt]:
        found: dict[str, Attempt] = {}

        async def over() -> bool:
            found.update(await self.attempts(name))
            return sum(one.ended_at is not None for one in found.values()) >= count

        await until(over, f"{count} attempts are over", limit_seconds, self.hotline.log)
        return found


@asynccontextmanager
async def office(folder: Path, ports: Ports, public_ports: Ports) -> AsyncIterator[Office]:
    flows = folder / "flows"
    flows.mkdir()
    (flows / "unknown-number.yaml").write_text(UNKNOWN)
    (folder / "public").mkdir()
    async with simulated_public(folder / "public", public_ports) as public:
        settings = {
            "flows": str(flows),
            "numbers": {},
            "sip": {"trunks": [{"name": "carrier", "hosts": [public.host], "codecs": ["alaw"]}]},
            "agents": {name: {"sip": {"password": password}} for name, password in PASSWORDS.items()},
            "queues": {"sales": {"agents": list(PASSWORDS), "wrap_up": "1s"}},
            "outbound": {"caller_id": OURS, "lines": 10, "calls_per_second": 20},
        }
        hotline = RunningHotline(folder, ports, settings)
        try:
            await hotline.start()
            async with (
                sip_agents(["anna"], PASSWORDS["anna"], ports.sip) as (anna,),
                sip_agents(["jan"], PASSWORDS["jan"], ports.sip) as (jan,),
            ):
                yield Office(hotline, public, [anna, jan])
        finally:
            await hotline.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    with take_ports() as ports, take_ports() as public_ports:
        async with office(tmp_path_factory.mktemp("campaign"), ports, public_ports) as at:
            yield at


async def test_two_agents_talk_with_whoever_answers(at: Office) -> None:
    await at.starts("spring", 12, 13, 14, 50, 52)
    found = await at.until_over("spring", 5)
    results = {number: attempt.result for number, attempt in found.items()}
    assert results == {
        number_of(12): AttemptResult.ANSWERED,
        number_of(13): AttemptResult.ANSWERED,
        number_of(14): AttemptResult.ANSWERED,
        number_of(50): AttemptResult.BUSY,
        number_of(52): AttemptResult.UNALLOCATED,
    }
    talked = [one for one in found.values() if one.result is AttemptResult.ANSWERED]
    assert {one.agent for one in talked} == {"anna", "jan"}
    for one in talked:
        assert one.answered_at is not None
        assert one.connected_at is not None
        assert one.connected_at - one.answered_at < timedelta(seconds=0.5)
    assert [len(phone.calls) for phone in at.phones] == [1, 1]  # their lines stay open between talks
    assert (await at.lead(found[number_of(52)])).state is LeadState.DONE
    rows = [row for row in await at.hotline.history() if row["channel"] == "call"]
    assert len(rows) == 5
    await at.hotline.run("campaign", "finish", "spring")


async def test_an_engine_that_is_killed_in_a_talk_calls_nobody_again(at: Office) -> None:
    await at.starts("autumn", 0)

    async def talks() -> bool:
        return any(one.connected_at is not None for one in (await at.attempts("autumn")).values())

    await until(talks, "an agent talks", 40, at.hotline.log)
    at.hotline.kill()
    await at.hotline.ended()
    await at.hotline.start()
    await asyncio.gather(*(phone.register() for phone in at.phones))
    (attempt,) = (await at.attempts("autumn")).values()
    (phone,) = [phone for phone in at.phones if phone.name == attempt.agent]
    assert phone.talking
    assert attempt.ended_at is None
    phone.hang_up()
    found = await at.until_over("autumn", 1)
    assert found[number_of(0)].result is AttemptResult.ANSWERED
    assert len(at.public.called(number_of(0))) == 1
