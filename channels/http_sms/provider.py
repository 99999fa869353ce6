"""SMS over HTTP as the settings describe it. One request is one message, whatever parts it has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

import orjson
from yarl import URL

from channels.callbacks import (
    CallbackAnswer,
    CallbackGuard,
    CallbackRefused,
    CallbackRequest,
)
from channels.handing_over import HttpReply, NotAnswered
from channels.http_provider import HttpProvider
from channels.http_sms.callbacks import told_by
from channels.http_sms.fields import Content, Values, filled, filled_json
from channels.http_sms.settings import HttpSmsSettings
from channels.writable import unwritable
from compliance.facts import Channel
from engine.ports import Clock
from messaging.provider import Answer, Incoming, Pace, Receipt, Submission, Taken


class HttpSmsProvider(HttpProvider):
    """Implements messaging.provider.Provider and channels.callbacks.CallbackReceiver."""

    channel = Channel.SMS

    def __init__(
        self,
        name: str,
        settings: HttpSmsSettings,
        *,
        clock: Clock,
        pace: Pace | None = None,
        guard: CallbackGuard | None = None,
    ) -> None:
        super().__init__(
            name,
            pace or Pace(at_once=10),
            private_networks=settings.private_networks,
            verify_tls=settings.verify_tls,
            limit_seconds=settings.limit_seconds,
        )
        self._settings = settings
        self._clock = clock
        self.guard = guard

    async def submit(self, submission: Submission) -> Answer:
        if refused := unwritable(submission):
            return refused
        answer, account = await self._sent(submission)
        if answer.taken is Taken.UNKNOWN and self._settings.answer.already:
            # Under the same id: this asks what became of it, and sends it only if it did not arrive.
            again, account_again = await self._sent(submission)
            if again.taken not in (Taken.UNKNOWN, Taken.AWAY, Taken.BUSY):
                answer, account = again, account_again
        return self._standing.account(answer) if account else self._standing.saw(answer)

    async def take(self, request: CallbackRequest) -> CallbackAnswer:
        guard = self.guard
        if guard is None:
            raise CallbackRefused(404, "no callback is set up for it")
        guard.admit(request)
        listeners = self._listeners
        if request.method == "POST" and request.body:
            content = Content(request.body, request.headers.get("content-type", ""))
        elif guard.signature is not None:
            raise CallbackRefused(400, "it has no body, which is what the signature covers")
        else:
            content = Content.of_query(request.query)
        for told in told_by(content, self._settings, self.name, self._clock.now()):
            match told:
                case Receipt():
                    await listeners.receipt(told)
                case Incoming():
                    await listeners.incoming(told)
        return CallbackAnswer(200, self._settings.reply.encode())

    async def _sent(self, submission: Submission) -> tuple[Answer, bool]:
        """The answer, and whether it is about our account rather than about this message."""
        asked, values = self._settings.request, self._values(submission)
        ours = () if self._settings.answer.reference.where else (submission.message_id,)
        url = filled(asked.url, values, escaped=True)
        if url is None:
            return Answer(Taken.REJECTED, why="the request wants what the message has not"), False
        headers = {name: filled(text, values) for name, text in asked.headers.items()}
        sent = {name: text for name, text in headers.items() if text is not None}
        if any(letter in text for text in sent.values() for letter in "\r\n\0"):
            return Answer(Taken.REJECTED, why="a header of the request would hold a line break"), False
        body, content_type = _body(asked.form, asked.json, values)
        if content_type:
            sent["Content-Type"] = content_type
        try:
            reply = await self._http.send(asked.method, URL(url, encoded=True), headers=sent, body=body)
        except NotAnswered as failed:
            return failed.answer(ours), False
        return self._read(reply, ours)

    def _values(self, submission: Submission) -> Values:
        asked = self._settings.request
        return {
            "to": submission.to if asked.plus else submission.to.removeprefix("+"),
            "text": submission.text,
            "sender": submission.sender or self._settings.sender,
            "id": submission.message_id,
            "expires": self._expires(submission.expires_at),
            "callback": self._settings.callback_url,
        }

    def _expires(self, at: datetime | None) -> str | None:
        asked = self._settings.request
        if at is None:
            return None
        left = (at - self._clock.now()).total_seconds()
        if not asked.expires_least_seconds <= left <= asked.expires_most_seconds:
            return None
        match asked.expires:
            case "iso":
                return at.isoformat(timespec="seconds")
            case "seconds":
                return str(int(left))
            case _:
                return str(int(at.timestamp()))

    def _read(self, reply: HttpReply, ours: tuple[str, ...]) -> tuple[Answer, bool]:
        read = self._settings.answer
        content = Content(reply.body)
        error, http = read.error.find(content), f"http {reply.status}"
        why = (read.why.find(content) or "")[:200]
        if error is not None:
            if error in read.already:
                return Answer(Taken.ACCEPTED, ours, error, why), False
            if error in read.account:
                return Answer(Taken.AWAY, code=error, why=why or "the provider refuses our account"), True
            taken = read.errors.get(error, Taken.REJECTED)
            after = reply.retry_after_seconds
            return Answer(taken, ours if taken is Taken.UNKNOWN else (), error, why, after), False
        match reply.status:
            case status if 200 <= status < 300:
                return self._accepted(content, ours, http), False
            case 401 | 402 | 403 | 407:
                return Answer(Taken.AWAY, code=http, why="the provider refuses our account"), True
            case 429 | 503:
                return Answer(Taken.BUSY, (), http, why, reply.retry_after_seconds), False
            case status if status >= 500:
                return Answer(Taken.UNKNOWN, ours, http, "the provider broke over it"), False
            case status if 300 <= status < 400:
                return Answer(Taken.AWAY, (), http, "it redirects: write the address it means as url"), True
            case _:
                return Answer(Taken.REJECTED, (), http, why), False

    def _accepted(self, content: Content, ours: tuple[str, ...], http: str) -> Answer:
        read = self._settings.answer
        reference = read.reference.find(content)
        if reference is None and not ours:
            return Answer(Taken.UNKNOWN, code=http, why="its answer has no reference where one should stand")
        cost = _minor(read.cost.find(content), read.unit_minor)
        return Answer(
            Taken.ACCEPTED,
            ours if reference is None else (reference,),
            http,
            cost=cost,
            currency=None if cost is None else read.currency,
        )


def _body(
    form: Mapping[str, str] | None, json: Mapping[str, object] | None, values: Values
) -> tuple[bytes | None, str]:
    if form is not None:
        fields = {name: filled(template, values) for name, template in form.items()}
        sent = {name: text for name, text in fields.items() if text is not None}
        return urlencode(sent).encode(), "application/x-www-form-urlencoded"
    if json is not None:
        return orjson.dumps(filled_json(json, values)), "application/json"
    return None, ""


def _minor(cost: str | None, unit_minor: Decimal) -> int | None:
    try:
        return None if cost is None else round(Decimal(cost.replace(",", ".")) * unit_minor)
    except (InvalidOperation, ValueError, OverflowError):
        return None
