"""An e-mail as it is written: readable by every parser, and nothing that somebody put in becomes a header."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.addresses import Address, AddressRefused, Mailbox, address_of, mailbox_of
from channels.email.composing import CannotBeComposed, MailIdentity, composed
from compliance.facts import Channel
from messaging.provider import Submission
from tests.channels.other_sides import submission

AT = datetime(2026, 11, 21, 16, 5, tzinfo=UTC)
OURS = MailIdentity(
    Mailbox("Infolinia", Address("info", "example.com")), Address("bounce", "bounces.example.com")
)
MAIL = submission(Channel.EMAIL, "anna@example.org", subject="Zamówienie 😀")
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Language",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
}


def written(mail: Submission, identity: MailIdentity = OURS) -> EmailMessage:
    """As another program reads it."""
    raw = composed(mail, identity, AT)[1].as_bytes()
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    read = message_from_bytes(raw, policy=policy.default)
    assert isinstance(read, EmailMessage)
    assert not read.defects
    return read


def test_text_alone() -> None:
    read = written(MAIL)
    assert read["From"] == "Infolinia <info@example.com>"
    assert read["To"] == "anna@example.org"
    assert read["Subject"] == "Zamówienie 😀"
    assert read["Message-ID"] == "<01jd8m3x9y0000000000000001@bounces.example.com>"
    assert read["Date"].datetime == AT
    assert read["Auto-Submitted"] == "auto-generated"
    assert read.get_content_type() == "text/plain"
    assert read.get_content().strip() == MAIL.text
    assert set(read.keys()) <= HEADERS


def test_text_and_html_with_one_press_to_unsubscribe() -> None:
    url = "https://sms.example.com/u/abc?x=1"
    read = written(replace(MAIL, html="<p>Zażółć</p>", unsubscribe_url=url, language="pl"))
    assert read.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    html = read.get_body(("html",))
    assert html is not None
    assert html.get_content().strip() == "<p>Zażółć</p>"
    assert read["List-Unsubscribe"] == f"<{url}>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read["Content-Language"] == "pl"


def test_without_tls_there_is_no_one_press() -> None:
    read = written(replace(MAIL, unsubscribe_url="http://sms.example.com/u/abc"))
    assert read["List-Unsubscribe"] == "<http://sms.example.com/u/abc>"
    assert read["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(
    ("data", "tracked"),
    [
        ({}, False),
        ({"open_url": "https://x.example.com/o?a=1&b=2"}, False),
        ({"open_url": "https://x.example.com/o?a=1&b=2", "tracking_consented": "yes"}, False),
        ({"open_url": "https://x.example.com/o?a=1&b=2", "tracking_consented": True}, True),
    ],
)
def test_opening_is_told_only_by_whom_consented(data: dict[str, object], tracked: bool) -> None:
    read = written(replace(MAIL, html="<html><body>x</body></html>", data=data))
    html = read.get_body(("html",))
    assert html is not None
    assert ('<img src="https://x.example.com/o?a=1&amp;b=2"' in html.get_content()) is tracked
    assert html.get_content().strip().endswith("</body></html>")


def test_an_agents_answer_is_threaded_and_not_automatic() -> None:
    read = written(replace(MAIL, data={"automatic": False, "in_reply_to": "<abc@example.org>"}))
    assert read["In-Reply-To"] == read["References"] == "<abc@example.org>"
    assert read["Auto-Submitted"] is None


@pytest.mark.parametrize("to", ["anna@example.org", "żaneta@example.org"])
def test_a_long_id_or_address_stays_whole(to: str) -> None:
    theirs, url = f"<{'A1' * 40}@mail.example.org>", f"https://sms.example.com/u/{'a' * 80}?x=(1)"
    mail = replace(MAIL, to=to, unsubscribe_url=url, data={"in_reply_to": theirs})
    lines = composed(mail, OURS, AT)[1].as_bytes().decode().split("\r\n")
    for line in (f"In-Reply-To: {theirs}", f"References: {theirs}", f"List-Unsubscribe: <{url}>"):
        assert line in lines


@pytest.mark.parametrize("theirs", ["<a@b>\r\nBcc: jan@example.org", "no brackets", "", 7])
def test_an_id_of_others_that_is_not_one_is_left_out(theirs: object) -> None:
    read = written(replace(MAIL, data={"in_reply_to": theirs}))
    assert read["In-Reply-To"] is None
    assert read["Bcc"] is None


BREAKS = ["\r\n", "\n", "\r", "\u2028", "\x85", "\0"]
INJECTED = [f"{line_break}Bcc: jan@example.org" for line_break in BREAKS]


@pytest.mark.parametrize("injected", INJECTED)
def test_a_subject_or_name_with_line_breaks_stays_one_header(injected: str) -> None:
    named = replace(OURS, sender=Mailbox(f"Anna{injected}", Address("info", "example.com")))
    read = written(replace(MAIL, subject=f"Hello{injected}", language=f"pl{injected}"), named)
    assert read["Bcc"] is None
    assert set(read.keys()) <= HEADERS
    assert read["From"].addresses[0].addr_spec == "info@example.com"


@pytest.mark.parametrize("injected", INJECTED)
def test_addresses_with_line_breaks_are_refused(injected: str) -> None:
    for bad in (
        replace(MAIL, to=f"anna@example.org{injected}x"),
        replace(MAIL, to=f"anna{injected}@example.org"),
        replace(MAIL, sender=f"Anna{injected} <info@example.com>"),
        replace(MAIL, unsubscribe_url=f"https://sms.example.com/{injected}"),
        replace(MAIL, message_id=f"m{injected}"),
    ):
        with pytest.raises(CannotBeComposed) as raised:
            composed(bad, OURS, AT)
        assert "jan@example.org" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "anna@",
        "@example.org",
        "a b@example.org",
        "a,b@example.org",
        "<anna@example.org>",
        "anna@exa mple.org",
        "an..na@example.org",
        ".anna@example.org",
        "anna@-example-.org",
        "anna@example.org>, <jan@example.org",
        "an\u200bna@example.org",
        "a" * 65 + "@example.org",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressRefused):
        address_of(text)


def test_addresses_of_other_alphabets() -> None:
    assert str(address_of("anna@żółw.example")) == "anna@xn--w-uga1v8h.example"
    assert address_of("анна@example.org").wants_utf8
    assert mailbox_of("Anna Łoś <a@example.org>") == Mailbox("Anna Łoś", Address("a", "example.org"))


@given(st.text(max_size=200), st.text(max_size=300), st.text(max_size=60))
def test_whatever_stands_in_it_the_headers_are_ours(subject: str, text: str, name: str) -> None:
    identity = replace(OURS, sender=Mailbox(name, Address("info", "example.com")))
    try:
        raw = composed(replace(MAIL, subject=subject, text=text), identity, AT)[1].as_bytes()
    except (ValueError, UnicodeError):
        assert any("\ud800" <= letter <= "\udfff" for letter in subject + text + name)
        return
    read = message_from_bytes(raw, policy=policy.default)
    assert set(read.keys()) <= HEADERS
    assert read["From"].addresses[0].addr_spec == "info@example.com"
