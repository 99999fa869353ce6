"""The company's services over HTTP, on real sockets: good answers, and every bad one within its time."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.services import LONGEST_REPLY_BYTES, HttpServices, ServiceAddress
from engine.ports import Reply, ServiceFailed

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def own_certificate(folder: Path) -> ssl.SSLContext:
    """Of a server that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


@asynccontextmanager
async def served(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The address of a server on loopback that answers every request with `handler`."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        yield f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw(answer: bytes, *, close: bool = True) -> AsyncIterator[str]:
    """A server that sends these bytes to whoever connects, whatever was asked."""
    done = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(answer)
        await writer.drain()
        if not close:
            await done.wait()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        done.set()
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def services(url: str, **fields: object) -> AsyncIterator[HttpServices]:
    opened = HttpServices({"orders": ServiceAddress(url, **fields)})  # type: ignore[arg-type]
    await opened.start()
    try:
        yield opened
    finally:
        await opened.close()


async def ask(opened: HttpServices, path: str = "/orders/1", seconds: float = 5.0) -> Reply:
    return await opened.ask("orders", "get", path, None, timeout_seconds=seconds)


async def refusal(url: str, path: str = "/orders/1", seconds: float = 5.0) -> ServiceFailed:
    async with services(url) as opened:
        with pytest.raises(ServiceFailed) as failed:
            await ask(opened, path, seconds)
    return failed.value


def http(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


# --- what goes well ---------------------------------------------------------------------------------------


async def test_a_request_goes_out_as_it_was_asked_for_and_its_json_comes_back() -> None:
    seen: list[tuple[str, str, str, bytes]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(
            (request.method, request.raw_path, request.headers["Authorization"], await request.read())
        )
        assert request.headers.get("Content-Type") in (None, "application/json") or not seen[-1][3]
        return web.json_response({"status": "wysłane", "slots": [1, None, {"a": 1.5}]}, status=201)

    async with served(handler) as url:
        address = f"{url}/api/v2/"
        async with services(address, headers={"Authorization": "Bearer s3cret"}) as opened:
            path = "/orders/%C5%82%2F%3F..?open=yes"
            reply = await opened.ask("orders", "post", path, {"name": "Łoś"}, timeout_seconds=5)
            assert reply == Reply(201, {"status": "wysłane", "slots": [1, None, {"a": 1.5}]})
            await ask(opened)
    assert seen[0] == ("POST", f"/api/v2{path}", "Bearer s3cret", '{"name":"Łoś"}'.encode())
    assert seen[1] == ("GET", "/api/v2/orders/1", "Bearer s3cret", b"")


@pytest.mark.parametrize(
    ("body", "content_type", "value"),
    [
        (b"", "text/html", None),
        (b"null", "application/json", None),
        (b'"text"', "application/json; charset=utf-8", "text"),
        (b"[]", "application/vnd.orders+json", []),
    ],
)
async def test_every_json_is_an_answer_and_so_is_none(body: bytes, content_type: str, value: object) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": content_type})

    async with served(handler) as url, services(url) as opened:
        assert (await ask(opened)).value == value


async def test_a_connection_is_used_again() -> None:
    peers: set[object] = set()

    async def handler(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.json_response({})

    async with served(handler) as url, services(url) as opened:
        for _ in range(5):
            await ask(opened)
    assert len(peers) == 1


async def test_no_cookie_is_sent_back() -> None:
    cookies: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        response = web.json_response({})
        response.set_cookie("session", "of another caller")
        return response

    async with served(handler) as url, services(url) as opened:
        await ask(opened)
        await ask(opened)
    assert cookies == [None, None]


# --- what goes wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 404, 500, 503])
async def test_an_error_of_the_service_is_a_failure_with_its_status(status: int) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"detail": "secret"}, status=status)

    async with served(handler) as url:
        failed = await refusal(url)
    assert (failed.status, str(failed)) == (status, f"it answered {status}")


async def test_a_slow_service_fails_in_its_time_and_a_shorter_limit_of_either_side_counts() -> None:
    release = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        await release.wait()
        return web.json_response({})

    async with served(handler) as url:
        began = time.monotonic()
        failed = await refusal(url, seconds=0.2)
        assert (failed.status, str(failed)) == (None, "no answer within 0.2 s")
        async with services(url, longest_seconds=0.1) as opened:
            with pytest.raises(ServiceFailed, match=r"no answer within 0\.1 s"):
                await ask(opened)
        assert 0.3 <= time.monotonic() - began < 2.0
        release.set()


async def test_a_body_that_never_ends_fails_in_time() -> None:
    async with raw(http(b'{"a":', "Content-Length: 900"), close=False) as url:
        assert "no answer within" in str(await refusal(url, seconds=0.3))


async def test_an_answer_broken_off_in_the_middle_fails() -> None:
    async with raw(http(b'{"a":', "Content-Length: 900")) as url:
        assert str(await refusal(url)).startswith("the connection broke")


@pytest.mark.parametrize("answer", [b"\x00\xff\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 9000])
async def test_what_is_no_http_fails(answer: bytes) -> None:
    async with raw(answer) as url:
        assert str(await refusal(url)).startswith("the connection broke")


async def test_nobody_there_is_said_at_once(unused_tcp_port: int) -> None:
    failed = await refusal(f"http://127.0.0.1:{unused_tcp_port}")
    assert (failed.status, "cannot be reached" in str(failed)) == (None, True)


async def test_a_huge_answer_is_refused_before_it_is_read_and_while_it_comes() -> None:
    sent = 0

    async def announced(request: web.Request) -> web.Response:
        return web.Response(body=b" " * (LONGEST_REPLY_BYTES + 1), content_type="application/json")

    async def chunked(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        try:
            for _ in range(1000):
                await response.write(b" " * 65536)
                sent += 65536
        except ConnectionError:
            pass
        return response

    for handler in (announced, chunked):
        async with served(handler) as url:
            assert "longer than 256 kB" in str(await refusal(url))
    assert sent < 16 << 20


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "well-formed"),
        (b"<html>", "well-formed"),
        (b'"\xff"', "well-formed"),
        (b'{"a": NaN}', "well-formed"),
        (b'"\\ud800"', "well-formed"),
        (b"[" * 40 + b"]" * 40, "deeper than 32"),
        (b"[" * 100_000, "well-formed"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "deeper than 32"),
        (b'{"a": ["\\u0000"]}', "zero character"),
        (b'{"\\u0000": 1}', "zero character"),
    ],
)
async def test_garbage_is_refused(body: bytes, why: str) -> None:
    async with raw(http(body)) as url:
        failed = await refusal(url)
    assert why in str(failed)
    assert failed.status == 200


async def test_what_says_that_it_is_no_json_is_refused() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text='{"looks": "like it"}', content_type="text/html")

    async with served(handler) as url:
        assert str(await refusal(url)) == "its answer is text/html, not JSON"


async def test_a_gzip_bomb_is_never_unpacked() -> None:
    accepted: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        accepted.append(request.headers["Accept-Encoding"])
        bomb = gzip.compress(b" " * (16 << 20))
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return web.Response(body=bomb, headers=headers)

    async with served(handler) as url:
        assert "compressed" in str(await refusal(url))
    assert accepted == ["identity"]


async def test_a_redirect_is_followed_nowhere() -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        raise AssertionError("the redirect was followed")

    async with served(elsewhere) as other:

        async def handler(request: web.Request) -> web.Response:
            raise web.HTTPFound(f"{other}/stolen")

        async with served(handler) as url:
            failed = await refusal(url)
    assert failed.status == 302
    assert "redirects" in str(failed)


async def test_a_certificate_of_nobody_is_refused_unless_that_is_allowed(
    tmp_path: Path,
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response("seen")

    async with served(handler, tls=own_certificate(tmp_path)) as url:
        failed = await refusal(url)
        assert (failed.status, str(failed)) == (None, "its certificate is not good")
        async with services(url, verify_tls=False) as opened:
            assert (await ask(opened)).value == "seen"


async def test_a_service_that_speaks_no_tls_is_a_failure() -> None:
    async with raw(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url:
        assert "cannot be reached" in str(await refusal(url.replace("http:", "https:")))


async def test_a_service_that_is_not_configured_is_named() -> None:
    async with services("http://127.0.0.1:1") as opened:
        with pytest.raises(ServiceFailed, match="'stock' is not in the configuration"):
            await opened.ask("stock", "get", "/", None, timeout_seconds=1)
        with pytest.raises(ServiceFailed, match="no method of HTTP"):
            await opened.ask("orders", "get /x", "/", None, timeout_seconds=1)


async def test_a_cancelled_request_leaves_nothing_behind() -> None:
    arrived = asyncio.Event()
    gone = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        arrived.set()
        try:
            await asyncio.sleep(30)
        finally:
            gone.set()
        return web.json_response({})

    application = web.Application()
    application.router.add_get("/orders/1", handler)
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with services(f"http://127.0.0.1:{runner.addresses[0][1]}") as opened:
        task = asyncio.create_task(ask(opened))
        async with asyncio.timeout(5):
            await arrived.wait()
            task.cancel()
            await gone.wait()
    await runner.cleanup()
    assert task.cancelled()
