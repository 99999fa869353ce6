"""A mail that came in, read: a bounce or a notice of delivery is a receipt, what a person wrote is a message.

Bounces are known by the return path that they come to and by RFC 3464; flufl.bounce knows the older forms.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import parsedate_to_datetime
from html import unescape

import structlog
from flufl.bounce import all_failures

from channels.email.addresses import AddressRefused, mailbox_of, message_of_return_path, one_line
from channels.email.composing import MailIdentity
from compliance.facts import Channel
from messaging.provider import Incoming, Receipt
from messaging.states import MessageState

log = structlog.get_logger(__name__)
LONGEST_TEXT = 20_000
_LONGEST_HTML = 500_000
_LONGEST_WHY = 300
# Of theirs: an index holds no longer one, and anybody may write one.
_LONGEST_ID = 250
_LONGEST_NAME = 200
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_LONG_HEADER, _LONG_HEADER_OF_PART = (
    re.compile(rb"(?im)^(" + name + rb":(?:[^\r\n]|\r?\n[ \t]){4000})(?:[^\r\n]|\r?\n[ \t])*+")
    for name in (rb"[!-9;-~]{1,80}", rb"content-[a-z-]{1,40}")
)
_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc")
_MESSAGE_IDS = re.compile(r"<([^<>\s@]{1,64})@([^<>\s@]{1,253})>")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# Statuses (RFC 3463) that say that time ran out, not that the address is bad.
_RAN_OUT = frozenset({"4.4.7", "5.4.7"})
_STATES = {"failed": MessageState.FAILED, "error": MessageState.FAILED, "delivered": MessageState.DELIVERED}


def read_mail(
    raw: bytes, provider: str, identity: MailIdentity, now: datetime
) -> Sequence[Receipt] | Sequence[Incoming]:
    """What it tells; nothing of what is neither, such as a notice of delay or another's bounce."""
    try:
        return _read(_with_short_headers(raw), provider, identity, now)
    except RecursionError:  # brackets in brackets, thousands deep
        log.warning("a mail cannot be read", provider=provider)
        return []


def _with_short_headers(raw: bytes) -> bytes:
    """The standard library takes minutes for a header of a hundred kilobytes, whatever part it is of."""
    end = _HEADERS_END.search(raw)
    headers, rest = (raw, b"") if end is None else (raw[: end.start()], raw[end.start() :])
    return _LONG_HEADER.sub(rb"\1", headers) + _LONG_HEADER_OF_PART.sub(rb"\1", rest)


def _read(
    raw: bytes, provider: str, identity: MailIdentity, now: datetime
) -> Sequence[Receipt] | Sequence[Incoming]:
    mail = message_from_bytes(raw)
    to_return_path = _returned_to(mail, identity)
    if to_return_path is not None or _is_report(mail):
        receipt = _bounce(mail, to_return_path, provider, identity, now)
        return [receipt] if receipt else []
    return list(_written(raw, provider, identity, now))


# --- what returns -----------------------------------------------------------------------------------------


def _bounce(
    mail: Message, to_return_path: str | None, provider: str, identity: MailIdentity, now: datetime
) -> Receipt | None:
    message_id = to_return_path or _of_report(mail, identity)
    if message_id is None:
        return None
    at = _dated(mail, now)
    # Behind an address there may be several mailboxes: one that it reached is enough.
    told = [one for block in _status_blocks(mail) if (one := _receipt(block, provider, message_id, at))]
    if told:
        return next((one for one in told if one.state is MessageState.DELIVERED), told[0])
    if to_return_path is None or not _came_back(mail):
        return None
    return Receipt(provider, message_id, MessageState.FAILED, at, why="it came back")


def _receipt(block: Message, provider: str, message_id: str, at: datetime) -> Receipt | None:
    state = _STATES.get(_word(block.get("Action", "")))
    if state is None:
        return None
    found = _STATUS.search(str(block.get("Status", "")))
    code = found[0] if found else ""
    if state is MessageState.DELIVERED:
        return Receipt(provider, message_id, state, at, code)
    why = one_line(str(block.get("Diagnostic-Code", "")).partition(";")[2])
    if code in _RAN_OUT:
        state = MessageState.EXPIRED
    return Receipt(provider, message_id, state, at, code, why[:_LONGEST_WHY])


def _came_back(mail: Message) -> bool:
    """By the forms of bounces before RFC 3464, and those that some servers go on with."""
    try:
        _, permanent = all_failures(mail)
    except Exception as error:  # its detectors take text apart that anybody may have written
        log.warning("a mail to a return path cannot be read", error=type(error).__name__)
        return False
    return bool(permanent)


def _returned_to(mail: Message, identity: MailIdentity) -> str | None:
    """The id of the message whose return path it came to."""
    for name in _RECIPIENTS:
        for header in mail.get_all(name, []):
            for text in str(header).split(","):
                found = message_of_return_path(identity.bounces, text.strip().strip("<>"))
                if found is not None:
                    return found
    return None


