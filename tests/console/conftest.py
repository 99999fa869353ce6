from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

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
