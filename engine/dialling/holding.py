"""Why a campaign decides nothing now, by everything that it is dialled with."""

from __future__ import annotations

from compliance.facts import Mode
from dialer.campaign import Campaign
from engine.dialling.held import Held, held, held_by_flow, held_by_trunk
from engine.dialling.means import DiallingMeans
from engine.dialling.trunks import Trunks


def held_now(
    campaign: Campaign, means: DiallingMeans, trunks: Trunks, *, leased: bool, counted: bool
) -> Held | None:
    """`leased`: by this engine. `counted`: its counters are known. None: nothing holds it."""
    now = means.exchange.clock.now()
    found = held(
        campaign,
        leased=leased,
        counted=counted,
        connected=means.switchboard.connected,
        open_now=means.dialling(campaign, now),
    )
    if found is not None:
        return found
    flow, mode = campaign.flow, campaign.mode
    led = mode is Mode.AGENTLESS or (flow is not None and mode is not Mode.PREVIEW)
    if led and means.exchange.flows.by_name(flow or "") is None:
        return held_by_flow(flow)
    if sentence := trunks.why_not(now):
        return held_by_trunk(trunks.trunk, sentence)
    return None
