"""What has become of a message whose parts are told of one by one."""

from __future__ import annotations

from collections.abc import Collection

from messaging.states import MessageState

# How far a part got, the least first. A person has a message when they have all of its parts.
_ORDER = (
    MessageState.ACCEPTED,
    MessageState.IN_DOUBT,
    MessageState.DELIVERED,
    MessageState.READ,
    MessageState.CHECKED,
)


def state_of_parts(parts: Collection[MessageState]) -> MessageState:
    """One part that failed or expired is enough; else the message is as far as its last part.

    `parts` holds at least one.
    """
    for lost in (MessageState.FAILED, MessageState.EXPIRED):
        if lost in parts:
            return lost
    return min(parts, key=_ORDER.index)
