"""The REST API as it is served, over a real store, with clients of any role and scope."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from console.accounts.identity import Identity
from console.api.access import Role, Scope
from console.api.areas import operations
from console.api.operation import Operation
from console.api.parts import ApiParts
from console.api.rate_limits import Rate
from console.api.serving import PREFIX, Api
from console.application import SERVING, Doors, make_application
from console.hotline import HotlineFacts
from engine.clock import SystemClock, TimeOrderedIds
from engine.flows import FlowShelf
from engine.health import Health
from engine.live import LiveCalls
from engine.ports import Visitors
from engine.registers.actor import Actor, ActorKind
from infolinia.assembly.api import api_parts
from infolinia.assembly.company import surroundings_of
from infolinia.configuration import Configuration
from infolinia.flows.files import load_flows
from store.recordings.vault import RecordingVault
from store.store import Store, open_store
from tests.console.stage import FakeVisitors
from tests.filled import filled

# @both_databases: the test runs on SQLite and on a throw-away PostgreSQL.
both_databases = pytest.mark.parametrize(
    "api_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@dataclass(frozen=True)
class Reply:
    """`json` is None when there is no content or it is no JSON."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.raw) if "json" in self.headers.get("Content-Type", "") else None

    @property
    def etag(self) -> str:
        return self.headers["ETag"]

    @property
    def wrong_fields(self) -> list[str]:
        """The fields that a problem names."""
        return [error["field"] for error in self.json.get("errors", [])]


def problem(reply: Reply, status: int, kind: str) -> dict[str, Any]:
    """The problem, which is as all problems are."""
    assert reply.status == status, reply.raw
    assert reply.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = reply.json
    assert told["type"] == f"/api/problems/{kind}"
    assert told["status"] == status
    assert told["instance"] == reply.headers["X-Request-Id"]
    assert told["detail"].endswith(".")
    assert told["title"]
    return told


@dataclass
class Client:
    """Asks as one token or person. Paths are below /api/v1, or whole when they begin with /api."""

    session: aiohttp.ClientSession
    server: TestServer
    headers: dict[str, str] = field(default_factory=dict)

    async def ask(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        data: bytes | str | AsyncIterator[bytes] | None = None,
        params: Any = None,
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
        key: str | None = None,
    ) -> Reply:
        """`etag` goes into If-Match, `key` into Idempotency-Key."""
        sent = {**self.headers, **(headers or {})}
        if etag is not None:
            sent["If-Match"] = etag
        if key is not None:
            sent["Idempotency-Key"] = key
        if json is not None:
            data = orjson.dumps(json)
            sent.setdefault("Content-Type", "application/json")
        whole = path if path.startswith("/api") else PREFIX + path
        skip = () if "Content-Type" in sent else ("Content-Type",)
        async with self.session.request(
            method,
            self.server.make_url(whole),
            data=data,
            params=params,
            headers=sent,
            skip_auto_headers=skip,
            allow_redirects=False,
        ) as answer:
            return Reply(answer.status, answer.headers, await answer.read())

    async def get(self, path: str, **more: Any) -> Reply:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, json: object = None, **more: Any) -> Reply:
        return await self.ask("POST", path, json, **more)

    async def patch(self, path: str, json: object, etag: str | None, **more: Any) -> Reply:
        return await self.ask("PATCH", path, json, etag=etag, **more)

    async def put(self, path: str, json: object = None, **more: Any) -> Reply:
        return await self.ask("PUT", path, json, **more)

    async def delete(self, path: str, **more: Any) -> Reply:
        return await self.ask("DELETE", path, **more)


@dataclass
class RunningApi:
    """`parts` are those that are served; `store` is theirs."""

    store: Store
    parts: ApiParts
    api: Api
    server: TestServer
    session: aiohttp.ClientSession
    identities: dict[str, Identity]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def bearer(self, identity: Identity) -> str:
        # A token that has a name is the same one after a restart.
        named = identity.actor.kind is ActorKind.TOKEN and len(identity.actor.id) < 8
        secret = f"secret-of-{identity.actor.id}" if named else secrets.token_hex(8)
        self.identities[secret] = identity
        return secret

    def token(self, *scopes: str, id: str = "") -> Client:
        """A client with a token of these scopes; of all scopes when none is named."""
        held = frozenset(Scope(scope) for scope in scopes) or frozenset(Scope)
        actor = Actor(ActorKind.TOKEN, id or self.parts.ids.new(), "127.0.0.1")
        return self._client(Identity(actor, Role.ADMIN, held))

    def person(self, role: str, *, csrf: bool = True) -> Client:
        """A client of a signed-in person of this role, who sends the session's CSRF token."""
        actor = Actor(ActorKind.PERSON, self.parts.ids.new(), "127.0.0.1")
        client = self._client(Identity(actor, Role(role), None, csrf="csrf-of-the-session"))
        if csrf:
            client.headers["X-CSRF-Token"] = "csrf-of-the-session"
        return client

    def stranger(self) -> Client:
        return Client(self.session, self.server)

    def _client(self, identity: Identity) -> Client:
        headers = {"Authorization": f"Bearer {self.bearer(identity)}"}
        return Client(self.session, self.server, headers)


@asynccontextmanager
async def running_api(
    url: str,
    folder: Path,
    *,
    configuration: Configuration | None = None,
    extra: Sequence[Operation] = (),
    **changes: Any,
) -> AsyncIterator[RunningApi]:
    """Over the database `url`. `extra` operations are served beside the others; `changes` replace parts."""
    configuration = configuration or Configuration(folder=Path.cwd(), database=url, state=folder / "state")
    clock = SystemClock()
    ids = TimeOrderedIds(clock)
    store = open_store(filled(url), folder / "spool", clock=clock, flush_seconds=0.005)
    await store.start()
    live = LiveCalls()
    flows = load_flows(configuration)
    identities: dict[str, Identity] = {}

    async def identify(request: web.Request) -> Identity | None:
        return identities.get(request.headers.get("Authorization", "").removeprefix("Bearer "))

    parts = api_parts(configuration, store=store, clock=clock, ids=ids, live=live, flows=flows)
    parts = replace(
        parts, **{"identify": identify, "rate": Rate(1e6, 10**6), "strangers": Rate(1e6, 10**6), **changes}
    )
    api = Api(parts, (*operations(parts), *extra))
    server = TestServer(application(api, parts, flows, folder, FakeVisitors()), host="127.0.0.1")
    await server.start_server(**SERVING)
    session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    try:
        yield RunningApi(store, parts, api, server, session, identities)
    finally:
        await session.close()
        await server.close()
        await store.close()


def application(
    api: Api,
    parts: ApiParts,
    flows: FlowShelf,
    folder: Path,
    visitors: Visitors,
    doors: Doors | None = None,
) -> web.Application:
    return make_application(
        live=parts.live,
        health=Health(parts.live),
        queries=parts.queries,
        visitors=visitors,
        recordings=RecordingVault(folder),
        hotline=lambda: HotlineFacts(
            name="Infolinia",
            number="100",
            sip_address="sip:100@127.0.0.1:5060",
            languages=("pl", "en", "ru"),
            flows=(),
            understood=("en",),
        ),
        flows=flows,
        surroundings=surroundings_of(Configuration()),
        clock=parts.clock,
        api=api,
        names=("calls.example.com",),
        doors=doors,
    )
