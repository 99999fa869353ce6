"""What an agent arranges with the person on the line: callbacks, promises, messages, and an end to contacts.

Each is kept with a note in the call's log, also behind the call's end, and stands once it is written. While
the database is away it is kept on disk and stands as soon as that is back.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import structlog

from calls.events import CallEventKind
from calls.numbers import parse_number
from compliance.facts import Channel, Mode, Purpose
from dialer.debts.debt import Debt
from engine.call_log import CallLog
from engine.changes import CallbackKept, Change, ObjectionKept
from engine.debt_desk import PromiseWish
from engine.desk.refusals import ContactForbidden, DeskRefused
from engine.exchange import Exchange
from engine.gatekeeper import ContactRequest, asked_for
from engine.outbox_jobs import OF_AGENT, WAITS_FOR_MESSAGE, Circumstances, Kept, kept_of
from engine.ports import LedgerUnavailable, StoreUnavailable
from engine.registers.actor import Actor, ActorKind
from engine.registers.refusals import Refused
from history.callback_windows import Window, WrongWindow, chosen_window, own_window
from history.callbacks import CallbackRequest, CallbackSource
from history.interaction import ContactPoint, PointKind
from history.permissions import Objection, Scope
from ivr.commands import KeepPromise, SendMessage, StopContact
from wording.minor_units import written_amount

# An agent waits so long for a thing to be in the database; it is kept all the same.
WRITING_SECONDS = 3.0
# Flows count their work from 1: what agents do is numbered behind all of that.
_BEHIND_FLOWS = 1_000_000
_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CallbackWish:
    """When to call back: aware UTC, None for as soon as it may be. `mine`: by this agent, else by anybody."""

    begins: datetime | None
    ends: datetime | None
    mine: bool = False
    note: str = ""
    number: str = ""  # "": the one on the line


class Arrangements:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._gate = exchange.desk.gate
        self._debts = exchange.desk.debts
        self._writing: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """What is being written is waited for, within a limit."""
        if self._writing:
            await asyncio.wait(self._writing, timeout=WRITING_SECONDS)

    async def callback(
        self, call_log: CallLog, agent: str, queue: str, wish: CallbackWish, within: timedelta
    ) -> CallbackRequest:
        """Kept, or a standing one of the same topic renewed. Raises DeskRefused."""
        exchange, now = self._exchange, self._exchange.clock.now()
        number = self._number(call_log, wish.number)
        window = _window(wish, now, within)
        topic = f"agent-{agent}" if wish.mine else (queue or "desk")
        request = CallbackRequest(
            id=exchange.ids.new(),
            point=ContactPoint(PointKind.PHONE, number),
            topic=topic,
            source=CallbackSource.AGENT,
            requested_at=now,
            window_from=window.begins,
            window_to=window.ends,
            person_chose=window.person_chose,
            queue=queue or None,
            campaign=call_log.call.campaign,
            agent=agent if wish.mine else None,
            note=wish.note or None,
            call_id=call_log.id,
            language=call_log.call.language,
        )
        ends = request.window_to or now + within
        data: dict[str, object] = {
            "campaign": topic,
            "number": number,
            "within_seconds": round((ends - now).total_seconds()),
        }
        await self._keep(
            call_log,
            Kept(CallEventKind.CALLBACK_REQUESTED, data, (CallbackKept(request, exchange.ids.new()),)),
        )
        return request

    async def promise(
        self, call_log: CallLog, agent: str, amount: int, currency: str, due: date, reference: str, parts: int
    ) -> None:
        """`amount` in minor units of `currency`, in `parts` a month apart. Raises DeskRefused.

        Of a debt that is known here it is that debt's promise, checked against its balance.
        """
        if amount <= 0:
            raise DeskRefused("amount", "A promise has an amount above nothing.")
        written = written_amount(amount, currency)
        errand = KeepPromise(self._work_id(call_log), written, currency, due.isoformat(), reference, parts)
        debt = await self._debt_of(call_log, reference)
        if debt is not None and self._debts is not None:
            wish = PromiseWish(
                f"{call_log.id}-{errand.work_id}", amount, currency, due, count=parts, agent=agent
            )
            call, point = call_log.call, call_log.point
            try:
                await self._debts.promise(_agent(agent), debt, wish, call=call, point=point)
            except Refused as refused:
                raise DeskRefused("promise", str(refused)) from None
            except StoreUnavailable as away:
                raise DeskRefused("store", "The database does not answer: try again in a moment.") from away
            errand = replace(errand, reference=debt.reference)
        here, new_id = self._here(call_log), self._exchange.ids.new()
        kept = kept_of(errand, here, new_id=new_id, number=None, debt=None if debt is None else debt.id)
        await self._keep(call_log, kept)

    async def stop(self, call_log: CallLog, agent: str, channels: frozenset[str]) -> None:
        """No more contact: the number on the line, and whoever it belongs to."""
        here = self._here(call_log, flow=f"agent:{agent}")
        new_id = self._exchange.ids.new()
        number = parse_number(call_log.call.person, self._exchange.region).e164
        if number is not None:
            errand = StopContact(self._work_id(call_log), number, tuple(sorted(channels)))
            await self._keep(call_log, kept_of(errand, here, new_id=new_id, number=number))
            await self._stop_debt(call_log, agent, channels)
            return
        if here.point is None:
            raise DeskRefused("withheld", "The number is withheld: nobody is known to whom this could apply.")
        objection = Objection(
            id=f"{call_log.id}-{self._work_id(call_log)}-person",
            at=here.at,
            scope=Scope.PERSON,
            value="",
            reason="asked in a call",
            source=here.flow,
            channels=channels,
        )
        data = {"number": "", "channels": sorted(channels)}
        kept = ObjectionKept(objection, here.point, new_id)
        await self._keep(call_log, Kept(CallEventKind.CONTACT_STOPPED, data, (kept,)))
        await self._stop_debt(call_log, agent, channels)

    async def sms(self, call_log: CallLog, text: str, language: str) -> None:
        """To the number on the line, once the gate lets it. Raises ContactForbidden, DeskRefused."""
        number = self._number(call_log, "")
        new_id = self._exchange.ids.new()
        request = ContactRequest(
            subject=f"message:{new_id}",
            channel=Channel.SMS,
            purpose=Purpose.SERVICE,
            mode=Mode.MANUAL,
            point=ContactPoint(PointKind.PHONE, number),
        )
        decision = await self._gate.ask(asked_for(request, self._exchange.clock.now(), WAITS_FOR_MESSAGE))
        if not decision.allowed:
            then = decision.next_allowed_at
            refused: dict[str, object] = {
                "channel": "sms",
                "to": number,
                "purpose": request.purpose.value,
                "rule": decision.rule,
                "reason": decision.reason,
                "next_allowed_at": None if then is None else then.isoformat(),
            }
            await call_log.add(CallEventKind.CONTACT_REFUSED, refused, durable=False)
            raise ContactForbidden(decision)
        errand = SendMessage(self._work_id(call_log), number, text, language)
        here = self._here(call_log, flow=f"{OF_AGENT}{call_log.call.agent or ''}")
        await self._keep(call_log, kept_of(errand, here, new_id=new_id, number=number))

    async def _debt_of(self, call_log: CallLog, reference: str) -> Debt | None:
        """None: not known here, or not to be found out now; then it stands in the call's log alone."""
        if self._debts is None:
            return None
        try:
            return await self._debts.about(call_log.call, call_log.point, reference)
        except StoreUnavailable as away:
            log.warning("a promise is kept without its debt", call=call_log.id, why=str(away))
            return None

    async def _stop_debt(self, call_log: CallLog, agent: str, channels: frozenset[str]) -> None:
        """Whoever wants no more calls wants none about the debt, by whatever number."""
        debt = await self._debt_of(call_log, "") if not channels or "call" in channels else None
        if debt is None or self._debts is None:
            return
        try:
            await self._debts.stop(_agent(agent), debt, "asked in a call")
        except (Refused, StoreUnavailable) as left:  # the objection stands, and the gate heeds it
            log.warning("a debt stays as it is", call=call_log.id, why=str(left))

    # --- inside -------------------------------------------------------------------------------------------

    async def _keep(self, call_log: CallLog, kept: Kept) -> None:
        task = asyncio.get_running_loop().create_task(self._kept(call_log, kept))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        done, _ = await asyncio.wait({task}, timeout=WRITING_SECONDS)
        for one in done:
            one.result()

    async def _kept(self, call_log: CallLog, kept: Kept) -> None:
        changes: tuple[Change, ...] = kept.changes
        try:
            await call_log.add(kept.kind, kept.data, *changes, durable=True)
        except LedgerUnavailable as away:
            log.warning("kept on disk until the database is back", call=call_log.id, why=str(away))
            await call_log.add(kept.kind, kept.data, *changes, durable=False)

    def _number(self, call_log: CallLog, written: str) -> str:
        number = parse_number(written or call_log.call.person, self._exchange.region).e164
        if number is not None:
            return number
        if written:
            raise DeskRefused(
                "number", f'"{written[:40]}" is no telephone number: write it in full.', number=written[:40]
            )
        raise DeskRefused("withheld_write", "The number on the line is withheld: write one.")

    def _here(self, call_log: CallLog, flow: str | None = None) -> Circumstances:
        call, now = call_log.call, self._exchange.clock.now()
        return Circumstances(
            call_id=call.id,
            at=now,
            point=call_log.point,
            flow=flow if flow is not None else call.flow or "",
            recording=call.recording,
            second=round((now - (call.answered_at or call.started_at)).total_seconds(), 2),
            language=call.language,
            stay=call_log.queue_stay,
        )

    def _work_id(self, call_log: CallLog) -> int:
        return _BEHIND_FLOWS + call_log.last_seq


def _agent(name: str) -> Actor:
    return Actor(ActorKind.PERSON, name)


def _window(wish: CallbackWish, now: datetime, within: timedelta) -> Window:
    if wish.begins is None and wish.ends is None:
        return own_window(now, within)
    try:
        return chosen_window(wish.begins, wish.ends, now, within=within)
    except WrongWindow as wrong:
        raise DeskRefused("window", str(wrong)) from None


def filled(template: str, values: Mapping[str, str]) -> str:
    """The text with its places filled. Raises DeskRefused naming what is not known."""
    missing = sorted({name for name in _PLACE.findall(template) if not values.get(name)})
    if missing:
        named = ", ".join(missing)
        raise DeskRefused("template", f"This text needs what is not known here: {named}.", places=named)
    return _PLACE.sub(lambda place: values[place[1]], template)


def shown(template: str, values: Mapping[str, str]) -> str:
    """The same for a preview: what is not known stays as a place."""
    return _PLACE.sub(lambda place: values.get(place[1]) or place[0], template)
