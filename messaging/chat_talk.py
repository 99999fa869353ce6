"""What becomes of a chat as it goes on: its phases, who owes an answer, and how it ends. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from messaging.chat import PHASES, Chat, ChatLine, ChatPhase, LineKind, Speaker

# Words of calls where they fit: an agent talked with them; they left the queue; the flow did without an
# agent; a message was left; the engine failed under it.
ANSWERED, ABANDONED, SELF_SERVED = "answered", "abandoned", "self_served"
VOICEMAIL, FAILED = "voicemail", "failed"


class WrongPhase(ValueError):
    """A chat cannot go from one phase to the other."""


def in_phase(chat: Chat, phase: ChatPhase) -> Chat:
    """Raises WrongPhase."""
    if phase not in PHASES[chat.phase]:
        raise WrongPhase(f"chat {chat.id} cannot go from {chat.phase} to {phase}")
    return replace(chat, phase=phase)


def led(chat: Chat) -> Chat:
    """By the flow again."""
    return replace(in_phase(chat, ChatPhase.LED), work_id=None, queue="", skills=(), since=None)


def waiting(
    chat: Chat,
    queue: str,
    since: datetime,
    *,
    work_id: int | None,
    skills: tuple[str, ...] = (),
    priority: int = 0,
    patience_seconds: float = 600.0,
) -> Chat:
    return replace(
        in_phase(chat, ChatPhase.WAITING),
        queue=queue,
        since=since,
        work_id=work_id,
        skills=skills,
        priority=priority,
        patience_seconds=patience_seconds,
    )


def talking(chat: Chat, agent: str, now: datetime) -> Chat:
    """The first wait is the one that is measured. An answer is owed from now on."""
    since = chat.since or now
    waited = chat.waited_seconds if chat.waited_seconds is not None else (now - since).total_seconds()
    return replace(
        in_phase(chat, ChatPhase.TALKING),
        agent=agent,
        waited_seconds=round(waited, 1),
        owed_since=chat.owed_since or now,
    )


def with_line(chat: Chat, line: ChatLine) -> Chat:
    """With its newest line."""
    after = replace(chat, last_seq=line.seq, last_at=line.at)
    if line.kind is LineKind.PAGE:
        return replace(after, page=line.text)
    if line.kind not in (LineKind.TEXT, LineKind.CHOICE):
        return after
    if line.speaker is Speaker.VISITOR and chat.phase is ChatPhase.TALKING:
        return replace(after, owed_since=chat.owed_since or line.at)
    if line.speaker is Speaker.AGENT:
        first = chat.first_answer_seconds
        if first is None and chat.owed_since is not None:
            first = round((line.at - chat.owed_since).total_seconds(), 1)
        return replace(after, owed_since=None, first_answer_seconds=first, answers=chat.answers + 1)
    return after


def closed(chat: Chat, now: datetime, by: str, outcome: str) -> Chat:
    """`by`: visitor, agent, flow, idle, engine or fault."""
    return replace(
        in_phase(chat, ChatPhase.CLOSED),
        closed_at=now,
        ended_by=by,
        outcome=chat.outcome or outcome,
        owed_since=None,
        work_id=None,
    )


def outcome_of(chat: Chat, *, heard: bool, queued: bool) -> str:
    """What came of it. `heard`: the visitor answered the flow; `queued`: they waited for somebody."""
    if chat.outcome is not None:
        return chat.outcome
    if chat.agent is not None:
        return ANSWERED
    if queued or not heard:
        return ABANDONED
    return SELF_SERVED
