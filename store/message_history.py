"""The history row of a message: written once, when the message has left us or never will.

A row of the history is not changed: what became of a message later stands in `messages`, joined by the
row's `subject_id`. Only a message that was written down as not delivered and arrived after all gets a second
row, which corrects the first: the rules count it from then on.
"""

from __future__ import annotations

from datetime import datetime

from engine.registers.message_news import shown_text
from engine.registers.messages import Message, MessageDirection
from history.interaction import Channel, Interaction
from messaging.states import REACHED, MessageState

# No provider has it, or may have.
_WITH_US = frozenset({MessageState.QUEUED, MessageState.SENDING})
_LOST = frozenset({MessageState.FAILED, MessageState.EXPIRED, MessageState.REFUSED, MessageState.STOPPED})


def is_to_be_recorded(state: MessageState) -> bool:
    return state not in _WITH_US


def is_correction(before: MessageState, after: MessageState) -> bool:
    return before in _LOST and after in REACHED


def message_row(message: Message, at: datetime) -> Interaction:
    """`data.reached` is what the rules count: what did not arrive counts nowhere."""
    data: dict[str, object] = {"purpose": message.purpose.value}
    if message.direction is MessageDirection.OUTBOUND:
        data["reached"] = "failed" if message.state in _LOST else "attempt"
    for name in ("debt", "template", "mailing", "cascade", "call_id", "provider"):
        if (value := getattr(message, name)) is not None:
            data[name] = value
    to = message.ours or "" if message.direction is MessageDirection.INBOUND else ""
    if message.direction is MessageDirection.OUTBOUND and message.point is not None:
        to = message.point.value
    return Interaction(
        id=f"{message.id}-message",
        at=at,
        channel=Channel(message.channel.value),
        direction=message.direction.value,
        subject_id=message.id,
        point=message.point,
        contact_id=message.contact_id,
        to=to,
        outcome=message.state.value,
        campaign=message.campaign,
        agent=message.agent,
        language=message.language,
        transcript=shown_text(message),
        cost=message.cost,
        currency=message.currency,
        data=data,
        subject=message.subject or None,
    )
