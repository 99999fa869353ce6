"""What goes wrong at desks: nobody is stuck, nobody is lost. One hotline on a PostgreSQL of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.desk.center import Caller, Center, Person, center
from tests.desk.desk_page import band, be_ready, on_the_line, press, shows
from tests.desk.ears import hear, hear_nothing_of
from tests.postgres import PostgresServer, binaries
from tests.running import until

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.postgres, pytest.mark.timeout(300)]
PAUSE_SECONDS = 10.0
QUICK = {"orders": {"agents": ["anna", "jan"], "ring": "8s", "wrap_up": "1s"}}


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed here")
    server = PostgresServer()
    try:
        server.start()
        server.sql("CREATE DATABASE hotline")
        yield server
    finally:
        server.remove()


async def test_nobody_is_stuck_and_nobody_is_lost(tmp_path: Path, server: PostgresServer) -> None:
    people = {"Anna": "agent", "Jan": "agent", "Olga": "supervisor"}
    async with center(tmp_path, people, database=server.url("hotline"), queues=QUICK) as house:
        anna = await house.sign_in("Anna", "/desk")
        caller = await never_answered(house, anna)
        await supervisor_no_more(house, server)
        await database_paused(server, caller, anna)
        await engine_killed(house, caller, anna)
        jan = await house.sign_in("Jan", "/desk")
        jan = await signed_in_twice(house, jan)
        await tab_killed(house, caller, anna, jan)
        await asterisk_killed(house, caller, jan)
        await microphone_refused(house, jan)
        calls = await three_calls(house)
    first, second, third = sorted(calls.values(), key=lambda row: str(row["at"]))
    told = [event["kind"] for event in first["events"]]
    assert told.count("queued") == 1, "the place was kept"
    assert told.count("agent_missed") == 1
    assert told.count("agent_lost") == 1
    assert told.count("agent_connected") == 2
    assert (first["data"]["ended_by"], second["agent"], third["agent"]) == ("network", "jan", "anna")
    told = [event["kind"] for event in third["events"]]
    assert (told.count("queued"), told.count("agent_lost")) == (1, 0)
    assert told.count("agent_missed") <= 1  # none when Jan's telephone had signed out first


async def three_calls(house: Center) -> dict[str, dict[str, Any]]:
    """By id, once each of them is in the history; their talks have rows of their own."""
    calls: dict[str, dict[str, Any]] = {}

    async def all_there() -> bool:
        calls.update(
            {row["subject_id"]: row for row in await house.hotline.history() if row["channel"] == "call"}
        )
        return len(calls) >= 3

    await until(all_there, "each call has its row", 30, house.hotline.log)
    return calls


async def never_answered(house: Center, anna: Person) -> Caller:
    """The offer ends, the agent is `missed`, and the caller keeps the place until she is ready again."""
    await be_ready(anna)
    caller = await house.caller(keys="1")
    await shows(anna, "ringing")
    await shows(anna, "missed")
    await band(anna).locator("[data-main][data-status=available]").click()
    await shows(anna, "ringing")
    await press(anna, "F2")
    await shows(anna, "talking")
    await hear(caller, "anna")
    return caller


async def supervisor_no_more(house: Center, server: PostgresServer) -> None:
    """Whoever loses the role while listening hears nobody within seconds."""
    olga = await house.sign_in("Olga", "/floor", microphone="supervisor")
    await on_the_line(olga, "anna", "listen")
    await hear(olga, "caller")
    # Whatever her page would do about it, it stays as it is.
    await olga.page.route("**/*", lambda route: route.abort("aborted"))
    await house.hotline.run("people", "role", "Olga", "agent")
    ended = "SELECT count(*) FROM call_events WHERE kind = 'supervision_ended'"
    await house.until(lambda: server.sql(ended, "hotline") == "1", "she is off the line", 12)
    await hear_nothing_of(olga, "caller", "anna")
    await olga.page.context.close()


async def database_paused(server: PostgresServer, caller: Caller, anna: Person) -> None:
    """They talk on, and what was typed is there afterwards. Who may do what cannot be asked meanwhile."""
    note = anna.page.locator("[data-note]")
    await expect(note).to_be_editable()
    server.freeze()
    try:
        began = asyncio.get_running_loop().time()
        await note.fill("Typed while the database was away")
        await hear(caller, "anna")
        await hear(anna, "caller")
        left = began + PAUSE_SECONDS - asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, left))  # the pause is what is tested
    finally:
        server.thaw()
    await expect(anna.page.locator("#note-saved")).to_have_text(re.compile(r"\d"))
    await press(anna, "F4")
    await shows(anna, "held")
    await press(anna, "F4")
    await shows(anna, "talking")
    await hear(caller, "anna")


async def engine_killed(house: Center, caller: Caller, anna: Person) -> None:
    """kill -9 and a new engine: people talk on, and the desk comes back to the talk."""
    await shows(anna, "talking")
    await hear(caller, "anna")
    house.hotline.kill()
    await house.hotline.ended()
    await hear(caller, "anna")
    await house.hotline.start()
    await hear(caller, "anna")
    await press(anna, "F4")
    await shows(anna, "held")
    await press(anna, "F4")
    await shows(anna, "talking")


async def signed_in_twice(house: Center, jan: Person) -> Person:
    """The page that was there is told, and the new one is the desk."""
    second = await jan.page.context.new_page()
    await second.goto(f"{house.hotline.web}/desk")
    await expect(jan.page.locator("#over")).to_be_visible()
    await jan.page.close()
    return Person("Jan", second)


async def tab_killed(house: Center, caller: Caller, anna: Person, jan: Person) -> None:
    """The caller is told, is first in the queue, and another agent has them."""
    await be_ready(jan)
    browser = anna.page.context.browser
    assert browser is not None
    session = await browser.new_browser_cdp_session()
    found = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    os.kill(next(one["id"] for one in found if one["type"] == "browser"), signal.SIGKILL)
    await shows(jan, "ringing")
    await press(jan, "F2")
    await shows(jan, "talking")
    await hear(caller, "jan")


async def asterisk_killed(house: Center, caller: Caller, jan: Person) -> None:
    """The call is over, the agent is free, and the next caller is served on the new Asterisk."""
    before = house.hotline.asterisk_pid
    os.kill(before, signal.SIGKILL)
    await shows(jan, "wrap", "idle")
    await house.until(lambda: house.hotline.asterisk_pid != before, "Asterisk is started anew", 40)
    await shows(jan, "idle")
    await expect(jan.page.locator("#line")).to_have_attribute("data-line", "good")
    late = await house.caller(1, keys="1")
    await shows(jan, "ringing")
    await press(jan, "F2")
    await hear(late, "jan")
    await press(jan, "Shift+F2")
    await shows(jan, "wrap", "idle")


async def microphone_refused(house: Center, jan: Person) -> None:
    """Nobody is called who could not be heard; the page says so, and once it is allowed all goes on."""
    no_leave = "has no leave to use the microphone"
    anna = await house.sign_in("Anna", "/desk", microphone=None)
    refused = anna.page.locator("#toasts .bad", has_text=no_leave)
    await expect(refused).to_be_visible()
    await expect(anna.page.locator("#line")).to_have_attribute("data-line", "away")
    caller = await house.caller(2, keys="1")
    await shows(jan, "ringing")
    await jan.page.context.clear_permissions()
    await expect(jan.page.locator("#toasts .bad", has_text=no_leave)).to_be_visible()
    # Declined by the page, or taken back as its telephone signs out: whichever comes first.
    await shows(jan, "missed", "idle")
    await expect(jan.page.locator("#line")).to_have_attribute("data-line", "away")
    # Anna allows it and is called at once: she is ready since before, unless she came back too late for that.
    await anna.page.context.grant_permissions(["microphone"])
    await expect(anna.page.locator("#line")).to_have_attribute("data-line", "good")
    if await anna.page.locator("#the-band").get_attribute("data-kind") == "offline":
        await be_ready(anna)
    await shows(anna, "ringing")
    await press(anna, "F2")
    await shows(anna, "talking")
    await hear(caller, "anna")
    # In the middle of a talk, which goes on.
    await anna.page.context.clear_permissions()
    await expect(refused).to_be_visible()
    await hear(anna, "caller")
    await hear_nothing_of(caller, "anna")
    await anna.page.context.grant_permissions(["microphone"])
    await hear(caller, "anna")
    await press(anna, "Shift+F2")
    await shows(anna, "wrap", "idle")
