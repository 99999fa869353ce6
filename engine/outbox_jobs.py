"""What an errand leaves behind when it is kept: a note in the call's log and a row of the outbox.

Topics and payloads are told to those who write workers in docs/integrators.md. A row's key is made of the
call and the work: work that is done again after a crash has the same number, and nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from calls.events import CallEventKind
from engine.codes import CODE_SECONDS
from engine.ports import JobAdded
from history.interaction import ContactPoint
from ivr.commands import (
    CODE,
    KeepConsent,
    KeepPromise,
    RequestCallback,
    SendCode,
    SendMessage,
    StopContact,
)

KeptErrand = SendMessage | RequestCallback | KeepConsent | StopContact | KeepPromise | SendCode
# A code is waited for by a caller on the line; what a flow sends besides may come later.
CODE_PRIORITY = -10


class NotKept(Exception):
    """The errand asks for what cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    kind: CallEventKind
    data: Mapping[str, object]
    job: JobAdded


def kept_of(
    errand: KeptErrand,
    *,
    call_id: str,
    job_id: str,
    point: ContactPoint | None,
    number: str | None,
    now: datetime,
    code: str = "",
) -> Kept:
    """The note and the row. `number`: where it is sent or called, E.164. Raises NotKept."""
    at = now.isoformat()
    person = None if point is None else {"kind": point.kind.value, "value": point.value}

    def row(
        topic: str,
        payload: Mapping[str, object],
        *,
        subject: str | None = None,
        key: str | None = None,
        priority: int = 0,
        expires_at: datetime | None = None,
    ) -> JobAdded:
        return JobAdded(
            job_id,
            topic,
            key or f"{call_id}:{topic}:{errand.work_id}",
            {"call_id": call_id, **payload, "at": at},
            subject=subject,
            priority=priority,
            expires_at=expires_at,
        )

    data: dict[str, object]
    match errand:
        case SendMessage(channel=channel) if channel != "sms":
            raise NotKept(f"messages cannot be sent by {channel}")
        case SendMessage() | SendCode() | RequestCallback() | StopContact() if number is None:
            raise NotKept("the number is no telephone number")
        case SendMessage(text=text, language=language, channel=channel):
            data = {"channel": channel, "to": number, "text": text}
            sms = row("sms", {"to": number, "text": text, "language": language}, subject=number)
            return Kept(CallEventKind.MESSAGE_QUEUED, data, sms)
        case SendCode(text=text, language=language):
            # A code that is made again is a new one, and the one before is worth nothing: a key of its own.
            sms = row(
                "sms",
                {"to": number, "text": text.replace(CODE, code), "language": language},
                key=f"{call_id}:code:{job_id}",
                priority=CODE_PRIORITY,
                expires_at=now + timedelta(seconds=CODE_SECONDS),
            )
            data = {"channel": "sms", "to": number, "text": text}
            return Kept(CallEventKind.MESSAGE_QUEUED, data, sms)
        case RequestCallback(campaign=campaign, within_seconds=within):
            data = {"campaign": campaign, "number": number, "within_seconds": within}
            return Kept(CallEventKind.CALLBACK_REQUESTED, data, row("callback", data, subject=number))
        case KeepConsent(purpose=purpose, given=given, by=by):
            data = {"purpose": purpose, "given": given, "by": by}
            return Kept(CallEventKind.CONSENT_KEPT, data, row("consent", {"point": person, **data}))
        case StopContact(channels=channels):
            data = {"number": number, "channels": list(channels)}
            return Kept(CallEventKind.CONTACT_STOPPED, data, row("stop_contact", data))
        case KeepPromise(amount=amount, currency=currency, due=due, reference=reference):
            data = {"amount": amount, "currency": currency, "due": due, "reference": reference}
            return Kept(CallEventKind.PROMISE_MADE, data, row("promise", {"point": person, **data}))
