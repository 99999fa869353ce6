"""One connection to an SMSC: requests and their answers by number, and what comes unasked."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from channels.smpp.pdus import (
    ALERT,
    BIND,
    DATA,
    DELIVER,
    ENQUIRE,
    GENERIC_NACK,
    RESPONSE,
    UNBIND,
    Framer,
    NotSmpp,
    Pdu,
    bind_body,
    framed,
)
from channels.smpp.settings import Endpoint, SmppSettings
from channels.smpp.statuses import INVALID_COMMAND, OK, REFUSED_BINDS, code_of, words_of

_LAST_SEQUENCE = 0x7FFFFFFF
_UNBIND_SECONDS = 2.0
# So many answers that came too late are still waited for.
_MOST_LATE = 10_000
_numbers = itertools.count(1)


class NotWritten(Exception):
    """The request surely did not go out."""


class Unanswered(Exception):
    """The request was written, and nobody answered. `link`, `sequence`: where an answer may come yet."""

    def __init__(self, why: str, link: Link, sequence: int) -> None:
        super().__init__(why)
        self.link = link
        self.sequence = sequence


class BindRefused(Exception):
    """The message says what is wrong and what to do. `is_ours`: only the operator can put it right."""

    def __init__(self, sentence: str, *, is_ours: bool) -> None:
        super().__init__(sentence)
        self.is_ours = is_ours


class Link(asyncio.Protocol):
    """`delivered` is called with each deliver_sm and data_sm, which somebody must answer with `respond`."""

    def __init__(self, delivered: Callable[[Link, Pdu], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._delivered = delivered
        self._transport: asyncio.Transport | None = None
        self._framer = Framer()
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._late: dict[int, Callable[[Pdu], None]] = {}
        self._outgoing: list[bytes] = []
        # Requests that are in it.
        self._unsent: set[int] = set()
        self._writable = asyncio.Event()
        self._why = "the connection was lost"
        self.number = next(_numbers)
        self.closed: asyncio.Future[str] = self._loop.create_future()
        self.heard_at = self._loop.time()
        self.is_held = False

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def request(self, command: int, body: bytes, limit_seconds: float) -> Pdu:
        """The answer. Raises NotWritten or Unanswered."""
        if not self._writable.is_set():
            try:
                async with asyncio.timeout(limit_seconds):
                    await self._writable.wait()
            except TimeoutError:
                raise NotWritten("the SMSC takes nothing from the connection") from None
        if self._transport is None or self._transport.is_closing():
            raise NotWritten(self._why)
        sequence = self._sequence = self._sequence % _LAST_SEQUENCE + 1
        answer: asyncio.Future[Pdu] = self._loop.create_future()
        self._waiting[sequence] = answer
        self._unsent.add(sequence)
        self._write(framed(command, sequence, body))
        # As asyncio.timeout does it, which costs as much as all else here.
        limit = self._loop.call_later(limit_seconds, self._expire, sequence, limit_seconds)
        try:
            return await answer
        finally:
            limit.cancel()
            # Given up by its caller, it goes out all the same, with what else was written.
            self._waiting.pop(sequence, None)

    def when_late(self, sequence: int, call: Callable[[Pdu], None]) -> None:
        """Call this when the answer to that request comes after all."""
        if self.is_open:
            if len(self._late) >= _MOST_LATE:
                del self._late[next(iter(self._late))]
            self._late[sequence] = call

    def respond(self, pdu: Pdu, status: int) -> bool:
        """Answer a request of the SMSC; False when the connection is gone."""
        if self._transport is None or self._transport.is_closing():
            return False
        body = b"\0" if pdu.command in (DELIVER, DATA) else b""
        self._write(framed(pdu.command | RESPONSE, pdu.sequence, body, status))
        return True

    def hold(self, held: bool) -> None:
        """Read nothing more for now, or go on."""
        if self._transport is None or not self.is_open or held == self.is_held:
            return
        self.is_held = held
        if held:
            self._transport.pause_reading()
        else:
            self.heard_at = self._loop.time()
            self._transport.resume_reading()

    def _write(self, pdu: bytes) -> None:
        """What one turn of the loop writes goes out together: a call of the kernel costs more than a PDU."""
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(pdu)

    def _flush(self) -> None:
        if self._outgoing and self._transport is not None and not self._transport.is_closing():
            # From here on it may have gone out, whatever becomes of the connection.
            self._transport.write(b"".join(self._outgoing))
            self._outgoing.clear()
            self._unsent.clear()

    def abort(self, why: str) -> None:
        self._why = why
        if self._transport is not None:
            self._transport.abort()

    async def leave(self) -> None:
        """Unbind, and close. Idempotent."""
        if self.is_open:
            with suppress(NotWritten, Unanswered):  # it is left either way
                await self.request(UNBIND, b"", _UNBIND_SECONDS)
        if self._transport is not None:
            self._transport.abort()
        await asyncio.wait({self.closed}, timeout=_UNBIND_SECONDS)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._writable.set()  # who waits to write is told that it cannot
        for sequence, answer in self._waiting.items():
            if answer.done():
                continue
            if sequence in self._unsent:
                answer.set_exception(NotWritten(self._why))
            else:
                answer.set_exception(Unanswered(self._why, self, sequence))
        self._late.clear()
        if not self.closed.done():
            self.closed.set_result(self._why)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        try:
            pdus = self._framer.feed(data)
        except NotSmpp as error:
            self.abort(f"the other side does not speak SMPP: {error}")
            return
        for pdu in pdus:
            if pdu.command & RESPONSE:
                self._answered(pdu)
            else:
                self._asked(pdu)

    def eof_received(self) -> bool:
        self._why = "the SMSC closed the connection"
        return False

    def _expire(self, sequence: int, limit_seconds: float) -> None:
        answer = self._waiting.get(sequence)
        if answer is not None and not answer.done():
            why = f"the SMSC did not answer within {limit_seconds:g} s"
            answer.set_exception(Unanswered(why, self, sequence))

    def _answered(self, pdu: Pdu) -> None:
        answer = self._waiting.get(pdu.sequence)
        if answer is not None:
            if not answer.done():
                answer.set_result(pdu)
        elif (late := self._late.pop(pdu.sequence, None)) is not None:
            late(pdu)

    def _asked(self, pdu: Pdu) -> None:
        match pdu.command:
            case _ if pdu.command in (DELIVER, DATA):
                self._delivered(self, pdu)
            case _ if pdu.command == ENQUIRE:
                self.respond(pdu, OK)
            case _ if pdu.command == UNBIND:
                self.respond(pdu, OK)
                self._why = "the SMSC ended the session"
                self._flush()
                assert self._transport is not None
                self._transport.close()
            case _ if pdu.command == ALERT:
                pass  # the specification gives it no answer
            case _ if self._transport is not None and self.is_open:
                self._write(framed(GENERIC_NACK, pdu.sequence, b"", INVALID_COMMAND))


async def bound_link(
    endpoint: Endpoint, settings: SmppSettings, delivered: Callable[[Link, Pdu], None]
) -> Link:
    """A connection that is bound as a transceiver. Raises BindRefused, OSError or TimeoutError."""
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context() if endpoint.tls else None
    async with asyncio.timeout(settings.connect_seconds):
        _, link = await loop.create_connection(
            lambda: Link(delivered), endpoint.host, endpoint.port, ssl=context
        )
    body = bind_body(settings.system_id, settings.password, settings.system_type)
    try:
        answer = await link.request(BIND, body, settings.connect_seconds)
    except (NotWritten, Unanswered) as error:
        link.abort(str(error))
        raise BindRefused(f"the SMSC did not answer the bind: {error}", is_ours=False) from None
    except BaseException:
        link.abort("given up")
        raise
    if answer.status != OK:
        link.abort("the bind was refused")
        sentence = REFUSED_BINDS.get(answer.status)
        raise BindRefused(
            sentence or f"the SMSC refused the bind: {words_of(answer.status)} ({code_of(answer.status)})",
            is_ours=sentence is not None,
        )
    return link
