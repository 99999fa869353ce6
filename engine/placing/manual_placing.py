"""An agent's call to a customer is asked for, written down, and only then dialled."""

from __future__ import annotations

from collections.abc import Collection

from compliance.facts import Channel, Mode
from dialer.before_dialling import PERSON_BUSY
from engine.desk.dialling import ManualOrder
from engine.desk.refusals import ContactForbidden, DeskRefused
from engine.exchange import Exchange
from engine.gatekeeper import ContactRequest, Gate
from engine.placing.manual_call import ManualDial, received_of_manual
from engine.placing.outbound import Lines
from engine.ports import LedgerUnavailable
from engine.switchboard import Switchboard
from history.interaction import ContactPoint, PointKind

# As long as the gate's packs want a person to be rung at least, and a little more.
RING_SECONDS = 40


def person_busy() -> DeskRefused:
    return DeskRefused("person_busy", "There is a call with this number already: wait for its end.")


class ManualPlacing:
    """Implements ManualCalls. `unreachable` holds, at each moment, the trunks that do not answer."""

    def __init__(
        self,
        exchange: Exchange,
        switchboard: Switchboard,
        gate: Gate,
        lines: Lines,
        unreachable: Collection[str] = (),
    ) -> None:
        self._exchange = exchange
        self._switchboard = switchboard
        self._gate = gate
        self._lines = lines
        self._unreachable = unreachable
        self._placing: set[str] = set()  # numbers between the order and its call

    async def place(self, order: ManualOrder) -> None:
        """Ask the gate, then ring the agent and the customer. Raises DeskRefused, ContactForbidden."""
        self._make_way(order.to)
        self._placing.add(order.to)
        try:
            await self._place(order)
        except LedgerUnavailable:
            raise DeskRefused("store", "The database is away: nobody is called until it is back.") from None
        finally:
            self._placing.discard(order.to)

    def _make_way(self, number: str) -> None:
        trunk = self._lines.trunk
        if trunk is None:
            raise DeskRefused("trunk", "No trunk leads out: add one to `sip.trunks` in the configuration.")
        if not self._switchboard.connected:
            raise DeskRefused("asterisk", "Asterisk is away: the hotline is reconnecting, try again soon.")
        if trunk in self._unreachable:
            raise DeskRefused("trunk", f'The trunk "{trunk}" does not answer: try again in half a minute.')
        if number in self._placing or any(c.person == number for c in self._exchange.live.all()):
            raise person_busy()

    async def _place(self, order: ManualOrder) -> None:
        exchange = self._exchange
        # What an earlier call with this person left behind must be there for the gate to see.
        await exchange.ledger.commit((), durable=True)
        decision = await self._gate.ask(
            ContactRequest(
                subject=f"call:{order.id}",
                channel=Channel.CALL,
                purpose=order.purpose,
                mode=Mode.MANUAL,
                point=ContactPoint(PointKind.PHONE, order.to),
            )
        )
        if decision.rule == PERSON_BUSY:
            raise person_busy()
        if not decision.allowed:
            raise ContactForbidden(decision)
        dial = ManualDial(
            order.agent, order.to, self._lines.caller_id, RING_SECONDS, self._lines.trunk, order.queue
        )
        call_log = exchange.call_log(order.id)
        await call_log.begin(
            received_of_manual(order.id, dial, purpose=order.purpose.value, node=exchange.node)
        )
        self._switchboard.dial(call_log, dial)
