"""What an SMS provider called back with, read by its settings: receipts, or a person's SMS."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from channels.callbacks import CallbackRefused
from channels.http_sms.fields import Content, Place
from channels.http_sms.settings import HttpSmsSettings, IncomingFields, ReceiptFields
from compliance.facts import Channel
from messaging.provider import Incoming, Receipt

_MOST_RECEIPTS = 1000


def told_by(
    content: Content, settings: HttpSmsSettings, provider: str, now: datetime
) -> Iterator[Receipt | Incoming]:
    """Raises CallbackRefused for what is neither."""
    incoming, receipts = settings.incoming, settings.receipts
    if incoming is not None and incoming.from_.find(content) and incoming.text.find(content) is not None:
        yield _incoming(content, incoming, provider, now)
    elif receipts is not None and receipts.status.find(content) is not None:
        yield from _receipts(content, receipts, provider, now)
    else:
        raise CallbackRefused(400, "it holds neither a receipt nor an SMS where the settings say")


def _receipts(content: Content, fields: ReceiptFields, provider: str, now: datetime) -> Iterator[Receipt]:
    def found(place: Place) -> list[str]:
        text = place.find(content) or ""
        return text.split(fields.separator)[:_MOST_RECEIPTS] if fields.separator else [text]

    references, words, times, reasons = (
        found(place) for place in (fields.reference, fields.status, fields.at, fields.why)
    )
    if len(references) != len(words) or not all(references):
        raise CallbackRefused(400, "its references and statuses do not match")
    for number, (reference, word) in enumerate(zip(references, words, strict=True)):
        state = fields.states.get(word)
        if state is not None:
            at = _time(times[number] if number < len(times) else "", now)
            why = reasons[number] if number < len(reasons) else ""
            yield Receipt(provider, reference, state, at, word, why[:200])


def _incoming(content: Content, fields: IncomingFields, provider: str, now: datetime) -> Incoming:
    from_, to, text, at, id_ = (
        place.find(content) or "" for place in (fields.from_, fields.to, fields.text, fields.at, fields.id)
    )
    # Without a time and an id the same words of another day would be taken for a callback that came again.
    when = at or f"{now.astimezone(UTC):%Y-%m-%dT%H}"
    known = id_ or hashlib.sha256("\0".join((from_, to, when, text)).encode()).hexdigest()
    return Incoming(
        provider,
        Channel.SMS,
        _international(from_),
        _international(to),
        text,
        _time(at, now),
        known,
        in_reply_to=fields.in_reply_to.find(content) or "",
    )


def _international(number: str) -> str:
    """48220000000 -> +48220000000; names and short numbers stay."""
    digits = number.strip().removeprefix("00")
    return f"+{digits}" if digits.isascii() and digits.isdigit() and len(digits) >= 9 else number.strip()


def _time(text: str, now: datetime) -> datetime:
    """Unix seconds or an ISO time with a zone; `now` where it tells none, or one in the future."""
    try:
        at = datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return now
    return now if at.tzinfo is None or at > now else at.astimezone(UTC)
