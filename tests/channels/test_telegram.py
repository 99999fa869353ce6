"""Telegram, against a server that speaks the Bot API's documented shapes and refuses every other field."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from aiohttp import web

from channels.messengers.telegram import LONGEST_TEXT, TelegramBot, TelegramProvider
from compliance.facts import Channel
from messaging.permission import PERMISSION
from messaging.provider import Answer, Incoming, Taken
from tests.channels.other_sides import Told, called, opened, submission, web_server

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
SECRET = "s3cret-of-the-hook"
MESSAGE = submission(Channel.MESSENGER, "telegram:1001")
# Of sendMessage and setWebhook, as the Bot API lists them.
FIELDS = {
    "sendMessage": {
        "business_connection_id", "chat_id", "message_thread_id", "text", "parse_mode", "entities",
        "link_preview_options", "disable_notification", "protect_content", "allow_paid_broadcast",
        "message_effect_id", "reply_parameters", "reply_markup",
    },
    "setWebhook": {
        "url", "certificate", "ip_address", "max_connections", "allowed_updates", "drop_pending_updates",
        "secret_token",
    },
}  # fmt: skip


@dataclass
class BotApi:
    """`refusal`: (code, description, parameters) of the next ones."""

    refusal: tuple[int, str, dict[str, object]] | None = None
    lost: bool = False
    raw: bytes | None = None
    sent: list[dict[str, Any]] = field(default_factory=list)
    hooks: list[dict[str, Any]] = field(default_factory=list)
    hooked: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        _, bot, method = request.path.split("/")
        if bot != f"bot{TOKEN}":
            return self.error(401, "Unauthorized", {})
        body = await request.json()
        unknown = set(body) - FIELDS[method]
        if request.method != "POST" or unknown:
            return self.error(400, f"Bad Request: {unknown} is not known", {})
        if self.raw is not None:
            return web.Response(body=self.raw, status=502)
        if self.lost:
            assert request.transport is not None
            request.transport.abort()
        if self.refusal is not None:
            return self.error(*self.refusal)
        if method == "setWebhook":
            self.hooks.append(body)
            self.hooked.set()
            return web.json_response({"ok": True, "result": True, "description": "Webhook was set"})
        assert isinstance(body["chat_id"], int)
        assert 1 <= len(body["text"]) <= 4096
        self.sent.append(body)
        message = {
            "message_id": 40 + len(self.sent),
            "from": {"id": 110201543, "is_bot": True, "first_name": "Infolinia", "username": "infolinia_bot"},
            "chat": {"id": body["chat_id"], "first_name": "Anna", "type": "private"},
            "date": 1795000000,
            "text": body["text"],
        }
        return web.json_response({"ok": True, "result": message})

    @staticmethod
    def error(code: int, description: str, parameters: dict[str, object]) -> web.Response:
        body = {"ok": False, "error_code": code, "description": description}
        return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=code)


@asynccontextmanager
async def telegram(
    token: str = TOKEN, callback_url: str = ""
) -> AsyncIterator[tuple[BotApi, TelegramProvider, Told]]:
    api = BotApi()
    async with web_server(api.handle) as url:
        bot = TelegramBot(token, SECRET, callback_url, url, private_networks=True)
        async with opened(provider := TelegramProvider("telegram", bot)) as told:
            yield api, provider, told


async def test_a_message_goes_out() -> None:
    async with telegram() as (api, provider, told):
        assert await provider.submit(MESSAGE) == Answer(Taken.ACCEPTED, ("1001/41",))
        assert api.sent == [{"chat_id": 1001, "text": MESSAGE.text}]
        assert told.standing == [(True, "")]


@pytest.mark.parametrize(
    ("refusal", "taken"),
    [
        ((403, "Forbidden: bot was blocked by the user", {}), Taken.GONE),
        ((400, "Bad Request: chat not found", {}), Taken.GONE),
        ((400, "Bad Request: message text is empty", {}), Taken.REJECTED),
        ((500, "Internal Server Error", {}), Taken.UNKNOWN),
    ],
)
async def test_what_it_refuses(refusal: tuple[int, str, dict[str, object]], taken: Taken) -> None:
    async with telegram() as (api, provider, _):
        api.refusal = refusal
        answer = await provider.submit(MESSAGE)
        assert (answer.taken, answer.code, answer.why) == (taken, str(refusal[0]), refusal[1])


async def test_it_says_how_long_to_wait() -> None:
    async with telegram() as (api, provider, _):
        api.refusal = (429, "Too Many Requests: retry after 35", {"retry_after": 35})
        answer = await provider.submit(MESSAGE)
        assert (answer.taken, answer.retry_after_seconds) == (Taken.BUSY, 35.0)
        api.refusal = (429, "Too Many Requests", {"retry_after": 10**15})
        assert (await provider.submit(MESSAGE)).retry_after_seconds == 3600.0


async def test_a_token_that_is_not_known_closes_the_provider_and_is_told_to_nobody() -> None:
    wrong = TOKEN.replace("AAH", "BBH")
    async with telegram(wrong) as (_, provider, told):
        answer = await provider.submit(MESSAGE)
        assert answer.taken is Taken.AWAY
        assert told.standing[-1] == (False, answer.why)
        assert wrong not in repr((answer, told.standing, provider._bot))


@pytest.mark.parametrize("raw", [b"<html>502 Bad Gateway</html>", b"[]", b""])
async def test_an_answer_that_is_none_is_a_doubt(raw: bytes) -> None:
    async with telegram() as (api, provider, _):
        api.raw = raw
        assert (await provider.submit(MESSAGE)).taken is Taken.UNKNOWN


async def test_a_lost_answer_is_a_doubt() -> None:
    async with telegram() as (api, provider, _):
        api.lost = True
        assert (await provider.submit(MESSAGE)).taken is Taken.UNKNOWN


async def test_what_is_no_chat_or_too_long_is_refused() -> None:
    async with telegram() as (api, provider, _):
        for to in ("1001", "vk:1001", "telegram:", "telegram:-5", "telegram:@anna", "telegram:1/../x"):
            assert (await provider.submit(replace(MESSAGE, to=to))).taken is Taken.REJECTED
        long = replace(MESSAGE, text="😀" * (LONGEST_TEXT // 2) + "x")
        assert "longer than" in (await provider.submit(long)).why
        assert api.sent == []


async def test_the_webhook_is_set_with_its_secret() -> None:
    async with telegram(callback_url="https://sms.example.com/callbacks/providers/telegram") as (api, _, _):
        async with asyncio.timeout(5):
            await api.hooked.wait()
        assert api.hooks == [
            {
                "url": "https://sms.example.com/callbacks/providers/telegram",
                "secret_token": SECRET,
                "allowed_updates": ["message", "my_chat_member"],
            }
        ]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"token": "x"}, "BotFather"),
        ({"token": TOKEN + "/../x"}, "BotFather"),
        ({"token": TOKEN, "secret": "short"}, "16 to 256"),
        ({"token": TOKEN, "callback_url": "https://sms.example.com"}, "anybody could"),
    ],
)
def test_settings_that_cannot_be_are_told(fields: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        TelegramBot(**fields)  # type: ignore[arg-type]


# --- updates ----------------------------------------------------------------------------------------------

CHAT = {"id": 1001, "first_name": "Anna", "type": "private"}
WRITTEN = {
    "update_id": 9001,
    "message": {
        "message_id": 77,
        "from": {"id": 1001, "is_bot": False, "first_name": "Anna", "language_code": "pl"},
        "chat": CHAT,
        "date": 1795000000,
        "text": "Cześć",
        "reply_to_message": {"message_id": 41, "chat": CHAT, "date": 1794999999, "text": "Hi"},
    },
}
HEADERS = {"x-telegram-bot-api-secret-token": SECRET}
AT = datetime.fromtimestamp(1795000000, UTC)


async def taken(*updates: object) -> list[Incoming]:
    async with telegram() as (_, provider, told):
        for update in updates:
            answer = await called(provider, headers=HEADERS, body=orjson.dumps(update))
            assert answer.status == 200
        return told.incoming


async def test_what_a_person_wrote() -> None:
    [told] = await taken(WRITTEN)
    assert told == Incoming(
        "telegram",
        Channel.MESSENGER,
        "telegram:1001",
        "telegram",
        "Cześć",
        AT,
        "9001",
        in_reply_to="1001/41",
        data={"name": "Anna"},
    )


def update(kind: str, **more: object) -> dict[str, object]:
    return {"update_id": 9002, kind: {"chat": CHAT, "date": 1795000000} | more}


async def test_zero_characters_are_left_out() -> None:
    [told] = await taken(update("message", text="Yes\0", chat=CHAT | {"first_name": "An\0na"}))
    assert (told.text, told.data["name"]) == ("Yes", "Anna")


async def test_a_picture_is_a_message_with_its_caption() -> None:
    [told] = await taken(update("message", photo=[{"file_id": "x"}], caption="Look"))
    assert (told.text, told.data["attachments"]) == ("Look", True)


@pytest.mark.parametrize(("status", "permission"), [("kicked", "withdrawn"), ("member", "given")])
async def test_who_blocks_the_bot_withdraws(status: str, permission: str) -> None:
    [told] = await taken(update("my_chat_member", new_chat_member={"status": status, "user": {"id": 1}}))
    assert (told.from_, told.text, told.data) == ("telegram:1001", "", {PERMISSION: permission})


async def test_groups_edits_and_the_rest_are_passed_over() -> None:
    group = {"id": -5, "type": "group", "title": "x"}
    left = update("my_chat_member", new_chat_member={"status": "left"})
    assert await taken(update("message", chat=group), update("edited_message", text="x"), left) == []


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, orjson.dumps(WRITTEN), 403),
        ({"x-telegram-bot-api-secret-token": "wrong"}, orjson.dumps(WRITTEN), 403),
        (HEADERS, b"", 400),
        (HEADERS, b"[]", 400),
        (HEADERS, b"{}", 400),
        (HEADERS, orjson.dumps(update("message", date="x")), 400),
    ],
)
async def test_who_may_not_and_what_is_none(headers: dict[str, str], body: bytes, status: int) -> None:
    async with telegram() as (_, provider, told):
        assert (await called(provider, headers=headers, body=body)).status == status
        assert told.incoming == []


async def test_what_cannot_be_written_down_is_told_again() -> None:
    async with telegram() as (_, provider, told):
        told.broken = True
        assert (await called(provider, headers=HEADERS, body=orjson.dumps(WRITTEN))).status == 503
    assert (await called(provider, headers=HEADERS, body=orjson.dumps(WRITTEN))).status == 503
