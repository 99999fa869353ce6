"""CallOrder: a call that somebody wants placed, and how the first event of its log tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from compliance.facts import Mode, Purpose, Requested


@dataclass(frozen=True, slots=True)
class CallOrder:
    """`id` becomes the call's own; `to` is E.164. `flow` runs when the person answers.

    `caller_id` None: that of the configuration. The flow knows `language` and `variables` as it starts.
    `ordered_by` tells who wants it ("token:ID").
    """

    id: str
    to: str
    flow: str
    purpose: Purpose
    mode: Mode = Mode.AGENTLESS
    caller_id: str | None = None
    ring_seconds: int = 30
    campaign: str | None = None
    debt: str | None = None
    requested: Requested | None = None
    contact_id: str | None = None
    language: str | None = None
    variables: Mapping[str, object] = field(default_factory=dict)
    packs: tuple[str, ...] = ()
    ordered_by: str = ""


def received_of(
    order: CallOrder, *, caller_id: str, channel_id: str, trunk: str, node: str
) -> dict[str, object]:
    """The data of the call's first event."""
    return {
        "direction": "outbound",
        "caller": caller_id,
        "dialled": order.to,
        "trunk": trunk,
        "network_id": channel_id,
        "node": node,
        "flow": order.flow,
        "purpose": order.purpose.value,
        "mode": order.mode.value,
        "campaign": order.campaign,
        "debt": order.debt,
        "ring_seconds": order.ring_seconds,
        "language": order.language,
        "variables": dict(order.variables),
        "ordered_by": order.ordered_by,
    }
