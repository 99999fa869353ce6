"""People and tokens are added beside a running hotline and count at once; nobody is served in vain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.commands import Program, loaded_program, processes_with
from tests.house import Ports, take_ports
from tests.running import RunningHotline, running

pytestmark = [pytest.mark.live, pytest.mark.timeout(150)]
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


@pytest.fixture
def ports() -> Iterator[Ports]:
    with take_ports(21600, 21800) as ports:
        yield ports


async def test_accounts_beside_a_running_hotline(program: Program, tmp_path: Path, ports: Ports) -> None:
    async with running(tmp_path, ports) as hotline:
        jar = aiohttp.CookieJar(unsafe=True)  # an address may set cookies too
        async with aiohttp.ClientSession(hotline.web, cookie_jar=jar) as session:

            async def status(path: str, **headers: str) -> int:
                async with session.get(path, headers=headers, allow_redirects=False) as answer:
                    return answer.status

            def infolinia(*arguments: str, given: str | None = None) -> str:
                ran = program.run(tmp_path, *arguments, "--config", str(hotline.config), given=given)
                assert ran.code == 0, ran.errors
                return ran.output

            html = {"Accept": "text/html"}
            assert await status("/calls", **html) == 200
            infolinia("people", "add", "Anna", "--role", "admin", "--password-stdin", given=PASSWORD)
            assert await status("/calls", **html) == 303
            assert await status("/healthz") == 200
            form = {"name": "anna", "password": PASSWORD}
            async with session.post("/sign-in", data=form, allow_redirects=False) as answer:
                assert answer.status == 303
            assert await status("/calls", **html) == 200
            secret = infolinia("tokens", "add", "crm", "--scope", "audit:read").strip()
            assert await status("/api/v1/audit", Authorization=f"Bearer {secret}") == 200
            infolinia("tokens", "revoke", infolinia("tokens", "list").split()[0])
            assert await status("/api/v1/audit", Authorization=f"Bearer {secret}") == 401
            infolinia("people", "password", "anna", "--password-stdin", given="another good password")
            assert await status("/calls", **html) == 303
            told = infolinia("audit", "--actor", "Anna")
            assert "session.began" in told
            assert "127.0.0.1" in told


async def test_beyond_this_machine_nothing_starts_without_an_admin(
    program: Program, tmp_path: Path, ports: Ports
) -> None:
    web = {"bind": "0.0.0.0", "port": ports.spare(30), "proxies": ["127.0.0.1"]}
    hotline = RunningHotline(tmp_path, ports, {"web": web})
    hotline.write_config()
    told = program.run(tmp_path, "run", "--config", str(hotline.config)).sentence
    assert told == (
        '`web.bind` "0.0.0.0" is reached from other machines, and no admin can sign in yet: '
        "add one with `infolinia people add NAME --role admin`, or bind 127.0.0.1."
    )
    assert not processes_with(tmp_path)
