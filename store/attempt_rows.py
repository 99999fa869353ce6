"""Attempts as rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from compliance.facts import Mode
from dialer.attempt import Attempt, Verdict, is_live
from dialer.results import AttemptResult

ATTEMPT_COLUMNS = (
    "id",
    "lead",
    "campaign",
    "contact_id",
    "number",
    "caller_id",
    "mode",
    "agent",
    "debt",
    "callback",
    "trunk",
    "node",
    "at",
    "reserved_at",
    "dialled_at",
    "ringing_at",
    "answered_at",
    "verdict_at",
    "connected_at",
    "ended_at",
    "result",
    "cause",
    "verdict",
    "audited",
    "live",
    "abandoned",
    "message_played",
    "conversation",
    "disposition",
    "step",
)
# What becomes known as the call goes on. A person's audit is not the engine's to change.
ATTEMPT_PROGRESS = (
    "agent",
    "trunk",
    "node",
    "dialled_at",
    "ringing_at",
    "answered_at",
    "verdict_at",
    "connected_at",
    "ended_at",
    "result",
    "cause",
    "verdict",
    "live",
    "abandoned",
    "message_played",
    "conversation",
    "disposition",
    "step",
)

_Time = Callable[[datetime], object]


def attempt_row(attempt: Attempt, at: datetime, step: int, time: _Time) -> tuple[object, ...]:
    """In the order of ATTEMPT_COLUMNS. `at`: when it was first written."""

    def when(moment: datetime | None) -> object:
        return None if moment is None else time(moment)

    return (
        attempt.id,
        attempt.lead,
        attempt.campaign,
        attempt.contact_id,
        attempt.number,
        attempt.caller_id,
        attempt.mode.value,
        attempt.agent,
        attempt.debt,
        attempt.callback,
        attempt.trunk,
        attempt.node,
        time(at),
        time(attempt.reserved_at),
        when(attempt.dialled_at),
        when(attempt.ringing_at),
        when(attempt.answered_at),
        when(attempt.verdict_at),
        when(attempt.connected_at),
        when(attempt.ended_at),
        attempt.result and attempt.result.value,
        attempt.cause,
        attempt.verdict and attempt.verdict.value,
        attempt.audited and attempt.audited.value,
        is_live(attempt),
        attempt.abandoned,
        attempt.message_played,
        attempt.conversation,
        attempt.disposition,
        step,
    )


def attempt_of(row: Row[Any]) -> Attempt:
    """Of an erased person, lead, contact and number are empty."""
    return Attempt(
        id=row.id,
        lead=row.lead or "",
        campaign=row.campaign,
        contact_id=row.contact_id or "",
        number=row.number,
        caller_id=row.caller_id,
        mode=Mode(row.mode),
        reserved_at=row.reserved_at,
        agent=row.agent,
        debt=row.debt,
        callback=row.callback,
        trunk=row.trunk,
        node=row.node,
        dialled_at=row.dialled_at,
        ringing_at=row.ringing_at,
        answered_at=row.answered_at,
        verdict_at=row.verdict_at,
        connected_at=row.connected_at,
        ended_at=row.ended_at,
        result=None if row.result is None else AttemptResult(row.result),
        cause=row.cause,
        verdict=None if row.verdict is None else Verdict(row.verdict),
        audited=None if row.audited is None else Verdict(row.audited),
        abandoned=row.abandoned,
        message_played=row.message_played,
        conversation=row.conversation,
        disposition=row.disposition,
    )
