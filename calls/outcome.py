"""The network's word on how a call or a leg ended (an agent's word is a disposition, not this)."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How a call ended, in the network's terms."""

    COMPLETED = "completed"  # answered, also by an agent of a queue, and ended normally
    TRANSFERRED = "transferred"  # handed by a flow to another party who answered, or given on by an agent
    VOICEMAIL = "voicemail"  # a message was left
    ABANDONED = "abandoned"  # the caller hung up before being served
    UNKNOWN_NUMBER = "unknown_number"  # no flow serves the dialled number
    REFUSED = "refused"  # rejected by us or by the far side
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNALLOCATED = "unallocated"
    CHANGED = "changed"  # the number has changed
    CONGESTION = "congestion"
    FAILED = "failed"  # a fault of ours or of the network
    LOST = "lost"  # Asterisk or the engine died under it


# Q.850 hangup causes as Asterisk reports them, for a leg that was never answered.
UNANSWERED_CAUSES: dict[int, Outcome] = {
    1: Outcome.UNALLOCATED,
    16: Outcome.NO_ANSWER,
    17: Outcome.BUSY,
    18: Outcome.NO_ANSWER,
    19: Outcome.NO_ANSWER,
    21: Outcome.REFUSED,
    22: Outcome.CHANGED,
    28: Outcome.UNALLOCATED,
    34: Outcome.CONGESTION,
    38: Outcome.CONGESTION,
    42: Outcome.CONGESTION,
}


def outcome_of_unanswered(cause: int) -> Outcome:
    """Outcome of a leg that ended with Q.850 `cause` before it was answered."""
    return UNANSWERED_CAUSES.get(cause, Outcome.FAILED)
