"""A call's event log as it is written: events are numbered, folded, shown live and given to the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from calls.call import Call, fold
from calls.events import CallEvent, CallEventKind
from calls.numbers import parse_number
from calls.outcome import Outcome
from calls.queue_stay import QueueStay, stay_after
from engine.changes import CallbackKept, CallStored, Change, EventsAppended, InteractionAdded, Published
from engine.live import LiveCalls
from engine.missed_calls import MissedCalls
from engine.ports import Clock, Ids, Ledger, LedgerUnavailable
from history.call_news import TOLD, call_published
from history.interaction import ContactPoint, PointKind, interaction_of

_TROUBLE = CallEventKind.TROUBLE
# `to` of the consent step that asks whether the call may be recorded.
RECORDING_PURPOSE = "recording"

# What the network calls the line of those who call from a browser.
VISITOR_TRUNK = "visitor"


def point_of(call: Call, region: str) -> ContactPoint | None:
    """How the person's contact is found: E.164, or the internal number as it is; None if withheld.

    A browser has no number: each of its calls is somebody new until they say who they are.
    """
    if call.trunk == VISITOR_TRUNK:
        return ContactPoint(PointKind.VISITOR, call.network_id)
    number = parse_number(call.person, region)
    return None if number.withheld else ContactPoint(PointKind.PHONE, number.shown)


# Behind a talk: the caller is served by something else.
_SERVED_ON = frozenset(
    {
        CallEventKind.KEY_PRESSED,
        CallEventKind.HEARD,
        CallEventKind.QUEUED,
        CallEventKind.AGENT_CONNECTED,
        CallEventKind.MESSAGE_LEFT,
        CallEventKind.TRANSFER_ENDED,
    }
)


class CallLog:
    """Writes one call. Cheap: only `keep` waits."""

    def __init__(
        self,
        call_id: str,
        *,
        ledger: Ledger,
        clock: Clock,
        ids: Ids,
        live: LiveCalls,
        region: str,
        missed_calls: MissedCalls | None = None,
    ) -> None:
        self.id = call_id
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self._live = live
        self._region = region
        self._missed_calls = missed_calls
        self._call: Call | None = None
        self._events: list[CallEvent] = []
        self._stay: QueueStay | None = None
        self._found_later = False
        self._recording_consent: bool | None = None
        self._agent_hung_up = False

    @property
    def call(self) -> Call:
        """The call so far. It exists from the first event on."""
        if self._call is None:
            raise ValueError(f"call {self.id} has no events yet")
        return self._call

    @property
    def last_seq(self) -> int:
        """How many events there are."""
        return 0 if self._call is None else self._call.last_seq

    @property
    def events(self) -> Sequence[CallEvent]:
        """All so far, written or about to be."""
        return tuple(self._events)

    @property
    def point(self) -> ContactPoint | None:
        """How the caller's contact is found; None if they withheld their number."""
        return point_of(self.call, self._region)

    @property
    def queue_stay(self) -> QueueStay | None:
        """The caller's last time in a queue."""
        return self._stay

    @property
    def recording_consent(self) -> bool | None:
        """What the caller answered last when asked whether the call may be recorded; None: not asked."""
        return self._recording_consent

    @property
    def ended(self) -> bool:
        return self._call is not None and self._call.ended_at is not None

    async def begin(self, data: Mapping[str, object], *changes: Change) -> None:
        """Write that the call begins, before anything is done: it lasts once this returns.

        `changes` are written in the same transaction. Raises LedgerUnavailable; then there is no call.
        """
        event = CallEvent(self.id, 1, self._clock.now(), CallEventKind.RECEIVED, data)
        call = fold((event,))
        told = Published(call_published(call, event.kind, event.at))
        await self._ledger.commit([EventsAppended((event,)), CallStored(call), told, *changes], durable=True)
        self._call = call
        self._events = [event]
        self._live.put(call)

    def resume(self, events: Sequence[CallEvent]) -> None:
        """Go on behind what is already written."""
        self._call = fold(events)
        self._events = list(events)
        for event in events:
            self._note_stay(event)
        if not self.ended:
            self._live.put(self._call)

    async def write(
        self, kind: CallEventKind, data: Mapping[str, object] | None = None, *, at: datetime | None = None
    ) -> None:
        """Append one event. The end of a call also writes its row of the contact history, in one commit.

        What is told to others (history.call_news) is stored as the call's projection with it; between those
        events the log alone grows.
        """
        if self.ended:
            return  # whatever is still reported of a call that has ended changes nothing
        event = self._next(kind, data or {}, at or self._clock.now())
        call = self.call
        changes: list[Change] = [EventsAppended((event,))]
        if kind in TOLD:
            changes += (CallStored(call), Published(call_published(call, kind, event.at)))
        if kind is CallEventKind.ENDED:
            row = interaction_of(call, self._ids.new(), self.point)
            changes.append(InteractionAdded(row, self._ids.new()))
            changes += self._callback_for_missed(call)
        try:
            await self._ledger.commit(changes)
        finally:
            if kind is CallEventKind.ENDED or not self.ended:
                self._live.put(self.call)  # as it is by now: another event may have overtaken this one

    async def keep(self, kind: CallEventKind, data: Mapping[str, object], *changes: Change) -> None:
        """Append one event and write `changes` with it, in one transaction that lasts once this returns.

        Raises LedgerUnavailable; then the event's place in the log tells of that.
        """
        if self.ended:
            raise LedgerUnavailable("The call has ended.")
        await self.add(kind, data, *changes, durable=True)

    async def add(
        self, kind: CallEventKind, data: Mapping[str, object], *changes: Change, durable: bool
    ) -> None:
        """As `keep`, of what people do about the call, which goes on behind its end. Not `durable`: `write`.

        Behind the end the call's projection is stored with it.
        """
        event = self._next(kind, data, self._clock.now())
        stored = [CallStored(self.call)] if self.ended else []
        try:
            await self._ledger.commit([EventsAppended((event,)), *stored, *changes], durable=durable)
        except LedgerUnavailable as unavailable:
            # Should it have been written all the same, it stays as it is: an event is never replaced.
            trouble = {"what": kind.value, "detail": f"it could not be kept: {unavailable}"}
            await self._ledger.commit([EventsAppended((replace(event, kind=_TROUBLE, data=trouble),))])
            raise
        finally:
            if not self.ended:
                self._live.put(self.call)

    def _next(self, kind: CallEventKind, data: Mapping[str, object], at: datetime) -> CallEvent:
        event = CallEvent(self.id, self.last_seq + 1, at, kind, data)
        self._call = fold((event,), self._call)
        self._events.append(event)
        self._note_stay(event)
        self._live.heard(event)
        return event

    def _note_stay(self, event: CallEvent) -> None:
        self._stay = stay_after(self._stay, event)
        if event.kind is CallEventKind.CONSENT_KEPT and event.data.get("purpose") == RECORDING_PURPOSE:
            self._recording_consent = event.data.get("given") is True
        if event.kind is CallEventKind.TALK_ENDED:
            self._agent_hung_up = event.data["by"] == "agent"
        elif event.kind in _SERVED_ON:
            self._agent_hung_up = False
        self._found_later = self._found_later or event.kind is CallEventKind.RECONCILED

    def _callback_for_missed(self, call: Call) -> list[CallbackKept]:
        if self._missed_calls is None:
            return []
        request = self._missed_calls.request_of(
            call, self._stay, found_later=self._found_later, at=self._clock.now(), region=self._region
        )
        return [] if request is None else [CallbackKept(request, self._ids.new())]

    async def end(
        self, by: str, outcome: Outcome, cause: int | None = None, *, at: datetime | None = None
    ) -> None:
        """The call is over. Only the first end counts.

        A flow that ends it behind an agent who hung up, the caller doing nothing more, is not who ended it.
        """
        if by == "flow" and self._agent_hung_up:
            by = "agent"
        data = {"by": by, "outcome": outcome.value, "cause": cause}
        await self.write(CallEventKind.ENDED, data, at=at)
