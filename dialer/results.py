"""AttemptResult: how an attempt ended, as network, machine detection and agents together tell."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from calls.outcome import Outcome


class AttemptResult(StrEnum):
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNALLOCATED = "unallocated"
    CHANGED = "changed"  # the number has changed
    CONGESTION = "congestion"
    FAILED = "failed"  # a fault of ours or of the network
    REFUSED = "refused"  # the person rejected the call
    MACHINE = "machine"
    ABANDONED = "abandoned"  # a person answered and no agent came
    ANSWERED = "answered"  # a person was connected to an agent or led through the flow
    CANCELLED = "cancelled"  # we gave it up while it rang: no agent would have been free
    LOST = "lost"  # the engine or Asterisk died before anything was dialled
    INTERRUPTED = "interrupted"  # one of them died under it: it was, or may have been, answered


# The number will never do: it is left out from now on.
NUMBER_IS_BAD = frozenset({AttemptResult.UNALLOCATED, AttemptResult.CHANGED})
# Nobody was called: neither the person's patience nor the lead's tries were used.
NETWORK_TROUBLE = frozenset({AttemptResult.CONGESTION, AttemptResult.FAILED})
# Ours: they say nothing of the person, nor of the network.
OURS = frozenset({AttemptResult.LOST, AttemptResult.INTERRUPTED})
# A person lifted the receiver.
LIVE = frozenset({AttemptResult.ANSWERED, AttemptResult.ABANDONED})

OF_OUTCOME: Mapping[Outcome, AttemptResult] = {
    Outcome.COMPLETED: AttemptResult.ANSWERED,
    Outcome.TRANSFERRED: AttemptResult.ANSWERED,
    Outcome.VOICEMAIL: AttemptResult.MACHINE,
    Outcome.ABANDONED: AttemptResult.ABANDONED,
    Outcome.UNKNOWN_NUMBER: AttemptResult.FAILED,
    Outcome.REFUSED: AttemptResult.REFUSED,
    Outcome.BUSY: AttemptResult.BUSY,
    Outcome.NO_ANSWER: AttemptResult.NO_ANSWER,
    Outcome.UNALLOCATED: AttemptResult.UNALLOCATED,
    Outcome.CHANGED: AttemptResult.CHANGED,
    Outcome.CONGESTION: AttemptResult.CONGESTION,
    Outcome.FAILED: AttemptResult.FAILED,
    Outcome.LOST: AttemptResult.LOST,
}
"""The network's word as a result, for a call of which nothing more is known."""
