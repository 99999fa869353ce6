"""A campaign on real Asterisks: one dials, one plays the public, and two SIP telephones take the calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
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
from store.opening import open_campaigns
from tests.house import Ports, take_ports
from tests.patience import patient
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
    token: str = ""

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

    async def keeps_callbacks(self, name: str, topic: str) -> None:
        """A campaign that keeps the callbacks of this topic."""
        clock = SystemClock()
        now = clock.now()
        campaign = Campaign(
            name,
            name.title(),
            CampaignKind.CALLBACK,
            Mode.PROGRESSIVE,
            Purpose.SERVICE,
            now,
            now,
            queue="sales",
            topics=(topic,),
            lines=10,
            calls_per_second=10.0,
            ring_seconds=15,
        )
        async with open_campaigns(self.url, clock) as (campaigns, _, _):
            await campaigns.create(WE, campaign)
            await campaigns.set_state(WE, name, CampaignMove.START)

    async def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        if not self.token:
            scopes = ("callbacks:read", "callbacks:write", "contacts:read")
            asked = [word for scope in scopes for word in ("--scope", scope)]
            _, output, _ = await self.hotline.run("tokens", "add", "shop", *asked)
            self.token = output.strip()
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.hotline.web}/api/v1/{path}"
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, url, json=body) as answer,
        ):
            found: dict[str, Any] = await answer.json()
            assert answer.ok, found
            return found

    async def asks(self, number: str, **more: str) -> str:
        """Now and for two hours, by their own choice: whatever the hour is."""
        now = SystemClock().now()
        window = {
            "window_from": (now - timedelta(minutes=1)).isoformat(),
            "window_to": (now + timedelta(hours=2)).isoformat(),
        }
        return str((await self.api("POST", "callbacks", {"number": number, **window, **more}))["id"])

    async def request(self, id: str) -> dict[str, Any]:
        return await self.api("GET", f"callbacks/{id}")

    async def timeline(self, contact: str) -> list[dict[str, Any]]:
        rows = await self.hotline.history()
        return [row for row in rows if row["contact_id"] == contact]

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

                async def both_are_known() -> bool:
                    return await hotline.free_agents() == 2

                await until(both_are_known, "both agents are there", 15, hotline.log)
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
        # No telephone had to ring first; the figure itself is measured by bench.campaign_live.
        assert one.connected_at - one.answered_at < timedelta(seconds=patient(1.5))
    assert [len(phone.calls) for phone in at.phones] == [1, 1]  # their lines stay open between talks
    assert (await at.lead(found[number_of(52)])).state is LeadState.DONE
    rows = [row for row in await at.hotline.history() if row["channel"] == "call"]
    assert len(rows) == 5
    await at.hotline.run("campaign", "finish", "spring")


async def test_who_asks_over_the_api_is_called_back_and_kept(at: Office) -> None:
    await at.keeps_callbacks("promises", "orders")
    kept = await at.asks(number_of(11), topic="orders", note="about the blue one")
    unknown = await at.asks(number_of(52), topic="orders")
    await at.asks(number_of(11), topic="orders")  # renewed, not doubled

    async def over() -> bool:
        states = [(await at.request(one))["state"] for one in (kept, unknown)]
        return "open" not in states and "dialling" not in states

    await until(over, "both callbacks are over", 90, at.hotline.log)
    found = await at.request(kept)
    assert (found["state"], found["requests"], found["attempts"]) == ("kept", 2, 1)
    assert found["ended_by"] in PASSWORDS
    gone = await at.request(unknown)
    assert gone["state"] == "broken"
    assert "does not exist" in str(gone["ended_reason"])
    attempts = await at.attempts("promises")
    assert set(attempts) == {number_of(11), number_of(52)}
    for request in (found, gone):
        of_theirs = [one for one in attempts.values() if one.callback == request["id"]]
        history = await at.timeline(str(request["contact_id"]))
        called = {one["subject_id"] for one in history if one["campaign"] == "promises"}
        assert called == {one.id for one in of_theirs}
        assert len(called) == 1
    lead = await at.lead(attempts[number_of(11)])
    assert (lead.state, lead.fields["note"]) == (LeadState.DONE, "about the blue one")
    await at.hotline.run("campaign", "finish", "promises")


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
