"""`messaging:` of the configuration, the way by which providers call back, and the commands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from channels.callbacks import CallbackAnswer, CallbackGuard, CallbackRequest
from engine.clock import SystemClock
from engine.followup.routing import Carrier
from engine.registers.messages import Move
from infolinia.assembly.message_providers import carriers_of
from infolinia.assembly.messaging import callback_routes
from infolinia.assembly.preflight import StartFailed
from infolinia.commands.settings import show_config
from infolinia.configuration import Configuration, ConfigurationRejected, as_table, load_configuration
from messaging.states import MessageState
from store.schema import upgrade
from store.store import open_store
from tests.commands import Program, loaded_program
from tests.messages.carrying import HandProvider, message

KINDS: dict[str, dict[str, Any]] = {
    "smpp": {"endpoints": [{"host": "127.0.0.1"}], "system_id": "shop", "password": "${SMPP_PASSWORD}"},
    "http": {
        "url": "http://127.0.0.1:28501/send",
        "headers": {"Authorization": "Bearer ${SMPP_PASSWORD}"},
        "form": {"to": "{to}", "text": "{text}"},
        "receipts": {"reference": "/id", "status": "/status", "states": {"ok": "delivered"}},
        "callback_token": "secret-of-callbacks",
        "private_networks": True,
    },
    "smsapi": {"token": "token-of-api", "sender": "Shop"},
    "smtp": {"host": "127.0.0.1", "sender": "Shop <shop@example.com>", "bounces": "back@example.com"},
    "push": {"contact": "mailto:shop@example.com"},
    "telegram": {"token": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PAL", "secret": "a-long-enough-secret"},
    "vk": {"group_id": 7, "token": "token-of-vk"},
}


def configured(folder: Path, messaging: object) -> Configuration:
    file = folder / "infolinia.yaml"
    file.write_text(json.dumps({"messaging": messaging}, indent=1))
    return load_configuration(file)


def test_every_kind_becomes_a_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    providers = [{"name": name, "weight": 2, name: settings} for name, settings in KINDS.items()]
    configuration = configured(tmp_path, {"providers": providers})
    (tmp_path / "var").mkdir()
    with pytest.raises(StartFailed, match=r"messaging.providers\[0\].smpp.password wants .* SMPP_PASSWORD"):
        carriers_of(configuration, SystemClock())
    monkeypatch.setenv("SMPP_PASSWORD", "s3cret")
    carriers = carriers_of(configuration, SystemClock())
    assert [(one.provider.name, one.provider.channel.value) for one in carriers] == [
        ("smpp", "sms"), ("http", "sms"), ("smsapi", "sms"), ("smtp", "email"), ("push", "push"),
        ("telegram", "messenger"), ("vk", "messenger"),
    ]  # fmt: skip
    shown = json.dumps(as_table(configuration)) + repr(configuration)
    secrets = ("SMPP_PASSWORD", "token-of", "a-long-enough", "secret-of-callbacks", "110201543")
    assert [one for one in secrets if one in shown] == []


@pytest.mark.parametrize(
    ("messaging", "told"),
    [
        ({"providers": [{"name": "one"}]}, "has none of smpp, http"),
        (
            {"providers": [{"name": "one", "vk": KINDS["vk"], "push": KINDS["push"]}]},
            "has push and vk of smpp, http",
        ),
        ({"providers": [{"name": "one", "vk": KINDS["vk"]}] * 2}, '"one" is there twice'),
        ({"providers": [{"name": "One", "vk": KINDS["vk"]}]}, "small letters"),
        ({"providers": [{"name": "one", "vk": KINDS["vk"], "prefixes": ["48"]}]}, 'as "\\+48"'),
        ({"providers": [{"name": "one", "smtp": KINDS["smtp"] | {"bounces": "back"}}]}, "no e-mail address"),
        ({"words": {"stop": ["start"]}}, "already means start"),
    ],
)
def test_a_wrong_setting_is_told(tmp_path: Path, messaging: object, told: str) -> None:
    with pytest.raises(ConfigurationRejected, match=told) as rejected:
        configured(tmp_path, messaging)
    assert "infolinia.yaml:" in str(rejected.value)


FORM = {"to": "{to}", "text": "{text}"}
REFUSED = (
    ({"url": "http://sms.example.com/{number}"}, ".url: {number} is not known; there are {to}, {text}"),
    (
        {"url": "htp://sms.example.com"},
        ".url: write the provider's address, such as https://sms.example.com.",
    ),
    ({"url": "https://sms.example.com", "json_body": {"to": "{too}"}}, ".json_body.to: {too} is not known"),
    (
        {"url": "https://sms.example.com", "json_body": {}, "form": FORM},
        ": write form or json_body, not both.",
    ),
    ({"url": "https://sms.example.com", "reference": "id"}, ".reference: 'id' is no place: write /path"),
    ({"url": "http://127.0.0.1:8099/send"}, ".url: 127.0.0.1 is in a private network; write private_net"),
    ({"url": "http://localhost:8099/send"}, ".url: localhost is in a private network"),
    ({"url": "http://[fd00::1]/send"}, ".url: fd00::1 is in a private network"),
    (
        {"url": "https://sms.example.com", "headers": {"A": "${SMS_TOKEN_OF_NOBODY}"}},
        ".headers wants the environment variable SMS_TOKEN_OF_NOBODY, which is not set",
    ),
)


def test_what_a_provider_refuses_is_told_with_its_settings_by_config_and_by_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [{"name": f"p{n}", "http": settings} for n, (settings, _) in enumerate(REFUSED)]
    configuration = configured(tmp_path, {"providers": wrong})
    with pytest.raises(StartFailed) as refused:
        carriers_of(configuration, SystemClock())
    lines = str(refused.value).splitlines()
    assert len(lines) == len(REFUSED)
    for n, (line, (_, told)) in enumerate(zip(lines, REFUSED, strict=True)):
        assert line.startswith(f"messaging.providers[{n}].http{told}"), line
    with pytest.raises(SystemExit) as ended:
        show_config(tmp_path / "infolinia.yaml")
    assert (ended.value.code, capsys.readouterr().err.splitlines()) == (2, lines)


# --- callbacks --------------------------------------------------------------------------------------------


class CalledProvider(HandProvider):
    longest_bytes = 10
    guard: CallbackGuard | None = None

    def __init__(self) -> None:
        super().__init__()
        self.called: list[CallbackRequest] = []

    async def take(self, request: CallbackRequest) -> CallbackAnswer:
        self.called.append(request)
        return CallbackAnswer(200, b"OK")


async def test_a_provider_calls_back() -> None:
    provider = CalledProvider()
    application = web.Application()
    application.add_routes(callback_routes([Carrier(provider), Carrier(HandProvider("dumb"))]))
    async with TestClient(TestServer(application)) as client:
        there = "/callbacks/providers/one?token=x"
        answers = [
            await client.post(there, data=b"id=1"),
            await client.get(there),
            await client.post(there, data=b"x" * 11),
            await client.post("/callbacks/providers/dumb"),
            await client.post("/callbacks/providers/other"),
        ]
        assert [one.status for one in answers] == [200, 200, 413, 404, 404]
    (first, second) = provider.called
    assert (first.method, first.body, first.query) == ("POST", b"id=1", {"token": "x"})
    assert second.method == "GET"
    assert callback_routes([Carrier(HandProvider("dumb"))]) == []


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stuck() -> AsyncIterator[bytes]:
        yield b"id"
        await asyncio.sleep(30.0)

    monkeypatch.setattr("infolinia.assembly.messaging.BODY_SECONDS", 0.05)
    application = web.Application()
    guarded = CalledProvider()
    guarded.name, guarded.guard = "guarded", CallbackGuard(token="s3cret")
    application.add_routes(callback_routes([Carrier(CalledProvider()), Carrier(guarded)]))
    async with TestClient(TestServer(application)) as client, asyncio.timeout(10.0):
        answer = await client.post("/callbacks/providers/one", data=stuck())
        assert answer.status == 408
        unknown = await client.post("/callbacks/providers/guarded?token=x", data=stuck())
        assert unknown.status == 403, "before the body has come"


# --- commands ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with loaded_program() as program:
        yield program


def test_the_shell_lists_shows_stops_and_sends_again(program: Program, tmp_path: Path) -> None:
    (tmp_path / "infolinia.yaml").write_text("name: test\n")
    (tmp_path / "var").mkdir()
    url = f"sqlite:///{tmp_path}/var/infolinia.db"

    async def kept() -> None:
        await upgrade(url)
        clock = SystemClock()
        store = open_store(url, tmp_path / "var" / "spool", clock=clock)
        await store.start()
        secret = {"data": {"shown": "Your code is …"}, "text": "Your code is 123456"}
        await store.messages.add([message(1), message(2, **secret)])
        queue = store.message_queue("w1")
        now = clock.now()
        await queue.move([Move("m002", MessageState.SENDING, now, provider="one", leased_until=now)])
        await queue.move([Move("m002", MessageState.IN_DOUBT, now, "nobody answered", "no_answer")])
        await store.close()

    asyncio.run(kept())

    def ran(*words: str) -> str:
        done = program.run(tmp_path, "messages", *words)
        assert done.code == 0, done.errors
        return done.output

    assert [line.split()[-1] for line in ran("list", "--state", "queued").splitlines()] == ["m001"]
    assert "in_doubt" in ran("doubtful")
    shown = ran("show", "m002")
    assert "Your code is …" in shown
    assert "123456" not in shown
    assert "[no_answer]  nobody answered" in shown
    assert ran("resend", "m002") == "It is queued again.\n"
    assert ran("stop", "m002", "--reason", "late") == "It is stopped.\n"
    new = ran("send", "+48600000012", "Hello", "--purpose", "information").strip()
    (line,) = [json.loads(one) for one in ran("list", "--limit", "1", "--json").splitlines()]
    assert (line["id"], line["purpose"], line["state"]) == (new, "information", "queued")
    told = [
        program.run(tmp_path, "messages", *words).sentence
        for words in (("show", "x"), ("stop", "m002"), ("resend", "m001"), ("send", "12", "Hello"))
    ]
    assert [sentence.split(":")[0] for sentence in told] == [
        "There is no message x.",
        "Message m002 is stopped",
        "Message m001 is queued",
        '"12" is no telephone number',
    ]
