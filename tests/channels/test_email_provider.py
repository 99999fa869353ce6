"""E-mail through a real SMTP server with faults: each answer is true, and connections are used again."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from channels.callbacks import CallbackGuard
from channels.email.addresses import Address, Mailbox
from channels.email.composing import MailIdentity
from channels.email.provider import MailProvider, MailServer
from compliance.facts import Channel
from messaging.provider import Answer, Pace, Receipt, Taken
from messaging.states import MessageState
from tests.channels.other_sides import Told, called, opened, submission
from tests.channels.test_services import own_certificate
from tests.conftest import HandClock

OURS = MailIdentity(Mailbox("", Address("info", "example.com")), Address("bounce", "example.com"))
MAIL = submission(Channel.EMAIL, "anna@example.org", subject="Hello")


@dataclass
class Server:
    """`rcpt`, `data`: what is answered; `cut`: the connection goes away when that command comes."""

    rcpt: str = "250 2.1.5 OK"
    mail: str = "250 2.1.0 OK"
    data: str = "250 2.0.0 queued"
    cut: str = ""
    port: int = 0
    connections: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    hold: asyncio.Event | None = None
    holding: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_MAIL(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.options.append(options)
        envelope.mail_from = address
        envelope.smtp_utf8 = "SMTPUTF8" in options
        return self.mail

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.cut == "RCPT":
            server.transport.abort()
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        if self.cut == "DATA":
            server.transport.abort()
        if self.hold is not None:
            self.holding.set()
            await self.hold.wait()
        if self.data.startswith("250"):
            self.envelopes.append(envelope)
        return self.data


def allowed(server: Any, session: Session, envelope: Envelope, mechanism: str, login: Any) -> AuthResult:
    good = isinstance(login, LoginPassword) and login.password == b"s3cret"
    return AuthResult(success=good, handled=False)


@asynccontextmanager
async def running(tls: ssl.SSLContext | None = None, **more: object) -> AsyncIterator[Server]:
    server = Server(**more)  # type: ignore[arg-type]

    def connected() -> SMTP:
        server.connections += 1
        return SMTP(
            server,
            hostname="mx.example.org",
            ident="test",
            enable_SMTPUTF8=True,
            authenticator=allowed,
            auth_require_tls=False,
            tls_context=tls,
            timeout=10,
        )

    listening = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        if server.hold is not None:
            server.hold.set()
        listening.close()


def provider(port: int, clock: HandClock, pace: Pace | None = None, **more: Any) -> MailProvider:
    settings = MailServer("127.0.0.1", port, **({"tls": "none", "limit_seconds": 5.0} | more))
    guard = CallbackGuard(token="s3cret")
    return MailProvider("mail", settings, OURS, clock=clock, guard=guard, pace=pace)


@asynccontextmanager
async def mailing(
    clock: HandClock, tls: str = "none", **faults: object
) -> AsyncIterator[tuple[Server, MailProvider, Told]]:
    async with running(**faults) as server:
        mail = provider(server.port, clock, tls=tls)
        async with opened(mail) as told:
            yield server, mail, told


async def answer_of(clock: HandClock, **faults: object) -> Answer:
    async with mailing(clock, **faults) as (_, mail, _):
        return await mail.submit(MAIL)


async def test_a_mail_arrives_with_its_return_path_and_connections_are_used_again(clock: HandClock) -> None:
    async with mailing(clock) as (server, mail, told):
        answers = [await mail.submit(replace(MAIL, message_id=f"m{n}")) for n in range(3)]
        assert [answer.taken for answer in answers] == [Taken.ACCEPTED] * 3
        assert answers[1].references == ("m1",)
        assert server.connections == 1
        assert [one.mail_from for one in server.envelopes] == [f"bounce+m{n}@example.com" for n in range(3)]
        assert server.envelopes[0].rcpt_tos == ["anna@example.org"]
        content = server.envelopes[0].content
        assert isinstance(content, bytes)
        assert message_from_bytes(content)["Message-ID"] == "<m0@example.com>"
        clock.pass_seconds(30)
        await mail.submit(MAIL)
        assert server.connections == 2
        assert told.standing == [(True, "")]


async def test_many_at_once_take_no_more_connections_than_allowed(clock: HandClock) -> None:
    async with running() as server, opened(mail := provider(server.port, clock, Pace(at_once=2))):
        answers = await asyncio.gather(*(mail.submit(replace(MAIL, message_id=f"m{n}")) for n in range(8)))
        assert {answer.taken for answer in answers} == {Taken.ACCEPTED}
        assert (len(server.envelopes), server.connections) == (8, 2)


@pytest.mark.parametrize(
    ("faults", "taken", "code"),
    [
        ({"rcpt": "550 5.1.1 no such user"}, Taken.GONE, "550 5.1.1"),
        ({"rcpt": "550 5.7.1 not from you"}, Taken.REJECTED, "550 5.7.1"),
        ({"rcpt": "552 5.2.2 mailbox full"}, Taken.REJECTED, "552 5.2.2"),
        ({"rcpt": "450 4.2.1 greylisted"}, Taken.BUSY, "450 4.2.1"),
        ({"rcpt": "421 4.7.0 too many"}, Taken.BUSY, "421 4.7.0"),
        ({"mail": "451 4.3.0 later"}, Taken.BUSY, "451 4.3.0"),
        ({"mail": "553 5.1.8 who are you"}, Taken.REJECTED, "553 5.1.8"),
        ({"mail": "530 5.7.0 log in first"}, Taken.AWAY, "530 5.7.0"),
        ({"data": "554 5.7.1 spam"}, Taken.REJECTED, "554 5.7.1"),
        ({"data": "452 4.3.1 disk full"}, Taken.BUSY, "452 4.3.1"),
        ({"cut": "RCPT"}, Taken.AWAY, ""),
        ({"cut": "DATA"}, Taken.UNKNOWN, ""),
    ],
)
async def test_what_the_server_answers(
    clock: HandClock, faults: dict[str, object], taken: Taken, code: str
) -> None:
    answer = await answer_of(clock, **faults)
    assert (answer.taken, answer.code) == (taken, code)
    assert bool(answer.references) == (taken is Taken.UNKNOWN)


async def test_after_a_refusal_the_connection_serves_the_next_one(clock: HandClock) -> None:
    async with mailing(clock, rcpt="550 5.1.1 no such user") as (server, mail, _):
        await mail.submit(MAIL)
        server.rcpt = "250 OK"
        assert (await mail.submit(MAIL)).taken is Taken.ACCEPTED
        assert server.connections == 1


async def test_a_kept_connection_that_is_gone_is_replaced_without_a_doubt(clock: HandClock) -> None:
    async with mailing(clock) as (server, mail, _):
        await mail.submit(MAIL)
        server.cut = "RCPT"
        assert (await mail.submit(MAIL)).taken is Taken.AWAY
        assert server.connections == 2
        server.cut = ""
        assert (await mail.submit(MAIL)).taken is Taken.ACCEPTED


async def test_a_server_that_does_not_answer_after_the_content_leaves_a_doubt(clock: HandClock) -> None:
    async with (
        running(hold=asyncio.Event()) as server,
        opened(mail := provider(server.port, clock, limit_seconds=0.3)),
    ):
        answer = await mail.submit(MAIL)
    assert (answer.taken, answer.references) == (Taken.UNKNOWN, (MAIL.message_id,))


async def test_what_was_handed_over_is_answered_while_it_closes(clock: HandClock) -> None:
    async with running(hold=asyncio.Event()) as server:
        mail = provider(server.port, clock)
        await mail.start(Told().listeners())
        sending = asyncio.create_task(mail.submit(MAIL))
        async with asyncio.timeout(5):
            await server.holding.wait()
        closing = asyncio.create_task(mail.close())
        await asyncio.sleep(0)
        assert (await mail.submit(MAIL)).taken is Taken.AWAY
        assert server.hold is not None
        server.hold.set()
        assert (await sending).taken is Taken.ACCEPTED
        await closing


async def test_nobody_there_is_away(clock: HandClock, unused_tcp_port: int) -> None:
    mail = provider(unused_tcp_port, clock)
    async with opened(mail) as told:
        for _ in range(3):
            assert (await mail.submit(MAIL)).taken is Taken.AWAY
        assert told.standing[-1][0] is False
    assert (await mail.submit(MAIL)).taken is Taken.AWAY


async def test_a_login_is_used_and_a_wrong_one_closes_the_provider(clock: HandClock) -> None:
    async with running() as server:
        async with opened(mail := provider(server.port, clock, username="anna", password="s3cret")):
            assert (await mail.submit(MAIL)).taken is Taken.ACCEPTED
        async with opened(mail := provider(server.port, clock, username="anna", password="wr0ng")) as told:
            answer = await mail.submit(MAIL)
            assert (answer.taken, answer.code[:3]) == (Taken.AWAY, "535")
            assert told.standing[-1] == (False, answer.why)
            assert "wr0ng" not in repr(mail._server) + answer.why


async def test_starttls_is_demanded(clock: HandClock, tmp_path: Any) -> None:
    async with running() as server, opened(mail := provider(server.port, clock, tls="starttls")):
        answer = await mail.submit(MAIL)
        assert (answer.taken, server.envelopes) == (Taken.AWAY, [])
    context = own_certificate(tmp_path)
    async with running(tls=context) as server:
        async with opened(mail := provider(server.port, clock, tls="starttls", verify_tls=False)):
            assert (await mail.submit(MAIL)).taken is Taken.ACCEPTED
        async with opened(mail := provider(server.port, clock, tls="starttls")):
            assert (await mail.submit(MAIL)).taken is Taken.AWAY
        assert len(server.envelopes) == 1


async def test_letters_of_other_alphabets_in_the_address(clock: HandClock) -> None:
    async with mailing(clock) as (server, mail, _):
        assert (await mail.submit(replace(MAIL, to="анна@example.org"))).taken is Taken.ACCEPTED
        assert server.envelopes[0].rcpt_tos == ["анна@example.org"]
        assert "SMTPUTF8" in server.options[0]


@pytest.mark.parametrize("bad", [{"to": "anna@example.org\r\nRCPT TO:<jan@example.org>"}, {"sender": "x"}])
async def test_what_cannot_be_a_mail_is_refused_before_anybody_is_asked(
    clock: HandClock, bad: dict[str, str]
) -> None:
    async with mailing(clock) as (server, mail, _):
        answer = await mail.submit(replace(MAIL, **bad))  # type: ignore[arg-type]
        assert answer.taken is Taken.REJECTED
        assert "jan@example.org" not in answer.why
        assert server.connections == 0


async def test_text_of_lone_surrogates_is_refused(clock: HandClock) -> None:
    async with mailing(clock) as (_, mail, _):
        assert (await mail.submit(replace(MAIL, text="\ud800"))).taken is Taken.REJECTED


BOUNCE = b"""From: mailer-daemon@mx.example.org
To: bounce+01jd8m3x9y0000000000000001@example.com
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; anna@example.org
Action: failed
Status: 5.1.1

