"""A row of the contact history as the gate counts it: how far did that contact get?

What the row does not say counts as the most that it may have been, so that no limit is passed for want of a
detail. Calls that we place ourselves say it in their data: {"reached": …, "debt": …, "abandoned": …}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from compliance.facts import Channel, PastContact, Reached

# The history's channels as the gate knows them; the others are no contacts.
_CHANNELS = {
    "call": Channel.CALL,
    "voicemail": Channel.CALL,
    "sms": Channel.SMS,
    "email": Channel.EMAIL,
    "push": Channel.PUSH,
    "messenger": Channel.MESSENGER,
}
COUNTED_CHANNELS = tuple(_CHANNELS)
# The dialled number, or the network on the way to it, was not to be had.
_NOT_REACHED = frozenset({"failed", "unallocated", "changed", "congestion", "unknown_number"})
_RANG = frozenset({"busy", "no_answer", "refused", "lost"})
_NOT_DELIVERED = frozenset({"failed", "undelivered", "rejected", "bounced", "refused", "expired"})
_REACHED = frozenset(Reached)


@dataclass(frozen=True, slots=True)
class PastRow:
    """The columns of an interaction that matter here."""

    at: datetime
    channel: str
    direction: str
    outcome: str | None
    duration_seconds: float
    agent: str | None
    data: Mapping[str, object]


def past_contact(row: PastRow) -> PastContact | None:
    """None for what is no contact by a channel of the gate's."""
    channel = _CHANNELS.get(row.channel)
    if channel is None:
        return None
    debt = row.data.get("debt")
    return PastContact(
        at=row.at,
        channel=channel,
        kind=_reached(row, channel),
        direction=row.direction,
        debt=str(debt) if isinstance(debt, str | int) and not isinstance(debt, bool) else None,
        abandoned=row.data.get("abandoned") is True,
    )


def _reached(row: PastRow, channel: Channel) -> Reached:
    said = row.data.get("reached")
    if isinstance(said, str) and said in _REACHED:
        return Reached(said)
    if channel is not Channel.CALL:
        return Reached.FAILED if row.outcome in _NOT_DELIVERED else Reached.ATTEMPT
    if row.agent is not None:
        return Reached.CONVERSATION
    if row.direction == "inbound":
        return Reached.CONNECTION if row.duration_seconds > 0 else Reached.ATTEMPT
    if row.outcome in _NOT_REACHED:
        return Reached.FAILED
    if row.outcome in _RANG or (row.outcome is None and row.duration_seconds <= 0):
        return Reached.ATTEMPT
    if row.channel == "voicemail" or row.outcome == "voicemail":
        return Reached.CONNECTION
    return Reached.CONVERSATION
