"""The log of a chat as its errands know one: a note beside its lines, and events where queues are counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from calls.call import Call, Direction
from calls.events import CallEvent, CallEventKind
from calls.queue_stay import QueueStay
from engine.changes import Change, EventsAppended
from engine.ports import Clock, Ledger
from history.interaction import ContactPoint, PointKind
from ivr.commands import CODE
from messaging.chat import Chat
from messaging.chat_site import ChatSite

# Kept in the log of events too, where wrong answers, those who waited, and grades are counted.
LOGGED = frozenset(
    {
        CallEventKind.IDENTITY_CHECKED,
        CallEventKind.AGENT_CONNECTED,
        CallEventKind.QUEUE_LEFT,
        CallEventKind.RATED,
    }
)
# What agents are to see of what a flow did: no values, which may be secret.
_SHOWN: Mapping[CallEventKind, tuple[str, ...]] = {
    CallEventKind.TROUBLE: ("what", "detail"),
    CallEventKind.IDENTITY_CHECKED: ("by", "passed"),
    CallEventKind.MESSAGE_QUEUED: ("channel",),
    CallEventKind.CONTACT_REFUSED: ("channel", "rule"),
    CallEventKind.CALLBACK_REQUESTED: ("campaign",),
    CallEventKind.CONSENT_KEPT: ("purpose", "given"),
    CallEventKind.CONTACT_STOPPED: ("channels",),
    CallEventKind.PROMISE_MADE: ("amount", "currency", "due"),
}


class ChatNotes:
    """Implements engine.errand_log.ErrandLog. `note(text, data)` adds a line that is ours alone.

    `next_event` numbers what goes into the log of events; its rows are kept with `append`.
    """

    def __init__(
        self,
        id: str,
        ledger: Ledger,
        clock: Clock,
        *,
        as_call: Callable[[], Call],
        visitor: ContactPoint | None,
        stay: Callable[[], QueueStay | None],
        note: Callable[[str, Mapping[str, object]], None],
        next_event: Callable[[], int],
    ) -> None:
        self.id = id
        self._ledger = ledger
        self._clock = clock
        self._as_call = as_call
        self._visitor = visitor
        self._code_to = ""
        self._proved: ContactPoint | None = None
        self._stay = stay
        self._note = note
        self._next_event = next_event
        self._events: list[CallEvent] = []

    @property
    def call(self) -> Call:
        """The chat in the terms of a call."""
        return self._as_call()

    @property
    def point(self) -> ContactPoint | None:
        """The browser; the number, once a code that was sent there was entered."""
        return self._proved or self._visitor

    @property
    def queue_stay(self) -> QueueStay | None:
        return self._stay()

    @property
    def events(self) -> Sequence[CallEvent]:
        """Those of this engine's time: who was verified before a restart is asked again."""
        return tuple(self._events)

    def event(self, kind: CallEventKind, data: Mapping[str, object]) -> tuple[Change, ...]:
        """Note it. What is to be kept with it."""
        if kind in _SHOWN:
            shown = {name: data[name] for name in _SHOWN[kind] if data.get(name) is not None}
            told = ", ".join(f"{name} {value}" for name, value in shown.items())
            words = kind.value.replace("_", " ")
            self._note(f"{words}: {told}" if told else words, {"kind": kind.value})
        self._notice(kind, data)
        if kind not in LOGGED:
            return ()
        event = CallEvent(self.id, self._next_event(), self._clock.now(), kind, data)
        self._events.append(event)
        return (EventsAppended((event,)),)

    def _notice(self, kind: CallEventKind, data: Mapping[str, object]) -> None:
        """Which number was proved to be theirs."""
        if kind is CallEventKind.MESSAGE_QUEUED and CODE in str(data.get("text")):
            self._code_to = str(data.get("to", ""))
        elif kind is CallEventKind.IDENTITY_CHECKED and data.get("by") == "code" and data.get("passed"):
            self._proved = ContactPoint(PointKind.PHONE, self._code_to) if self._code_to else None

    async def write(self, kind: CallEventKind, data: Mapping[str, object] | None = None) -> None:
        await self.add(kind, data or {}, durable=False)

    async def keep(self, kind: CallEventKind, data: Mapping[str, object], *changes: Change) -> None:
        await self.add(kind, data, *changes, durable=True)

    async def add(
        self, kind: CallEventKind, data: Mapping[str, object], *changes: Change, durable: bool
    ) -> None:
        written = (*self.event(kind, data), *changes)
        if written:
            await self._ledger.commit(written, durable=durable)


def as_call(chat: Chat, site: ChatSite, language: str | None) -> Call:
    """A chat in the terms of a call: nobody knows its visitor's number."""
    return Call(
        id=chat.id,
        direction=Direction.INBOUND,
        caller="",
        dialled=site.number or "",
        trunk="chat",
        network_id=chat.id,
        node=chat.node,
        started_at=chat.opened_at,
        answered_at=chat.opened_at,
        flow=chat.flow,
        flow_version=chat.flow_version,
        language=language,
    )


def visitor_of(chat: Chat) -> ContactPoint | None:
    """The browser's own point: a number that they gave is not proved to be theirs."""
    if known := chat.state.get("visitor"):
        return ContactPoint(PointKind.VISITOR, str(known))
    return chat.point if chat.point is not None and chat.point.kind is PointKind.VISITOR else None
