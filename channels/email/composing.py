"""A Submission as an e-mail: text and HTML, the headers that mailbox providers ask for, nothing injected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address as HeaderAddress
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

from channels.email.addresses import Address, AddressRefused, Mailbox, address_of, mailbox_of, one_line
from messaging.provider import Submission


class _Whole(UnstructuredHeader, BaseHeader):
    """An id or an address: programs read it letter by letter. A long one is neither encoded nor cut."""

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
for _name in ("in-reply-to", "references", "list-unsubscribe"):
    _HEADERS.map_to_type(_name, _Whole)
# Bodies in 7 bits: no relay on the way has to know 8BITMIME.
_POLICY = SMTP.clone(cte_type="7bit", header_factory=_HEADERS)
_LONGEST_SUBJECT = 500
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_THEIR_ID = re.compile(r"<[!-;=?-~]{3,250}>")


class CannotBeComposed(ValueError):
    """The message says what is wrong with it, without its content."""


@dataclass(frozen=True, slots=True)
class MailIdentity:
    """`sender`: who writes, unless a message names another. `bounces`: what returns goes to it, with the
    message's id after a "+". `replies`: where answers go, None: to the sender."""

    sender: Mailbox
    bounces: Address
    replies: Mailbox | None = None


def composed(submission: Submission, identity: MailIdentity, at: datetime) -> tuple[Address, EmailMessage]:
    """To whom, and what. Raises CannotBeComposed.

    `data`: "in_reply_to" is the Message-ID of the mail that this answers, "automatic" False says that a
    person wrote it; "open_url" is the address of a picture that tells of opening and is put in only when
    "tracking_consented" is True.
    """
    if not _MESSAGE_ID.fullmatch(submission.message_id):
        raise CannotBeComposed("the message's id has letters that a return path cannot carry")
    try:
        to = address_of(submission.to)
        sender = mailbox_of(submission.sender) if submission.sender else identity.sender
    except AddressRefused as refused:
        raise CannotBeComposed(str(refused)) from None
    # The header of such an address is not ours to encode; the envelope alone leads it.
    message = EmailMessage(policy=_POLICY.clone(utf8=True) if to.wants_utf8 else _POLICY)
    message["From"] = _shown(sender)
    message["To"] = _shown(Mailbox("", to))
    if identity.replies is not None:
        message["Reply-To"] = _shown(identity.replies)
    message["Subject"] = one_line(submission.subject)[:_LONGEST_SUBJECT]
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{submission.message_id}@{identity.bounces.domain}>"
    if submission.data.get("automatic", True):
        message["Auto-Submitted"] = "auto-generated"
    answered = submission.data.get("in_reply_to")
    if isinstance(answered, str) and _THEIR_ID.fullmatch(answered):
        message["In-Reply-To"] = answered
        message["References"] = answered
    _let_unsubscribe(message, submission.unsubscribe_url)
    message.set_content(submission.text, charset="utf-8")
    if submission.html:
        message.add_alternative(_with_tracking(submission), subtype="html", charset="utf-8")
    if submission.language:
        message["Content-Language"] = one_line(submission.language)
    return to, message


def _let_unsubscribe(message: EmailMessage, url: str) -> None:
    """RFC 2369 and, over https, one press of a button by RFC 8058."""
    if not url:
        return
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[^!-;=?-~]", url):
        raise CannotBeComposed("the address to unsubscribe at is not good")
    message["List-Unsubscribe"] = f"<{url}>"
    if parts.scheme == "https":
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _with_tracking(submission: Submission) -> str:
    url = submission.data.get("open_url")
    if submission.data.get("tracking_consented") is not True or not isinstance(url, str):
        return submission.html
    picture = f'<img src="{escape(url, quote=True)}" alt="" width="1" height="1">'
    before, end, after = submission.html.rpartition("</body>")
    return f"{before}{picture}{end}{after}" if end else submission.html + picture


def _shown(mailbox: Mailbox) -> HeaderAddress:
    return HeaderAddress(one_line(mailbox.name), mailbox.address.local, mailbox.address.domain)
