"""A manual call as an agent orders it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from calls.numbers import parse_number
from compliance.facts import Purpose
from engine.desk.refusals import DeskRefused
from engine.exchange import Exchange


@dataclass(frozen=True, slots=True)
class ManualOrder:
    """`id` becomes the call's own; `to` is E.164. `queue`: whose outcomes and wrap-up it has."""

    id: str
    agent: str
    to: str
    purpose: Purpose
    queue: str = ""


class ManualCalls(Protocol):
    async def place(self, order: ManualOrder) -> None:
        """Ask the gate, then ring the agent and the customer. Raises DeskRefused, ContactForbidden."""


class NoManualCalls:
    """Implements ManualCalls where no trunk leads out."""

    async def place(self, order: ManualOrder) -> None:
        raise DeskRefused("trunk", "No trunk leads out: add one to `sip.trunks` in the configuration.")


def manual_order(exchange: Exchange, agent: str, number: str, purpose: str, queue: str) -> ManualOrder:
    """Raises DeskRefused."""
    to = parse_number(number, exchange.region).e164
    if to is None:
        raise DeskRefused(
            "number", f'"{number[:40]}" is no telephone number: write it in full.', number=number[:40]
        )
    if purpose not in {one.value for one in Purpose}:
        raise DeskRefused("purpose", f"Say why you call: {', '.join(one.value for one in Purpose)}.")
    return ManualOrder(exchange.ids.new(), agent, to, Purpose(purpose), queue)
