"""CallParts: each agent's part of a call, from the talk to the end of its wrap-up.

Every change is kept, so that a note or an outcome outlives the page, the call and the engine. A part that is
wrapped up becomes a row of the history, and the call's log is told, behind its end if need be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from calls.events import CallEvent, CallEventKind
from engine.call_log import CallLog
from engine.changes import (
    AgentEventsAppended,
    CallPartKept,
    CallPartOver,
    Change,
    InteractionAdded,
    ObjectionKept,
)
from engine.desk.ordered_ledger import OrderedLedger
from engine.exchange import Exchange
from engine.ports import LedgerUnavailable, Queries, StoreUnavailable
from engine.registers.agents import AgentEvent, AgentEventKind
from engine.registers.desk import CallPart, DeskRegister
from engine.switchboard import Switchboard
from history.interaction import Channel, Interaction, PointKind
from history.permissions import Objection, Scope

# A page waits so long for a note to be in the database; then it is kept on disk, or as soon as may be.
NOTE_SECONDS = 2.0
# Pauses between tries to read a call that must be read before its part can be wrapped up.
RETRY_SECONDS = 5.0
READ_SECONDS = 5.0

log = structlog.get_logger(__name__)


class CallParts:
    """`stops`: whether a disposition forbids further contact. `on_row`: a part is this row of the history.

    `on_noted`: this goes into an agent's log.
    """

    def __init__(
        self,
        exchange: Exchange,
        switchboard: Switchboard,
        queries: Queries,
        register: DeskRegister,
        ordered: OrderedLedger,
        stops: Callable[[str], bool],
        on_row: Callable[[Interaction, CallLog], None] = lambda row, call_log: None,
        on_noted: Callable[[AgentEvent], None] = lambda event: None,
    ) -> None:
        self._exchange = exchange
        self._switchboard = switchboard
        self._queries = queries
        self._register = register
        self._ordered = ordered
        self._stops = stops
        self._on_row = on_row
        self._on_noted = on_noted
        self._parts: dict[str, dict[str, CallPart]] = {}  # by call and agent
        self._logs: dict[str, CallLog] = {}
        self._turns: dict[str, asyncio.Lock] = {}  # by part: what is saved is saved before it is wrapped up
        self._closing: dict[asyncio.Task[None], str] = {}  # wrap-ups being written, with their calls

    async def restore(self) -> None:
        """Those of an earlier engine. Raises StoreUnavailable."""
        for part in await self._register.parts():
            self._parts.setdefault(part.call_id, {}).setdefault(part.agent, part)

    async def close(self) -> None:
        """What is being wrapped up and cannot be now, the next engine does."""
        for task in self._closing:
            task.cancel()
        if self._closing:
            await asyncio.wait(self._closing, timeout=1.0)

    # --- what there is ------------------------------------------------------------------------------------

    def get(self, agent: str, call_id: str) -> CallPart | None:
        return self._parts.get(call_id, {}).get(agent)

    def of_call(self, call_id: str) -> tuple[CallPart, ...]:
        return tuple(self._parts.get(call_id, {}).values())

    def all(self) -> tuple[CallPart, ...]:
        return tuple(part for parts in self._parts.values() for part in parts.values())

    def known_log(self, call_id: str) -> CallLog | None:
        """The call's log without asking the database."""
        live = self._switchboard.log_of(call_id)
        if live is not None:
            self._logs[call_id] = live
        return self._logs.get(call_id)

    async def log_of(self, call_id: str) -> CallLog:
        """The call's log, also of a call that is over. Raises StoreUnavailable and LookupError."""
        known = self.known_log(call_id)
        if known is not None:
            return known
        events = await self._queries.events(call_id)
        known = self.known_log(call_id)  # another one has asked meanwhile
        if known is not None:
            return known
        if not events:
            raise LookupError(f"There is no call {call_id}.")
        read = self._exchange.call_log(call_id)
        read.resume(events)
        self._logs[call_id] = read
        return read

    # --- what happens -------------------------------------------------------------------------------------

    def begin(self, agent: str, call_id: str, queue: str, at: datetime) -> None:
        """The agent is on the line, or about to be. One that an earlier engine began goes on."""
        known = self.get(agent, call_id)
        if known is not None:
            if known.ended_at is not None:
                self.change(known, ended_at=None, outcome=None)
            return
        call_log = self.known_log(call_id)
        # Whoever took the call over by its number or name alone is told of only now.
        given = call_log is not None and _was_given(call_log.events, agent)
        part = CallPart(
            self._exchange.ids.new(), call_id, agent, queue, at, connected_at=at if given else None
        )
        self._put(part)
        self._ordered.write(CallPartKept(part))

    def change(self, part: CallPart, **changes: Any) -> CallPart:
        """The part as it is now, with these fields, kept soon."""
        changed = self._changed(part, changes)
        self._ordered.write(CallPartKept(changed))
        return changed

    async def change_now(self, part: CallPart, **changes: Any) -> CallPart:
        """The same, in the database once this returns; or, while that is away, on disk as soon as may be."""
        changed = self._changed(part, changes)
        ledger = self._exchange.ledger
        async with self._turns.setdefault(part.id, asyncio.Lock()):
            try:
                async with asyncio.timeout(NOTE_SECONDS):
                    await ledger.commit([CallPartKept(changed)], durable=True)
            except (LedgerUnavailable, TimeoutError):
                await ledger.commit([CallPartKept(changed)])
        return changed

    def heard(self, event: CallEvent) -> None:
        """An event of a call's log: how a part is connected, held, and ended."""
        agent = event.data.get("agent")
        part = self.get(str(agent), event.call_id)
        match event.kind:
            case CallEventKind.AGENT_CONNECTED if part is not None:
                self.change(part, connected_at=part.connected_at or event.at)
            case CallEventKind.TALK_HELD if part is not None:
                self.change(part, held_since=event.at)
            case CallEventKind.TALK_RESUMED if part is not None:
                self.change(part, held_since=None, held_seconds=_held(part, event.at))
            case CallEventKind.TALK_ENDED if part is not None:
                self._led(part, event)
            case CallEventKind.TRANSFERRED:
                if part is not None:
                    self.change(part, outcome="transferred")
                self._joined(event)
            case CallEventKind.CONFERENCE_STARTED:
                self._joined(event)
            case CallEventKind.AGENT_LOST if part is not None:
                self.change(part, outcome="lost")
            case CallEventKind.RECORDING_STARTED:
                for mine in self.of_call(event.call_id):
                    if mine.ended_at is None and mine.recording is None:
                        self.change(mine, recording=str(event.data.get("recording", "")) or None)
            case CallEventKind.ANSWERED:
                for mine in self.of_call(event.call_id):  # of a manual call
                    self.change(mine, connected_at=mine.connected_at or event.at)

    def _led(self, part: CallPart, event: CallEvent) -> None:
        """Who leads a talk is told so at its end; who was asked for advice alone is not."""
        talked = _number(event.data.get("talked_seconds"))
        connected_at = part.connected_at
        if connected_at is None and talked > 0:
            connected_at = max(part.began_at, event.at - timedelta(seconds=talked))
        held = _number(event.data.get("held_seconds"))
        self.change(part, connected_at=connected_at, held_seconds=held, held_since=None)

    def _joined(self, event: CallEvent) -> None:
        """Who was asked talks with the customer from now on."""
        mine = self.get(str(event.data.get("target")), event.call_id)
        if mine is not None and mine.connected_at is None:
            self.change(mine, connected_at=event.at)

    def talk_over(self, part: CallPart, at: datetime) -> CallPart:
        """The agent is off the line; wrap-up begins. What the agent's log gets is written with it."""
        if part.ended_at is not None:
            return part
        ended = self._changed(part, {"ended_at": at, "held_seconds": _held(part, at), "held_since": None})
        log_ = self.known_log(part.call_id)
        direction = log_.call.direction.value if log_ is not None else "inbound"
        changes: list[Change] = [CallPartKept(ended)]
        if ended.connected_at is not None:
            data = {
                "work": part.call_id,
                "queue": part.queue,
                "direction": direction,
                "seconds": _talked(ended),
                "held_seconds": round(ended.held_seconds, 1),
            }
            talked = self._event(part.agent, AgentEventKind.TALKED, data, at)
            changes.append(AgentEventsAppended((talked,)))
            self._on_noted(talked)
        self._ordered.write(*changes)
        return ended

    def wrapped_up(self, part: CallPart, at: datetime) -> None:
        """The wrap-up is over: the history gets its row. Goes on by itself until that is done."""
        ended = self.talk_over(part, at)
        parts = self._parts.get(part.call_id, {})
        parts.pop(part.agent, None)
        if not parts:
            self._parts.pop(part.call_id, None)
        self._run(self._wrap_up(ended, at), part.call_id)

    def left_over(self, part: CallPart) -> None:
        """Its talk ended while nobody followed it: with its call, or nobody knows when."""
        if part.ended_at is not None:
            self.wrapped_up(part, part.ended_at)
        else:
            self._run(self._end_left_over(part), part.call_id)

    def forget(self, call_id: str) -> None:
        """Nobody looks at this call any more, unless somebody has a part in it."""
        if not self.of_call(call_id) and call_id not in self._closing.values():
            self._logs.pop(call_id, None)

    # --- inside -------------------------------------------------------------------------------------------

    def _changed(self, part: CallPart, changes: dict[str, Any]) -> CallPart:
        now = self.get(part.agent, part.call_id) or part
        changed = replace(now, version=now.version + 1, **changes)
        self._put(changed)
        return changed

    def _put(self, part: CallPart) -> None:
        self._parts.setdefault(part.call_id, {})[part.agent] = part

    async def _wrap_up(self, part: CallPart, at: datetime) -> None:
        async with self._turns.setdefault(part.id, asyncio.Lock()):
            await self._ordered.written()
        self._turns.pop(part.id, None)
        if part.connected_at is None and part.disposition is None and not part.note:
            self._ordered.write(CallPartOver(part.id))  # asked for advice, or rung in vain
            return
        while True:
            try:
                call_log = await self.log_of(part.call_id)
                self._on_row(await self._write(part, call_log, at), call_log)
            except StoreUnavailable as away:
                log.warning("a wrap-up waits for the database", call=part.call_id, why=str(away))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except LookupError:
                # The call went with its retention, or was erased: nothing is left to be told of it.
                self._ordered.write(CallPartOver(part.id))
            except LedgerUnavailable as closed:
                log.warning("a wrap-up is left to the next engine", call=part.call_id, why=str(closed))
            except Exception:
                log.exception("a wrap-up could not be written", call=part.call_id)
            break

    async def _end_left_over(self, part: CallPart) -> None:
        ended_at = None
        with suppress(StoreUnavailable, LookupError, TimeoutError):
            async with asyncio.timeout(READ_SECONDS):
                ended_at = (await self.log_of(part.call_id)).call.ended_at
        self.wrapped_up(part, ended_at or self._exchange.clock.now())

    def _run(self, work: Coroutine[None, None, None], call_id: str) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._closing[task] = call_id
        task.add_done_callback(self._closed)

    def _closed(self, task: asyncio.Task[None]) -> None:
        self.forget(self._closing.pop(task))

    async def _write(self, part: CallPart, call_log: CallLog, at: datetime) -> Interaction:
        """The row that it is in the history."""
        began = part.ended_at or at
        seconds = round(max(0.0, (at - began).total_seconds()), 1)
        data = {
            "work": part.call_id,
            "queue": part.queue,
            "disposition": part.disposition,
            "seconds": seconds,
        }
        wrapped_up = self._event(part.agent, AgentEventKind.WRAPPED_UP, data, at)
        changes: list[Change] = [AgentEventsAppended((wrapped_up,)), CallPartOver(part.id)]
        row = row_of(part, call_log, wrap_up_seconds=seconds)
        changes.append(InteractionAdded(row, self._exchange.ids.new()))
        if part.disposition is not None and self._stops(part.disposition) and not part.stopped:
            changes += self._stopped(part, call_log, at)
        told = {"agent": part.agent, "disposition": part.disposition, "seconds": seconds}
        await call_log.add(CallEventKind.WRAPPED_UP, told, *changes, durable=False)
        self._on_noted(wrapped_up)
        return row

    def _stopped(self, part: CallPart, call_log: CallLog, at: datetime) -> list[Change]:
        point = call_log.point
        if point is None:
            return []
        of_person = Objection(
            id=f"{part.id}-person",
            at=at,
            scope=Scope.PERSON,
            value="",
            reason="asked in a call",
            source=f"agent:{part.agent}",
        )
        changes: list[Change] = [ObjectionKept(of_person, point, self._exchange.ids.new())]
        if point.kind is PointKind.PHONE:
            of_number = replace(of_person, id=f"{part.id}-number", scope=Scope.NUMBER, value=point.value)
            changes.append(ObjectionKept(of_number))
        return changes

    def _event(
        self, agent: str, kind: AgentEventKind, data: Mapping[str, object], at: datetime
    ) -> AgentEvent:
        return AgentEvent(self._exchange.ids.new(), agent, at, kind, data)


