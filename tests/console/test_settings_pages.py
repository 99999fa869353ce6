"""/settings: people, tokens, the audit log, agents and queues; for admins, and noted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from html import unescape
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright

from acd.agents import Agent
from acd.queues import Overflow, Queue, RelaxStep
from console.accounts.credentials import is_token
from engine.queues import AgentLine, Queues
from engine.registers.access import Role
from store.store import Store
from tests.console.offices import PASSWORD, SHELL, Office, alerts, open_office
from tests.console.stage import Stage
from tests.console.test_console_browser import CHROMIUM
from tests.patience import PAGE_MS

NEW = "several good words"
PAGES = ("people", "people/p-anna", "tokens", "audit", "agents", "queues")


@pytest.fixture
async def admin(stage: Stage, tmp_path: Path, make_store: Callable[..., Store]) -> AsyncIterator[Office]:
    """Ewa, an admin, is signed in; there are a queue, an agent of the configuration, and Anna."""
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()
    queue = Queue(
        "night_orders",
        agents=frozenset({"booth"}),
        skills={"polish": 3},
        relax=(RelaxStep(60, lower_by=1), RelaxStep(120, drop="polish")),
        overflow=(Overflow("orders", 300, when_full=True),),
        max_wait_seconds=900,
    )
    booth = AgentLine(Agent("booth", {"polish": 5}), number="+48220000011")
    stage.queues, stage.agents = Queues([queue, Queue("orders")], [booth], clock=stage.clock), store.agents
    async with open_office(stage, store) as office:
        await office.add("Ewa", Role.ADMIN)
        anna = await office.add("Anna", Role.AGENT)
        await store.agents.of_person(SHELL, anna.id)
        assert (await office.sign_in("Ewa")).status == 303
        yield office
    stage.queues.close()


async def page(office: Office, path: str, status: int = 200) -> str:
    answer = await office.page(path)
    text = unescape(await answer.text())
    assert answer.status == status, text[-1500:]
    return text


async def send(office: Office, path: str, status: int = 303, **fields: str) -> str:
    """Where it leads, or the page that tells what is wrong."""
    answer = await office.post(path, {"csrf": await office.csrf(), **fields})
    text = unescape(await answer.text())
    assert answer.status == status, text[-1500:]
    return answer.headers["Location"] if status == 303 else text


async def test_a_person_is_added_changed_and_disabled(admin: Office) -> None:
    assert 'href="/settings/people" aria-current="page"' in await page(admin, "/settings/people")
    place = await send(admin, "/settings/people", name=" Jan ", role="agent", password=NEW)
    one = place.partition("?")[0]
    assert "Added." in await page(admin, place)
    jan = one.rpartition("/")[2]
    version = re.search(r'name="version" value="(\d+)"', await page(admin, one))
    assert version is not None
    await send(admin, f"{one}/role", role="supervisor", version=version[1])
    for seen in (version[1], "-1", "9" * 30):
        assert (
            "Somebody else changed"
            in alerts(await send(admin, f"{one}/role", 409, role="agent", version=seen))[0]
        )
    await send(admin, f"{one}/password", password=NEW + " again")
    await send(admin, f"{one}/disable")
    assert "disabled" in await page(admin, one)
    await send(admin, f"{one}/enable")
    assert await admin.told(f"person:{jan}") == [
        "person.added",
        "person.role_changed",
        "person.password_changed",
        "person.disabled",
        "person.enabled",
    ]
    person = await admin.accounts.people.get(jan)
    assert (person.name, person.role, person.disabled_at) == ("Jan", Role.SUPERVISOR, None)


WRONG_PEOPLE = [
    ({"name": "ANNA", "role": "agent", "password": NEW}, "somebody of this name already"),
    ({"name": " ", "role": "agent", "password": NEW}, "1 to 80 characters"),
    ({"name": "Jan", "role": "king", "password": NEW}, "one of the roles"),
    ({"name": "Jan", "role": "agent", "password": "tiny"}, "too short"),
    ({"name": "Jan", "role": "agent", "password": "a" * 20}, "too easy"),
]


async def test_a_wrong_person_is_told_and_the_name_kept(admin: Office) -> None:
    for fields, sentence in WRONG_PEOPLE:
        shown = await send(admin, "/settings/people", 422, **fields)
        assert sentence in alerts(shown)[0]
        assert f'value="{fields["name"]}"' in shown
        assert fields["password"] not in shown
    assert len(await admin.accounts.people.list(limit=10)) == 2


async def test_the_last_admin_stays_and_wrong_changes_are_told(admin: Office) -> None:
    for path, fields in (("disable", {}), ("role", {"role": "agent"})):
        shown = await send(admin, f"/settings/people/p-ewa/{path}", 422, **fields)
        assert "the last admin" in alerts(shown)[0]
    shown = await send(admin, "/settings/people/p-anna/password", 422, password="Anna")
    assert "too short" in alerts(shown)[0]
    await send(admin, "/settings/people/p-nobody/disable", 404)
    assert await admin.told("person:p-anna") == ["person.added"]


async def test_a_token_is_shown_once_and_revoked(admin: Office) -> None:
    shown = await send(
        admin,
        "/settings/tokens",
        200,
        name="shop",
        days="30",
        networks="10.0.0.0/24, 192.168.1.1",
        **{"scope-calls:read": "yes"},
    )
    secret = re.search(r'id="secret">([^<]+)<', shown)
    assert secret is not None
    assert is_token(secret[1])
    later = await page(admin, "/settings/tokens")
    assert secret[1] not in later
    assert "calls:read; 10.0.0.0/24, 192.168.1.1/32" in later
    (token,) = await admin.accounts.tokens.list(limit=5)
    await send(admin, f"/settings/tokens/{token.id}/revoke")
    assert "revoked" in await page(admin, "/settings/tokens?done=revoked")
    assert await admin.told(f"token:{token.id}") == ["token.added", "token.revoked"]
    await send(admin, "/settings/tokens/nothing/revoke", 404)


WRONG_TOKENS = [
    ({"name": ""}, "1 to 80"),
    ({"days": "0"}, "for 1 to 730 days"),
    ({"days": "x"}, "for 1 to 730 days"),
    ({"networks": "home"}, "Write networks as"),
    ({"scope-calls:read": ""}, "Choose what the token may do"),
]


async def test_a_wrong_token_is_told(admin: Office) -> None:
    for changes, sentence in WRONG_TOKENS:
        fields = {"name": "shop", "days": "30", "scope-calls:read": "yes", **changes}
        assert sentence in alerts(await send(admin, "/settings/tokens", 422, **fields))[0]
    assert list(await admin.accounts.tokens.list(limit=5)) == []


async def test_the_audit_log_is_read_by_filters_and_reading_is_noted(admin: Office) -> None:
    await send(admin, "/settings/people/p-anna/role", role="supervisor")
    shown = await page(admin, "/settings/audit?subject=person:p-anna")
    rows = shown.split("<tbody>")[1].split("</tbody>")[0]
    assert "changed the role" in rows
    assert ">Ewa <" in rows
    assert 'href="/settings/people/p-anna">person Anna</a>' in rows
    assert "signed in" not in rows
    assert "signed in" in await page(admin, "/settings/audit?actor=p-ewa&action=session.began")
    assert "Nothing was noted" in await page(admin, "/settings/audit?since=2030-01-01")
    assert "A day is written as" in alerts(await page(admin, "/settings/audit?until=soon"))[0]
    for day in ("since=9999-12-31", "until=0001-01-01", "since=1969-12-31", "until=9001-01-01"):
        assert "in a year from 1970 to 9000" in alerts(await page(admin, f"/settings/audit?{day}"))[0]
    assert alerts(await page(admin, "/settings/audit?since=1970-01-01&until=9000-12-31")) == []
    for odd in ("before=x", "actor=" + "x" * 300, "subject=%07"):
        await page(admin, f"/settings/audit?{odd}")
    await admin.seen.flush()
    assert "read the audit log" in await page(admin, "/settings/audit?subject=audit:")


async def test_how_agents_and_queues_are_set_up(admin: Office) -> None:
    shown = await page(admin, "/settings/agents")
    anna = shown.split(">anna</td>")[1].split("</tr>")[0]
    assert "in the browser" in anna
    assert "Floor, or infolinia agents" in anna
    booth = shown.split(">booth</td>")[1].split("</tr>")[0]
    assert "polish 5" in booth
    assert "agents in the configuration" in booth
    night = (await page(admin, "/settings/queues")).split('id="queue-night_orders"')[1].split("</section>")[0]
    for told in (
        "<dd>booth</dd>",
        "<dd>polish 3</dd>",
        "after 1:00: levels lower by 1; after 2:00: without polish",
        "after 5:00 to Orders; when full to Orders",
        "<dd>15:00</dd>",
        'title="queues.night_orders.service_level"',
    ):
        assert told in night, told


async def test_in_every_language(admin: Office) -> None:
    for language, word in (("pl", "Ustawienia"), ("ru", "Настройки")):
        admin.headers["Accept-Language"] = language
        for name in PAGES:
            assert word in await page(admin, f"/settings/{name}")


async def test_for_admins_alone_and_with_the_sessions_secret(admin: Office) -> None:
    assert (await admin.post("/settings/people", {"name": "Jan"})).status == 403
    assert (await admin.post("/settings/tokens", {"name": "x"})).status == 403
    assert (await admin.page("/settings")).headers["Location"] == "/settings/people"
    await admin.sign_in("Anna", PASSWORD)
    for name in PAGES:
        assert (await admin.page(f"/settings/{name}")).status == 403
    assert "/settings" not in await (await admin.page("/account")).text()
    assert (await admin.post("/settings/people", {"csrf": await admin.csrf()})).status == 403


@pytest.mark.browser
async def test_fit_for_all_eyes(admin: Office) -> None:
    await send(admin, "/settings/tokens", 200, name="shop", days="30", **{"scope-calls:read": "yes"})
    if not await asyncio.to_thread(CHROMIUM.exists):
        pytest.fail("Chromium is missing: apt-get install chromium")
    secret, url = admin.cookie(), str(admin.client.make_url("/"))
    assert secret is not None
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(locale="ru", viewport={"width": 1280, "height": 900})
        context.set_default_timeout(PAGE_MS)
        await context.add_cookies([{"name": "infolinia_session", "value": secret, "url": url}])
        opened, axe, errors = await context.new_page(), Axe(), []
        opened.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
        for name, theme in zip(PAGES, ("light", "dark") * 3, strict=True):
            await context.add_cookies([{"name": "theme", "value": theme, "url": url}])
            await opened.goto(f"{url}settings/{name}")
            assert await opened.evaluate("document.documentElement.scrollWidth") <= 1280, name
            found = await axe.run(opened)
            assert found.violations_count == 0, (name, found.generate_report())
        assert errors == []
        await browser.close()
