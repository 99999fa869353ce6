"""One call's errands among fakes, without the call."""

from __future__ import annotations

import asyncio

from calls.events import CallEventKind as Kind
from engine.call_log import CallLog
from engine.errands import Desk, Errands
from engine.live import LiveCalls
from history.interaction import ContactPoint, PointKind
from ivr.commands import Errand
from ivr.events import Finished
from tests.engine.fake_desk import CountedIds, FakeGate, FakeServices, KnownCodes
from tests.engine.fake_store import MemoryLedger
from tests.virtual_time import VirtualClock

CALLER = "+48220000011"
OTHER = "+48220000012"
POINT = ContactPoint(PointKind.PHONE, CALLER)


class ErrandDesk:
    """`told` are the Finished in order; `ledger` has what was kept."""

    def __init__(
        self, *, codes_in_log: bool = True, ledger: MemoryLedger | None = None, call_id: str = "call1"
    ) -> None:
        self.call_id = call_id
        self.ledger = ledger or MemoryLedger()
        self.services = FakeServices()
        self.gate = FakeGate()
        self.clock = VirtualClock()
        self.live = LiveCalls()
        self.told: list[Finished] = []
        self.desk = Desk(
            ledger=self.ledger,
            profiles=self.ledger,
            services=self.services,
            codes=KnownCodes(),
            clock=self.clock,
            ids=CountedIds("row"),
            region="PL",
            gate=self.gate,
            codes_in_log=codes_in_log,
        )
        self.log = CallLog(
            call_id,
            ledger=self.ledger,
            clock=self.clock,
            ids=CountedIds(),
            live=self.live,
            region="PL",
        )
        self.errands = Errands(call_id, desk=self.desk, call_log=self.log, tell=self.told.append)

    async def begin_call(self, caller: str = CALLER, trunk: str = "carrier") -> None:
        data = {
            "direction": "inbound",
            "caller": caller,
            "dialled": "100",
            "trunk": trunk,
            "network_id": "n1",
        }
        await self.log.write(Kind.RECEIVED, data)

    async def run(self, errand: Errand, *, seconds: float = 60.0) -> Finished:
        """Begin it and wait for its end, as a Dialogue does."""
        self.errands.begin(errand)
        await self.until_told(len(self.told) + 1, seconds)
        self.errands.drop(None)
        return self.told[-1]

    async def until_told(self, count: int, seconds: float = 60.0) -> None:
        async with asyncio.timeout(seconds):
            while len(self.told) < count:  # noqa: ASYNC110 - in virtual time
                await asyncio.sleep(0.01)

    def notes(self, kind: Kind) -> list[dict[str, object]]:
        return [dict(data) for data in self.ledger.of_kind(self.call_id, kind)]
