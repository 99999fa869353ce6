"""Changes: what the ledger writes, several in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from calls.call import Call
from calls.events import CallEvent
from dialer.attempt import Attempt
from dialer.lead import Lead
from engine.registers.agents import AgentEvent
from engine.registers.desk import CallPart
from engine.registers.recordings import Recording
from history.callbacks import CallbackRequest
from history.interaction import ContactPoint, Interaction
from history.permissions import Consent, Objection
from history.publication import Publication


@dataclass(frozen=True, slots=True)
class EventsAppended:
    """Append to the call event log. A (call_id, seq) that is already there is left as it was."""

    events: tuple[CallEvent, ...]


@dataclass(frozen=True, slots=True)
class CallStored:
    """The call's projection as of its `last_seq`; an older one never replaces a newer."""

    call: Call


@dataclass(frozen=True, slots=True)
class InteractionAdded:
    """Add a row to the history. Its contact is found by `point`, or made with `new_contact_id`."""

    interaction: Interaction
    new_contact_id: str


@dataclass(frozen=True, slots=True)
class JobAdded:
    """A row of the outbox: work for a worker (sms, webhook, promise), done after the commit, at least once.

    `key` is unique: the same job is never added twice. Jobs of one topic and `subject` are done one after
    another, in order of id; lower `priority` goes first; after `expires_at` the job is no longer worth doing.
    """

    id: str
    topic: str
    key: str
    payload: Mapping[str, object]
    not_before: datetime | None = None
    subject: str | None = None
    priority: int = 0
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProfileSet:
    """An attribute of a person has this value from `at` on. `value` is JSON; `source` is the call's id.

    The person is found by `point`, or made with `new_contact_id`. An older value never replaces a newer.
    """

    point: ContactPoint
    name: str
    value: object
    at: datetime
    source: str
    new_contact_id: str


@dataclass(frozen=True, slots=True)
class ConsentKept:
    """A consent, refusal or withdrawal. Its contact is found by `consent.point`, or made."""

    consent: Consent
    new_contact_id: str


@dataclass(frozen=True, slots=True)
class ObjectionKept:
    """From now on this is not contacted, on every node.

    With a `point`, the objection's value is the id of the contact that is found by it, or made.
    """

    objection: Objection
    point: ContactPoint | None = None
    new_contact_id: str = ""


@dataclass(frozen=True, slots=True)
class CallbackKept:
    """A callback request; a standing one of the same person and topic is renewed. Its contact as above.

    That of a missed call is kept only if the person was not spoken to since, and wants calls.
    """

    request: CallbackRequest
    new_contact_id: str


@dataclass(frozen=True, slots=True)
class CallPartKept:
    """An agent's part of a call as it is now; an older version never replaces a newer."""

    part: CallPart


@dataclass(frozen=True, slots=True)
class CallPartOver:
    """It is wrapped up: its row goes. What is to last is in the history."""

    id: str


@dataclass(frozen=True, slots=True)
class Published:
    """Tell webhooks and the event stream, once the transaction is done."""

    publication: Publication


@dataclass(frozen=True, slots=True)
class AgentEventsAppended:
    """Append to the log of what agents did. An event whose id is already there is left as it was."""

    events: tuple[AgentEvent, ...]


@dataclass(frozen=True, slots=True)
class RecordingBegun:
    """A talk is being recorded. One whose id is already there is left as it was."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class AttemptBegun:
    """A call of a campaign is about to be placed; its lead, reserved at that version, is being dialled.

    A commit is refused whole when the lead is not reserved at that version any more: then nothing is dialled.
    """

    attempt: Attempt
    lead_version: int


@dataclass(frozen=True, slots=True)
class AttemptStored:
    """An attempt as of its `step`, which grows; an older one never replaces a newer."""

    attempt: Attempt
    step: int


@dataclass(frozen=True, slots=True)
class LeadPlanned:
    """A lead as it is to be kept, one version on; left as it is when it is not at its version any more."""

    lead: Lead


Change = (
    EventsAppended
    | AgentEventsAppended
    | RecordingBegun
    | AttemptBegun
    | AttemptStored
    | LeadPlanned
    | CallStored
    | InteractionAdded
    | JobAdded
    | ProfileSet
    | ConsentKept
    | ObjectionKept
    | CallbackKept
    | CallPartKept
    | CallPartOver
    | Published
)
