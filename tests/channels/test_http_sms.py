"""SMS over HTTP: providers of several shapes on real sockets, and what they call back."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from aiohttp import web

from channels.callbacks import CallbackGuard, HmacSignature
from channels.http_sms.fields import Place
from channels.http_sms.provider import HttpSmsProvider, _minor
from channels.http_sms.settings import Answered, Asked, HttpSmsSettings, IncomingFields, ReceiptFields
from compliance.facts import Channel
from messaging.provider import Answer, Incoming, Receipt, Taken
from messaging.states import MessageState
from tests.channels.other_sides import Told, called, opened, submission, web_server
from tests.conftest import HandClock

SMS = submission(Channel.SMS, "+48600000001")


@dataclass
class Gateway:
    """Answers with JSON: `status` and `body`; `cut` breaks the connection after the request so many times."""

    status: int = 200
    body: object = field(default_factory=lambda: {"id": "p1", "price": "0.085"})
    cut: int = 0
    hold: asyncio.Event | None = None
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[web.Request, bytes]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append((request, await request.read()))
        if self.hold is not None:
            await self.hold.wait()
        if self.cut:
            self.cut -= 1
            assert request.transport is not None
            request.transport.abort()
        body = self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)
        return web.Response(status=self.status, body=body, headers=self.headers)


JSON = {"recipient": "{to}", "content": "{text}", "from": "{sender}", "until": "{expires}", "ref": "{id}"}
ANSWER = Answered(
    reference=Place("/id"),
    error=Place("/error/code"),
    why=Place("/error/text"),
    errors={"21": Taken.GONE, "22": Taken.BUSY, "23": Taken.UNKNOWN},
    account=frozenset({"90"}),
    cost=Place("/price"),
    currency="EUR",
)


@asynccontextmanager
async def gateway(
    clock: HandClock, answer: Answered = ANSWER, **more: Any
) -> AsyncIterator[tuple[Gateway, HttpSmsProvider, Told]]:
    one = Gateway()
    async with web_server(one.handle) as url:
        asked = {"url": f"{url}/send", "json": JSON, "headers": {"X-Key": "s3cret"}} | more
        limit = asked.pop("limit_seconds", 5.0)
        settings = HttpSmsSettings(
            Asked(**asked), answer, private_networks=True, limit_seconds=limit, sender="Anna"
        )
        async with opened(provider := HttpSmsProvider("sms", settings, clock=clock)) as told:
            yield one, provider, told
            if one.hold is not None:
                one.hold.set()


async def test_a_message_goes_out_as_json(clock: HandClock) -> None:
    async with gateway(clock) as (one, provider, told):
        until = clock.now() + timedelta(hours=1)
        assert await provider.submit(replace(SMS, expires_at=until)) == Answer(
            Taken.ACCEPTED, ("p1",), "http 200", cost=8, currency="EUR"
        )
        [(request, body)] = one.asked
        assert (request.method, request.path, request.headers["X-Key"]) == ("POST", "/send", "s3cret")
        assert orjson.loads(body) == {
            "recipient": "+48600000001",
            "content": SMS.text,
            "from": "Anna",
            "until": str(int(until.timestamp())),
            "ref": SMS.message_id,
        }
        assert told.standing == [(True, "")]


async def test_a_message_goes_out_as_a_form_or_in_the_address(clock: HandClock) -> None:
    fields = {"to": "{to}", "text": "{text}", "from": "{sender}"}
    async with gateway(clock, json=None, form=fields, plus=False) as (one, provider, _):
        await provider.submit(replace(SMS, sender="Jan"))
        form = await one.asked[0][0].post()
        assert dict(form) == {"to": "48600000001", "text": SMS.text, "from": "Jan"}
    one = Gateway(body=b"OK:77")
    async with web_server(one.handle) as url:
        settings = HttpSmsSettings(
            Asked(f"{url}/send?to={{to}}&text={{text}}", "GET"),
            Answered(reference=Place("regex:^OK:(.+)")),
            private_networks=True,
        )
        async with opened(provider := HttpSmsProvider("sms", settings, clock=clock)):
            assert (await provider.submit(SMS)).references == ("77",)
    assert dict(one.asked[0][0].query) == {"to": "+48600000001", "text": SMS.text}


@pytest.mark.parametrize(
    ("seconds", "kind", "sent"),
    [
        (10, "unix", None),
        (3 * 24 * 3600, "unix", None),
        (90, "seconds", "90"),
        (90, "iso", "2026-11-21T16:06:30+00:00"),
    ],
)
async def test_when_it_expires(clock: HandClock, seconds: int, kind: str, sent: str | None) -> None:
    async with gateway(clock, expires=kind) as (one, provider, _):
        await provider.submit(replace(SMS, expires_at=clock.now() + timedelta(seconds=seconds)))
        assert orjson.loads(one.asked[0][1]).get("until") == sent


@pytest.mark.parametrize(
    ("status", "body", "taken", "code"),
    [
        (200, {"error": {"code": 21, "text": "no such number"}}, Taken.GONE, "21"),
        (200, {"error": {"code": 22}}, Taken.BUSY, "22"),
        (400, {"error": {"code": 23}}, Taken.UNKNOWN, "23"),
        (400, {"error": {"code": "other"}}, Taken.REJECTED, "other"),
        (200, {"error": {"code": 90}}, Taken.AWAY, "90"),
        (200, b"<html>", Taken.UNKNOWN, "http 200"),
        (200, b"", Taken.UNKNOWN, "http 200"),
        (200, {"id": None}, Taken.UNKNOWN, "http 200"),
        (302, b"", Taken.AWAY, "http 302"),
        (400, b"", Taken.REJECTED, "http 400"),
        (401, b"", Taken.AWAY, "http 401"),
        (403, b"", Taken.AWAY, "http 403"),
        (429, b"", Taken.BUSY, "http 429"),
        (500, b"", Taken.UNKNOWN, "http 500"),
        (503, b"", Taken.BUSY, "http 503"),
        (504, b"", Taken.UNKNOWN, "http 504"),
    ],
)
async def test_what_a_gateway_answers(
    clock: HandClock, status: int, body: object, taken: Taken, code: str
) -> None:
    async with gateway(clock) as (one, provider, told):
        one.status, one.body, one.headers = status, body, {"Retry-After": "9"}
        answer = await provider.submit(SMS)
        assert (answer.taken, answer.code) == (taken, code)
        assert len(one.asked) == 1
        assert (told.standing[-1][0] is False) == (taken is Taken.AWAY)
        if status in (429, 503):
            assert answer.retry_after_seconds == 9.0


async def test_a_request_without_an_answer_is_in_doubt_and_not_repeated(clock: HandClock) -> None:
    async with gateway(clock) as (one, provider, _):
        one.cut = 1
        answer = await provider.submit(SMS)
        assert (answer.taken, answer.references, len(one.asked)) == (Taken.UNKNOWN, (), 1)
    async with gateway(clock, limit_seconds=0.2) as (one, provider, _):
        one.hold = asyncio.Event()
        assert (await provider.submit(SMS)).taken is Taken.UNKNOWN


async def test_one_that_takes_an_id_once_only_is_asked_again(clock: HandClock) -> None:
    once = Answered(error=Place("/error/code"), already=frozenset({"53"}))
    async with gateway(clock, answer=once) as (one, provider, _):
        one.cut, one.body = 1, {"error": {"code": 53}}
        answer = await provider.submit(SMS)
        assert (answer.taken, answer.references) == (Taken.ACCEPTED, (SMS.message_id,))
        assert len(one.asked) == 2
        one.cut = 2
        answer = await provider.submit(SMS)
        assert (answer.taken, answer.references) == (Taken.UNKNOWN, (SMS.message_id,))


async def test_nobody_there_is_away(clock: HandClock, unused_tcp_port: int) -> None:
    settings = HttpSmsSettings(Asked(f"http://127.0.0.1:{unused_tcp_port}"), private_networks=True)
    async with opened(provider := HttpSmsProvider("sms", settings, clock=clock)):
        assert (await provider.submit(SMS)).taken is Taken.AWAY
    assert (await provider.submit(SMS)).taken is Taken.AWAY


async def test_a_header_cannot_be_broken_out_of(clock: HandClock) -> None:
    async with gateway(clock, headers={"X-From": "{sender}"}) as (one, provider, _):
        answer = await provider.submit(replace(SMS, sender="a\r\nX-Other: b"))
        assert (answer.taken, one.asked) == (Taken.REJECTED, [])


# --- callbacks --------------------------------------------------------------------------------------------

RECEIPTS = ReceiptFields(
    Place("/id"),
    Place("/status"),
    {"ok": MessageState.DELIVERED, "late": MessageState.EXPIRED, "no": MessageState.FAILED},
    at=Place("/at"),
    why=Place("/why"),
)
INCOMING = IncomingFields(
    Place("/from"), Place("/to"), Place("/text"), Place("/at"), Place("/mid"), Place("/ref")
)
KEY = "k" * 20
SIGNED = CallbackGuard(signature=HmacSignature("X-Sign", KEY, encoding="base64"))


def receiver(clock: HandClock, guard: CallbackGuard | None = SIGNED) -> HttpSmsProvider:
    settings = HttpSmsSettings(
        Asked("http://127.0.0.1:9"), receipts=RECEIPTS, incoming=INCOMING, reply="done"
    )
    return HttpSmsProvider("sms", settings, clock=clock, guard=guard)


def signed(body: bytes) -> dict[str, str]:
    digest = hmac.new(KEY.encode(), body, hashlib.sha256).digest()
    return {"x-sign": base64.b64encode(digest).decode(), "content-type": "application/json"}


async def test_a_signed_receipt(clock: HandClock) -> None:
    provider = receiver(clock)
    body = orjson.dumps({"id": "p1", "status": "no", "at": "2026-11-21T17:00:00+01:00", "why": "barred"})
    async with opened(provider) as told:
        answer = await called(provider, headers=signed(body), body=body)
        assert (answer.status, answer.body) == (200, b"done")
        at = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
        assert told.receipts == [Receipt("sms", "p1", MessageState.FAILED, at, "no", "barred")]
        forged = orjson.dumps({"id": "p2", "status": "ok"})
        assert (await called(provider, headers=signed(body), body=forged)).status == 403
        # A signature covers the body; what stands in the query is nobody's word.
        query = {"id": "p2", "status": "ok"}
        assert (await called(provider, headers=signed(b""), query=query)).status == 400
        assert len(told.receipts) == 1
        told.broken = True
        assert (await called(provider, headers=signed(body), body=body)).status == 503


@pytest.mark.parametrize(
    ("word", "state"),
    [("ok", MessageState.DELIVERED), ("late", MessageState.EXPIRED), ("sent", None)],
)
async def test_words_of_a_receipt(clock: HandClock, word: str, state: MessageState | None) -> None:
    provider = receiver(clock, CallbackGuard(token="s3cret"))
    async with opened(provider) as told:
        query = {"id": "p1", "status": word, "token": "s3cret", "at": "1795000000000000"}
        assert (await called(provider, method="GET", query=query)).status == 200
        assert told.receipts == ([Receipt("sms", "p1", state, clock.now(), word)] if state else [])


async def test_a_persons_sms(clock: HandClock) -> None:
    provider = receiver(clock)
    body = orjson.dumps({"from": "48600000001", "to": "7001", "text": "STOP", "mid": "x9", "ref": "p1"})
    async with opened(provider) as told:
        assert (await called(provider, headers=signed(body), body=body)).status == 200
        assert told.incoming == [
            Incoming("sms", Channel.SMS, "+48600000001", "7001", "STOP", clock.now(), "x9", in_reply_to="p1")
        ]


async def test_the_same_words_of_another_day_are_another_sms(clock: HandClock) -> None:
    provider = receiver(clock)
    body = orjson.dumps({"from": "48600000001", "to": "7001", "text": "STOP"})
    ids = []
    async with opened(provider) as told:
        for hours in (0, 0, 24):
            clock.at += timedelta(hours=hours)
            assert (await called(provider, headers=signed(body), body=body)).status == 200
            ids.append(told.incoming[-1].external_id)
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"no", b'{"status": "ok"}', b'{"id": "p1"}', b'{"from": "1"}']
)
async def test_what_is_neither_is_refused(clock: HandClock, body: bytes) -> None:
    provider = receiver(clock)
    async with opened(provider) as told:
        assert (await called(provider, headers=signed(body), body=body)).status == 400
        assert (told.receipts, told.incoming) == ([], [])


async def test_without_a_guard_there_is_no_callback(clock: HandClock) -> None:
    provider = receiver(clock, None)
    async with opened(provider):
        assert (await called(provider, body=b'{"id": "p1", "status": "ok"}')).status == 404


def test_costs_are_whole_minor_units() -> None:
    assert _minor("0,165", Decimal(100)) == 16
    assert _minor("1.2", Decimal(100)) == 120
    assert _minor("free", Decimal(100)) is None
    assert _minor("NaN", Decimal(100)) is None
    assert _minor(None, Decimal(100)) is None
