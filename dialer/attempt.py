"""Attempt: one call to one number of a lead. Its row is written before anything is dialled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from calls.outcome import outcome_of_unanswered
from compliance.facts import Mode, Reached
from dialer.results import LIVE, OF_OUTCOME, OURS, AttemptResult


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
    abandoned call's message, or the one for a machine. `debt`: the one that the call is about. `verified`:
    whether a flow found that it was them, as the call's log tells (it is not in the row); None: none asked.
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
    verified: bool | None = None


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
    if attempt.result in OURS and attempt.dialled_at is not None:
        return Reached.ATTEMPT
    return Reached.FAILED


def counts(attempt: Attempt) -> bool:
    """Whether it is one of the tries that campaigns cap: it reached the number, or found it busy."""
    return furthest(attempt) is not Reached.FAILED or attempt.result is AttemptResult.BUSY


def ended(
    attempt: Attempt, at: datetime, cause: int | None, *, cancelled: bool = False, lost: bool = False
) -> Attempt:
    """The attempt with its end and result. `cause`: Q.850, of the person's leg; None: there was none.

    `cancelled`: we gave it up while it rang, for want of agents (not because it had rung long enough).
    `lost`: engine or Asterisk died under it, and nobody knows what became of it. Who hangs up before an agent
    had to be there was not abandoned: that is `answered`, without a conversation.
    """
    if attempt.connected_at is not None or attempt.conversation:
        result = AttemptResult.ANSWERED
    elif attempt.abandoned:
        result = AttemptResult.ABANDONED
    elif attempt.verdict is Verdict.MACHINE:
        result = AttemptResult.MACHINE
    elif lost:
        result = AttemptResult.LOST if attempt.dialled_at is None else AttemptResult.INTERRUPTED
    elif attempt.answered_at is not None:
        result = AttemptResult.ANSWERED
    elif cancelled:
        result = AttemptResult.CANCELLED
    else:
        result = AttemptResult.FAILED if cause is None else OF_OUTCOME[outcome_of_unanswered(cause)]
    return replace(attempt, ended_at=at, cause=cause, result=result)


def is_live(attempt: Attempt) -> bool:
    """Whether a person answered: the abandon rate's denominator."""
    return attempt.result in LIVE or attempt.abandoned
