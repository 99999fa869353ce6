"""Chats are led in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.chats.stage import ChatStage
from tests.virtual_time import VIRTUAL_TIME, LoopFactories


def pytest_asyncio_loop_factories() -> LoopFactories:
    return VIRTUAL_TIME


@pytest.fixture
async def stage() -> AsyncIterator[ChatStage]:
    """An engine's chats. When the test is over they are closed, and nothing of them may go on."""
    stage = ChatStage()
    await stage.chats.start()
    yield stage
    await stage.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"still running after close(): {left}"
