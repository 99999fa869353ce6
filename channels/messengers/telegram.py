"""Telegram by its Bot API: sendMessage, and updates that it posts to our callback with a secret of ours."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
from yarl import URL

from channels.callbacks import (
    CallbackAnswer,
    CallbackRefused,
    CallbackRequest,
    same_secret,
)
from channels.handing_over import LONGEST_RETRY_SECONDS, HttpReply, NotAnswered
from channels.http_provider import HttpProvider
from channels.writable import unwritable
from compliance.facts import Channel
from messaging.permission import PERMISSION, Permission
from messaging.provider import Answer, Incoming, Listeners, Pace, Submission, Taken

LONGEST_TEXT = 4096
_PREFIX = "telegram:"
_CHAT = re.compile(r"[1-9]\d{0,18}")
_HOOK_PAUSES_SECONDS = (5.0, 15.0, 60.0)
# What it calls 400 and means for good: the person or the chat is not there.
_GONE_WORDS = ("chat not found", "user is deactivated", "peer_id_invalid")


@dataclass(frozen=True, slots=True)
class TelegramBot:
    """`callback_url`: ours, set as the bot's webhook at the start; "": somebody else does. `secret`: 1 to 256
    letters, digits, _ and -, which every update must bring."""

    token: str = field(repr=False)
    secret: str = field(default="", repr=False)
    callback_url: str = ""
    url: str = "https://api.telegram.org"
    private_networks: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d{1,20}:[A-Za-z0-9_-]{10,100}", self.token):
            raise ValueError("the bot's token is not as BotFather gives it, such as 110201543:AAH…")
        if self.secret and not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", self.secret):
            raise ValueError("the webhook's secret has 16 to 256 letters, digits, _ and -")
        if self.callback_url and not self.secret:
            raise ValueError("a webhook needs a secret: anybody could send updates")


class TelegramProvider(HttpProvider):
    """Implements messaging.provider.Provider and channels.callbacks.CallbackReceiver."""

    channel = Channel.MESSENGER

    def __init__(self, name: str, bot: TelegramBot, *, pace: Pace | None = None) -> None:
        # Telegram allows a bot 30 messages a second.
        pace = pace or Pace(at_once=10, per_second=25.0)
        super().__init__(name, pace, private_networks=bot.private_networks)
        self._bot = bot
        self._hook: asyncio.Task[None] | None = None

    async def start(self, listeners: Listeners) -> None:
        await super().start(listeners)
        if self._bot.callback_url:
            self._hook = asyncio.create_task(self._hooked(), name=f"telegram webhook {self.name}")

    async def close(self) -> None:
        if self._hook is not None:
            self._hook.cancel()
            with suppress(asyncio.CancelledError):
                await self._hook
            self._hook = None
        await super().close()

    async def submit(self, submission: Submission) -> Answer:
        if refused := unwritable(submission):
            return refused
        chat = submission.to.removeprefix(_PREFIX)
        if not submission.to.startswith(_PREFIX) or not _CHAT.fullmatch(chat):
            return Answer(Taken.REJECTED, why="the address is no chat of Telegram, such as telegram:1001")
        if len(submission.text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
            return Answer(Taken.REJECTED, why=f"it is longer than the {LONGEST_TEXT} letters of a message")
        body: dict[str, object] = {"chat_id": int(chat), "text": submission.text}
        try:
            reply = await self._asked("sendMessage", body)
        except NotAnswered as failed:
            return self._standing.saw(failed.answer())
        answer = _answer(reply, chat)
        if answer.code in ("401", "404"):
            return self._standing.account(answer)
        return self._standing.saw(answer)

    async def take(self, request: CallbackRequest) -> CallbackAnswer:
        secret = request.headers.get("x-telegram-bot-api-secret-token", "")
        if not same_secret(secret, self._bot.secret):
            raise CallbackRefused(403, "its secret is missing or wrong")
        listeners, incoming = self._listeners, _incoming(_object(request.body), self.name)
        if incoming is not None:
            await listeners.incoming(incoming)
        return CallbackAnswer(200)

    async def _hooked(self) -> None:
        """Set the webhook, again after a fault, and give up on what asking again does not mend."""
        body: dict[str, object] = {
            "url": self._bot.callback_url,
            "secret_token": self._bot.secret,
            "allowed_updates": ["message", "my_chat_member"],
        }
        tries = 0
        while True:
            try:
                reply = await self._asked("setWebhook", body)
                if reply.status == 200:
                    return
                why = f"it answered {reply.status} as its webhook was set"
                if reply.status in (400, 401, 404):
                    self._standing.account(Answer(Taken.AWAY, why=why))
            except NotAnswered as failed:
                self._standing.saw(failed.answer())
            await asyncio.sleep(_HOOK_PAUSES_SECONDS[min(tries, len(_HOOK_PAUSES_SECONDS) - 1)])
            tries += 1

    async def _asked(self, method: str, body: Mapping[str, object]) -> HttpReply:
        # The token is part of the address: neither is ever logged.
        url = URL(f"{self._bot.url.rstrip('/')}/bot{self._bot.token}/{method}", encoded=True)
        headers = {"Content-Type": "application/json"}
        return await self._http.send("POST", url, headers=headers, body=orjson.dumps(body))


def _answer(reply: HttpReply, chat: str) -> Answer:
    try:
        told = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        return Answer(Taken.UNKNOWN, code=str(reply.status), why="its answer is no JSON")
    result = told.get("result")
    if told.get("ok") is True:
        reference = result.get("message_id") if isinstance(result, dict) else None
        return Answer(Taken.ACCEPTED, (f"{chat}/{reference}",) if isinstance(reference, int) else ())
    code = str(told.get("error_code", reply.status))
    why = str(told.get("description", ""))[:200]
    more = told.get("parameters")
    after = more.get("retry_after") if isinstance(more, dict) else None
    match code:
        case "429":
            wait = reply.retry_after_seconds
            if isinstance(after, int | float):
                wait = float(min(after, LONGEST_RETRY_SECONDS))
            return Answer(Taken.BUSY, code=code, why=why, retry_after_seconds=wait)
        case "403":
            return Answer(Taken.GONE, code=code, why=why)
        case "401" | "404":
            return Answer(Taken.AWAY, code=code, why="Telegram does not know the bot's token")
        case "400" if any(word in why.lower() for word in _GONE_WORDS):
            return Answer(Taken.GONE, code=code, why=why)
        case _ if reply.status >= 500:
            return Answer(Taken.UNKNOWN, code=code, why=why)
        case _:
            return Answer(Taken.REJECTED, code=code, why=why)


def _object(body: bytes) -> dict[str, object]:
    try:
        update = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise CallbackRefused(400, "it is no JSON") from None
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        raise CallbackRefused(400, "it is no update")
    return update


def _incoming(update: Mapping[str, object], provider: str) -> Incoming | None:
    """None for what a bot is told and nobody wrote to us: groups, edits, joins."""
    told = update.get("message", update.get("my_chat_member"))
    chat = told.get("chat") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(chat, dict) or chat.get("type") != "private":
        return None
    who, seconds = chat.get("id"), told.get("date")
    if not isinstance(who, int) or not isinstance(seconds, int):
        raise CallbackRefused(400, "it lacks a chat or a date")
    person = f"{_PREFIX}{who}"
    at = datetime.fromtimestamp(seconds, UTC)
    if "message" not in update:
        return _permission(told, update, provider, person, at)
    text = told.get("text", told.get("caption", ""))
    data: dict[str, object] = {"name": str(chat.get("first_name", "")).replace("\0", "")[:100]}
    if "text" not in told:
        data["attachments"] = True
    answered = told.get("reply_to_message")
    reference = answered.get("message_id") if isinstance(answered, dict) else None
    return Incoming(
        provider,
        Channel.MESSENGER,
        person,
        provider,
        str(text).replace("\0", ""),  # which no database keeps
        at,
        str(update["update_id"]),
        in_reply_to=f"{who}/{reference}" if isinstance(reference, int) else "",
        data=data,
    )


def _permission(
    told: Mapping[str, object], update: Mapping[str, object], provider: str, person: str, at: datetime
) -> Incoming | None:
    member = told.get("new_chat_member")
    status = member.get("status") if isinstance(member, dict) else None
    permission = {"kicked": Permission.WITHDRAWN, "member": Permission.GIVEN}.get(str(status))
    if permission is None:
        return None
    data = {PERMISSION: permission.value}
    return Incoming(
        provider, Channel.MESSENGER, person, provider, "", at, str(update["update_id"]), data=data
    )
