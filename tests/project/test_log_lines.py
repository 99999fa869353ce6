"""Log lines of what comes from outside."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from infolinia.logs import set_up_logs


@pytest.fixture
def _own_logging() -> Iterator[None]:
    root, server = logging.getLogger(), logging.getLogger("aiohttp.server")
    before = root.handlers[:], root.level, server.filters[:]
    yield
    root.handlers[:], server.filters[:] = before[0], before[2]
    root.setLevel(before[1])


@pytest.mark.usefixtures("_own_logging")
@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"])
async def test_what_is_no_http_is_one_line(sent: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=False)
    async with TestServer(web.Application(), host="127.0.0.1") as server:
        assert server.port is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(sent)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    assert b" 400 " in answer.splitlines()[0]
    written = capsys.readouterr().err
    (line,) = [line for line in written.splitlines() if line and '"-" "-"' not in line]  # the access log
    assert "no HTTP, from 127.0.0.1" in line
    assert "warning" in line
