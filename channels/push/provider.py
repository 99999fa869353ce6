"""Web push: a notice encrypted for one browser, handed to the push service that its subscription names.

`to` of a message is the subscription as the browser gives it, in JSON. The notice that the page's service
worker gets is JSON: `id`, `title`, `body`, `lang` and, where the message's data has them, `url` and `tag`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import VapidException
from pywebpush import WebPusher
from yarl import URL

from channels.handing_over import HttpHandover, HttpReply, NotAnswered
from channels.push.vapid_key import VapidKey
from channels.standing import Standing
from channels.writable import unwritable
from compliance.facts import Channel
from engine.ports import Clock
from messaging.provider import Answer, Listeners, Pace, Receipt, Submission, Taken

# Push services take 4096 bytes; RFC 8291 leaves so many of them for the notice.
LONGEST_NOTICE_BYTES = 3993
_MOST_SECONDS = 4 * 7 * 24 * 3600
_USUAL_SECONDS = 24 * 3600
# RFC 8292 allows a day.
_TOKEN_SECONDS = 12 * 3600
_URGENCIES = frozenset({"very-low", "low", "normal", "high"})


class _Refused(ValueError):
    """A sentence, without the subscription."""


@dataclass(frozen=True, slots=True)
class _Subscription:
    endpoint: URL
    keys: Mapping[str, str] = field(repr=False)


class WebPushProvider:
    """Implements messaging.provider.Provider.

    `contact`: whom a push service may write to, "mailto:…" or "https://…". Raises ValueError for another.
    """

    channel = Channel.PUSH

    def __init__(
        self,
        name: str,
        key: VapidKey,
        contact: str,
        *,
        clock: Clock,
        pace: Pace | None = None,
        private_networks: bool = False,
    ) -> None:
        try:
            key.authorization("https://push.example.com", contact, _TOKEN_SECONDS)
        except VapidException:
            raise ValueError(
                f"{contact!r} is no contact: write mailto:name@example.com or https://example.com"
            ) from None
        self.name = name
        self.pace = pace or Pace(at_once=20)
        self._key = key
        self._contact = contact
        self._clock = clock
        self._private_networks = private_networks
        self._http = HttpHandover(connections=self.pace.at_once, private_networks=private_networks)
        self._standing = Standing()

    async def start(self, listeners: Listeners) -> None:
        await self._http.start()
        self._standing.begin(listeners.standing)

    async def close(self) -> None:
        self._standing.end()
        await self._http.close()

    async def ask(self, reference: str) -> Receipt | None:
        return None

    async def submit(self, submission: Submission) -> Answer:
        """One push service that is away says nothing of the others, so standing does not follow it."""
        if refused := unwritable(submission):
            return refused
        try:
            subscription = self._subscription(submission.to)
            encrypted = _encrypted(subscription, _notice(submission))
            headers = self._headers(submission, subscription)
        except _Refused as wrong:
            return Answer(Taken.REJECTED, why=str(wrong))
        try:
            reply = await self._http.send("POST", subscription.endpoint, headers=headers, body=encrypted)
        except NotAnswered as failed:
            return failed.answer((submission.message_id,))
        return _answer(reply, submission.message_id)

    def _headers(self, submission: Submission, subscription: _Subscription) -> dict[str, str]:
        now = self._clock.now()
        seconds = _USUAL_SECONDS
        if submission.expires_at is not None:
            seconds = max(0, min(_MOST_SECONDS, int((submission.expires_at - now).total_seconds())))
        audience = str(subscription.endpoint.origin())
        urgency = submission.data.get("urgency")
        until = int(now.timestamp()) + _TOKEN_SECONDS
        try:
            authorization = self._key.authorization(audience, self._contact, until)
        except VapidException:
            raise _Refused("the subscription names no push service by its name") from None
        return {
            "Authorization": authorization,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(seconds),
            "Urgency": str(urgency) if urgency in _URGENCIES else "normal",
        }

    def _subscription(self, text: str) -> _Subscription:
        try:
            found = orjson.loads(text)
            endpoint = URL(found["endpoint"])
            keys = {name: str(found["keys"][name]) for name in ("p256dh", "auth")}
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(keys["p256dh"]))
            good = len(_bytes(keys["auth"])) == 16
        except (ValueError, TypeError, KeyError, binascii.Error):
            raise _Refused("the subscription is not as a browser gives it") from None
        schemes = ("https", "http") if self._private_networks else ("https",)
        if not good or endpoint.scheme not in schemes or not endpoint.host:
            raise _Refused("the subscription names no push service over https")
        return _Subscription(endpoint, keys)


def _notice(submission: Submission) -> bytes:
    notice: dict[str, object] = {
        "id": submission.message_id,
        "title": submission.subject,
        "body": submission.text,
        "lang": submission.language or "",
    }
    notice |= {name: submission.data[name] for name in ("url", "tag") if name in submission.data}
    try:
        content = orjson.dumps(notice)
    except TypeError:
        raise _Refused("its url or tag is no text") from None
    if len(content) > LONGEST_NOTICE_BYTES:
        raise _Refused(f"it is longer than the {LONGEST_NOTICE_BYTES} bytes of a notice: shorten it")
    return content


def _encrypted(subscription: _Subscription, notice: bytes) -> bytes:
    pusher = WebPusher({"endpoint": str(subscription.endpoint), "keys": dict(subscription.keys)})
    return bytes(pusher.encode(notice, content_encoding="aes128gcm")["body"])


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _answer(reply: HttpReply, message_id: str) -> Answer:
    code = str(reply.status)
    match reply.status:
        case 200 | 201 | 202 | 204:
            return Answer(Taken.ACCEPTED, (message_id,), code)
        case 404 | 410:
            return Answer(Taken.GONE, code=code, why="the browser no longer takes notices")
        case 429 | 503:
            return Answer(Taken.BUSY, code=code, retry_after_seconds=reply.retry_after_seconds)
        case 401 | 403:
            return Answer(Taken.REJECTED, code=code, why="the subscription was made with another key")
        case 413:
            return Answer(Taken.REJECTED, code=code, why="the push service takes no notice so long")
        case status if status >= 500:
            return Answer(Taken.BUSY, code=code, why="the push service is not well")
        case _:
            return Answer(Taken.REJECTED, code=code, why=f"the push service answered {code}")
