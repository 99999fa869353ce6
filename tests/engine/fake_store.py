"""What is kept of calls, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from calls.call import Call
from calls.events import CallEvent, CallEventKind
from engine.changes import (
    AgentEventsAppended,
    CallbackKept,
    CallPartKept,
    CallPartOver,
    CallStored,
    Change,
    ConsentKept,
    EventsAppended,
    InteractionAdded,
    JobAdded,
    ObjectionKept,
    ProfileSet,
)
from engine.ports import HistoryRow, LedgerUnavailable, RecordingLost, StoreUnavailable
from engine.registers.agents import AgentEvent
from engine.registers.desk import CallPart
from history.callbacks import CallbackRequest
from history.interaction import ContactPoint, Interaction
from history.permissions import Consent, Objection


class MemoryLedger:
    """Ledger, Queries and Profiles in one. `fault` is raised by the next commits.

    `away`: durable commits and queries of profiles fail. `slow`: durable commits wait until it is set.
    """

    def __init__(self) -> None:
        self.log: dict[str, list[CallEvent]] = {}
        self.calls: dict[str, Call] = {}
        self.interactions: list[Interaction] = []
        self.jobs: dict[str, JobAdded] = {}  # by key
        self.attributes: dict[tuple[ContactPoint, str], ProfileSet] = {}
        self.callbacks: dict[str, CallbackRequest] = {}  # by id
        self.consents: dict[str, Consent] = {}  # by id
        self.objections: dict[str, Objection] = {}
        self.agent_events: list[AgentEvent] = []
        self.parts: dict[str, CallPart] = {}  # by id
        self.away = False
        self.slow: asyncio.Event | None = None
        self.fault: Exception | None = None

    async def commit(self, changes: Sequence[Change], *, durable: bool = False) -> None:
        if self.fault is not None:
            raise self.fault
        if durable:
            if self.away:
                raise LedgerUnavailable("The database is away.")
            if self.slow is not None:
                await self.slow.wait()
        for change in changes:
            match change:
                case EventsAppended(events):
                    for event in events:
                        known = self.log.setdefault(event.call_id, [])
                        assert event.seq not in [other.seq for other in known], f"{event} is there already"
                        known.append(event)
                        known.sort(key=lambda event: event.seq)
                case CallStored(call):
                    self.calls[call.id] = call
                case InteractionAdded(interaction):
                    self.interactions.append(interaction)
                case JobAdded(key=key):
                    self.jobs.setdefault(key, change)
                case ProfileSet(point, name):
                    self.attributes[point, name] = change
                case CallbackKept(request):
                    self.callbacks.setdefault(request.id, request)
                case ConsentKept(consent):
                    self.consents.setdefault(consent.id, consent)
                case AgentEventsAppended(done):
                    self.agent_events += done
                case CallPartKept(part):
                    if part.id not in self.parts or self.parts[part.id].version < part.version:
                        self.parts[part.id] = part
                case CallPartOver(id):
                    self.parts.pop(id, None)
                case ObjectionKept(objection):
                    self.objections.setdefault(objection.id, objection)
        await asyncio.sleep(0)

    def kinds(self, call_id: str) -> list[CallEventKind]:
        return [event.kind for event in self.log.get(call_id, [])]

    def of_kind(self, call_id: str, kind: CallEventKind) -> list[Mapping[str, object]]:
        return [event.data for event in self.log.get(call_id, []) if event.kind is kind]

    async def call(self, call_id: str) -> Call | None:
        return self.calls.get(call_id)

    async def events(self, call_id: str) -> Sequence[CallEvent]:
        return tuple(self.log.get(call_id, ()))

    async def unfinished_calls(self, node: str) -> Sequence[Call]:
        return [call for call in self.calls.values() if call.ended_at is None and call.node == node]

    async def calls_of(self, network_ids: Sequence[str]) -> Mapping[str, str]:
        return {call.network_id: call.id for call in self.calls.values() if call.network_id in network_ids}

    async def attribute(self, point: ContactPoint, name: str) -> object:
        if self.away:
            raise StoreUnavailable("The database is away.")
        kept = self.attributes.get((point, name))
        return None if kept is None else kept.value

    async def wrong_answers(self, point: ContactPoint, since: datetime) -> int:
        theirs = {one.subject_id for one in self.interactions if one.point == point and one.at >= since}
        checked = [data for call in theirs for data in self.of_kind(call, CallEventKind.IDENTITY_CHECKED)]
        return sum(not data["passed"] and data["by"] != "code" for data in checked)

    async def history(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        contact_id: str | None = None,
        subject_id: str | None = None,
        calls_only: bool = False,
    ) -> Sequence[HistoryRow]:
        return [HistoryRow(interaction, None) for interaction in reversed(self.interactions)][:limit]


class FakeRecordings:
    def __init__(self) -> None:
        self.kept: list[tuple[str, str]] = []
        self.discarded: list[str] = []
        self.fault: RecordingLost | None = None

    async def discard(self, path: str) -> None:
        self.discarded.append(path)

    async def keep(self, path: str, call_id: str, at: datetime) -> str:
        if self.fault is not None:
            raise self.fault
        self.kept.append((path, call_id))
        return f"{call_id}.wav"
