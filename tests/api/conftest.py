"""`api`: the REST API on a real server over a real store, and clients that may do what a test says.

The database is SQLite; a test that is marked @both_databases (tests.api.serving) runs on PostgreSQL too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.serving import RunningApi, running_api
from tests.api.things import Things


@pytest.fixture
def api_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The store's database. `indirect` parameter "postgresql" asks for the real one."""
    if getattr(request, "param", "sqlite") == "postgresql":
        given: str = request.getfixturevalue("postgres_url")
        return given
    return f"sqlite:///{tmp_path}/infolinia.db"


@pytest.fixture
async def api(api_url: str, tmp_path: Path) -> AsyncIterator[RunningApi]:
    async with running_api(api_url, tmp_path) as running:
        yield running


@pytest.fixture
def things() -> Things:
    """Operations of the test's own, served by `thing_api`."""
    return Things()


@pytest.fixture
async def thing_api(api_url: str, tmp_path: Path, things: Things) -> AsyncIterator[RunningApi]:
    async with running_api(api_url, tmp_path, extra=things.operations()) as running:
        yield running
