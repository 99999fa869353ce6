"""E-mail through one SMTP server: connections are kept, and each message has one recipient and one answer."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import aiosmtplib

from channels.callbacks import CallbackAnswer, CallbackGuard, CallbackRefused, CallbackRequest
from channels.email.addresses import Address, return_path
from channels.email.composing import CannotBeComposed, MailIdentity, composed
from channels.email.incoming import read_mail
from channels.in_flight import InFlight
from channels.standing import Standing
from channels.writable import unwritable
from compliance.facts import Channel
from engine.ports import Clock
from messaging.provider import Answer, Incoming, Listeners, Pace, Receipt, Submission, Taken

LONGEST_MAIL_BYTES = 5 * 1024 * 1024
# Servers close what is idle, some after 10 s.
_IDLE_SECONDS = 8.0
# Enhanced status codes (RFC 3463) of an address that is no more: no such mailbox, host, or a disabled one.
_GONE = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
# What is answered when the login is wrong or missing.
_LOGIN = frozenset({"530", "534", "535", "538"})
_NOT_OPEN = Answer(Taken.AWAY, why="the provider is not open")
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class MailServer:
    """`tls`: "starttls" is demanded, "tls" from the first byte, "none" for a relay of this machine.

    `delivery_notices`: ask the server for a notice of each delivery too, which comes as a mail (RFC 3461).
    """

    host: str
    port: int = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    verify_tls: bool = True
    our_host_name: str = "localhost"
    limit_seconds: float = 30.0
    delivery_notices: bool = False


class MailProvider:
    """Implements messaging.provider.Provider and channels.callbacks.CallbackReceiver.

    Its callback takes a whole mail, as a POST of message/rfc822: those that return and those that answer.
    """

    channel = Channel.EMAIL
    longest_bytes = LONGEST_MAIL_BYTES

    def __init__(
        self,
        name: str,
        server: MailServer,
        identity: MailIdentity,
        *,
        clock: Clock,
        pace: Pace | None = None,
        guard: CallbackGuard | None = None,
    ) -> None:
        self.name = name
        self.pace = pace or Pace(at_once=4)
        self._server = server
        self._identity = identity
        self._clock = clock
        self.guard = guard
        self._standing = Standing()
        self._listeners: Listeners | None = None
        self._room = asyncio.Semaphore(self.pace.at_once)
        self._in_flight = InFlight()
        self._idle: list[tuple[aiosmtplib.SMTP, float]] = []

    async def start(self, listeners: Listeners) -> None:
        self._listeners = listeners
        self._standing.begin(listeners.standing)

    async def close(self) -> None:
        if self._listeners is None:
            return
        self._standing.end()
        self._listeners = None
        await self._in_flight.wait()
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            await _left(connection)

    async def ask(self, reference: str) -> Receipt | None:
        return None

    async def submit(self, submission: Submission) -> Answer:
        if not self._is_open():
            return _NOT_OPEN
        if refused := unwritable(submission):
            return refused
        try:
            to, message = composed(submission, self._identity, self._clock.now())
            content = message.as_bytes()
        except CannotBeComposed as error:
            return Answer(Taken.REJECTED, why=str(error))
        except (ValueError, LookupError, UnicodeError) as error:
            return Answer(Taken.REJECTED, why=f"it cannot be written as an e-mail ({type(error).__name__})")
        async with self._room:
            # Those that wait for a connection as it closes go out no more.
            if not self._is_open():
                return _NOT_OPEN
            with self._in_flight.one():
                answer = await self._handed_over(submission.message_id, to, content)
        if answer.code[:3] in _LOGIN:
            return self._standing.account(answer)
        return self._standing.saw(answer)

    async def take(self, request: CallbackRequest) -> CallbackAnswer:
        if self.guard is None:
            raise CallbackRefused(404, "no callback is set up for it")
        self.guard.admit(request)
        if request.method != "POST":
            raise CallbackRefused(405, "a mail is posted")
        return CallbackAnswer(200, f"{await self.take_mail(request.body)}\n".encode())

    async def take_mail(self, raw: bytes) -> str:
        """Tell the listeners of a mail that came in; a word for what it was. Raises what they raise."""
        listeners = self._listeners
        if listeners is None:
            raise CallbackRefused(503, "the provider is not open")
        # Beside the loop that serves calls: anybody may write a mail that takes long to read.
        read = await asyncio.to_thread(read_mail, raw, self.name, self._identity, self._clock.now())
        for one in read:
            match one:
                case Receipt():
                    await listeners.receipt(one)
                case Incoming():
                    await listeners.incoming(one)
        if not read:
            return "ignored"
        return "message" if isinstance(read[0], Incoming) else "receipt"

    def _is_open(self) -> bool:
        return self._listeners is not None

    async def _handed_over(self, message_id: str, to: Address, content: bytes) -> Answer:
        """On a kept connection first: one that broke before the content was sent is replaced once."""
        answer, kept = await self._tried(message_id, to, content, self._kept())
        if kept and answer.taken is Taken.AWAY:
            answer, _ = await self._tried(message_id, to, content, None)
        return answer

    def _kept(self) -> aiosmtplib.SMTP | None:
        while self._idle:
            connection, since = self._idle.pop()
            if connection.is_connected and self._clock.monotonic() - since < _IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _tried(
        self, message_id: str, to: Address, content: bytes, connection: aiosmtplib.SMTP | None
    ) -> tuple[Answer, bool]:
        """The answer, and whether it was on a kept connection."""
        kept = connection is not None
        sending = False
        try:
            async with asyncio.timeout(self._server.limit_seconds):
                connection = connection or await self._connected()
                await self._enveloped(connection, message_id, to)
                sending = True
                response = await connection.data(content)
            self._keep(connection)
            return Answer(Taken.ACCEPTED, (message_id,), "250", response.message[:200]), kept
        except aiosmtplib.SMTPResponseException as refused:
            await self._spared(connection, refused.code)
            return _refusal(refused), kept
        except aiosmtplib.SMTPNotSupported as error:
            await self._spared(connection, 0)
            return Answer(Taken.REJECTED if connection else Taken.AWAY, why=str(error.message)[:200]), kept
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            if connection is not None:
                connection.close()
            if sending:
                why = f"the connection broke before the server answered ({type(error).__name__})"
                return Answer(Taken.UNKNOWN, (message_id,), why=why), kept
            why = f"the mail server cannot be reached ({type(error).__name__})"
            return Answer(Taken.AWAY, why=why), kept
        except asyncio.CancelledError:
            if connection is not None:
                connection.close()
            raise

    async def _connected(self) -> aiosmtplib.SMTP:
        server = self._server
        connection = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password or None,
            local_hostname=server.our_host_name,
            timeout=server.limit_seconds,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            validate_certs=server.verify_tls,
        )
        try:
            await connection.connect()
            if connection.is_ehlo_or_helo_needed:
                # Extensions are looked for before the first command.
                await _greeted(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _enveloped(self, connection: aiosmtplib.SMTP, message_id: str, to: Address) -> None:
        of_sender: list[str] = []
        of_recipient: list[str] = []
        if connection.supports_extension("dsn"):
            of_sender = ["RET=HDRS", f"ENVID={message_id}"]
            of_recipient = ["NOTIFY=SUCCESS,FAILURE" if self._server.delivery_notices else "NOTIFY=FAILURE"]
        encoding = "ascii"
        if to.wants_utf8:
            if not connection.supports_extension("smtputf8"):
                raise aiosmtplib.SMTPNotSupported("the mail server cannot carry the letters of this address")
            of_sender.append("SMTPUTF8")
            encoding = "utf-8"
        await connection.mail(
            return_path(self._identity.bounces, message_id), options=of_sender, encoding=encoding
        )
        await connection.rcpt(str(to), options=of_recipient, encoding=encoding)

    async def _spared(self, connection: aiosmtplib.SMTP | None, code: int) -> None:
        """Use it again after a refusal, unless the server is about to close it."""
        if connection is None:
            return
        if code == 421 or not connection.is_connected:
            connection.close()
            return
        try:
            await connection.rset(timeout=5.0)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            connection.close()
        else:
            self._keep(connection)

    def _keep(self, connection: aiosmtplib.SMTP) -> None:
        if self._listeners is None:
            connection.close()
        else:
            self._idle.append((connection, self._clock.monotonic()))


async def _greeted(connection: aiosmtplib.SMTP) -> None:
    try:
        await connection.ehlo()
    except aiosmtplib.SMTPHeloError:
        await connection.helo()


async def _left(connection: aiosmtplib.SMTP) -> None:
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        await connection.quit(timeout=2.0)
    connection.close()


def _refusal(refused: aiosmtplib.SMTPResponseException) -> Answer:
    found = _ENHANCED.search(str(refused.message))
    enhanced = found[0] if found else ""
    code = f"{refused.code} {enhanced}".strip()
    why = " ".join(str(refused.message).split())[:200]
    if str(refused.code) in _LOGIN:
        return Answer(Taken.AWAY, code=code, why=f"the mail server refused our login: {why}")
    if isinstance(refused, (aiosmtplib.SMTPConnectResponseError, aiosmtplib.SMTPHeloError)):
        return Answer(Taken.AWAY, code=code, why=f"the mail server does not serve us: {why}")
    if 400 <= refused.code < 500:
        return Answer(Taken.BUSY, code=code, why=why)
    if isinstance(refused, aiosmtplib.SMTPRecipientRefused) and enhanced in _GONE:
        return Answer(Taken.GONE, code=code, why=why)
    return Answer(Taken.REJECTED, code=code, why=why)
