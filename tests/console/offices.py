"""The console with people who sign in, over a real store; passwords are hashed quickly."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from console.accounts.passwords import Passwords
from console.accounts.people import People
from console.accounts.proxies import networks_of
from console.application import Doors
from engine.clock import SystemClock, TimeOrderedIds
from engine.registers.access import Role
from engine.registers.accounts import Accounts, Person
from engine.registers.actor import Actor, ActorKind
from engine.registers.audit import AuditFilter
from engine.seen_notes import SeenNotes
from infolinia.assembly.api import explainer as explainer_of
from infolinia.configuration import Configuration
from store.store import Store
from tests.console.stage import HTML, FixedClock, Stage

SHELL = Actor(ActorKind.COMMAND, "root")
PASSWORD = "correct horse battery"


@dataclass
class Office:
    """`client` has a browser's cookies; `page` and `post` are what a browser sends."""

    client: TestClient
    accounts: Accounts
    passwords: Passwords
    seen: SeenNotes
    clock: FixedClock
    headers: dict[str, str] = field(default_factory=lambda: dict(HTML))

    async def add(self, name: str, role: Role = Role.ADMIN, password: str = PASSWORD) -> Person:
        now = self.clock.now()
        person = Person(f"p-{name.lower()}", name, role, now, now)
        return await self.accounts.people.add(SHELL, person, await self.passwords.hash(password))

    async def page(self, path: str, **headers: str) -> ClientResponse:
        return await self.client.get(path, headers={**self.headers, **headers}, allow_redirects=False)

    async def post(
        self, path: str, data: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> ClientResponse:
        return await self.client.post(
            path, data=data or {}, headers={**self.headers, **(headers or {})}, allow_redirects=False
        )

    async def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> ClientResponse:
        return await self.post("/sign-in", {"name": name, "password": password, **more})

    async def csrf(self) -> str:
        text = await (await self.page("/account")).text()
        found = re.search(r'name="csrf" content="([^"]+)"', text)
        assert found is not None, text[:300]
        return found[1]

    def cookie(self) -> str | None:
        """The secret that the browser holds."""
        held = {cookie.key: cookie.value for cookie in self.client.session.cookie_jar}
        return held.get("infolinia_session") or held.get("__Host-infolinia_session")

    async def told(self, subject: str) -> list[str]:
        """What the audit log says of it, oldest first."""
        await self.seen.flush()
        entries = await self.accounts.audit.entries(AuditFilter(subject=subject), limit=100)
        return [entry.note.action for entry in reversed(entries)]


@dataclass
class Desk:
    """Jan, a supervisor, who is signed in."""

    office: Office
    stage: Stage
    people: People
    csrf: str

    async def page(self, path: str, status: int = 200, **headers: str) -> str:
        answer = await self.office.page(path, **headers)
        text = unescape(await answer.text())
        assert answer.status == status, (path, text[-2000:])
        return text

    async def send(self, path: str, status: int = 303, **fields: str) -> str:
        """The page that comes back, or where a done change leads to."""
        answer = await self.office.post(path, {"csrf": self.csrf, **fields})
        text = unescape(await answer.text())
        assert answer.status == status, (path, text[-2000:])
        return answer.headers["Location"] if status == 303 else text


def people_in(store: Store, stage: Stage) -> People:
    """Contacts as a Polish company keeps them."""
    explainer = explainer_of(Configuration(), store.permissions, store.decisions, stage.clock)
    ids = TimeOrderedIds(SystemClock())
    kept = (store.history, store.permissions, store.callbacks)
    return People(*kept, explainer, store.accounts, ids, region="PL", chats=store.chats)


@asynccontextmanager
async def open_office(
    stage: Stage, store: Store, *, proxies: tuple[str, ...] = (), beyond: bool = False
) -> AsyncIterator[Office]:
    passwords = Passwords(passes=1, memory_kib=64)
    seen = SeenNotes(store.accounts.audit, stage.clock)
    stage.people = people_in(store, stage)
    stage.doors = Doors(store.accounts, passwords, seen, networks_of(proxies), beyond)
    async with TestClient(TestServer(stage.application(), host="127.0.0.1")) as client:
        yield Office(client, store.accounts, passwords, seen, stage.clock)
    passwords.close()


def part(page: str, begins: str, ends: str) -> str:
    return page.split(begins, 1)[1].split(ends, 1)[0]


def alerts(page: str) -> list[str]:
    """The sentences that say what is wrong."""
    found = re.findall(r'role="alert"[^>]*>(.*?)</(?:span|p)>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in found]
