"""Mails that come in: bounces of several kinds find their message, and people's words are read."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.addresses import Address, Mailbox, message_of_return_path
from channels.email.composing import MailIdentity
from channels.email.incoming import LONGEST_TEXT, read_mail
from compliance.facts import Channel
from messaging.provider import Incoming, Receipt
from messaging.states import MessageState

NOW = datetime(2026, 11, 21, 16, 5, tzinfo=UTC)
SENT = "Sat, 21 Nov 2026 15:00:00 +0100"
AT = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
OURS = MailIdentity(
    Mailbox("", Address("info", "example.com")),
    Address("bounce", "example.com"),
    Mailbox("", Address("answers", "example.com")),
)


def read(text: str) -> list[Receipt | Incoming]:
    raw = text.replace("\n", "\r\n").encode()
    return list(read_mail(raw, "mail", OURS, NOW))


def report(
    *lines: str, to: str = "bounce+m1@example.com", before: tuple[str, ...] = (), back: str = ""
) -> str:
    about_all = "\n".join(["Reporting-MTA: dns; mx.example.org", *before])
    about_one = "\n".join(["Final-Recipient: rfc822; anna@example.org", *lines])
    return (
        f"From: MAILER-DAEMON@mx.example.org\nTo: {to}\nDate: {SENT}\nAuto-Submitted: auto-replied\n"
        "Subject: Undelivered\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nIt could not be delivered.\n"
        f"--b\nContent-Type: message/delivery-status\n\n{about_all}\n\n{about_one}\n"
        f"{back}--b--\n"
    )


FAILED = ("Action: failed", "Status: 5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 no such user")


def test_a_bounce_to_the_return_path() -> None:
    assert read(report(*FAILED)) == [
        Receipt("mail", "m1", MessageState.FAILED, AT, "5.1.1", "550 5.1.1 no such user")
    ]


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (("Action: failed", "Status: 4.4.7"), MessageState.EXPIRED),
        (("Action: failed (too long)", "Status: 5.4.7 (expired)"), MessageState.EXPIRED),
        (("Action: Failed", "Status: 5.7.1"), MessageState.FAILED),
        (("Action: error", "Status: 5.0.0"), MessageState.FAILED),
        (("Action: delivered", "Status: 2.0.0"), MessageState.DELIVERED),
        (("Action: relayed", "Status: 2.0.0"), None),
        (("Action: delayed", "Status: 4.4.1"), None),
        (("Action: expanded", "Status: 2.0.0"), None),
        (("Status: 5.1.1",), None),
    ],
)
def test_what_a_report_says(lines: tuple[str, ...], state: MessageState | None) -> None:
    told = read(report(*lines))
    assert [one.state for one in told if isinstance(one, Receipt)] == ([state] if state else [])
    assert not any(isinstance(one, Incoming) for one in told)


RETURNED = "--b\nContent-Type: message/rfc822\n\nFrom: info@example.com\nMessage-ID: <m1@example.com>\n\nHi\n"
HEADERS = "--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <m1@example.com>\nSubject: Hello\n"
OF_OTHERS = RETURNED.replace("m1@example.com", "m1@example.net")


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"before": ("Original-Envelope-Id: m1",)}, True),
        ({"back": RETURNED}, True),
        ({"back": HEADERS}, True),
        ({"back": OF_OTHERS}, False),
        ({"before": ("Original-Envelope-Id: m1 <x>",)}, False),
        ({}, False),
    ],
)
def test_a_report_to_another_address_finds_its_message(more: dict[str, object], found: bool) -> None:
    told = read(report(*FAILED, to="info@example.com", **more))  # type: ignore[arg-type]
    assert [one.reference for one in told if isinstance(one, Receipt)] == (["m1"] if found else [])


@pytest.mark.parametrize(
    "text",
    [
        "Hi. This is the qmail-send program at mx.example.org.\nI'm afraid I wasn't able to deliver your "
        "message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work "
        "out.\n\n<anna@example.org>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line "
        "is a copy of the message.\n",
        "   ----- The following addresses had permanent fatal errors -----\n<anna@example.org>\n\n"
        "   ----- Transcript of session follows -----\n",
    ],
)
def test_bounces_of_older_kinds(text: str) -> None:
    [told] = read(f"From: MAILER-DAEMON@mx.example.org\nTo: bounce+m1@example.com\nDate: {SENT}\n\n{text}")
    assert isinstance(told, Receipt)
    assert (told.reference, told.state) == ("m1", MessageState.FAILED)


def test_a_bounce_that_says_that_a_machine_wrote_it_is_one() -> None:
    [told] = read(
        "Return-Path: <>\nFrom: Mail Delivery System <Mailer-Daemon@mx.example.org>\n"
        "To: bounce+m1@example.com\nAuto-Submitted: auto-replied\nX-Failed-Recipients: anna@example.org\n"
        "Subject: Mail delivery failed: returning message to sender\n\nThis message was created "
        "automatically by mail delivery software.\n"
    )
    assert isinstance(told, Receipt)
    assert (told.reference, told.state) == ("m1", MessageState.FAILED)


def test_one_mailbox_of_several_is_enough() -> None:
    second = "\nFinal-Recipient: rfc822; other@example.org\nAction: delivered\nStatus: 2.0.0\n"
    [told] = read(report(*FAILED, back=second))
    assert told == Receipt("mail", "m1", MessageState.DELIVERED, AT, "2.0.0")


@pytest.mark.parametrize("more", ["", "Auto-Submitted: auto-replied\n", "X-Autoreply: yes\n"])
def test_an_absence_told_to_the_return_path_fails_nothing(more: str) -> None:
    assert read(f"From: anna@example.org\nTo: bounce+m1@example.com\n{more}\nI am away until Monday.\n") == []


@pytest.mark.parametrize("kind", ["feedback-report", "disposition-notification"])
def test_reports_of_other_kinds_are_nobodys_words(kind: str) -> None:
    text = (
        f"From: abuse@example.org\nContent-Type: multipart/report; report-type={kind}; boundary=b\n\n--b--\n"
    )
    assert read(text) == []


@pytest.mark.parametrize(
    ("recipient", "found"),
    [
        ("bounce+m1@example.com", "m1"),
        ("Bounce+M1@EXAMPLE.com", "m1"),
        ("bounce@example.com", None),
        ("other+m1@example.com", None),
        ("bounce+m1@example.net", None),
        ("bounce+x+m1@example.com", None),
        ("bounce+m 1@example.com", None),
        ("", None),
    ],
)
def test_whose_return_path_it_is(recipient: str, found: str | None) -> None:
    assert message_of_return_path(OURS.bounces, recipient) == found


# --- what people write ------------------------------------------------------------------------------------


def test_an_answer_is_a_message_of_its_sender() -> None:
    [told] = read(
        "From: Anna =?utf-8?q?=C5=81o=C5=9B?= <Anna@example.org>\nTo: answers@example.com\n"
        f"Subject: =?utf-8?b?UmU6IFphbcOzd2llbmll?=\nDate: {SENT}\nMessage-ID: <x1@example.org>\n"
        "In-Reply-To: <m1@example.com>\nReferences: <a@example.net> <m1@example.com>\n"
        "Content-Type: text/plain; charset=iso-8859-2\nContent-Transfer-Encoding: quoted-printable\n\n"
        "Tak, prosz=EA.\n\n\n\nAnna\n"
    )
    assert told == Incoming(
        "mail",
        Channel.EMAIL,
        "Anna@example.org",
        "answers@example.com",
        "Tak, proszę.\n\nAnna",
        AT,
        "<x1@example.org>",
        subject="Re: Zamówienie",
        in_reply_to="m1",
        data={"message_id": "<x1@example.org>", "name": "Anna Łoś"},
    )


def incoming(text: str) -> Incoming:
    [told] = read(text)
    assert isinstance(told, Incoming)
    return told


def test_html_alone_is_read_as_text() -> None:
    told = incoming(
        "From: anna@example.org\nContent-Type: text/html; charset=utf-8\n\n"
        "<html><head><title>x</title><style>p{}</style></head><body><p>Tak &amp; <b>nie</b></p>"
        "<script>alert(1)</script><div>Anna</div></body></html>"
    )
    assert told.text == "Tak & nie\nAnna"
    assert told.at == NOW
    assert len(told.external_id) == 64


@pytest.mark.parametrize("piece", ["<!--", "<a a", "<a '", "<!--x>", "<script>", "<p", "&lt;<", "<style <"])
def test_html_that_never_closes_is_read_at_once(piece: str) -> None:
    """Calls share the processor with whoever reads it."""
    began = time.process_time()
    incoming("From: anna@example.org\nContent-Type: text/html\n\n<p>Tak" + piece * 40_000)
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    "header",
    [
        "From: " + '"' * 20_000,
        "Reply-To: " + "." * 40_000,
        'Content-Type: text/plain; x="' + ";\n " * 40_000,
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain" + ";a=b" * 20_000,
        "Reply-To: " + "(" * 3_000,
    ],
)
def test_a_header_without_end_is_read_at_once(header: str) -> None:
    began = time.process_time()
    read(f"From: anna@example.org\nTo: info@example.com\n{header}\n\nTak")
    assert time.process_time() - began < 3.0


def test_long_lists_of_recipients_and_answers_are_read() -> None:
    people = ",\n ".join(f"person{number}@example.org" for number in range(100))
    told = incoming(f"From: anna@example.org\nTo: {people}\nIn-Reply-To: <m1@example.com>\n\nTak")
    assert (told.text, told.in_reply_to) == ("Tak", "m1")


def test_what_a_page_hides_is_not_read() -> None:
    told = incoming(
        "From: anna@example.org\nContent-Type: text/html\n\n"
        "<STYLE type='text/css'>p{}</Style ><!-- a > b -->"
        "<p class=x>1 &lt; 2,<br/>2 < 3&nbsp;&amp; on\n<img src=x>"
    )
    assert told.text == "1 < 2,\n2 < 3 & on"


def test_a_long_id_of_theirs_fits_an_index() -> None:
    long = f"<{'a' * 5000}@example.org>"
    first, again, other = (
        incoming(f"From: anna@example.org\nMessage-ID: {one}\n\n{text}")
        for one, text in ((long, "a"), (long, "a"), (long, "b"))
    )
    assert first.external_id == again.external_id != other.external_id
    assert len(first.external_id) == 64
    assert len(str(first.data["message_id"])) < 300


@pytest.mark.parametrize(
    "header",
    ["Auto-Submitted: auto-replied", "Precedence: auto_reply", "Return-Path: <>", "X-Autoreply: yes"],
)
def test_what_a_machine_wrote_says_so(header: str) -> None:
    assert incoming(f"From: anna@example.org\n{header}\n\nI am away.\n").data["automatic"] is True
    assert "automatic" not in incoming("From: anna@example.org\nAuto-Submitted: no\n\nHello\n").data


@pytest.mark.parametrize(
    "text",
    [
        "From: anna@example.org\nContent-Type: text/plain; charset=nobody-knows\n\nHello\n",
        "From: anna@example.org\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nHello!\n",
        "From: anna@example.org\nContent-Type: multipart/mixed; boundary=b\n\nHello\n",
        "From: anna@example.org\nDate: Sat, 99 Foo 2026\nMessage-ID: <<>\nSubject: =?x?y?\n\nHello\n",
        "From: anna@example.org\nDate: Sat, 21 Nov 2099 15:00:00 +0100\n\n\0Hello\n",
    ],
)
def test_mails_that_are_not_well_made_are_still_read(text: str) -> None:
    told = incoming(text)
    assert told.from_ == "anna@example.org"
    assert told.at == NOW
    assert "\0" not in told.text


def test_without_a_sender_nobody_is_told() -> None:
    assert read("Subject: x\n\nHello\n") == []
    assert read("From: nobody\n\nHello\n") == []


def test_a_long_text_is_cut() -> None:
    assert len(incoming("From: anna@example.org\n\n" + "word " * 10_000).text) == LONGEST_TEXT


@given(st.binary(max_size=2000))
def test_no_bytes_at_all_break_the_reader(raw: bytes) -> None:
    read_mail(raw, "mail", OURS, NOW)


BOUNCED = ["", "Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: text/html\r\n"]
SAID = ["could not be delivered", "<anna@example.org>", "--b", "permanent fatal errors", "550", "Subject: x"]


@given(st.sampled_from(BOUNCED), st.lists(st.sampled_from(SAID) | st.text(max_size=30), max_size=8))
def test_no_words_to_the_return_path_break_the_reader(header: str, lines: list[str]) -> None:
    said = "\r\n".join(lines).encode("utf-8", "replace")
    raw = b"From: MAILER-DAEMON@example.org\r\nTo: bounce+m1@example.com\r\n" + header.encode()
    read_mail(raw + b"\r\n" + said, "mail", OURS, NOW)


@given(
    st.text(alphabet=st.characters(codec="latin-1"), max_size=300),
    st.sampled_from(
        [
            "From",
            "To",
            "Date",
            "Subject",
            "Message-ID",
            "References",
            "Content-Type",
            "Reply-To",
            "Auto-Submitted",
        ]
    ),
)
def test_no_header_breaks_the_reader(value: str, name: str) -> None:
    raw = f"From: anna@example.org\r\n{name}: ".encode() + value.encode("latin-1") + b"\r\n\r\nHello"
    read_mail(raw, "mail", OURS, NOW)
