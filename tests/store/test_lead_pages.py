"""Pages of a list by filter: each lead once and in order, whichever way the database finds it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from dialer.lead import Lead, LeadState
from dialer.reasons import Reason, ReasonCode
from engine.registers.leads import LeadFilter
from store import lead_paging
from store.store import Store
from tests.conftest import HandClock
from tests.store.campaign_samples import add, listed, reserve, running

KINDS = [
    (LeadState.WAITING, ReasonCode.IN_TURN),
    (LeadState.WAITING, ReasonCode.RETRY),
    (LeadState.DONE, ReasonCode.DISPOSITION),
    (LeadState.STOPPED, ReasonCode.GATE_FOREVER),
    (LeadState.STOPPED, ReasonCode.REMOVED),
]
FILTERS = [
    LeadFilter(),
    LeadFilter(states=(LeadState.WAITING,)),
    LeadFilter(states=(LeadState.WAITING, LeadState.RESERVED, LeadState.TALKING)),
    LeadFilter(reasons=(ReasonCode.REMOVED, ReasonCode.RETRY)),
    LeadFilter(reasons=(ReasonCode.RESERVED,)),
    LeadFilter(states=(LeadState.STOPPED,), reasons=(ReasonCode.GATE_FOREVER,)),
    LeadFilter(search="anna 3"),
    LeadFilter(search="+4860000001"),
    LeadFilter(search="anna", states=(LeadState.DONE,)),
    LeadFilter(search="+486", reasons=(ReasonCode.REMOVED,)),
    LeadFilter(search="nobody"),
]


def fits(lead: Lead, wanted: LeadFilter) -> bool:
    search = wanted.search or ""
    found = lead.name.lower().startswith(search) or lead.numbers[0].e164.startswith(search)
    return (
        found
        and (not wanted.states or lead.state in wanted.states)
        and (not wanted.reasons or lead.reason.code in wanted.reasons)
    )


async def all_pages(store: Store, wanted: LeadFilter, limit: int) -> list[str]:
    found: list[str] = []
    after: Sequence[str] | None = None
    while True:
        page = await store.leads.page("spring", wanted, limit=limit, after=after)
        assert 0 < len(page.items) <= limit or not found
        found += [lead.id for lead in page.items]
        after = page.after
        if after is None:
            return found


@pytest.mark.parametrize("many", [False, True])
async def test_every_filter_gives_each_lead_once_in_order(
    store: Store, clock: HandClock, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    if many:  # more than are read whole
        monkeypatch.setattr(lead_paging, "MOST_FOUND", 3)
    at_random = random.Random(3)
    await running(store)
    places = await add(store, *(listed(n) for n in range(40)))
    reserved = {lead.id for lead in await reserve(store, clock, 6)}
    for number in places.values():
        if number not in reserved:
            state, code = at_random.choice(KINDS)
            lead = await store.leads.get(number)
            assert not await store.leads.keep([replace(lead, state=state, reason=Reason(code))])
    whole = [await store.leads.get(places[place]) for place in sorted(places)]  # as the file had them
    for wanted in FILTERS:
        expected = [lead.id for lead in whole if fits(lead, wanted)]
        assert await all_pages(store, wanted, 4) == expected, wanted
        assert await all_pages(store, wanted, 100) == expected, wanted
