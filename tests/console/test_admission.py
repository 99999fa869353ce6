"""Who may see which page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from unittest.mock import MagicMock

import pytest
from aiohttp import web

from console.accounts.admission import OPEN, ROLES, least_role
from console.accounts.credentials import digest, new_token
from console.accounts.proxies import networks_of
from console.phone_socket import PhoneSocket
from engine.registers.access import Role, Scope
from engine.registers.accounts import Token
from engine.registers.actor import Actor, ActorKind
from engine.registers.audit import AuditFilter
from store.store import Store
from tests.console.offices import SHELL, Office, open_office
from tests.console.stage import PHONE, Stage, order_call

# By hand, and not from the table that is tested.
PAGES = {
    "/": Role.AGENT,
    "/account": Role.AGENT,
    "/parts/health": Role.AGENT,
    "/parts/headline": Role.AGENT,
    "/parts/setup": Role.AGENT,
    "/visitor/v1": Role.AGENT,
    "/calls": Role.SUPERVISOR,
    "/calls/c1": Role.SUPERVISOR,
    "/contacts": Role.SUPERVISOR,
    "/calls/c1/recording": Role.SUPERVISOR,
    "/parts/calls": Role.SUPERVISOR,
    "/parts/call/c1": Role.SUPERVISOR,
    "/parts/latest": Role.SUPERVISOR,
    "/parts/live": Role.SUPERVISOR,
    "/flows": Role.MANAGER,
    "/flows/hotline": Role.MANAGER,
    "/parts/flows": Role.MANAGER,
    "/parts/flow/hotline": Role.MANAGER,
    "/settings/people": Role.ADMIN,
    "/settings/tokens": Role.ADMIN,
    "/settings/audit": Role.ADMIN,
}
SIGNED_OUT_SEES = {
    "/sign-in": 200,
    "/healthz": 200,
    "/readyz": 200,
    "/metrics": 200,
    "/static/console.css": 200,
}


def routes(stage: Stage) -> set[str]:
    stage.desks, stage.floor = cast(Any, object()), cast(Any, object())  # nothing is asked of them
    stage.queues, stage.agents = cast(Any, object()), cast(Any, object())
    stage.api = MagicMock(operations=(), routes=list)
    stage.messages, stage.written, stage.agent_chats = MagicMock(), MagicMock(), MagicMock()
    stage.phone = PhoneSocket("ws://127.0.0.1:1/ws", "127.0.0.1")
    app = stage.application()
    return {resource.canonical for resource in app.router.resources() if isinstance(resource, web.Resource)}


async def test_every_route_of_the_console_has_its_role(office: Office, stage: Stage) -> None:
    ours = {route for route in routes(stage) if not route.startswith("/api/")}
    unnamed = {route for route in ours - OPEN - ROLES.keys() if least_role(route) is Role.ADMIN}
    assert unnamed == set()
    assert {route for route in ROLES if route not in ours} == set()


async def test_without_anybody_the_pages_are_open_to_this_machine(office: Office, stage: Stage) -> None:
    stage.queries.add(order_call(), PHONE)
    for path in PAGES.keys() - {"/account", "/calls/c1/recording"}:
        assert (await office.page(path)).status == 200, path
    assert (await office.page("/account")).status == 404
    assert "infolinia people add" in await (await office.page("/account")).text()
    assert "people add NAME --role admin" in await (await office.page("/sign-in")).text()


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
async def test_an_unknown_proxy_opens_nothing(office: Office, header: str) -> None:
    answer = await office.page("/", **{header: "203.0.113.9"})
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")


async def test_from_the_first_person_on_everything_asks_for_a_session(office: Office, stage: Stage) -> None:
    stage.queries.add(order_call(), PHONE)
    await office.add("Anna")
    for path in [*PAGES, "/events", "/nowhere"]:
        answer = await office.page(path)
        if path.startswith("/parts/"):
            assert answer.status == 401
            assert (await answer.json())["error"] == "Sign in first, at /sign-in."
        else:
            assert answer.status == 303, path
            assert answer.headers["Location"].startswith("/sign-in"), path
        assert "+48" not in await answer.text()
        assert (await office.client.get(path, allow_redirects=False)).status == 401
    for path, status in SIGNED_OUT_SEES.items():
        assert (await office.page(path)).status == status, path
    for path in (
        "/visitor/offer",
        "/visitor/v1/keys",
        "/flows/hotline/rehearsal",
        "/sign-out",
        "/account/password",
    ):
        assert (await office.client.post(path, json={"sdp": "v=0\r\n"})).status == 401, path
    assert stage.visitors.offers == []


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_sees_its_pages(office: Office, stage: Stage, role: Role) -> None:
    (stage.recordings / "m1.wav").write_bytes(b"RIFF")
    stage.queries.add(order_call(recording="m1"), PHONE)
    await office.add("Anna", role)
    assert (await office.sign_in("Anna")).status == 303
    order = list(Role)
    for path, least in PAGES.items():
        answer = await office.page(path)
        allowed = order.index(role) >= order.index(least)
        assert answer.status == (200 if allowed else 403), path
        if not allowed:
            assert f"takes the role {least.value}" in await answer.text()


async def test_an_agent_sees_no_callers_and_no_links_to_them(office: Office, stage: Stage) -> None:
    stage.queries.add(order_call(), PHONE)
    await office.add("Anna", Role.AGENT)
    await office.sign_in("Anna")
    page = await (await office.page("/")).text()
    assert "+48 22 000 01 42" not in page
    assert 'href="/calls"' not in page.split("<main")[0]
    assert 'href="/flows"' not in page
    assert "Anna" in page


async def test_what_was_seen_is_told_once(office: Office, stage: Stage) -> None:
    (stage.recordings / "m1.wav").write_bytes(b"RIFF")
    stage.queries.add(order_call(recording="m1"), PHONE)
    await office.add("Anna", Role.SUPERVISOR)
    await office.sign_in("Anna")
    for _ in range(3):
        assert (await office.page("/calls/c1")).status == 200
        assert (await office.page("/parts/call/c1")).status == 200
    assert (await office.page("/calls/c1/recording")).status == 200
    assert await office.told("call:c1") == ["call.seen", "recording.seen"]
    stage.clock.at += timedelta(minutes=10)
    await office.page("/calls/c1")
    assert await office.told("call:c1") == ["call.seen", "recording.seen", "call.seen"]


async def test_a_token_is_no_session(office: Office) -> None:
    await office.add("Anna")
    secret = new_token()
    now = office.clock.now()
    await office.accounts.tokens.add(
        SHELL,
        Token("t1", "crm", secret[:8], frozenset(Scope), now, "command:root", now + timedelta(days=1)),
        digest(secret),
    )
    answer = await office.page("/calls", Authorization=f"Bearer {secret}")
    assert answer.status == 403
    assert "A token is for /api only" in await answer.text()


# --- CSRF -------------------------------------------------------------------------------------------------


async def test_what_changes_something_bears_the_sessions_token(office: Office, stage: Stage) -> None:
    await office.add("Anna")
    await office.sign_in("Anna")
    offer = {"sdp": "v=0\r\n"}
    csrf = await office.csrf()
    for wrong in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "x" * 43}, {"X-CSRF-Token": "ż"}):
        refused = await office.client.post("/visitor/offer", json=offer, headers=wrong)
        assert refused.status == 403
        assert "older than your session" in (await refused.json())["error"]
    assert stage.visitors.offers == []
    right = await office.client.post("/visitor/offer", json=offer, headers={"X-CSRF-Token": csrf})
    assert right.status == 200
    assert (await office.post("/sign-out")).status == 403
    assert (await office.post("/sign-out", {"csrf": csrf[:-1]})).status == 403
    assert (await office.page("/")).status == 200
    assert (await office.post("/sign-out", {"csrf": csrf})).status == 303


async def test_the_token_is_of_one_session_alone(office: Office) -> None:
    await office.add("Anna")
    await office.sign_in("Anna")
    first = await office.csrf()
    await office.sign_in("Anna")
    assert await office.csrf() != first
    assert (await office.post("/sign-out", {"csrf": first})).status == 403


async def test_another_sites_form_signs_nobody_in(office: Office) -> None:
    await office.add("Anna")
    form = {"name": "Anna", "password": "correct horse battery"}
    answer = await office.post("/sign-in", form, {"Origin": "http://example.org"})
    assert answer.status == 403
    assert office.cookie() is None


# --- proxies ----------------------------------------------------------------------------------------------


@pytest.fixture
async def store(make_store: Callable[..., Store], tmp_path: Path) -> Store:
    opened = make_store(f"sqlite:///{tmp_path}/proxied.db")
    await opened.start()
    return opened


async def test_beyond_this_machine_only_a_proxy_over_https_is_served(stage: Stage, store: Store) -> None:
    stage.names = ("calls.example.com",)
    async with open_office(stage, store, proxies=("127.0.0.0/8",), beyond=True) as office:
        await office.add("Anna")
        by_proxy = {"Host": "calls.example.com", "X-Forwarded-For": "203.0.113.9"}
        plain = await office.page("/sign-in", **by_proxy)
        assert (plain.status, "https" in (await plain.json())["error"]) == (403, True)
        over_tls = {**by_proxy, "X-Forwarded-Proto": "https"}
        assert (await office.page("/sign-in", **over_tls)).status == 200
        assert (await office.page("/healthz", **by_proxy)).status == 200
        signed_in = await office.post(
            "/sign-in",
            {"name": "Anna", "password": "correct horse battery"},
            {**over_tls, "Origin": "https://calls.example.com"},
        )
        assert signed_in.status == 303
        cookie = signed_in.headers["Set-Cookie"]
        assert cookie.startswith("__Host-infolinia_session=")
        for mark in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
            assert mark in cookie
        (told,) = [entry.note for entry in await store.accounts.audit.entries(_began(), limit=5)]
        assert told.actor == Actor(ActorKind.PERSON, "p-anna", "203.0.113.9")


async def test_nobody_but_a_proxy_names_the_askers_address(stage: Stage, store: Store) -> None:
    async with open_office(stage, store, proxies=("10.0.0.0/8",)) as office:
        await office.add("Anna")
        await office.post(
            "/sign-in",
            {"name": "Anna", "password": "correct horse battery"},
            {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"},
        )
        (told,) = [entry.note for entry in await store.accounts.audit.entries(_began(), limit=5)]
        assert told.actor.address == "127.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the first is the asker's own word
        ("203.0.113.9, 127.0.0.7", "203.0.113.9"),  # through two proxies of ours
        ("2001:db8::9", "2001:db8::9"),
        ("nonsense", "127.0.0.1"),
    ],
)
async def test_the_address_is_the_first_that_is_no_proxy(
    stage: Stage, store: Store, forwarded: str, address: str
) -> None:
    async with open_office(stage, store, proxies=("127.0.0.0/8",)) as office:
        await office.add("Anna")
        form = {"name": "Anna", "password": "correct horse battery"}
        await office.post("/sign-in", form, {"X-Forwarded-For": forwarded})
        (told,) = [entry.note for entry in await store.accounts.audit.entries(_began(), limit=5)]
        assert told.actor.address == address


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError):
        networks_of(["10.0.0.1/24"])


def _began() -> AuditFilter:
    return AuditFilter(action="session.began")
