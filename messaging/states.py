"""What becomes of a message: its states, as a table of the moves between them."""

from __future__ import annotations

from enum import StrEnum


class MessageState(StrEnum):
    """`queued`: to be sent. `sending`: a worker has it; from here on it may have gone out. `accepted`: the
    provider has it. `delivered`, `read`, `checked`: it reached the person, was opened, was used (its code
    entered or its link followed). `in_doubt`: nobody answered when it was handed over, so it may have gone
    out; it is not sent again by itself, and a late receipt decides. `failed`, `expired`: it did not arrive.
    `refused`: the rules forbade it. `stopped`: somebody or something ended it before it was sent.
    """

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    IN_DOUBT = "in_doubt"
    DELIVERED = "delivered"
    READ = "read"
    CHECKED = "checked"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUSED = "refused"
    STOPPED = "stopped"


_S = MessageState
# Receipts come late, twice and out of order: what reached the person is never taken back, and a link that was
# followed proves a delivery that the provider denied. One that is queued again may have arrived before.
MOVES: dict[MessageState, frozenset[MessageState]] = {
    _S.QUEUED: frozenset(
        {
            _S.SENDING,
            _S.EXPIRED,
            _S.REFUSED,
            _S.STOPPED,
            _S.FAILED,
            _S.DELIVERED,
            _S.READ,
            _S.CHECKED,
        }
    ),
    _S.SENDING: frozenset(
        {_S.QUEUED, _S.ACCEPTED, _S.IN_DOUBT, _S.DELIVERED, _S.READ, _S.CHECKED, _S.FAILED, _S.EXPIRED}
    ),
    _S.ACCEPTED: frozenset({_S.DELIVERED, _S.READ, _S.CHECKED, _S.FAILED, _S.EXPIRED}),
    _S.IN_DOUBT: frozenset(
        {_S.QUEUED, _S.ACCEPTED, _S.DELIVERED, _S.READ, _S.CHECKED, _S.FAILED, _S.EXPIRED}
    ),
    _S.DELIVERED: frozenset({_S.READ, _S.CHECKED}),
    _S.READ: frozenset({_S.CHECKED}),
    _S.CHECKED: frozenset(),
    _S.FAILED: frozenset({_S.DELIVERED, _S.READ, _S.CHECKED}),
    _S.EXPIRED: frozenset({_S.DELIVERED, _S.READ, _S.CHECKED}),
    _S.REFUSED: frozenset(),
    _S.STOPPED: frozenset(),
}
# Nothing more is done for these by itself.
FINAL = frozenset(
    {_S.DELIVERED, _S.READ, _S.CHECKED, _S.FAILED, _S.EXPIRED, _S.REFUSED, _S.STOPPED, _S.IN_DOUBT}
)
REACHED = frozenset({_S.DELIVERED, _S.READ, _S.CHECKED})


def may_become(state: MessageState, following: MessageState) -> bool:
    return following in MOVES[state]
