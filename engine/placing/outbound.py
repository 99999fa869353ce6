"""Calls that we place: through the gate, written down, and only then dialled. Never dialled twice."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from calls.numbers import parse_number
from compliance.decision import Decision
from compliance.facts import Channel
from dialer.before_dialling import PERSON_BUSY
from engine.adoption import opening, ring_of
from engine.exchange import Exchange
from engine.gatekeeper import ContactRequest, Gate
from engine.placing.call_order import CallOrder, received_of
from engine.placing.ringing import callee_channel
from engine.ports import Clock, Queries
from engine.switchboard import Switchboard
from history.interaction import ContactPoint, PointKind
from ivr.flow import Flow

# Who has to wait longer for their turn is told to come again.
LONGEST_WAIT_SECONDS = 5.0
SHORTEST_RING_SECONDS = 15
LONGEST_RING_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Lines:
    """`most` calls at once, evenly at most so many a second, over `trunk` (None: there is none).

    `caller_id` is our number that people are shown; empty: the trunk's own. `flows` may be led through.
    `company`: who calls, as people are told; empty: they are not.
    """

    most: int = 10
    calls_per_second: float = 2.0
    trunk: str | None = None
    caller_id: str = ""
    flows: frozenset[str] = frozenset()
    company: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """The call is being made. Its log and the history tell what comes of it."""

    call_id: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The gate forbids it. Nothing was dialled."""

    decision: Decision


class OrderRefused(ValueError):
    """The order cannot be carried out as it is; `field` is one of CallOrder, the message tells the remedy."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class CannotPlace(Exception):
    """Not now: the message says why. `retry_seconds` is None when waiting alone does not help."""

    def __init__(self, message: str, retry_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


class PersonBusy(CannotPlace):
    """There is a call with this person already."""


class OutboundCalls:
    """Every call that is placed to a person goes through here."""

    def __init__(
        self,
        exchange: Exchange,
        switchboard: Switchboard,
        gate: Gate,
        queries: Queries,
        lines: Lines,
        unreachable: Collection[str] = (),
    ) -> None:
        """`unreachable` holds, at each moment, the trunks that do not answer."""
        self._exchange = exchange
        self._switchboard = switchboard
        self._gate = gate
        self._queries = queries
        self._lines = lines
        self._unreachable = unreachable
        self._pace = Pace(lines.calls_per_second, exchange.clock)
        self._placing: set[str] = set()  # numbers between the order and its call

    async def place(self, order: CallOrder) -> Placed | Declined:
        """Ask the gate, write the call's first event, and ring; returns before anybody answers.

        An order whose id there is a call of already is not carried out again. Raises OrderRefused,
        CannotPlace, and LedgerUnavailable or StoreUnavailable when the database is away.
        """
        flow = self._checked(order)
        self._make_way(order.to)
        self._placing.add(order.to)
        try:
            await self._turn()
            return await self._place(order, flow)
        finally:
            self._placing.discard(order.to)

    async def _place(self, order: CallOrder, flow: Flow) -> Placed | Declined:
        exchange = self._exchange
        # What an earlier call with this person left behind must be there for the gate to see.
        await exchange.ledger.commit((), durable=True)
        if await self._queries.call(order.id) is not None:
            return Placed(order.id)
        decision = await self._gate.ask(_request_of(order))
        if not decision.allowed:
            self._pace.give_back()
            if decision.rule == PERSON_BUSY:
                raise _person_busy()
            return Declined(decision)
        received = received_of(
            order,
            caller_id=order.caller_id or self._lines.caller_id,
            channel_id=callee_channel(order.id),
            trunk=self._lines.trunk or "",
            node=exchange.node,
        )
        call_log = exchange.call_log(order.id)
        await call_log.begin(received)
        self._switchboard.place(
            call_log, flow, opening(flow, received, exchange.surroundings), ring_of(received)
        )
        return Placed(order.id)

    def _checked(self, order: CallOrder) -> Flow:
        exchange = self._exchange
        if parse_number(order.to, exchange.region).e164 != order.to:
            raise OrderRefused("to", "Write the number in full, such as +48220000010.")
        flow = exchange.flows.by_name(order.flow)
        if flow is None or flow.name not in self._lines.flows:
            known = ", ".join(sorted(self._lines.flows)) or "none"
            raise OrderRefused(
                "flow", f"{order.flow!r} is not among `outbound.flows` of the configuration: {known}."
            )
        if order.language is not None and order.language not in flow.languages:
            spoken = ", ".join(flow.languages)
            raise OrderRefused("language", f"Flow {order.flow!r} speaks {spoken}: choose one of these.")
        if not SHORTEST_RING_SECONDS <= order.ring_seconds <= LONGEST_RING_SECONDS:
            raise OrderRefused(
                "ring_seconds", f"Let it ring {SHORTEST_RING_SECONDS} to {LONGEST_RING_SECONDS} s."
            )
        if order.variables.keys() != set(flow.takes):
            taken = ", ".join(flow.takes) or "nothing"
            raise OrderRefused("variables", f"Flow {order.flow!r} takes {taken}: give that, and no more.")
        return flow

    def _make_way(self, number: str) -> None:
        """Raises CannotPlace when there is no line, or one to this person already."""
        if self._lines.trunk is None:
            raise CannotPlace("No trunk leads out: add one to `sip.trunks` in the configuration.")
        if not self._switchboard.connected:
            raise CannotPlace("Asterisk is away; the hotline is reconnecting.", 10)
        if self._lines.trunk in self._unreachable:
            raise CannotPlace(
                f"The trunk {self._lines.trunk!r} does not answer: see whether its first host in "
                "`sip.trunks` can be reached. It is asked every half minute.",
                30,
            )
        if number in self._placing or any(call.person == number for call in self._exchange.live.all()):
            raise _person_busy()
        if self._switchboard.placed + len(self._placing) >= self._lines.most:
            raise CannotPlace(f"All {self._lines.most} lines for outbound calls are in use.", 10)

    async def _turn(self) -> None:
        seconds = self._pace.book()
        if seconds > LONGEST_WAIT_SECONDS:
            self._pace.give_back()
            raise CannotPlace("Too many calls are waiting to be placed.", round(seconds))
        if seconds > 0:
            await asyncio.sleep(seconds)


def _person_busy() -> PersonBusy:
    return PersonBusy("There is a call with this number already: wait for its end.", 30)


class Pace:
    """So many a second, evenly."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._interval_seconds = 1 / per_second
        self._clock = clock
        self._free_at = 0.0  # monotonic

    def book(self) -> float:
        """Take the next turn; returns in how many seconds it comes."""
        now = self._clock.monotonic()
        turn = max(now, self._free_at)
        self._free_at = turn + self._interval_seconds
        return turn - now

    def give_back(self) -> None:
        """A turn that was taken was not used."""
        self._free_at -= self._interval_seconds


def _request_of(order: CallOrder) -> ContactRequest:
    return ContactRequest(
        subject=f"call:{order.id}",
        channel=Channel.CALL,
        purpose=order.purpose,
        mode=order.mode,
        point=ContactPoint(PointKind.PHONE, order.to),
        contact_id=order.contact_id,
        debt=order.debt,
        requested=order.requested,
        campaign=order.campaign,
        packs=order.packs,
    )
