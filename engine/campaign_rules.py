"""What holds for a campaign: the packs that it keeps, its hours, and what is wrong before it starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from compliance.facts import Channel
from compliance.gate import PACKS, limits
from compliance.pack import CampaignLimits, Pack
from dialer.campaign import Campaign, CampaignMove
from dialer.checking import Known, check, gone
from dialer.machine import DetectionCounts
from dialer.mistakes import Mistake
from dialer.schedule import Dialling, dialling
from engine.ports import Clock
from engine.registers.actor import Actor
from engine.registers.campaigns import Campaigns
from engine.registers.refusals import Refused
from engine.rulebook import RuleBook
from schedules.opening_hours import OpeningHours

# After these it dials: nothing may be wrong with it.
_DIALS = frozenset({CampaignMove.START, CampaignMove.RESUME})


class HasMistakes(Refused):
    """The campaign cannot start. `mistakes` are those that block it; the message has the first one."""

    def __init__(self, campaign: str, mistakes: Sequence[Mistake]) -> None:
        more = f" ({len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        super().__init__(f"Campaign {campaign!r}: {mistakes[0].field}: {mistakes[0].sentence}{more}", "state")
        self.mistakes = tuple(mistakes)


class CampaignRules:
    """`known` tells the names that the installation has, as they are now; `hours` a schedule by its name."""

    def __init__(
        self,
        rules: RuleBook,
        campaigns: Campaigns,
        clock: Clock,
        *,
        known: Callable[[], Known],
        hours: Callable[[str], OpeningHours | None],
    ) -> None:
        self._rules = rules
        self._campaigns = campaigns
        self._clock = clock
        self._known = known
        self._hours = hours

    def put(self, known: Callable[[], Known], hours: Callable[[str], OpeningHours | None]) -> None:
        """As a later configuration has them."""
        self._known, self._hours = known, hours

    def known(self) -> Known:
        """The names that a campaign may use."""
        return self._known()

    def packs(self, campaign: Campaign) -> tuple[Pack, ...]:
        """Those that it names, of its purpose, and of our own country.

        The gate asks those of each callee's country beside them.
        """
        return self._rules.packs(
            Channel.CALL,
            campaign.purpose,
            campaign.mode,
            (),
            self._clock.now(),
            campaign=campaign.id,
            more=[name for name in campaign.packs if name in PACKS],
        )

    def limits(self, campaign: Campaign) -> CampaignLimits:
        return limits(self.packs(campaign))

    def dialling(self, campaign: Campaign, now: datetime) -> Dialling:
        """Whether it may dial by its own hours and days. Hours that are not there any more are closed."""
        if campaign.hours is None:
            return dialling(campaign, None, now)
        hours = self._hours(campaign.hours)
        return Dialling(False, None) if hours is None else dialling(campaign, hours, now)

    def gone(self, campaign: Campaign) -> str:
        """What it cannot dial without and is not there any more, in a sentence; "": nothing is missing."""
        missing = gone(campaign, self._known())
        return missing[0].sentence if missing else ""

    async def mistakes(self, campaign: Campaign) -> tuple[Mistake, ...]:
        """All mistakes and notes. Raises StoreUnavailable."""
        packs = self.packs(campaign)
        return check(campaign, limits(packs), self._known(), await self.heard(campaign), packs)

    async def heard(self, campaign: Campaign) -> DetectionCounts:
        """What its machine detection has said so far. Raises StoreUnavailable."""
        counted = await self._campaigns.counters(campaign.id, campaign.created_at)
        return DetectionCounts(counted.live, counted.machines, counted.audited, counted.mistaken)

    async def move(
        self, actor: Actor, id: str, move: CampaignMove, note: str, *, version: int | None = None
    ) -> Campaign:
        """By a person's word. Raises HasMistakes, and all that `Campaigns.set_state` raises."""
        if move in _DIALS:
            campaign = await self._campaigns.get(id)
            blocking = [one for one in await self.mistakes(campaign) if one.blocks]
            if blocking:
                raise HasMistakes(id, blocking)
            version = campaign.version if version is None else version  # what was checked is what starts
        return await self._campaigns.set_state(actor, id, move, note=note, version=version)
