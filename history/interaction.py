"""Interaction: one row of the contact history, whatever the channel. Append-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from calls.call import Call, Direction
from calls.outcome import Outcome

# Letters of a transcript: the search reads no more of it.
TRANSCRIPT_MOST = 150_000


class Channel(StrEnum):
    CALL = "call"
    VOICEMAIL = "voicemail"
    SMS = "sms"
    EMAIL = "email"
    CHAT = "chat"
    FORM = "form"
    CALLBACK = "callback"
    PROMISE = "promise"
    PAYMENT = "payment"
    PUSH = "push"
    MESSENGER = "messenger"
    TALK = "talk"  # an agent's part of a call, which has its own row


class PointKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    MESSENGER = "messenger"
    VISITOR = "visitor"


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """Where a person is reached: `value` is E.164 for a phone, else as the channel writes it, normalised."""

    kind: PointKind
    value: str


@dataclass(frozen=True, slots=True)
class Interaction:
    """`point` finds the contact (made when new); `contact_id` is filled by the store and on reading.

    `cost` and `value`, what it cost and what a payment brought, are in minor units of `currency`.
    `subject_id` joins the row to its call, message or form; `subject` is the line above a message.
    `path` is the steps walked, `heard` the words and keys understood, `data` what only this channel knows.
    `source` is the other system that wrote the row, `external_id` its own id of it. `corrects` names the
    row whose place this one takes: a row is never changed.
    """

    id: str
    at: datetime
    channel: Channel
    direction: str
    subject_id: str
    point: ContactPoint | None = None
    contact_id: str | None = None
    to: str = ""
    duration_seconds: float = 0.0
    outcome: str | None = None
    disposition: str | None = None
    campaign: str | None = None
    agent: str | None = None
    language: str | None = None
    flow: str | None = None
    flow_version: str | None = None
    path: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()
    recording: str | None = None
    transcript: str | None = None
    note: str | None = None
    cost: int | None = None
    currency: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    subject: str | None = None
    value: int | None = None
    source: str | None = None
    external_id: str | None = None
    corrects: str | None = None


def interaction_of(call: Call, id: str, point: ContactPoint | None) -> Interaction:
    """The history row of a call that has ended."""
    return Interaction(
        id=id,
        at=call.started_at,
        channel=Channel.VOICEMAIL if call.outcome == "voicemail" else Channel.CALL,
        direction=call.direction.value,
        subject_id=call.id,
        point=point,
        to=call.dialled,
        duration_seconds=call.duration_seconds,
        outcome=call.outcome.value if call.outcome else None,
        campaign=call.campaign,
        agent=call.agent,
        language=call.language,
        flow=call.flow,
        flow_version=call.flow_version,
        path=call.path,
        heard=call.heard,
        recording=call.recording,
        data={"ended_by": call.ended_by, "cause": call.cause, **_reach_of(call)},
    )


# How a call that nobody answered may have ended although it reached the number.
_RANG = frozenset({Outcome.NO_ANSWER, Outcome.REFUSED, Outcome.LOST})


def _reach_of(call: Call) -> dict[str, object]:
    """What the rules on contacts count: how far the call got, and which debt it was about.

    `reached`: "failed" never got to the number, "attempt" rang, "connection" was answered, in "conversation"
    somebody was spoken to: with an agent, or by keys and words with a flow that called them. What is not
    known counts as more rather than less. `abandoned`: a person whom we called answered and no agent came in
    time, or they heard nobody at all. (A machine that answers is not abandoned.)
    """
    placed = call.direction is Direction.OUTBOUND
    if call.agent or call.outcome is Outcome.TRANSFERRED or (placed and call.heard):
        reached = "conversation"
    elif call.answered_at is not None:
        reached = "connection"
    else:
        reached = "attempt" if not placed or call.ringing_at or call.outcome in _RANG else "failed"
    data: dict[str, object] = {"reached": reached}
    if placed:
        data["purpose"] = call.purpose
        unheard = call.answered_at is not None and not call.path and call.agent is None
        data["abandoned"] = call.no_agent or (unheard and not call.machine)
    if call.debt is not None:
        data["debt"] = call.debt
    return data
