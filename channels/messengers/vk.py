"""VK: messages of a community, sent by messages.send and told by the Callback API."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

import orjson

from channels.callbacks import (
    CallbackAnswer,
    CallbackRefused,
    CallbackRequest,
    same_secret,
)
from channels.handing_over import HttpReply, NotAnswered
from channels.http_provider import HttpProvider
from channels.writable import unwritable
from compliance.facts import Channel
from engine.ports import Clock
from messaging.permission import PERMISSION, Permission
from messaging.provider import Answer, Incoming, Pace, Submission, Taken

LONGEST_TEXT = 4096
_PREFIX = "vk:"
_USER = re.compile(r"[1-9]\d{0,17}")
_OK = CallbackAnswer(200, b"ok")
# Error codes of the API: the token or its rights; too fast; people who are no more or let nobody write.
_ACCOUNT = frozenset({4, 5, 8, 15, 17, 27, 28, 203})
_LATER = frozenset({1, 6, 9, 14, 29})
_GONE = frozenset({18, 901, 902, 936})
_IN_DOUBT = frozenset({10})


@dataclass(frozen=True, slots=True)
class VkCommunity:
    """`confirmation`: the line that VK wants when the callback's address is confirmed; `secret` comes with
    every other call."""

    group_id: int
    token: str = field(repr=False)
    secret: str = field(default="", repr=False)
    confirmation: str = field(default="", repr=False)
    url: str = "https://api.vk.com/method"
    version: str = "5.199"
    private_networks: bool = False


class VkProvider(HttpProvider):
    """Implements messaging.provider.Provider and channels.callbacks.CallbackReceiver.

    VK delivers a message once for each `random_id`, which is made of our message's id: one that nobody
    answered for is handed over once more by us, at once, and never doubled.
    """

    channel = Channel.MESSENGER

    def __init__(self, name: str, community: VkCommunity, *, clock: Clock, pace: Pace | None = None) -> None:
        # VK allows a community 20 requests a second.
        pace = pace or Pace(at_once=5, per_second=18.0)
        super().__init__(name, pace, private_networks=community.private_networks)
        self._community = community
        self._clock = clock

    async def submit(self, submission: Submission) -> Answer:
        if refused := unwritable(submission):
            return refused
        user = submission.to.removeprefix(_PREFIX)
        if not submission.to.startswith(_PREFIX) or not _USER.fullmatch(user):
            return Answer(Taken.REJECTED, why="the address is no person of VK, such as vk:1001")
        if len(submission.text) > LONGEST_TEXT:
            return Answer(Taken.REJECTED, why=f"it is longer than the {LONGEST_TEXT} letters of a message")
        answer = await self._sent(user, submission)
        if answer.taken is Taken.UNKNOWN:
            again = await self._sent(user, submission)
            answer = again if again.taken in (Taken.ACCEPTED, Taken.REJECTED, Taken.GONE) else answer
        if answer.code.isdigit() and int(answer.code) in _ACCOUNT:
            return self._standing.account(answer)
        return self._standing.saw(answer)

    async def take(self, request: CallbackRequest) -> CallbackAnswer:
        event = _event(request.body)
        if event.get("group_id") != self._community.group_id:
            raise CallbackRefused(403, "it is another community's")
        if event["type"] == "confirmation":
            if not self._community.confirmation:
                raise CallbackRefused(404, "no confirmation is set up for it")
            return CallbackAnswer(200, self._community.confirmation.encode())
        if not same_secret(str(event.get("secret", "")), self._community.secret):
            raise CallbackRefused(403, "its secret is missing or wrong")
        listeners, incoming = self._listeners, self._incoming(event)
        if incoming is not None:
            await listeners.incoming(incoming)
        return _OK

    async def _sent(self, user: str, submission: Submission) -> Answer:
        fields = {
            "user_id": user,
            "random_id": str(random_id(submission.message_id)),
            "message": submission.text,
            "access_token": self._community.token,
            "v": self._community.version,
        }
        try:
            reply = await self._http.send(
                "POST",
                f"{self._community.url.rstrip('/')}/messages.send",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=urlencode(fields).encode(),
            )
        except NotAnswered as failed:
            return failed.answer()
        return _answer(reply)

    def _incoming(self, event: Mapping[str, object]) -> Incoming | None:
        told = event.get("object")
        if not isinstance(told, dict):
            raise CallbackRefused(400, "it has no object")
        match event["type"]:
            case "message_new":
                # Before version 5.103 the message was the object itself.
                return self._message(told.get("message", told))
            case "message_allow" | "message_deny":
                who, event_id = told.get("user_id"), event.get("event_id")
                if not isinstance(who, int) or not isinstance(event_id, str):
                    raise CallbackRefused(400, "it lacks a user or an id")
                given = event["type"] == "message_allow"
                data = {PERMISSION: (Permission.GIVEN if given else Permission.WITHDRAWN).value}
                return Incoming(
                    self.name,
                    Channel.MESSENGER,
                    f"{_PREFIX}{who}",
                    self.name,
                    "",
                    self._clock.now(),
                    event_id,
                    data=data,
                )
            case _:
                return None

    def _message(self, message: object) -> Incoming | None:
        """None for what people say in the community's group chats."""
        if not isinstance(message, dict):
            raise CallbackRefused(400, "it has no message")
        who, peer, seconds = (message.get(name) for name in ("from_id", "peer_id", "date"))
        number = message.get("conversation_message_id", message.get("id"))
        if not all(isinstance(value, int) for value in (who, peer, seconds, number)):
            raise CallbackRefused(400, "its message lacks a number")
        if who != peer or message.get("out") == 1:
            return None
        answered = message.get("reply_message")
        data: dict[str, object] = {}
        if message.get("attachments"):
            data["attachments"] = True
        return Incoming(
            self.name,
            Channel.MESSENGER,
            f"{_PREFIX}{who}",
            self.name,
            str(message.get("text", "")).replace("\0", ""),  # which no database keeps
            datetime.fromtimestamp(int(str(seconds)), UTC),
            f"{peer}/{number}",
            in_reply_to=str(answered.get("id", "")) if isinstance(answered, dict) else "",
            data=data,
        )


