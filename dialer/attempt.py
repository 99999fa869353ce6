"""Attempt: one call to one number of a lead. Its row is written before anything is dialled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from compliance.facts import Mode, Reached
from dialer.results import LIVE, AttemptResult


class Verdict(StrEnum):
    """What answered, as machine detection says. `unsure` is treated as a human."""

    HUMAN = "human"
    MACHINE = "machine"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Attempt:
    """`id` is the call's own. Times are aware UTC; a stage that was not reached is None.

    `result` None: it goes on. `conversation`: a person was spoken to, by an agent's word or by a flow's.
    `audited`: what a person who listened says of a machine's verdict; None: nobody did. `message_played`: the
    abandoned call's message, or the one for a machine. `debt`: the one that the call is about.
    """

    id: str
    lead: str
    campaign: str
    contact_id: str
    number: str
    caller_id: str
    mode: Mode
    reserved_at: datetime
    agent: str | None = None
    debt: str | None = None
    callback: str | None = None
    trunk: str | None = None
    node: str | None = None
    dialled_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    verdict_at: datetime | None = None
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    result: AttemptResult | None = None
    cause: int | None = None
    verdict: Verdict | None = None
    audited: Verdict | None = None
    abandoned: bool = False
    message_played: bool = False
    conversation: bool = False
    disposition: str | None = None


# How a call that nobody answered may have ended although it reached the number.
_RANG = frozenset({AttemptResult.NO_ANSWER, AttemptResult.REFUSED})


def furthest(attempt: Attempt) -> Reached:
    """As the gate counts it. What is not known counts as more rather than less."""
    if attempt.conversation or attempt.connected_at is not None:
        return Reached.CONVERSATION
    if attempt.answered_at is not None or attempt.result in LIVE or attempt.result is AttemptResult.MACHINE:
        return Reached.CONNECTION
    if attempt.ringing_at is not None or attempt.result in _RANG:
        return Reached.ATTEMPT
    if attempt.result is AttemptResult.LOST and attempt.dialled_at is not None:
        return Reached.ATTEMPT
    return Reached.FAILED


def counts(attempt: Attempt) -> bool:
    """Whether it is one of the tries that campaigns cap: it reached the number, or found it busy."""
    return furthest(attempt) is not Reached.FAILED or attempt.result is AttemptResult.BUSY


def is_live(attempt: Attempt) -> bool:
    """Whether a person answered: the abandon rate's denominator."""
    return attempt.result in LIVE or attempt.abandoned
