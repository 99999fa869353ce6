"""The last forecast that was made of each campaign, whoever made it and wherever.

Every method raises StoreUnavailable.
"""

from __future__ import annotations

from typing import Protocol

from engine.forecasts import KeptForecast


class CampaignForecasts(Protocol):
    async def keep(self, made: KeptForecast) -> None:
        """Instead of the campaign's last one, unless that was ended later. It is done, with its result.

        Raises Missing when there is no such campaign.
        """

    async def latest(self, campaign: str) -> KeptForecast | None: ...
