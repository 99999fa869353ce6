"""Everything that an HTTP provider of SMS can be told may be written in the configuration, and is used."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from aiohttp import web

from channels.callbacks import CallbackReceiver
from compliance.facts import Channel
from engine.clock import SystemClock
from infolinia.assembly.message_providers import carriers_of
from infolinia.assembly.preflight import StartFailed
from infolinia.configuration import Configuration, load_configuration
from messaging.provider import Provider, Taken
from messaging.states import MessageState
from tests.channels.other_sides import called, opened, submission, web_server

HTTP: dict[str, Any] = {
    "json_body": {"to": "{to}", "text": "{text}", "back": "{callback}", "until": "{expires}"},
    "expires": "seconds",
    "error": "/error",
    "errors": {"13": "busy", "7": "unknown"},
    "already": ["53"],
    "account": ["101"],
    "cost": "/points",
    "unit_minor": "16.5",
    "currency": "PLN",
    "callback_url": "https://calls.example.com/callbacks/providers/any?token=${OURS}",
    "callback_token": "${OURS}",
    "callback_header": "X-Token",
    "signature": {"header": "X-Sign", "key": "${KEY}", "before": "sha256="},
    "networks": ["192.0.2.0/24"],
    "reply": "done",
    "receipts": {
        "reference": "/ids",
        "status": "/words",
        "states": {"ok": "delivered", "bad": "failed"},
        "separator": ",",
    },
    "incoming": {"sender": "/from", "to": "/to", "text": "/text", "in_reply_to": "/about"},
    "private_networks": True,
}


def configured(folder: Path, kind: str, **settings: Any) -> Configuration:
    file = folder / "infolinia.yaml"
    file.write_text(yaml.safe_dump({"messaging": {"providers": [{"name": "any", kind: settings}]}}))
    return load_configuration(file)


def provider_of(folder: Path, kind: str, **settings: Any) -> Provider:
    (carrier,) = carriers_of(configured(folder, kind, **settings), SystemClock())
    return carrier.provider


def receiver(provider: Provider) -> CallbackReceiver:
    return provider  # type: ignore[return-value]


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "t0ken")
    monkeypatch.setenv("KEY", "k3y")


async def test_answers_are_read_as_the_settings_say(tmp_path: Path) -> None:
    asked: list[Any] = []
    answers = iter(
        [{"error": "13"}, {"error": "7"}, {"error": "53"}, {"error": "9"}, {"points": "2"}, {"error": "101"}]
    )

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.json())
        return web.json_response(next(answers))

    async with web_server(answer) as url:
        provider = provider_of(tmp_path, "http", url=url, **HTTP)
        async with opened(provider) as told:
            sms = submission(Channel.SMS, "+48600000001")
            found = [await provider.submit(sms) for _ in range(5)]
            standing = list(told.standing)
    # The second was asked again under the same id, and had been taken.
    assert [one.taken for one in found] == [
        Taken.BUSY, Taken.ACCEPTED, Taken.REJECTED, Taken.ACCEPTED, Taken.AWAY,
    ]  # fmt: skip
    assert (found[3].cost, found[3].currency) == (33, "PLN")
    assert asked[0]["back"] == "https://calls.example.com/callbacks/providers/any?token=t0ken"
    assert not standing[-1][0]


async def test_callbacks_are_let_in_as_the_settings_say(tmp_path: Path) -> None:
    provider = provider_of(tmp_path, "http", url="https://sms.example.com", **HTTP)
    receipts = orjson.dumps({"ids": "p1,p2,p3", "words": "ok,bad,later"})
    reply = orjson.dumps({"from": "48600000001", "to": "48220000099", "text": "Yes", "about": "p1"})

    def headers(body: bytes, **other: str) -> dict[str, str]:
        sign = "sha256=" + hmac.new(b"k3y", body, hashlib.sha256).hexdigest()
        return {"x-sign": sign, "x-token": "t0ken", "content-type": "application/json", **other}

    async with opened(provider) as told:
        for body in (receipts, reply):
            answer = await called(receiver(provider), headers=headers(body), body=body)
            assert (answer.status, answer.body) == (200, b"done")
        refused = [
            await called(receiver(provider), headers=headers(b"other"), body=receipts),
            await called(receiver(provider), headers=headers(receipts, **{"x-token": "no"}), body=receipts),
            await called(receiver(provider), headers=headers(receipts), body=receipts, remote="198.51.100.1"),
        ]
    assert [one.status for one in refused] == [403, 403, 403]
    assert [(one.reference, one.state) for one in told.receipts] == [
        ("p1", MessageState.DELIVERED),
        ("p2", MessageState.FAILED),
    ]
    assert [(one.text, one.in_reply_to) for one in told.incoming] == [("Yes", "p1")]


async def test_a_provider_that_tells_only_from_its_networks_needs_no_token(tmp_path: Path) -> None:
    settings = {"token": "t", "networks": ["192.0.2.0/24"], "currency": "PLN", "point_minor": "16"}
    provider = provider_of(tmp_path, "smsapi", **settings)
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = b"idx=m1&status=404&donedate=1700000000&status_name=DELIVERED"
    async with opened(provider) as told:
        assert (await called(receiver(provider), headers=form, body=body)).status == 200
        elsewhere = await called(receiver(provider), headers=form, body=body, remote="198.51.100.1")
    assert elsewhere.status == 403
    assert [(one.reference, one.state) for one in told.receipts] == [("m1", MessageState.DELIVERED)]


def test_the_key_of_a_signature_must_be_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEY")
    with pytest.raises(StartFailed, match=r"messaging\.providers\[0\]\.http\.signature wants .* KEY"):
        provider_of(tmp_path, "http", url="https://sms.example.com", **HTTP)
