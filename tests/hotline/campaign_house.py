"""A hotline that dials campaigns to a simulated public, and dies where a test tells it to."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from compliance.facts import Mode, Purpose
from dialer.attempt import Attempt
from dialer.campaign import Campaign, CampaignKind, CampaignMove
from dialer.lead import Lead, LeadCallback
from dialer.recycling import AttemptCaps, Recycling, RetryRules
from dialer.results import AttemptResult
from engine.clock import SystemClock
from engine.registers.leads import LeadFilter, NewLead
from infolinia.configuration import load_configuration
from store.opening import open_campaigns
from tests.house import Ports
from tests.public.people import Public, simulated_public
from tests.running import RunningHotline, until
from tests.store.people import WE

OURS = "+48220000010"
_ALWAYS = "languages: [en]\nalways: {agent: bye, trouble: bye}\n"
_SAYS = """
flow: %s
%sstart: told
steps:
  told: {say: {text: {en: "%s"}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""
FLOWS = {
    "unknown-number": f"flow: unknown-number\n{_ALWAYS}start: bye\nsteps:\n  bye: {{hangup: normal}}\n",
    "news": _SAYS % ("news", _ALWAYS, "Your parcel is here."),
    "for-machines": _SAYS % ("for-machines", _ALWAYS, "Please call us back."),
}
# The program as it is, which kills itself where the file `dies` says: a call is written and not about to be
# dialled; it is about to be; it is dialled.
_MORTAL = """
import os, signal, sys
from pathlib import Path
from asterisk.control import AsteriskControl
from engine.dialling.campaign_call import CampaignCall
from infolinia.entry import main

def dies(point):
    if Path("dies").exists() and Path("dies").read_text() == point:
        Path("dies").unlink()
        os.kill(os.getpid(), signal.SIGKILL)

rings, originates = CampaignCall._ring, AsteriskControl.originate

async def ring(self):
    dies("written")
    await rings(self)

async def originate(self, *arguments, **more):
    dies("about to dial")
    await originates(self, *arguments, **more)
    dies("dialled")

CampaignCall._ring, AsteriskControl.originate = ring, originate
sys.exit(main())
"""
# Who was not reached, or of whom nothing is known, is called again at once.
AT_ONCE = RetryRules({AttemptResult.NO_ANSWER: Recycling(1, 5)}, AttemptCaps(6, 6, 6, 0))


def number_of(fate: int, person: int = 0) -> str:
    """See tests.public.fates."""
    return f"+4822000{person:02d}{fate:02d}"


@dataclass
class CampaignHouse:
    hotline: RunningHotline
    public: Public
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return load_configuration(self.hotline.config).database_url

    def dies(self, point: str) -> None:
        (self.hotline.folder / "dies").write_text(point)

    async def starts(self, name: str, *numbers: str, **changed: Any) -> None:
        """An information campaign without agents; its people asked to be called now."""
        clock = SystemClock()
        now = clock.now()
        values: dict[str, Any] = {
            "mode": Mode.AGENTLESS,
            "flow": "news",
            "lines": 10,
            "calls_per_second": 10.0,
            "ring_seconds": 15,
            "retry": AT_ONCE,
            **changed,
        }
        kind, purpose = CampaignKind.INFORMATION, Purpose.SERVICE
        mode = values.pop("mode")
        campaign = Campaign(name, name.title(), kind, mode, purpose, now, now, **values)
        asked = now - timedelta(minutes=5), now - timedelta(minutes=1), now + timedelta(hours=2)
        people = [
            NewLead(place, ((number, ""),), callback=LeadCallback(f"{name}-{place}", *asked, True))
            for place, number in enumerate(numbers, 1)
        ]
        async with open_campaigns(self.url, clock) as (campaigns, leads, _):
            await campaigns.create(WE, campaign)
            await leads.add(WE, name, people)
            await campaigns.set_state(WE, name, CampaignMove.START)

    async def finishes(self, name: str) -> None:
        async with open_campaigns(self.url, SystemClock()) as (campaigns, _, _):
            campaign = await campaigns.get(name)
            if campaign.finished_at is None:
                await campaigns.set_state(WE, name, CampaignMove.FINISH)

    async def attempts(self, name: str) -> list[Attempt]:
        async with open_campaigns(self.url, SystemClock()) as (_, _, attempts):
            return list((await attempts.page(name, limit=100)).items)

    async def leads(self, name: str) -> dict[str, Lead]:
        """By number."""
        async with open_campaigns(self.url, SystemClock()) as (_, leads, _):
            found = (await leads.page(name, LeadFilter(), limit=100)).items
        return {lead.numbers[0].e164: lead for lead in found}

    async def until_attempts(
        self, name: str, so: Callable[[list[Attempt]], bool], what: str, limit_seconds: float = 60
    ) -> list[Attempt]:
        found: list[Attempt] = []

        async def is_so() -> bool:
            found[:] = await self.attempts(name)
            return so(found)

        await until(is_so, what, limit_seconds, self.hotline.log)
        return found

    async def until_leads(
        self, name: str, so: Callable[[dict[str, Lead]], bool], what: str, limit_seconds: float = 60
    ) -> dict[str, Lead]:
        found: dict[str, Lead] = {}

        async def is_so() -> bool:
            found.clear()
            found.update(await self.leads(name))
            return so(found)

        await until(is_so, what, limit_seconds, self.hotline.log)
        return found


def settings_for(public: Public, folder: Path, **changed: Any) -> dict[str, Any]:
    flows = folder / "flows"
    flows.mkdir()
    for name, text in FLOWS.items():
        (flows / f"{name}.yaml").write_text(text)
    return {
        "flows": str(flows),
        "numbers": {},
        "sip": {"trunks": [{"name": "carrier", "hosts": [public.host], "codecs": ["alaw"]}]},
        "outbound": {
            "caller_id": OURS,
            "company": "Example",
            "lines": 20,
            "calls_per_second": 20,
            "flows": ["news", "for-machines"],
        },
        **changed,
    }


def mortal(folder: Path, ports: Ports, settings: Mapping[str, Any]) -> RunningHotline:
    program = folder / "mortal.py"
    program.write_text(_MORTAL)
    return RunningHotline(folder, ports, settings, program=(sys.executable, str(program)))


@asynccontextmanager
async def campaign_house(
    folder: Path, ports: Ports, public_ports: Ports, **changed: Any
) -> AsyncIterator[CampaignHouse]:
    (folder / "public").mkdir()
    async with simulated_public(folder / "public", public_ports) as public:
        hotline = mortal(folder, ports, settings_for(public, folder, **changed))
        try:
            await hotline.start()
            yield CampaignHouse(hotline, public)
        finally:
            await hotline.stop()
