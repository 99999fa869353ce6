"""The engine's tests run on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.stage import Stage
from tests.virtual_time import VIRTUAL_TIME, LoopFactories


def pytest_asyncio_loop_factories() -> LoopFactories:
    return VIRTUAL_TIME


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A hotline of fakes. When the test is over it is closed, and nothing of it may go on."""
    stage = Stage(tmp_path)
    yield stage
    await stage.switchboard.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"still running after close(): {left}"
