"""SMSAPI's ready settings, against a server that takes what its documentation lists and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from aiohttp import web

from channels.callbacks import CallbackGuard
from channels.http_sms.provider import HttpSmsProvider
from channels.http_sms.smsapi import smsapi_settings
from compliance.facts import Channel
from messaging.provider import Incoming, Receipt, Taken
from messaging.states import MessageState
from tests.channels.other_sides import Told, called, opened, submission, web_server
from tests.conftest import HandClock

SMS = submission(Channel.SMS, "+48600000001")
# Of sms.do, those that a message of text can have.
FIELDS = {
    "to", "message", "from", "idx", "check_idx", "encoding", "format", "details", "expiration_date",
    "notify_url", "normalize", "nounicode", "max_parts", "date", "date_validate", "fast", "flash", "test",
    "udh", "skip_foreign", "allow_duplicates", "template", "time_restriction", "partner_id",
    "param1", "param2", "param3", "param4",
}  # fmt: skip


@dataclass
class Smsapi:
    """`error`: answered instead. An `idx` is taken once."""

    error: int = 0
    lost: int = 0
    sent: list[dict[str, str]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        assert (request.method, request.path) == ("POST", "/sms.do")
        form = {name: str(value) for name, value in (await request.post()).items()}
        assert set(form) <= FIELDS
        assert (form["format"], form["encoding"], form["check_idx"]) == ("json", "utf-8", "1")
        assert form["to"].isdigit()
        if request.headers.get("Authorization") != "Bearer t0ken":
            return self.refusal(101, "Authorization failed")
        if self.error:
            return self.refusal(self.error, "refused")
        if any(one["idx"] == form["idx"] for one in self.sent):
            return self.refusal(53, "Not unique idx")
        self.sent.append(form)
        if self.lost:
            self.lost -= 1
            assert request.transport is not None
            request.transport.abort()
        one = {
            "id": f"68{len(self.sent):05}",
            "points": 0.165,
            "number": form["to"],
            "date_sent": 1795000000,
            "submitted_number": form["to"],
            "status": "QUEUE",
            "error": None,
            "idx": form["idx"],
            "parts": 1,
        }
        answer = {"count": 1, "list": [one], "message": form["message"], "length": 20, "parts": 1}
        return web.json_response(answer)

    @staticmethod
    def refusal(code: int, words: str) -> web.Response:
        return web.json_response({"invalid_numbers": [], "error": code, "message": words})


@asynccontextmanager
async def smsapi(
    clock: HandClock, token: str = "t0ken"
) -> AsyncIterator[tuple[Smsapi, HttpSmsProvider, Told]]:
    one = Smsapi()
    async with web_server(one.handle) as url:
        settings = smsapi_settings(
            token,
            sender="Anna",
            callback_url="https://sms.example.com/callbacks?token=s3cret",
            url=f"{url}/sms.do",
            point_minor=Decimal(100),
            currency="PLN",
            private_networks=True,
        )
        guard = CallbackGuard(token="s3cret")
        async with opened(provider := HttpSmsProvider("smsapi", settings, clock=clock, guard=guard)) as told:
            yield one, provider, told


async def test_a_message_is_taken_under_our_id(clock: HandClock) -> None:
    async with smsapi(clock) as (one, provider, _):
        until = clock.now() + timedelta(hours=2)
        answer = await provider.submit(replace(SMS, expires_at=until))
        assert (answer.taken, answer.references) == (Taken.ACCEPTED, (SMS.message_id,))
        assert (answer.cost, answer.currency) == (16, "PLN")
        assert one.sent[0] == {
            "to": "48600000001",
            "message": SMS.text,
            "from": "Anna",
            "idx": SMS.message_id,
            "check_idx": "1",
            "encoding": "utf-8",
            "format": "json",
            "details": "1",
            "expiration_date": str(int(until.timestamp())),
            "notify_url": "https://sms.example.com/callbacks?token=s3cret",
        }
        # Times that it would refuse are left out.
        await provider.submit(replace(SMS, message_id="m2", expires_at=clock.now() + timedelta(minutes=5)))
        assert "expiration_date" not in one.sent[1]


async def test_a_lost_answer_is_no_doubt(clock: HandClock) -> None:
    async with smsapi(clock) as (one, provider, _):
        one.lost = 1
        answer = await provider.submit(SMS)
        assert (answer.taken, answer.code, len(one.sent)) == (Taken.ACCEPTED, "53", 1)


@pytest.mark.parametrize(
    ("error", "taken"),
    [(13, Taken.REJECTED), (57, Taken.REJECTED), (52, Taken.BUSY), (103, Taken.AWAY), (201, Taken.UNKNOWN)],
)
async def test_its_errors(clock: HandClock, error: int, taken: Taken) -> None:
    async with smsapi(clock) as (one, provider, told):
        one.error = error
        answer = await provider.submit(SMS)
        assert (answer.taken, answer.code, answer.why) == (taken, str(error), "refused")
        assert told.standing[-1][0] is (error != 103)


async def test_a_wrong_token_closes_the_provider_and_is_told_to_nobody(clock: HandClock) -> None:
    async with smsapi(clock, token="wr0ng") as (_, provider, told):
        assert (await provider.submit(SMS)).taken is Taken.AWAY
        assert told.standing[-1] == (False, "Authorization failed")
        assert "wr0ng" not in repr(provider._settings)


REPORT = {
    "MsgId": "6800001,6800002,6800003",
    "status": "404,402,403",
    "status_name": "DELIVERED,EXPIRED,SENT",
    "idx": "m1,m2,m3",
    "donedate": "1795276800,1795276801,1795276802",
    "username": "anna",
}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_several_receipts_at_once(clock: HandClock, method: str) -> None:
    clock.at = datetime(2026, 11, 30, tzinfo=UTC)
    async with smsapi(clock) as (_, provider, told):
        query, body = {"token": "s3cret"}, b""
        if method == "GET":
            query |= REPORT
        else:
            body = urlencode(REPORT).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await called(provider, method=method, headers=headers, query=query, body=body)
        assert (answer.status, answer.body) == (200, b"OK")
        at = datetime.fromtimestamp(1795276800, UTC)
        second = timedelta(seconds=1)
        assert told.receipts == [
            Receipt("smsapi", "m1", MessageState.DELIVERED, at, "404", "DELIVERED"),
            Receipt("smsapi", "m2", MessageState.EXPIRED, at + second, "402", "EXPIRED"),
            Receipt("smsapi", "m3", MessageState.ACCEPTED, at + 2 * second, "403", "SENT"),
        ]


async def test_receipts_that_do_not_match_are_refused(clock: HandClock) -> None:
    async with smsapi(clock) as (_, provider, told):
        query = {"token": "s3cret"} | REPORT | {"idx": "m1,m2"}
        assert (await called(provider, method="GET", query=query)).status == 400
        assert (await called(provider, method="GET", query=REPORT)).status == 403
        assert told.receipts == []


async def test_a_persons_answer_has_an_id_of_its_own(clock: HandClock) -> None:
    async with smsapi(clock) as (_, provider, told):
        query = {
            "token": "s3cret",
            "sms_from": "48600000001",
            "sms_to": "48220000000",
            "sms_text": "Tak, proszę",
            "sms_date": "1795000000",
            "username": "anna",
        }
        for sent in (query, query, query | {"sms_date": "1795000001"}):
            assert (await called(provider, method="GET", query=sent)).body == b"OK"
        first, again, other = told.incoming
        assert first == again
        assert other.external_id != first.external_id
        assert first == Incoming(
            "smsapi",
            Channel.SMS,
            "+48600000001",
            "+48220000000",
            "Tak, proszę",
            datetime.fromtimestamp(1795000000, UTC),
            first.external_id,
        )
