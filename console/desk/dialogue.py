"""A dialogue as it is shown: who writes, what was written both ways, and how long an answer is owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from compliance.facts import Channel
from console import display
from console.words import Words
from engine.desk.written_work import LONGEST_ANSWER, WrittenItem
from engine.registers.dialogues import DialogueRow
from engine.registers.message_news import shown_text
from engine.registers.messages import Message, MessageDirection
from messaging.parts import NotText, TooLong, parts_of
from messaging.states import MessageState

_S = MessageState
# Tone of the tag, and the shape that goes with it.
SHAPES: Mapping[MessageState, tuple[str, str]] = {
    _S.QUEUED: ("tag-calm", "hourglass"),
    _S.SENDING: ("tag-calm", "send"),
    _S.ACCEPTED: ("tag-note", "send"),
    _S.DELIVERED: ("tag-good", "check"),
    _S.READ: ("tag-good", "check"),
    _S.CHECKED: ("tag-good", "check"),
    _S.IN_DOUBT: ("tag-warn", "triangle-alert"),
    _S.FAILED: ("tag-bad", "triangle-alert"),
    _S.EXPIRED: ("tag-bad", "triangle-alert"),
    _S.REFUSED: ("tag-bad", "ban"),
    _S.STOPPED: ("tag-calm", "ban"),
}


@dataclass(frozen=True, slots=True)
class Bubble:
    """`own`: we wrote it. `why`: what became of it, where that is not as it should be."""

    id: str
    own: bool
    by: str
    at: datetime
    text: str
    subject: str
    language: str | None
    state: MessageState | None
    why: str


@dataclass(frozen=True, slots=True)
class DialogueCard:
    """`known` False: no name of theirs is. `until_ms`: of an offer. `parts`: whether texts are counted.
    `sent`: how many answers there are.
    """

    id: str
    name: str
    known: bool
    contact_id: str | None
    address: str
    channel: str
    queue: str
    agent: str
    owed_since: datetime | None
    owed: str
    is_open: bool
    held: bool
    offered: bool
    until_ms: int
    bubbles: Sequence[Bubble]
    answers: Sequence[tuple[str, str]]
    outcomes: Sequence[tuple[str, str]]
    parts: bool
    mailing: str
    sent: int
    most: int = LONGEST_ANSWER


def card_of(item: WrittenItem, words: Words, names: Mapping[str, str], now: datetime) -> DialogueCard:
    row, one = item.row, item.row.dialogue
    return DialogueCard(
        id=one.id,
        name=name_of(row, words),
        known=is_known(row),
        contact_id=None if row.contact is None else row.contact.id,
        address="" if one.point is None else display.phone(one.point.value),
        channel=one.channel.value,
        queue=one.queue,
        agent="" if one.agent is None else names.get(one.agent, one.agent),
        owed_since=one.owed_since,
        owed=owed_for(one.owed_since, now),
        is_open=one.is_open,
        held=item.held,
        offered=item.offer is not None,
        until_ms=0 if item.offer is None else int(item.offer.until.timestamp() * 1000),
        bubbles=[_bubble(message, names) for message in item.messages],
        answers=item.answers,
        outcomes=[
            (choice.name, display.labelled(choice.label, choice.name, words)) for choice in item.dispositions
        ],
        parts=one.channel is Channel.SMS,
        mailing=one.mailing or "",
        sent=one.answers,
    )


def name_of(row: DialogueRow, words: Words) -> str:
    if row.contact is not None:
        return display.contact_name(row.contact, words)
    point = row.dialogue.point
    return words("msg_erased") if point is None else display.phone(point.value)


def is_known(row: DialogueRow) -> bool:
    return row.contact is not None and bool(row.contact.name)


def owed_for(since: datetime | None, now: datetime) -> str:
    return "" if since is None else display.duration(max(0.0, (now - since).total_seconds()))


def length_told(text: str, words: Words) -> str:
    """How many parts it is sent and paid for in; a sentence where it cannot be sent so."""
    if not text.strip():
        return ""
    try:
        parts = parts_of(text)
    except (TooLong, NotText):
        return words("written_too_long")
    return words("written_parts", count=len(parts.texts), letters=len(text))


def _bubble(message: Message, names: Mapping[str, str]) -> Bubble:
    own = message.direction is MessageDirection.OUTBOUND
    agent = message.agent or ""
    return Bubble(
        message.id,
        own,
        names.get(agent, agent),
        message.at,
        shown_text(message),
        message.subject,
        message.language,
        message.state if own else None,
        message.why if own and message.state in (_S.REFUSED, _S.FAILED, _S.EXPIRED) else "",
    )
