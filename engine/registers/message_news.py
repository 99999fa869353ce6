"""Messages as they are shown and published. A text that was sent is not told: it may hold a code."""

from __future__ import annotations

from datetime import datetime

from engine.registers.messages import Message
from history.forms import optional_time_form, point_form, time_form
from history.publication import Kind, Publication
from messaging.replies import AUTOMATIC
from messaging.states import MessageState

_KINDS = {
    MessageState.ACCEPTED: Kind.MESSAGE_SENT,
    MessageState.DELIVERED: Kind.MESSAGE_DELIVERED,
    MessageState.READ: Kind.MESSAGE_DELIVERED,
    MessageState.CHECKED: Kind.MESSAGE_DELIVERED,
    MessageState.FAILED: Kind.MESSAGE_FAILED,
    MessageState.EXPIRED: Kind.MESSAGE_FAILED,
    MessageState.REFUSED: Kind.MESSAGE_FAILED,
    MessageState.STOPPED: Kind.MESSAGE_FAILED,
}


def message_form(message: Message) -> dict[str, object]:
    """The JSON object of a message, without what is written in it."""
    return {
        "id": message.id,
        "at": time_form(message.at),
        "direction": message.direction.value,
        "channel": message.channel.value,
        "state": message.state.value,
        "state_at": optional_time_form(message.state_at),
        "contact_id": message.contact_id,
        "point": None if message.point is None else point_form(message.point),
        "ours": message.ours,
        "provider": message.provider,
        "template": message.template,
        "language": message.language,
        "parts": message.parts,
        "purpose": message.purpose.value,
        "mailing": message.mailing,
        "cascade": message.cascade,
        "cascade_step": message.cascade_step,
        "campaign": message.campaign,
        "call_id": message.call_id,
        "agent": message.agent,
        "in_reply_to": message.in_reply_to,
        "why": message.why,
        "code": message.code,
        "attempts": message.attempts,
        "cost": message.cost,
        "currency": message.currency,
        "not_before": optional_time_form(message.not_before),
        "expires_at": optional_time_form(message.expires_at),
        "sent_at": optional_time_form(message.sent_at),
        "delivered_at": optional_time_form(message.delivered_at),
        "read_at": optional_time_form(message.read_at),
        "checked_at": optional_time_form(message.checked_at),
    }


def shown_text(message: Message) -> str:
    """Without a code that was in it."""
    shown = message.data.get("shown")
    return shown if isinstance(shown, str) else message.text


def moved_published(message: Message, at: datetime) -> Publication | None:
    """What is told of the state that it has come into; None: nothing."""
    kind = _KINDS.get(message.state)
    return None if kind is None else _published(kind, message, message_form(message), at)


def received_published(message: Message, at: datetime) -> Publication:
    form = message_form(message) | {"subject": message.subject, "text": message.text}
    if message.data.get(AUTOMATIC):
        form["automatic"] = True
    return _published(Kind.MESSAGE_RECEIVED, message, form, at)


def _published(kind: Kind, message: Message, form: dict[str, object], at: datetime) -> Publication:
    """Under the person's subject, whose news keep their order."""
    subject = f"contact:{message.contact_id}" if message.contact_id else f"message:{message.id}"
    told = f"{message.id}.{message.version}"
    return Publication(told, at, kind, subject, form)
