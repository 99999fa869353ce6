"""An agent's SIP telephone: it registers with a password, rings, and does what the test tells it."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from tests.patience import patient
from tests.rtp import RtpParty, rtp_party

LIMIT_SECONDS = 10.0
_HOST = "127.0.0.1"
_counter = itertools.count(1)


@dataclass
class Message:
    """One SIP message; `headers` by lower-case name, the first of each."""

    first: str
    headers: dict[str, str]
    vias: list[str] = field(default_factory=list)

    @property
    def method(self) -> str:
        return self.headers["cseq"].split()[1]

    @property
    def status(self) -> int:
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else 0


def parse(data: bytes) -> Message:
    head = data.decode(errors="replace").partition("\r\n\r\n")[0].split("\r\n")
    message = Message(head[0], {})
    for line in head[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() in ("via", "v"):
            message.vias.append(value.strip())
        message.headers.setdefault(name.strip().lower(), value.strip())
    return message


class SipPhone(asyncio.DatagramProtocol):
    """`manner`: what becomes of a call: "answers", "rings" (until told), "busy", "declines", or the status
    with which the network refuses it, as "404 Not Found".

    `calls` counts what rang, `talking` is true from its ACK to its BYE. Audio is that of `party`.
    """

    def __init__(self, name: str, password: str, sip_port: int, port: int, party: RtpParty) -> None:
        self.name = name
        self.party = party
        self.audio_port = port + 1
        self.manner = "answers"
        self.calls: list[str] = []  # the caller's number of each
        self.talking = False
        self.cancelled = 0
        self._password = password
        self._server = (_HOST, sip_port)
        self._port = port
        self._invite: Message | None = None
        self._answers: dict[str, asyncio.Future[Message]] = {}
        self._sequence = itertools.count(1)
        self._tag = f"phone{next(_counter)}"
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def ringing(self) -> bool:
        return self._invite is not None and not self.talking

    async def register(self, seconds: int = 120) -> int:
        """Log in; 0 seconds logs out. Returns the status of the last answer."""
        answer = await self._request("REGISTER", seconds, "")
        if answer.status == 401:
            answer = await self._request("REGISTER", seconds, self._authorization(answer))
        return answer.status

    async def call(self, number: str) -> int:
        """Try to call somebody; the final status."""
        answer = await self._request("INVITE", 0, "", number)
        if answer.status == 401:
            answer = await self._request("INVITE", 0, self._authorization(answer, number, "INVITE"), number)
        return answer.status

    def answer(self) -> None:
        """Take the call that rings."""
        assert self._invite is not None
        sdp = "\r\n".join(
            (
                "v=0",
                f"o={self.name} 1 1 IN IP4 {_HOST}",
                "s=-",
                f"c=IN IP4 {_HOST}",
                "t=0 0",
                f"m=audio {self.audio_port} RTP/AVP 8 101",
                "a=rtpmap:8 PCMA/8000",
                "a=rtpmap:101 telephone-event/8000",
                "a=fmtp:101 0-15",
                "a=ptime:20",
                "a=sendrecv",
                "",
            )
        )
        self._reply(self._invite, "200 OK", sdp)

    def hang_up(self) -> None:
        """End the talk."""
        assert self._invite is not None
        assert self.talking
        headers = self._invite.headers
        target = re.search(r"<([^>]+)>", headers["contact"])
        assert target is not None
        self._send(
            f"BYE {target[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {_HOST}:{self._port};branch=z9hG4bKbye{next(_counter)};rport",
            f"From: {headers['to']};tag={self._tag}",
            f"To: {headers['from']}",
            f"Call-ID: {headers['call-id']}",
            f"CSeq: {next(self._sequence)} BYE",
            "Max-Forwards: 70",
        )
        self._invite, self.talking = None, False

    async def until(self, condition: Callable[[], bool], seconds: float = LIMIT_SECONDS) -> None:
        limit = patient(seconds)
        try:
            async with asyncio.timeout(limit):
                while not condition():  # noqa: ASYNC110 - there is no event to wait for
                    await asyncio.sleep(0.02)
        except TimeoutError:
            state = f"rang {self.calls}, talking {self.talking}, cancelled {self.cancelled}"
            raise AssertionError(f"{self.name}: not so within {limit:g} s; {state}") from None

    # --- the network --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = parse(data)
        if "cseq" not in message.headers:
            return  # somebody's late sound, to a port that was theirs before
        if message.status >= 200:
            waiting = self._answers.pop(message.headers["cseq"], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif message.status == 0:
            if message.method == "INVITE" and (port := re.search(rb"m=audio (\d+)", data)):
                self.party.speak_to((_HOST, int(port[1])))
            self._asked(message)

    def _asked(self, message: Message) -> None:
        match message.method:
            case "INVITE":
                self._rung(message)
            case "ACK":
                known = self._invite
                if known is not None and known.headers["call-id"] == message.headers["call-id"]:
                    self.talking = True
            case "CANCEL":
                self._reply(message, "200 OK")
                if self._invite is not None:
                    self._reply(self._invite, "487 Request Terminated")
                self._invite = None
                self.cancelled += 1
            case "BYE":
                self._reply(message, "200 OK")
                self._invite, self.talking = None, False
            case _:
                self._reply(message, "200 OK")

    def _rung(self, message: Message) -> None:
        if self._invite is not None:
            self._reply(message, "486 Busy Here")
            return
        number = re.search(r"sip:([^@>;]*)@", message.headers["from"])
        self.calls.append(number[1] if number else "")
        if self.manner == "busy":
            self._reply(message, "486 Busy Here")
        elif self.manner == "declines":
            self._reply(message, "603 Decline")
        elif self.manner[:1].isdecimal():
            self._reply(message, self.manner)
        else:
            self._invite = message
            self._reply(message, "180 Ringing")
            if self.manner == "answers":
                self.answer()

    def _reply(self, to: Message, status: str, sdp: str = "") -> None:
        headers = to.headers
        own = "" if "tag=" in headers["to"] else f";tag={self._tag}"
        self._send(
            f"SIP/2.0 {status}",
            *(f"Via: {via}" for via in to.vias),
            f"From: {headers['from']}",
            f"To: {headers['to']}{own}",
            f"Call-ID: {headers['call-id']}",
            f"CSeq: {headers['cseq']}",
            f"Contact: <sip:{self.name}@{_HOST}:{self._port}>",
            *(("Content-Type: application/sdp",) if sdp else ()),
            body=sdp,
        )

    async def _request(self, method: str, seconds: int, authorization: str, number: str = "") -> Message:
        sequence = f"{next(self._sequence)} {method}"
        answer = self._answers[sequence] = asyncio.get_running_loop().create_future()
        host = f"{self._server[0]}:{self._server[1]}"
        target = f"sip:{number}@{host}" if number else f"sip:{host}"
        self._send(
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP {_HOST}:{self._port};branch=z9hG4bK{next(_counter)};rport",
            f"From: <sip:{self.name}@{host}>;tag={self._tag}",
            f"To: <sip:{number or self.name}@{host}>",
            f"Call-ID: {self._tag}-{method}@{_HOST}",
            f"CSeq: {sequence}",
            f"Contact: <sip:{self.name}@{_HOST}:{self._port}>",
            "Max-Forwards: 70",
            *((f"Expires: {seconds}",) if method == "REGISTER" else ()),
            *((authorization,) if authorization else ()),
        )
        return await asyncio.wait_for(answer, patient(LIMIT_SECONDS))

    def _authorization(self, challenge: Message, number: str = "", method: str = "REGISTER") -> str:
        fields = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge.headers["www-authenticate"]))
        host = f"{self._server[0]}:{self._server[1]}"
        uri = f"sip:{number}@{host}" if number else f"sip:{host}"
        count, cnonce = "00000001", "0a4f113b"
        ours = _md5(f"{self.name}:{fields['realm']}:{self._password}")
        theirs = _md5(f"{method}:{uri}")
        response = _md5(f"{ours}:{fields['nonce']}:{count}:{cnonce}:auth:{theirs}")
        return (
            f'Authorization: Digest username="{self.name}", realm="{fields["realm"]}", '
            f'nonce="{fields["nonce"]}", uri="{uri}", response="{response}", algorithm=MD5, '
            f'qop=auth, nc={count}, cnonce="{cnonce}", opaque="{fields.get("opaque", "")}"'
        )

    def _send(self, *lines: str, body: str = "") -> None:
        assert self._transport is not None
        text = "\r\n".join((*lines, f"Content-Length: {len(body)}", "", body))
        self._transport.sendto(text.encode(), self._server)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@asynccontextmanager
async def sip_phone(
    name: str, password: str, sip_port: int, port: int, *, log_in: bool = True
) -> AsyncIterator[SipPhone]:
    """A telephone on `port`, its audio on the next; it is logged in unless told otherwise."""
    async with rtp_party(port + 1) as party:
        phone = SipPhone(name, password, sip_port, port, party)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: phone, local_addr=(_HOST, port)
        )
        try:
            if log_in:
                assert await phone.register() == 200
            yield phone
        finally:
            transport.close()