def random_id(message_id: str) -> int:
    """1..2**31-1, the same for the same message always."""
    digest = hashlib.sha256(message_id.encode()).digest()
    return int.from_bytes(digest[:8]) % (2**31 - 1) + 1


def _event(body: bytes) -> dict[str, object]:
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise CallbackRefused(400, "it is no JSON") from None
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise CallbackRefused(400, "it is no event")
    return event


def _answer(reply: HttpReply) -> Answer:
    try:
        told = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        return Answer(Taken.UNKNOWN, code=f"http {reply.status}", why="its answer is no JSON")
    number = told.get("response")
    if isinstance(number, int):
        return Answer(Taken.ACCEPTED, (str(number),))
    error = told.get("error")
    if not isinstance(error, dict) or not isinstance(error.get("error_code"), int):
        return Answer(Taken.UNKNOWN, code=f"http {reply.status}", why="its answer is not as documented")
    code: int = error["error_code"]
    # Only its own sentence: the parameters that it repeats hold the text.
    why = str(error.get("error_msg", ""))[:200]
    if code in _ACCOUNT:
        return Answer(Taken.AWAY, code=str(code), why=why)
    if code in _LATER:
        return Answer(Taken.BUSY, code=str(code), why=why, retry_after_seconds=1.0 if code == 6 else None)
    if code in _GONE:
        return Answer(Taken.GONE, code=str(code), why=why)
    if code in _IN_DOUBT:
        return Answer(Taken.UNKNOWN, code=str(code), why=why)
    return Answer(Taken.REJECTED, code=str(code), why=why)
