"""PacerKeeping: a campaign's pacer, made for its settings as they are, and its knowledge in the database."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from compliance.facts import Mode
from dialer.campaign import Campaign
from dialer.machine import DetectionCounts
from dialer.pacing import Pacer, PacingSettings, create_pacer
from engine.dialling.agentless import Agentless
from engine.dialling.means import DiallingMeans
from engine.dialling.pacing_of import settings_of
from engine.registers.campaigns import Lease

KNOWLEDGE_SECONDS = 60.0


class PacerKeeping:
    """Of one campaign. `pacer` None: it has none yet, or its agents call the leads themselves."""

    def __init__(self, means: DiallingMeans) -> None:
        self.pacer: Pacer | None = None
        self._means = means
        self._made_for: tuple[Mode, PacingSettings] | None = None
        self._kept_at = -1e9

    async def make(self, campaign: Campaign, heard: DetectionCounts) -> None:
        """Anew where mode or settings have changed; it goes on with what was learned.

        Raises StoreUnavailable, Missing.
        """
        means, now = self._means, self._means.exchange.clock.now()
        settings = settings_of(campaign, means.limits(campaign), means.dialling(campaign, now), now, heard)
        made_for = (campaign.mode, replace(settings, horizon=None))
        if made_for == self._made_for:
            return
        if campaign.mode is Mode.PREVIEW:
            self.pacer, self._made_for = None, made_for
            return
        if campaign.mode is Mode.AGENTLESS:
            self.pacer = Agentless()
        else:
            known = None if self.pacer is None else self.pacer.knowledge()
            if known is None:
                known = dict(await means.campaigns.knowledge(campaign.id) or {}) or None
            mode: Literal["progressive", "predictive"] = (
                "predictive" if campaign.mode is Mode.PREDICTIVE else "progressive"
            )
            self.pacer = create_pacer(mode, settings, known)
        self._made_for = made_for

    def due(self) -> bool:
        """Whether its knowledge was last kept long enough ago."""
        return self._means.exchange.clock.monotonic() - self._kept_at >= KNOWLEDGE_SECONDS

    async def keep(self, lease: Lease) -> None:
        """Raises StoreUnavailable, Missing, and Changed when another engine has the campaign by now."""
        self._kept_at = self._means.exchange.clock.monotonic()
        if self.pacer is not None:
            await self._means.campaigns.keep_knowledge(lease, self.pacer.knowledge())
