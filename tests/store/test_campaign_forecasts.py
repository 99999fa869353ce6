"""The last forecast of a campaign outlives the engine, whoever made it, and knows what was changed since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.forecasts import (
    ForecastOrder,
    ForecastPlace,
    ForecastState,
    KeptForecast,
    changed_since,
    settings_of,
)
from engine.registers.refusals import Missing
from store.store import Store
from tests.conftest import HandClock
from tests.store.campaign_samples import campaign
from tests.store.people import WE

ORDER = ForecastOrder(12, 10, (5, -2), ForecastPlace.PAGE, "person:1")


def made(clock: HandClock, **more: object) -> KeptForecast:
    result = {"campaign": "spring", "notes": ["Nobody."], "forecast": None}
    known = KeptForecast(
        "spring", ORDER, clock.now(), ForecastState.DONE, ended_at=clock.now(), result=result
    )
    return replace(known, settings=settings_of(campaign()), **more)  # type: ignore[arg-type]


async def test_the_last_one_is_there_after_a_restart(
    store: Store, make_store: Callable[..., Store], url: str, clock: HandClock
) -> None:
    await store.campaigns.create(WE, campaign())
    assert await store.campaign_forecasts.latest("spring") is None
    first = made(clock)
    await store.campaign_forecasts.keep(first)
    await store.close()
    again = make_store(url)
    await again.start()
    assert await again.campaign_forecasts.latest("spring") == first
    clock.pass_seconds(60)
    second = made(clock, order=replace(ORDER, place=ForecastPlace.COMMAND, by="command:anna"))
    await again.campaign_forecasts.keep(second)
    late = made(clock, ended_at=clock.now() - timedelta(seconds=30))
    await again.campaign_forecasts.keep(late)  # it ended before
    assert await again.campaign_forecasts.latest("spring") == second
    with pytest.raises(Missing):
        await again.campaign_forecasts.keep(replace(second, campaign="none"))


async def test_what_was_changed_since_is_told_but_for_names_and_states(
    store: Store, clock: HandClock
) -> None:
    known = await store.campaigns.create(WE, campaign())
    await store.campaign_forecasts.keep(made(clock))
    kept = await store.campaign_forecasts.latest("spring")
    assert kept is not None
    assert changed_since(kept, known) == ()
    renamed = await store.campaigns.change(WE, replace(known, name="Another", script="Hello"))
    assert changed_since(kept, renamed) == ()
    caps = replace(known.retry, caps=replace(known.retry.caps, lead=7))
    other = replace(renamed, lines=7, caller_ids={"": "+48220000009"}, retry=caps)
    assert changed_since(kept, await store.campaigns.change(WE, other)) == ("caller_ids", "lines", "retry")
    older = {name: value for name, value in kept.settings.items() if name != "lines"}
    assert changed_since(replace(kept, settings=older), replace(known, lines=7)) == ()
