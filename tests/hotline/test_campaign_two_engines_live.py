"""Two engines, one campaign, one PostgreSQL: one of them dials; the other goes on when it is killed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dialer.lead import LeadState
from dialer.recycling import AttemptCaps, Recycling, RetryRules
from dialer.results import AttemptResult
from tests.hotline.campaign_house import CampaignHouse, number_of, settings_for
from tests.house import take_ports
from tests.postgres import PostgresServer, binaries
from tests.public.people import simulated_public
from tests.running import RunningHotline

pytestmark = [pytest.mark.live, pytest.mark.postgres, pytest.mark.timeout(240)]

# Of whom nothing is known is called again after the test.
LATER = RetryRules({AttemptResult.NO_ANSWER: Recycling(3600, 5)}, AttemptCaps(6, 6, 6, 0))


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed here")
    server = PostgresServer()
    try:
        server.start()
        server.sql("CREATE DATABASE hotline")
        yield server
    finally:
        server.remove()


async def test_one_engine_dials_and_the_other_goes_on_when_it_is_killed(
    tmp_path: Path, server: PostgresServer
) -> None:
    numbers = [number_of(12, person) for person in range(12)]
    with ExitStack() as stack:
        ports = [stack.enter_context(take_ports()) for _ in range(3)]
        folders = [tmp_path / name for name in ("public", "here", "there")]
        for folder in folders:
            folder.mkdir()
        async with simulated_public(folders[0], ports[0]) as public:
            hotlines = {
                folder.name: RunningHotline(
                    folder,
                    block,
                    settings_for(public, folder, node=folder.name, database=server.url("hotline")),
                )
                for folder, block in zip(folders[1:], ports[1:], strict=True)
            }
            try:
                await hotlines["here"].start()  # it makes the tables
                await hotlines["there"].start()
                at = CampaignHouse(hotlines["here"], public)
                await at.starts("shared", *numbers, retry=LATER, lines=2, calls_per_second=0.5)
                found = await at.until_attempts("shared", lambda found: len(found) >= 3, "three were called")
                (first,) = {one.node for one in found}
                assert first is not None
                hotlines[first].kill()
                await hotlines[first].ended()
                (other,) = hotlines.keys() - {first}
                at.hotline = hotlines[other]
                found = await at.until_attempts(
                    "shared", lambda found: len(found) == len(numbers), "the other has called the rest", 90
                )
                assert Counter(one.node for one in found)[other] >= 3
                await hotlines[first].start()  # it tells what became of its own last calls
                leads = await at.until_leads(
                    "shared",
                    lambda leads: (
                        not any(one.reserved_by for one in leads.values())
                        and {one.state for one in leads.values()} <= {LeadState.DONE, LeadState.WAITING}
                    ),
                    "nobody is lost",
                )
                assert all(one.ended_at is not None for one in await at.attempts("shared"))
                assert [len(public.called(number)) for number in numbers] == [1] * len(numbers)
                assert sum(one.state is LeadState.DONE for one in leads.values()) >= len(numbers) - 2
            finally:
                await asyncio.gather(*(hotline.stop() for hotline in hotlines.values()))
