"""Sessions that go on, end, and outlast a database that is away."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from engine.ports import StoreUnavailable
from engine.registers.access import Role
from tests.console.offices import SHELL, Office
from tests.console.stage import Stage

# --- sessions that go on ----------------------------------------------------------------------------------


async def test_pages_that_fetch_by_themselves_keep_no_session_alive(office: Office) -> None:
    await office.add("Anna")
    await office.sign_in("Anna")
    office.clock.at += timedelta(hours=11)
    assert (await office.page("/parts/health")).status == 200
    office.clock.at += timedelta(hours=1)
    assert (await office.page("/parts/health")).status == 401
    await office.sign_in("Anna")
    office.clock.at += timedelta(hours=11)
    assert (await office.page("/")).status == 200
    office.clock.at += timedelta(hours=11)
    assert (await office.page("/")).status == 200


async def test_an_open_page_is_told_that_its_session_ended(
    office: Office, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.event_stream.HEARTBEAT_SECONDS", 0.05)
    await office.add("Jan")
    anna = await office.add("Anna")
    await office.sign_in("Anna")
    async with asyncio.timeout(20):
        stream = await office.client.get("/events")
        assert stream.status == 200
        assert b"event: clock" in await stream.content.readline()
        await office.accounts.people.disable(SHELL, anna.id, office.clock.now())
        stage.clock.at += timedelta(seconds=60)
        rest = await stream.content.read()
    assert rest.rstrip().endswith(b"event: signed-out\ndata: -")


# --- while the database is away ---------------------------------------------------------------------------


def break_database(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("gone")

    for register in (office.accounts.people, office.accounts.sessions, office.accounts.attempts):
        for method in ("any", "find", "named", "try_password"):
            if hasattr(register, method):
                monkeypatch.setattr(register, method, away)


async def test_those_who_are_there_go_on_while_the_database_is_away(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await office.add("Anna", Role.AGENT)
    await office.sign_in("Anna")
    assert (await office.page("/parts/health")).status == 200
    break_database(office, monkeypatch)
    assert (await office.page("/parts/health")).status == 200
    assert (await office.page("/calls")).status == 403
    office.clock.at += timedelta(seconds=901)
    assert (await office.page("/parts/health")).status == 503
    office.client.session.cookie_jar.clear()
    assert (await office.page("/parts/health")).status == 401
    answer = await office.sign_in("Anna")
    assert answer.status == 503
    assert "The database does not answer." in await answer.text()


async def test_open_pages_stay_open_while_the_database_is_away(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await office.page("/parts/health")).status == 200
    break_database(office, monkeypatch)
    assert (await office.page("/parts/health")).status == 200


async def test_nothing_is_open_before_the_database_was_asked_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    break_database(office, monkeypatch)
    assert (await office.page("/parts/health")).status == 503
    assert (await office.page("/sign-in")).status == 200
