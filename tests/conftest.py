"""A test that asks for `url` runs on SQLite and on a throw-away PostgreSQL, each with tables and no row."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.web_app import _cached_build_middleware
from hypothesis import settings
from pytest_timeout import Settings

from store.store import Store, open_store
from tests.databases import Databases
from tests.filled import filled
from tests.patience import PAGE_MS, TRIES, patient
from tests.postgres import PostgresServer, binaries
from tests.spreading import spread

# Tests start the program some hundred times: it is compiled once, whatever the machine's settings say.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long an example takes says how busy the machine is.
settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")


class HandClock:
    """Time that moves only when told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 21, 16, 5, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs a real Asterisk or browser gets a second try: a machine that shares its cores starves calls.

    The summary lists each second try. Who fails twice has failed. The limit of the whole test is above those
    of its waits: it ends the process, and leaves behind what that had started.
    """
    for item in items:
        if _waits(item):
            item.add_marker(pytest.mark.flaky(reruns=TRIES - 1))
            item.add_marker(pytest.mark.timeout(_limit_seconds(item)), append=False)
    if any(item.get_closest_marker("browser") for item in items):
        from playwright.async_api import expect  # half a second, of those alone who need it

        expect.set_options(timeout=PAGE_MS)
    items[:] = spread(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), _waits)


def _waits(item: pytest.Item) -> bool:
    """For calls, pages and programs, more than it computes."""
    return bool(item.get_closest_marker("live") or item.get_closest_marker("browser"))


def _limit_seconds(item: pytest.Item) -> float:
    given = item.get_closest_marker("timeout")
    return patient(float(given.args[0] if given else item.config.getini("timeout")))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """The second try has a limit too: pytest-timeout ends the first one's with its failure."""
    if getattr(item, "execution_count", 1) > 1:
        limit = item.get_closest_marker("timeout")
        assert limit is not None
        settings = Settings(limit.args[0], item.config.getini("timeout_method"), False, False)
        item.ihook.pytest_timeout_set_timer(item=item, settings=settings)


@pytest.fixture(scope="module", autouse=True)
def _applications_let_go() -> Iterator[None]:
    """aiohttp keeps the last thousand of them with all they serve: more than a gigabyte in a whole run."""
    yield
    _cached_build_middleware.cache_clear()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the session (of each xdist worker)."""
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed here")
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def databases(postgres: PostgresServer) -> Databases:
    return Databases(postgres)


@pytest.fixture
def postgres_url(postgres: PostgresServer, databases: Databases) -> Iterator[str]:
    name = databases.take()
    yield postgres.url(name)
    if not postgres.running:
        postgres.start()
    databases.give_back(name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return filled(f"sqlite:///{tmp_path}/infolinia.db")
    given: str = request.getfixturevalue("postgres_url")
    return given


@pytest.fixture
def health() -> list[tuple[bool, str]]:
    """What the ledger told, in order."""
    return []


@pytest.fixture
async def make_store(
    tmp_path: Path, clock: HandClock, health: list[tuple[bool, str]]
) -> AsyncIterator[Callable[..., Store]]:
    """Stores that are closed at the end, also when the test fails."""
    made: list[Store] = []

    def make(url: str, spool: str = "spool", **settings: object) -> Store:
        made.append(
            open_store(
                filled(url),
                tmp_path / spool,
                clock=clock,
                on_health=lambda ok, said: health.append((ok, said)),
                **{"flush_seconds": 0.005, **settings},  # type: ignore[arg-type]
            )
        )
        return made[-1]

    yield make
    for store in made:
        await store.close()


@pytest.fixture
async def store(url: str, make_store: Callable[..., Store]) -> Store:
    opened = make_store(url)
    await opened.start()
    return opened