--b--
"""


async def test_a_bounce_comes_by_the_callback(clock: HandClock) -> None:
    async with running() as server:
        mail = provider(server.port, clock)
        async with opened(mail) as told:
            token = {"authorization": "Bearer s3cret"}
            assert (await called(mail, body=BOUNCE)).status == 403
            assert (await called(mail, method="GET", headers=token)).status == 405
            taken = await called(mail, headers=token, body=BOUNCE)
            assert (taken.status, taken.body) == (200, b"receipt\n")
            [receipt] = told.receipts
            assert (receipt.reference, receipt.state) == (MAIL.message_id, MessageState.FAILED)
            told.broken = True
            assert (await called(mail, headers=token, body=BOUNCE)).status == 503
        assert (await called(mail, headers=token, body=BOUNCE)).status == 503


async def test_a_mail_is_read_beside_the_loop(clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are served by it, and a mail may take long."""
    served = threading.Event()

    def slow(*_: object) -> list[Receipt]:
        assert served.wait(10.0)
        return []

    monkeypatch.setattr("channels.email.provider.read_mail", slow)
    mail = provider(1, clock)
    async with opened(mail):
        reading = asyncio.create_task(mail.take_mail(b"Subject: x"))
        for _ in range(3):
            await asyncio.sleep(0)
        served.set()
        assert await reading == "ignored"
