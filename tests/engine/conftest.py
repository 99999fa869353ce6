"""The engine's tests run on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.engine.errand_desk import ErrandDesk
from tests.engine.outbound_stage import Caller, shelf_with_news
from tests.engine.stage import Stage
from tests.virtual_time import VIRTUAL_TIME, LoopFactories


def pytest_asyncio_loop_factories() -> LoopFactories:
    return VIRTUAL_TIME


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged, instead of pictures of it."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def stage(tmp_path: Path, logs: list[MutableMapping[str, Any]]) -> AsyncIterator[Stage]:
    """A hotline of fakes. When the test is over it is closed, and nothing of it may go on or have failed."""
    stage = Stage(tmp_path)
    yield stage
    await stage.switchboard.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"still running after close(): {left}"
    assert "background work failed" not in [entry["event"] for entry in logs]


@pytest.fixture
async def desk() -> AsyncIterator[ErrandDesk]:
    desk = ErrandDesk()
    await desk.begin_call()
    yield desk
    await desk.errands.end()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"still running: {left}"


@pytest.fixture
async def news(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, shelf=shelf_with_news())
    yield stage
    await stage.switchboard.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"still running after close(): {left}"


@pytest.fixture
def caller(news: Stage) -> Caller:
    return Caller(news)