def row_of(part: CallPart, call_log: CallLog, *, wrap_up_seconds: float) -> Interaction:
    """An agent's part of a call as a row of the history; the call has its own."""
    call = call_log.call
    return Interaction(
        id=part.id,
        at=part.connected_at or part.began_at,
        channel=Channel.TALK,
        direction=call.direction.value,
        subject_id=part.call_id,
        point=call_log.point,
        to=call.dialled,
        duration_seconds=_talked(part),
        outcome=part.outcome or ("completed" if part.connected_at else "no_answer"),
        disposition=part.disposition,
        campaign=call.campaign,
        agent=part.agent,
        language=call.language,
        flow=call.flow,
        flow_version=call.flow_version,
        recording=part.recording,
        note=part.note or None,
        data={
            "queue": part.queue,
            "held_seconds": round(part.held_seconds, 1),
            "wrap_up_seconds": wrap_up_seconds,
        },
    )


def _was_given(events: Sequence[CallEvent], agent: str) -> bool:
    """Whether the last agent to have the call gave it to this one."""
    for event in reversed(events):
        if event.kind is CallEventKind.TRANSFERRED:
            return event.data.get("kind") == "agent" and event.data.get("target") == agent
        if event.kind in (CallEventKind.AGENT_OFFERED, CallEventKind.CONSULT_STARTED):
            return False
    return False


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _talked(part: CallPart) -> float:
    if part.connected_at is None or part.ended_at is None:
        return 0.0
    return round(max(timedelta(), part.ended_at - part.connected_at).total_seconds(), 1)


def _held(part: CallPart, at: datetime) -> float:
    if part.held_since is None:
        return part.held_seconds
    return part.held_seconds + max(0.0, (at - part.held_since).total_seconds())
