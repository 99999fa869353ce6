"""The engine's tests run on virtual time."""

from __future__ import annotations

from tests.virtual_time import VIRTUAL_TIME, LoopFactories


def pytest_asyncio_loop_factories() -> LoopFactories:
    return VIRTUAL_TIME
