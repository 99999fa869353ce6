"""Who may do what: every operation with every role and scope, so that no route is forgotten."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from console.api.access import Role, Scope
from console.api.areas import declared_operations
from console.api.operation import Operation
from console.api.serving import PREFIX
from tests.api.serving import Client, RunningApi, running_api
from tests.api.things import Things

DECLARED = declared_operations()
# Below /api, and open to all who may reach the server: they tell what the program's source tells.
OPEN = {"/api/openapi.json", "/api/docs", "/api/problems/{kind}"}
KINDS = {401: "not-signed-in", 403: "forbidden"}


async def verdict(client: Client, operation: Operation) -> str:
    """ "in" past the guard, else the kind of the refusal. What is asked for is not there, or has no body."""
    path = re.sub(r"{\w+}", "none", operation.path)
    async with client.session.request(
        operation.method, client.server.make_url(PREFIX + path), headers=client.headers
    ) as answer:
        if answer.status in KINDS and answer.content_type == "application/problem+json":
            kind: str = (await answer.json(content_type=None))["type"].rpartition("/")[2]
            return kind
        assert answer.status < 500 or answer.status == 503, (operation.name, await answer.text())
        return "in"


async def verdicts(client: Client) -> dict[str, str]:
    return {operation.name: await verdict(client, operation) for operation in DECLARED}


async def test_strangers_may_do_nothing(api: RunningApi) -> None:
    assert await verdicts(api.stranger()) == {operation.name: "not-signed-in" for operation in DECLARED}
    unknown = api.stranger()
    unknown.headers["Authorization"] = "Bearer inf_unknown"
    assert await verdicts(unknown) == {operation.name: "not-signed-in" for operation in DECLARED}


@pytest.mark.parametrize("scope", Scope)
async def test_a_token_may_do_what_its_scope_says(api: RunningApi, scope: Scope) -> None:
    wanted = {operation.name: "in" if operation.scope == scope else "forbidden" for operation in DECLARED}
    assert await verdicts(api.token(scope)) == wanted


@pytest.mark.parametrize("role", Role)
async def test_a_person_may_do_what_their_role_says(api: RunningApi, role: Role) -> None:
    wanted = {o.name: "in" if role.includes(o.role) else "forbidden" for o in DECLARED}
    assert await verdicts(api.person(role)) == wanted


async def test_a_session_without_its_token_changes_nothing(api: RunningApi) -> None:
    wanted = {o.name: "in" if o.method == "GET" else "csrf" for o in DECLARED}
    assert await verdicts(api.person("admin", csrf=False)) == wanted


async def test_every_route_is_an_operation(api: RunningApi, tmp_path: Path) -> None:
    def routes(running: RunningApi) -> set[tuple[str, str]]:
        return {
            (route.method, route.resource.canonical)
            for route in running.server.app.router.routes()
            if route.resource is not None and route.resource.canonical.startswith("/api")
        }

    wanted = {("OPTIONS", PREFIX + operation.path) for operation in DECLARED}
    for operation in DECLARED:
        wanted.add((operation.method, PREFIX + operation.path))
        if operation.method == "GET" and "text/event-stream" not in operation.answer_types:
            wanted.add(("HEAD", PREFIX + operation.path))
    found = routes(api)
    assert {path for _, path in found if not path.startswith(PREFIX)} == OPEN
    assert {(method, path) for method, path in found if path.startswith(PREFIX)} == wanted
    other = tmp_path / "other"
    other.mkdir()
    async with running_api(f"sqlite:///{other}/x.db", other, extra=Things().operations()) as more:
        assert routes(more) > found


def test_reading_and_writing_take_scopes_of_their_own() -> None:
    """Whoever may only read changes nothing: a GET takes a scope to read, all others one to write."""
    wrong = [o.name for o in DECLARED if o.scope.endswith(":read") != (o.method == "GET")]
    assert wrong == []


def test_every_scope_is_of_use() -> None:
    used = Counter(operation.scope for operation in DECLARED)
    assert [scope for scope in Scope if not used[scope]] == []
