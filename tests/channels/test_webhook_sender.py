"""Deliveries go out signed, within their time, and not into our own network."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime

import pytest

from channels.open_internet import is_open_internet
from channels.webhooks import HttpWebhookSender
from engine.registers.publications import Told
from engine.webhooks.decisions import Reaction
from tests.publishing.receivers import receiving

AT = datetime(2026, 11, 21, 16, 5, tzinfo=UTC)
TOLD = Told(1, "p1", AT, "call.ended", "call:a", 1, {"name": "Зоя"})


async def sent(url: str, *, private: bool = True, limit_seconds: float = 3.0) -> Reaction:
    sender = HttpWebhookSender(private_networks=private, limit_seconds=limit_seconds)
    await sender.start()
    try:
        return await sender.send(url, ["secret"], TOLD, AT)
    finally:
        await sender.close()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.2", "0.0.0.0"],
)
async def test_no_way_of_writing_our_own_address_leads_to_it(host: str) -> None:
    async with receiving() as receiver:
        port = receiver.url.split(":")[2]
        reaction = await sent(f"http://{host}:{port}", private=False)
        assert reaction.status is None
        assert "private network" in reaction.why or reaction.why == "its address cannot be read"
        assert receiver.asked == []


async def test_a_name_that_means_an_address_of_ours_is_refused_when_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a name does whose owner changes its meaning after it was checked."""
    asked: list[str] = []

    async def means_us(
        loop: asyncio.AbstractEventLoop, host: str, port: int, **more: object
    ) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    async with receiving() as receiver:
        port = receiver.url.split(":")[2]
        monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", means_us)
        assert "private network" in (await sent(f"http://rebound.example:{port}", private=False)).why
        assert receiver.asked == []
        assert asked == ["rebound.example"]
        assert (await sent(f"http://rebound.example:{port}", private=True)).status == 200


@pytest.mark.parametrize(
    ("address", "opened"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::127.0.0.1", False),
        ("::ffff:0:127.0.0.1", False),
        ("64:ff9b:1::7f00:1", False),
        ("fec0::1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:a00:1::", False),
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", False),
    ],
)
def test_which_addresses_are_outside(address: str, opened: bool) -> None:
    assert is_open_internet(address) is opened


async def test_redirects_are_not_followed() -> None:
    async with receiving() as receiver:
        receiver.answer = lambda delivered: 307
        reaction = await sent(receiver.url)
        assert (reaction.status, len(receiver.asked)) == (307, 1)
        assert "redirects" in reaction.why


async def test_a_receiver_that_says_nothing_is_left_in_time() -> None:
    async with receiving() as receiver:
        receiver.hold = asyncio.Event()
        reaction = await sent(receiver.url, limit_seconds=0.3)
        assert reaction == Reaction(None, "it did not answer within 0.3 s")


@pytest.mark.parametrize(
    ("answer", "reaction"),
    [
        (b"", Reaction(None, "the connection failed (ServerDisconnectedError)")),
        (b"no HTTP at all\r\n\r\n", Reaction(None, "the connection failed (ClientResponseError)")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 200_000, Reaction(200)),
        (b"HTTP/1.1 429 No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", Reaction(429, "", 7.0)),
        (b"HTTP/1.1 503 No\r\nRetry-After: Sat, 21\r\nContent-Length: 0\r\n\r\n", Reaction(503)),
    ],
)
async def test_odd_answers_are_taken_for_what_they_are(answer: bytes, reaction: Reaction) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        assert await sent(f"http://127.0.0.1:{port}/") == reaction
    finally:
        server.close()


async def test_what_cannot_be_reached_is_said_in_a_sentence(unused_tcp_port: int) -> None:
    nobody = await sent(f"http://127.0.0.1:{unused_tcp_port}/")
    assert nobody == Reaction(None, "it cannot be reached")
    async with receiving() as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        reaction = await sent(f"https://127.0.0.1:{port}/")
        assert reaction.why == "its TLS certificate or connection is not good"
