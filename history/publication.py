"""Publication: what others are told of a change, over webhooks and the event stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """Everything that is ever told. The data of each are told to integrators in docs/integrators.md."""

    CONTACT_CREATED = "contact.created"
    CONTACT_CHANGED = "contact.changed"
    CONTACT_MERGED = "contact.merged"
    CONTACT_UNMERGED = "contact.unmerged"
    CONTACT_ERASED = "contact.erased"
    INTERACTION_ADDED = "interaction.added"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    DO_NOT_CONTACT_ADDED = "do_not_contact.added"
    DO_NOT_CONTACT_LIFTED = "do_not_contact.lifted"
    CALLBACK_REQUESTED = "callback.requested"
    CALLBACK_CHANGED = "callback.changed"
    CALL_STARTED = "call.started"
    CALL_ANSWERED = "call.answered"
    CALL_ENDED = "call.ended"
    IMPORT_FINISHED = "import.finished"
    CAMPAIGN_CHANGED = "campaign.changed"
    DEBT_CHANGED = "debt.changed"
    PROMISE_CHANGED = "promise.changed"
    MESSAGE_SENT = "message.sent"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_RECEIVED = "message.received"
    WEBHOOK_PING = "webhook.ping"


@dataclass(frozen=True, slots=True)
class Publication:
    """`kind`: a Kind; `subject` as "contact:01J…", whose publications keep their order.

    `data` is the JSON object that is told, in the form in which the API shows the thing.
    """

    id: str
    at: datetime
    kind: str
    subject: str
    data: Mapping[str, object] = field(default_factory=dict)