def _is_report(mail: Message) -> bool:
    """Of whatever kind: no person writes one."""
    return mail.get_content_type() == "multipart/report"


def _status_blocks(mail: Message) -> Iterator[Message]:
    """Those of recipients: a message of ours has one."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            for block in part.get_payload():
                if isinstance(block, Message) and block.get("Action"):
                    yield block


def _of_report(mail: Message, identity: MailIdentity) -> str | None:
    """The id of our message by what the report says of it: the envelope's id, or the mail that came back."""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status" and part.is_multipart():
            for block in part.get_payload():
                found = str(block.get("Original-Envelope-Id", "")) if isinstance(block, Message) else ""
                if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", found.strip()):
                    return found.strip()
        elif kind == "message/rfc822" and part.is_multipart():
            for inner in part.get_payload():
                if isinstance(inner, Message) and (
                    found := _ours(str(inner.get("Message-ID", "")), identity)
                ):
                    return found
        elif kind == "text/rfc822-headers":
            for line in str(part.get_payload()).splitlines():
                if line.lower().startswith("message-id:") and (found := _ours(line, identity)):
                    return found
    return None


def _ours(text: str, identity: MailIdentity) -> str:
    """The newest id of ours in a header of Message-IDs; "" when there is none."""
    found = [left for left, right in _MESSAGE_IDS.findall(text) if right.lower() == identity.bounces.domain]
    return found[-1] if found else ""


# --- what a person wrote ----------------------------------------------------------------------------------


def _written(raw: bytes, provider: str, identity: MailIdentity, now: datetime) -> Iterator[Incoming]:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    try:
        sender = mailbox_of(one_line(_header(mail, "Reply-To") or _header(mail, "From")))
    except AddressRefused:
        return
    their_id = _header(mail, "Message-ID")
    known = their_id if 0 < len(their_id) <= _LONGEST_ID else hashlib.sha256(raw).hexdigest()
    answered = _ours(_header(mail, "References") + _header(mail, "In-Reply-To"), identity)
    data: dict[str, object] = {"message_id": their_id[:_LONGEST_ID], "name": sender.name[:_LONGEST_NAME]}
    if _is_automatic_answer(mail):
        data["automatic"] = True
    yield Incoming(
        provider,
        Channel.EMAIL,
        str(sender.address),
        str((identity.replies or identity.sender).address),
        _text(mail)[:LONGEST_TEXT],
        _dated(mail, now),
        known,
        subject=one_line(_header(mail, "Subject"))[:500],
        in_reply_to=answered,
        data=data,
    )


def _is_automatic_answer(mail: Message) -> bool:
    """By RFC 3834, and by what was usual before it."""
    return (
        _word(mail.get("Auto-Submitted", "no")) != "no"
        or _word(mail.get("Precedence", "")) in ("auto_reply", "bulk", "junk", "list")
        or mail.get("X-Autoreply") is not None
        or mail.get("X-Autorespond") is not None
        or str(mail.get("Return-Path", "")).strip() == "<>"
    )


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        content = part.get_content()
    except (LookupError, ValueError, KeyError):  # a charset or an encoding that nobody knows
        payload = part.get_payload(decode=True)
        content = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    text = content if isinstance(content, str) else ""
    if part.get_content_type() == "text/html":
        text = _text_of_html(text[:_LONGEST_HTML])
    lines = [line.rstrip() for line in text.replace("\0", "").replace("\r\n", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


# The standard library's parser takes minutes for a hundred kilobytes of what never closes: these look at each
# character a fixed number of times, whatever somebody wrote.
_COMMENTS = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SILENT = re.compile(
    r"<(script|style|head|title)\b[^<>]*+>.*?(?:</\1\b[^<>]*+>?|\Z)", re.DOTALL | re.IGNORECASE
)
_BREAKS = re.compile(r"<(?:p|br|div|tr|li|h[1-4]|blockquote)\b[^<>]*+>", re.IGNORECASE)
_TAGS = re.compile(r"<[!?/a-zA-Z][^<>]*+>")


def _text_of_html(html: str) -> str:
    seen = _SILENT.sub("", _COMMENTS.sub("", html))
    on_lines = _BREAKS.sub("\n", re.sub(r"\s+", " ", seen))
    return unescape(_TAGS.sub("", on_lines)).replace("\xa0", " ")


def _header(mail: Message, name: str) -> str:
    try:
        return str(mail.get(name, "")).replace("\0", "").strip()
    except (ValueError, IndexError, AttributeError):  # the standard library's parser trips over some
        return ""


def _word(value: object) -> str:
    return str(value).strip().lower().partition(";")[0].partition(" ")[0]


def _dated(mail: Message, now: datetime) -> datetime:
    """As it says, unless that is nonsense: in the future or without a zone."""
    try:
        at = parsedate_to_datetime(str(mail.get("Date", "")))
    except (ValueError, TypeError, OverflowError):
        return now
    return now if at.tzinfo is None or at > now else at.astimezone(UTC)
