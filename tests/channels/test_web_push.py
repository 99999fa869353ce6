"""Web push against an endpoint that checks the VAPID token and decrypts as a browser does."""

from __future__ import annotations

import asyncio
import base64
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import http_ece
import orjson
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid.jwt import decode

from channels.push.provider import LONGEST_NOTICE_BYTES, WebPushProvider
from channels.push.vapid_key import KeyRefused, VapidKey, kept_vapid_key
from compliance.facts import Channel
from messaging.provider import Answer, Submission, Taken
from tests.channels.other_sides import opened, submission, web_server
from tests.conftest import HandClock


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Browser:
    """A subscription, and the push service in front of it."""

    key: VapidKey
    clock: HandClock
    status: int = 201
    more: dict[str, str] = field(default_factory=dict)
    notices: list[dict[str, object]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    secret: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def subscription(self) -> str:
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": base64url(point), "auth": base64url(self.secret)}
        shape = {"endpoint": f"{self.url}/push/abc", "expirationTime": None, "keys": keys}
        return orjson.dumps(shape).decode()

    async def handle(self, request: web.Request) -> web.Response:
        scheme, _, parameters = request.headers["Authorization"].partition(" ")
        parts = dict(part.split("=", 1) for part in parameters.split(","))
        assert scheme == "vapid"
        assert parts["k"] == self.key.public
        claims = decode(parts["t"], parts["k"])  # raises InvalidSignature
        assert claims["aud"] == self.url
        assert claims["sub"] == "mailto:info@example.com"
        assert 0 < claims["exp"] - self.clock.now().timestamp() <= 24 * 3600
        assert request.headers["Content-Encoding"] == "aes128gcm"
        body = await request.read()
        assert len(body) <= 4096
        plain = http_ece.decrypt(body, private_key=self.private, auth_secret=self.secret, version="aes128gcm")
        self.notices.append(orjson.loads(plain))
        self.headers.append(dict(request.headers))
        return web.Response(status=self.status, headers=self.more)


@asynccontextmanager
async def browser(tmp_path: Path, clock: HandClock) -> AsyncIterator[tuple[Browser, WebPushProvider]]:
    key = kept_vapid_key(tmp_path / "push.pem")
    one = Browser(key, clock)
    async with web_server(one.handle) as one.url:
        provider = WebPushProvider("push", key, "mailto:info@example.com", clock=clock, private_networks=True)
        async with opened(provider):
            yield one, provider


def notice(to: str, **more: object) -> Submission:
    return submission(Channel.PUSH, to, subject="Zamówienie", **more)


async def test_a_notice_is_encrypted_for_the_browser_alone(tmp_path: Path, clock: HandClock) -> None:
    async with browser(tmp_path, clock) as (one, provider):
        mail = notice(one.subscription, language="pl", data={"url": "https://example.com/o/1", "other": 1})
        answer = await provider.submit(mail)
        assert answer == Answer(Taken.ACCEPTED, (mail.message_id,), "201")
        assert one.notices == [
            {
                "id": mail.message_id,
                "title": "Zamówienie",
                "body": mail.text,
                "lang": "pl",
                "url": "https://example.com/o/1",
            }
        ]
        assert one.headers[0]["TTL"] == "86400"
        assert one.headers[0]["Urgency"] == "normal"


@pytest.mark.parametrize(("seconds", "ttl"), [(90, "90"), (-5, "0"), (90 * 24 * 3600, "2419200")])
async def test_it_is_kept_until_it_expires(tmp_path: Path, clock: HandClock, seconds: int, ttl: str) -> None:
    async with browser(tmp_path, clock) as (one, provider):
        until = clock.now() + timedelta(seconds=seconds)
        await provider.submit(notice(one.subscription, expires_at=until, data={"urgency": "high"}))
        assert (one.headers[0]["TTL"], one.headers[0]["Urgency"]) == (ttl, "high")


@pytest.mark.parametrize(
    ("status", "taken"),
    [
        (404, Taken.GONE),
        (410, Taken.GONE),
        (400, Taken.REJECTED),
        (403, Taken.REJECTED),
        (413, Taken.REJECTED),
        (500, Taken.BUSY),
        (503, Taken.BUSY),
    ],
)
async def test_what_a_push_service_answers(
    tmp_path: Path, clock: HandClock, status: int, taken: Taken
) -> None:
    async with browser(tmp_path, clock) as (one, provider):
        one.status = status
        assert (await provider.submit(notice(one.subscription))).taken is taken


async def test_one_that_is_pressed_says_how_long_to_wait(tmp_path: Path, clock: HandClock) -> None:
    async with browser(tmp_path, clock) as (one, provider):
        one.status, one.more = 429, {"Retry-After": "30"}
        answer = await provider.submit(notice(one.subscription))
        assert (answer.taken, answer.retry_after_seconds) == (Taken.BUSY, 30.0)


async def test_a_notice_that_is_too_long_is_refused_with_a_sentence(tmp_path: Path, clock: HandClock) -> None:
    async with browser(tmp_path, clock) as (one, provider):
        longest = replace(notice(one.subscription), text="x" * (LONGEST_NOTICE_BYTES - 100))
        assert (await provider.submit(longest)).taken is Taken.ACCEPTED
        answer = await provider.submit(replace(longest, text="x" * LONGEST_NOTICE_BYTES))
        assert answer.taken is Taken.REJECTED
        assert "shorten" in answer.why
        assert len(one.notices) == 1


async def test_what_is_no_subscription_is_refused(tmp_path: Path, clock: HandClock) -> None:
    async with browser(tmp_path, clock) as (one, provider):
        good = orjson.loads(one.subscription)
        for bad in (
            "",
            "[]",
            "{}",
            '"x"',
            orjson.dumps(good | {"keys": {}}).decode(),
            orjson.dumps(good | {"keys": good["keys"] | {"auth": "AAAA"}}).decode(),
            orjson.dumps(good | {"keys": good["keys"] | {"p256dh": "BAAA"}}).decode(),
            orjson.dumps(good | {"endpoint": "ftp://127.0.0.1/x"}).decode(),
            orjson.dumps(good | {"endpoint": "file:///etc/passwd"}).decode(),
            orjson.dumps(good | {"endpoint": 7}).decode(),
            orjson.dumps(good | {"endpoint": "https://[::1]/x"}).decode(),
            orjson.dumps(good | {"endpoint": "https://a.example.com:99999/x"}).decode(),
        ):
            answer = await provider.submit(notice(bad))
            assert answer.taken is Taken.REJECTED, bad
            assert "subscription" in answer.why
        assert one.notices == []


async def test_a_subscription_leads_into_no_private_network(tmp_path: Path, clock: HandClock) -> None:
    key = kept_vapid_key(tmp_path / "push.pem")
    async with opened(provider := WebPushProvider("push", key, "mailto:info@example.com", clock=clock)):
        one = Browser(key, clock, url="http://127.0.0.1:9")
        assert (await provider.submit(notice(one.subscription))).taken is Taken.REJECTED
        one.url = "https://127.0.0.1:9"
        answer = await provider.submit(notice(one.subscription))
        assert (answer.taken, "private network" in answer.why) == (Taken.AWAY, True)


@pytest.mark.parametrize("contact", ["", "info@example.com", "mailto:", "http://example.com", "mailto:x"])
def test_a_contact_that_is_none_is_told(tmp_path: Path, clock: HandClock, contact: str) -> None:
    with pytest.raises(ValueError, match="is no contact: write mailto:"):
        WebPushProvider("push", kept_vapid_key(tmp_path / "push.pem"), contact, clock=clock)


# --- the key ----------------------------------------------------------------------------------------------


def test_the_key_is_made_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "push.pem"
    first = kept_vapid_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert kept_vapid_key(path).public == first.public
    assert len(base64.urlsafe_b64decode(first.public + "=")) == 65
    assert [one.name for one in path.parent.iterdir()] == ["push.pem"]


async def test_two_that_make_it_at_once_have_the_same(tmp_path: Path) -> None:
    path = tmp_path / "push.pem"
    keys = await asyncio.gather(*(asyncio.to_thread(kept_vapid_key, path) for _ in range(2)))
    assert keys[0].public == keys[1].public == kept_vapid_key(path).public


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_is_no_key_is_told_with_its_place(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "push.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyRefused, match="is no push key") as refused:
        kept_vapid_key(path)
    assert str(path) in str(refused.value)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "push.pem"
    kept_vapid_key(path)
    path.chmod(0o640)
    with pytest.raises(KeyRefused, match="chmod 600"):
        kept_vapid_key(path)
