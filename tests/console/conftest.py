from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp.test_utils import TestClient, TestServer

from console.accounts.passwords import Passwords
from engine.registers.access import Role
from history.contact import Contact
from store.store import Store
from tests.console.desk_stage import StagedDesks, idle
from tests.console.offices import Desk, Office, open_office
from tests.console.people import add_anna
from tests.console.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    return Stage(recordings)


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[TestClient]:
    async with TestClient(TestServer(stage.application(), host="127.0.0.1")) as client:
        yield client


@pytest.fixture
async def office(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Office]:
    """Nobody was added yet."""
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_office(stage, store) as opened:
        yield opened


@pytest.fixture
async def desk(office: Office, stage: Stage) -> Desk:
    assert stage.people is not None
    await office.add("Jan", Role.SUPERVISOR)
    assert (await office.sign_in("Jan")).status == 303
    return Desk(office, stage, stage.people, await office.csrf())


@pytest.fixture
async def anna(desk: Desk) -> Contact:
    return await add_anna(desk.people)


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(passes=1, memory_kib=64)


@pytest.fixture
def desks(stage: Stage) -> StagedDesks:
    staged = StagedDesks(idle(stage.clock.now()))
    stage.desks = cast(Any, staged)
    return staged


@pytest.fixture
async def at_desk(
    stage: Stage, desks: StagedDesks, tmp_path: Path, make_store: Callable[..., Store]
) -> AsyncIterator[Office]:
    """Anna, an agent, has signed in."""
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    async with open_office(stage, store) as office:
        await office.add("Jan", Role.ADMIN)
        await office.add("Anna", Role.AGENT)
        assert (await office.sign_in("Anna")).status == 303
        yield office
