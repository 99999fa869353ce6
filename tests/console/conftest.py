from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from store.store import Store
from tests.console.offices import Office, open_office
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
