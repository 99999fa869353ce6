"""A call's errands about the debt that it is about: read, promised, disputed, stopped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import date
from decimal import Decimal

import structlog

from calls.events import CallEventKind
from dialer.debts.debt import Debt
from dialer.debts.promising import Every
from engine.codes import same_answer
from engine.debt_desk import DebtDesk, PromiseWish, told
from engine.errand_log import ErrandLog
from engine.outbox_jobs import Circumstances, kept_of
from engine.ports import Ids
from engine.registers.actor import Actor, ActorKind
from engine.registers.refusals import Refused
from ivr.commands import DisputeDebt, KeepPromise, ReadDebt, StopContact
from ivr.events import Finished
from wording.minor_units import minor_units_of

CALL = "call"
# How the caller was known, as the call's log has it.
BY_DEBT = "debt"

log = structlog.get_logger(__name__)


class DebtErrands:
    """`desk` None: no debts are kept here. `finish` waits for a write, which goes on when nobody waits."""

    def __init__(
        self,
        desk: DebtDesk | None,
        call_log: ErrandLog,
        ids: Ids,
        *,
        here: Callable[[], Circumstances],
        finish: Callable[[Coroutine[None, None, None]], Awaitable[None]],
    ) -> None:
        self._desk = desk
        self._call_log = call_log
        self._ids = ids
        self._here = here
        self._finish = finish

    async def knows_reference(self, answer: str) -> bool:
        """Whether these are the last digits of the creditor's reference."""
        debt = await self._debt()
        digits = "" if debt is None else "".join(filter(str.isdecimal, debt.reference))
        return 0 < len(answer) <= len(digits) and same_answer(answer, digits[-len(answer) :])

    async def read(self, errand: ReadDebt) -> Finished:
        """Nothing is told before the caller has proved in this call that they are the one who owes."""
        debt = await self._debt() if self._passed() else None
        if debt is None or not await self._theirs(debt):
            return Finished(errand.work_id, "unknown")
        return Finished(errand.work_id, "next", {"debt": told(debt)})

    async def promise(self, errand: KeepPromise) -> Finished:
        """The debt's own promise first, if it is known here; the same work again is the same promise."""
        outcomes: list[str] = []

        async def kept() -> None:
            outcomes.append(await self._promised(errand))

        await self._finish(kept())
        return Finished(errand.work_id, outcomes[0])

    async def dispute(self, errand: DisputeDebt) -> Finished:
        """As with `read`: who was not verified is told nothing, not even that there is a debt."""
        debt, desk = await self._debt() if self._passed() else None, self._desk
        if debt is None or desk is None or not await self._theirs(debt):
            return Finished(errand.work_id, "unknown")
        return Finished(errand.work_id, await self._moved(desk.dispute(self._actor(), debt, errand.note)))

    async def stop(self, errand: StopContact) -> None:
        """Whoever wants no more calls wants none about the debt, by whatever number."""
        debt, desk = await self._debt(), self._desk
        if debt is not None and desk is not None and CALL in errand.channels:
            await self._moved(desk.stop(self._actor(), debt, "asked in a call"))

    # --- inside -------------------------------------------------------------------------------------------

    def _passed(self) -> frozenset[object]:
        """By what the caller has proved in this call who they are."""
        return frozenset(
            one.data.get("by")
            for one in self._call_log.events
            if one.kind is CallEventKind.IDENTITY_CHECKED and one.data.get("passed")
        )

    async def _theirs(self, debt: Debt) -> bool:
        """Whoever knows the letter's number has the letter. A birth date or a PIN is that of the number's
        person, who may live with the one who owes.
        """
        if BY_DEBT in self._passed():
            return True
        return self._desk is not None and await self._desk.owed_by(self._call_log.point, debt)

    async def _debt(self, reference: str = "") -> Debt | None:
        if self._desk is None:
            return None
        return await self._desk.about(self._call_log.call, self._call_log.point, reference)

    async def _promised(self, errand: KeepPromise) -> str:
        """Reminders tell whoever reads them of the debt: nothing is taken from who was not verified."""
        if not self._passed():
            return "refused"
        debt, desk = await self._debt(errand.reference), self._desk
        if debt is None or desk is None:
            if not errand.reference:
                return "refused"  # nobody could tell for what
            await self._keep(errand, None)
            return "next"
        if not await self._theirs(debt):
            return "refused"
        amount = minor_units_of(Decimal(errand.amount), errand.currency)
        if amount is None:
            return "refused"
        wish = PromiseWish(
            id=f"{self._call_log.id}-{errand.work_id}",
            amount=amount,
            currency=errand.currency,
            first=date.fromisoformat(errand.due),
            count=errand.instalments,
            every=Every(errand.every),
        )
        call, point = self._call_log.call, self._call_log.point
        try:
            await desk.promise(self._actor(), debt, wish, call=call, point=point)
        except Refused as refused:
            log.info("a promise is not taken", call=self._call_log.id, why=str(refused))
            return "refused"
        await self._keep(replace(errand, reference=debt.reference), debt.id)
        return "next"

    async def _keep(self, errand: KeepPromise, debt: str | None) -> None:
        kept = kept_of(errand, self._here(), new_id=self._ids.new(), number=None, debt=debt)
        await self._call_log.keep(kept.kind, kept.data, *kept.changes)

    async def _moved(self, move: Coroutine[None, None, Debt]) -> str:
        async def kept() -> None:
            await move

        try:
            await self._finish(kept())
        except Refused as refused:
            log.info("a debt stays as it is", call=self._call_log.id, why=str(refused))
            return "unknown"
        return "next"

    def _actor(self) -> Actor:
        return Actor(ActorKind.ENGINE, f"flow:{self._call_log.call.flow or ''}")
