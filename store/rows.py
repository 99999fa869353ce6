"""Changes as rows: the values that the statements of store.statements take.

Rows go to the driver as tuples, past SQLAlchemy's per-value processing, which would be most of the cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import orjson

from calls.call import Call
from dialer.lead import Lead
from engine.changes import (
    AgentEventsAppended,
    AttemptBegun,
    AttemptStored,
    CallbackKept,
    CallPartKept,
    CallPartOver,
    CallStored,
    Change,
    ConsentKept,
    EventsAppended,
    InteractionAdded,
    JobAdded,
    LeadPlanned,
    ObjectionKept,
    ProfileSet,
    Published,
    RecordingBegun,
)
from engine.registers.recordings import Recording
from history.callbacks import CallbackRequest
from history.contact_news import interaction_added
from history.interaction import ContactPoint, Interaction
from history.permission_news import consent_published, objection_published
from history.publication import Publication
from store.attempt_rows import attempt_row
from store.permission_rows import consent_row, objection_row
from store.statements import Statements

Row = tuple[object, ...]
PointKey = tuple[str, str]


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _key(point: ContactPoint) -> PointKey:
    return point.kind.value, point.value


def _contact_of(row: Interaction, contacts: Mapping[PointKey, str]) -> str | None:
    if row.contact_id is not None or row.point is None:
        return row.contact_id
    return contacts[_key(row.point)]


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Rows:
    """The rows of one transaction.

    Interactions wait in `to_place`, attributes in `to_keep`, until their contacts are known.
    """

    statements: Statements
    committed_at: datetime = _LONG_AGO
    events: list[Row] = field(default_factory=list)
    agent_events: list[Row] = field(default_factory=list)
    calls: dict[str, tuple[int, Row]] = field(default_factory=dict)
    to_place: list[InteractionAdded] = field(default_factory=list)
    to_keep: list[ProfileSet] = field(default_factory=list)
    consents: list[ConsentKept] = field(default_factory=list)
    objections: list[ObjectionKept] = field(default_factory=list)
    callbacks: list[CallbackKept] = field(default_factory=list)
    parts: dict[str, tuple[int, Row]] = field(default_factory=dict)
    parts_over: set[str] = field(default_factory=set)
    jobs: list[Row] = field(default_factory=list)
    recordings: list[Row] = field(default_factory=list)
    attempts_begun: list[tuple[Row, AttemptBegun]] = field(default_factory=list)
    attempts: dict[str, tuple[int, Row]] = field(default_factory=dict)
    leads: list[Lead] = field(default_factory=list)
    publications: list[Publication] = field(default_factory=list)

    def add(self, change: Change, at: datetime) -> None:
        """Encode one change; `at` is when it was committed. Raises TypeError for a value that has no form."""
        self.committed_at = max(self.committed_at, at)
        match change:
            case EventsAppended(events):
                time = self.statements.time
                # `_value_` is what `.value` gives, without a function call: this line runs most.
                self.events += [(e.call_id, e.seq, time(e.at), e.kind._value_, _json(e.data)) for e in events]
            case AgentEventsAppended(done):
                self.agent_events += [
                    (e.id, e.agent, self.time(e.at), e.kind.value, _json(e.data)) for e in done
                ]
            case CallStored(call):
                known = self.calls.get(call.id)
                if known is None or call.last_seq > known[0]:
                    self.calls[call.id] = (call.last_seq, self._call(call))
            case InteractionAdded():
                self.to_place.append(change)
            case ProfileSet():
                self.to_keep.append(change)
            case ConsentKept():
                self.consents.append(change)
            case ObjectionKept():
                self.objections.append(change)
            case CallbackKept():
                self.callbacks.append(change)
            case CallPartKept(part):
                kept = self.parts.get(part.id)
                if kept is None or part.version > kept[0]:
                    row = (part.id, part.call_id, part.agent, part.version, _json(part))
                    self.parts[part.id] = (part.version, row)
            case CallPartOver(id):
                self.parts_over.add(id)
            case JobAdded():
                self.jobs.append(self._job(change, at))
            case RecordingBegun(recording):
                self.recordings.append(self._recording(recording))
            case AttemptBegun(attempt):
                self.attempts_begun.append((attempt_row(attempt, at, 0, self.time), change))
            case AttemptStored(attempt, step):
                stored = self.attempts.get(attempt.id)
                if stored is None or step > stored[0]:
                    self.attempts[attempt.id] = (step, attempt_row(attempt, at, step, self.time))
            case LeadPlanned(lead):
                self.leads.append(lead)
            case Published(publication):
                orjson.dumps(publication.data)  # what has no form is refused here, with its own commit
                self.publications.append(publication)

    def new_points(self) -> dict[PointKey, tuple[str, datetime]]:
        """Each point whose contact must be found, with id and time for one made new, in one lasting order.

        Two engines that add the same points in the same order wait for each other; in different orders they
        would deadlock.
        """
        found: dict[PointKey, tuple[str, datetime]] = {}
        for added in self.to_place:
            row = added.interaction
            if row.point is not None and row.contact_id is None:
                found.setdefault(_key(row.point), (added.new_contact_id, row.at))
        for change in self.to_keep:
            found.setdefault(_key(change.point), (change.new_contact_id, change.at))
        for kept in self.consents:
            consent = kept.consent
            if consent.point is not None and consent.contact_id is None:
                found.setdefault(_key(consent.point), (kept.new_contact_id, consent.at))
        for objected in self.objections:
            if objected.point is not None:
                found.setdefault(_key(objected.point), (objected.new_contact_id, objected.objection.at))
        for asked in self.callbacks:
            request = asked.request
            if request.contact_id is None:
                found.setdefault(_key(request.point), (asked.new_contact_id, request.requested_at))
        return dict(sorted(found.items()))

    def interactions(self, contacts: Mapping[PointKey, str]) -> list[Row]:
        """The interactions' rows, each with the contact of its point."""
        return [
            self.interaction(change.interaction, _contact_of(change.interaction, contacts))
            for change in self.to_place
        ]

    def placed(self, contacts: Mapping[PointKey, str]) -> set[str]:
        """The contacts to which interactions came."""
        found = {_contact_of(change.interaction, contacts) for change in self.to_place}
        return {contact_id for contact_id in found if contact_id is not None}

    def interactions_told(
        self, contacts: Mapping[PointKey, str], survivors: Mapping[str, str]
    ) -> Iterator[Publication]:
        """What is published of the interactions: `survivors` are those into which contacts were merged."""
        for change in self.to_place:
            contact_id = _contact_of(change.interaction, contacts)
            if contact_id is not None:
                contact_id = survivors.get(contact_id, contact_id)
            yield interaction_added(change.interaction, contact_id, self.committed_at)

    def calls_of_people(self, contacts: Mapping[PointKey, str]) -> Iterator[tuple[Interaction, str]]:
        """The interactions of people who are known, each with its contact."""
        for change in self.to_place:
            contact_id = _contact_of(change.interaction, contacts)
            if contact_id is not None:
                yield change.interaction, contact_id

    def callbacks_asked(self, contacts: Mapping[PointKey, str]) -> Iterator[tuple[CallbackRequest, str]]:
        """The callback requests, each with its contact."""
        for asked in self.callbacks:
            request = asked.request
            yield request, request.contact_id or contacts[_key(request.point)]

    def parts_kept(self) -> list[Row]:
        """The rows of the parts that are not over."""
        return [row for part_id, (_, row) in self.parts.items() if part_id not in self.parts_over]

    def attributes(self, contacts: Mapping[PointKey, str]) -> list[Row]:
        """The newest attributes' rows, each with the contact of its point, in one lasting order."""
        newest: dict[tuple[str, str], ProfileSet] = {}
        for kept in self.to_keep:
            key = (contacts[_key(kept.point)], kept.name)
            known = newest.get(key)
            if known is None or kept.at >= known.at:
                newest[key] = kept
        return [
            (contact_id, name, _json(kept.value), self.time(kept.at), kept.source)
            for (contact_id, name), kept in sorted(newest.items(), key=lambda item: item[0])
        ]

    def consented(self, contacts: Mapping[PointKey, str]) -> tuple[list[Row], list[Publication]]:
        """The consents' rows, and what is told of them."""
        rows: list[Row] = []
        told: list[Publication] = []
        for kept in self.consents:
            consent = kept.consent
            contact_id = consent.contact_id
            if contact_id is None and consent.point is not None:
                contact_id = contacts[_key(consent.point)]
            rows.append(consent_row(consent, contact_id, self.time))
            told.append(consent_published(consent, contact_id))
        return rows, told

    def objected(self, contacts: Mapping[PointKey, str]) -> tuple[list[Row], list[Publication]]:
        """The objections' rows, and what is told of them."""
        placed = [
            kept.objection
            if kept.point is None
            else replace(kept.objection, value=contacts[_key(kept.point)])
            for kept in self.objections
        ]
        return [objection_row(one, self.time) for one in placed], [objection_published(one) for one in placed]

    def time(self, at: datetime) -> object:
        return self.statements.time(at)

    def _optional_time(self, at: datetime | None) -> object:
        return None if at is None else self.time(at)

    def _call(self, call: Call) -> Row:
        return (
            call.id,
            call.direction.value,
            call.caller,
            call.dialled,
            call.trunk,
            call.network_id,
            call.node,
            self.time(call.started_at),
            self._optional_time(call.answered_at),
            self._optional_time(call.ended_at),
            call.flow,
            call.flow_version,
            call.language,
            _json(call.path),
            _json(call.heard),
            call.outcome and call.outcome.value,
            call.ended_by,
            call.cause,
            call.recording,
            call.agent,
            call.last_seq,
            call.purpose,
            call.campaign,
            call.debt,
            self._optional_time(call.ringing_at),
        )

    def interaction(self, row: Interaction, contact_id: str | None) -> Row:
        """The row of one interaction, of this contact."""
        point = row.point
        kind, value = (None, None) if point is None else (point.kind.value, point.value)
        return (
            row.id,
            self.time(row.at),
            row.channel.value,
            row.direction,
            row.subject_id,
            contact_id,
            kind,
            value,
            row.to,
            row.duration_seconds,
            row.outcome,
            row.disposition,
            row.campaign,
            row.agent,
            row.language,
            row.flow,
            row.flow_version,
            _json(row.path),
            _json(row.heard),
            row.recording,
            row.transcript,
            row.note,
            row.cost,
            row.currency,
            _json(row.data),
            row.subject,
            row.value,
            row.source,
            row.external_id,
            row.corrects,
        )

    def _recording(self, one: Recording) -> Row:
        return (
            one.id,
            one.call_id,
            one.agent,
            one.queue,
            one.node,
            one.basis.value,
            self.time(one.started_at),
            one.language,
            one.raw and one.raw.said,
            one.raw and one.raw.heard,
            one.state.value,
            _json(one.pauses),
            one.transcript_state.value,
        )

    def _job(self, job: JobAdded, at: datetime) -> Row:
        return (
            job.id,
            job.topic,
            job.key,
            job.subject,
            job.priority,
            _json(job.payload),
            self.time(at),
            self.time(job.not_before or at),
            self._optional_time(job.expires_at),
        )
