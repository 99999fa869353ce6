"""Calls of an engine that died and does not come back: whoever dials the campaign now frees their leads.

An engine that comes back in time closes its own calls, by Asterisk's log (engine.recovery).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from dialer.attempt import ended
from dialer.campaign import Campaign
from engine.dialling.after_calls import AfterCalls
from engine.dialling.attempt_folding import attempt_after
from engine.dialling.means import DiallingMeans

# No call lasts so long: what was begun before and has not ended is nobody's any more.
FORGOTTEN_AFTER = timedelta(hours=4)
LOOK_EVERY = timedelta(minutes=1)

log = structlog.get_logger(__name__)


class ForgottenCalls:
    def __init__(self, means: DiallingMeans) -> None:
        self._means = means
        self._after = AfterCalls(means)
        self._looked_at: datetime | None = None

    async def close(self, campaigns: Mapping[str, Campaign]) -> None:
        """Those of other engines in `campaigns`, which this one dials for. Looks once a minute.

        Raises StoreUnavailable and LedgerUnavailable; then it is done at the next look.
        """
        means = self._means
        now = means.exchange.clock.now()
        if not campaigns or (self._looked_at is not None and now - self._looked_at < LOOK_EVERY):
            return
        before = now - FORGOTTEN_AFTER
        for attempt in await means.attempts.forgotten(means.exchange.node, before, campaigns.keys()):
            campaign = campaigns[attempt.campaign]
            events = await means.queries.events(attempt.id)
            known = attempt_after(attempt, events)
            if known.ended_at is None:
                known = ended(known, now, None, lost=True)
            # One step ahead of what its own engine would write of the same events.
            if await self._after.over(campaign, known, 2 * len(events) + 2, events):
                log.warning("a call was forgotten by its engine", call=attempt.id, node=attempt.node)
        self._looked_at = now
