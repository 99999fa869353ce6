"""What an errand leaves behind when it is kept: a note in the call's log, and with it what it was about.

That is a row of the outbox, or a consent, objection or callback request itself, which stands once it is
written. Topics and payloads are told to those who write workers in docs/integrators.md. Keys and ids are made
of the call and the work: work that is done again after a crash has the same number, so nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from calls.events import CallEventKind
from calls.queue_stay import QueueStay
from compliance.facts import Mode, Purpose
from engine.changes import CallbackKept, Change, ConsentKept, InteractionAdded, JobAdded, ObjectionKept
from engine.codes import CODE_SECONDS
from history.callbacks import CallbackRequest, CallbackSource
from history.interaction import Channel, ContactPoint, Interaction, PointKind
from history.permissions import Consent, Objection, Proof, Scope
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
# What a caller or an agent asks for may come for so long, whatever the hour.
WAITS_FOR_MESSAGE = timedelta(minutes=15)
# A message whose code was entered in a call: it arrived.
CHECKED_TOPIC = "checked"
# Before an agent's name, where a flow's would stand.
OF_AGENT = "agent:"


class NotKept(Exception):
    """The errand asks for what cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    kind: CallEventKind
    data: Mapping[str, object]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The call in which an errand is kept: when and where in it. `second` is counted from the answer.

    `stay` is the caller's last time in a queue.
    """

    call_id: str
    at: datetime
    point: ContactPoint | None
    flow: str = ""
    recording: str | None = None
    second: float = 0.0
    language: str | None = None
    stay: QueueStay | None = None


def kept_of(
    errand: KeptErrand,
    circumstances: Circumstances,
    *,
    new_id: str,
    number: str | None,
    code: str = "",
    debt: str | None = None,
) -> Kept:
    """The note and the changes. `number`: where it is sent or called, E.164. Raises NotKept.

    `debt`: the one that a promise is about, where it is known here.
    `new_id` is for what is made with it: the job, or a contact who was not known.
    """
    call_id, now, point = circumstances.call_id, circumstances.at, circumstances.point
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
            new_id,
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
        case SendMessage(text=text, language=language, channel=channel, purpose=purpose):
            data = {"channel": channel, "to": number, "text": text}
            payload: dict[str, object] = {"to": number, "text": text, "language": language}
            payload |= {"purpose": purpose, **_sent_by(circumstances), **_asked_for(purpose, now)}
            sms = row("sms", payload, subject=number)
            return Kept(CallEventKind.MESSAGE_QUEUED, data, (sms,))
        case SendCode(text=text, language=language):
            # A code that is made again is a new one, and the one before is worth nothing: a key of its own.
            sms = row(
                "sms",
                {
                    "to": number,
                    "text": text.replace(CODE, code),
                    "shown": text.replace(CODE, "…"),
                    "language": language,
                    "purpose": Purpose.SERVICE.value,
                    **_sent_by(circumstances),
                    **_asked_for(Purpose.SERVICE, now),
                },
                key=f"{call_id}:code:{new_id}",
                priority=CODE_PRIORITY,
                expires_at=now + timedelta(seconds=CODE_SECONDS),
            )
            data = {"channel": "sms", "to": number, "text": text}
            return Kept(CallEventKind.MESSAGE_QUEUED, data, (sms,))
        case RequestCallback(campaign=campaign, within_seconds=within):
            data = {"campaign": campaign, "number": number, "within_seconds": within}
            asked = callback_of(errand, circumstances, number or "")
            return Kept(CallEventKind.CALLBACK_REQUESTED, data, (CallbackKept(asked, new_id),))
        case KeepConsent(purpose=purpose, given=given, by=by, channels=channels):
            data = {"purpose": purpose, "given": given, "by": by}
            if channels:
                data["channels"] = list(channels)
            return Kept(CallEventKind.CONSENT_KEPT, data, consents_of(errand, circumstances, new_id))
        case StopContact(channels=channels):
            data = {"number": number, "channels": list(channels)}
            stopped = objections_of(errand, circumstances, number or "", new_id)
            return Kept(CallEventKind.CONTACT_STOPPED, data, stopped)
        case KeepPromise(amount=amount, currency=currency, due=due, reference=reference):
            data = {"amount": amount, "currency": currency, "due": due, "reference": reference}
            if errand.instalments > 1:
                data |= {"instalments": errand.instalments, "every": errand.every}
            if debt is not None:
                data["debt"] = debt
            job = row("promise", {"point": person, **data})
            return Kept(CallEventKind.PROMISE_MADE, data, (job, promise_of(errand, circumstances, new_id)))


def checked_job(call_id: str, message_id: str, new_id: str, at: datetime) -> JobAdded:
    """Its code was entered, which proves that the message arrived."""
    payload = {"call_id": call_id, "message": message_id, "at": at.isoformat()}
    return JobAdded(new_id, CHECKED_TOPIC, f"{message_id}:{CHECKED_TOPIC}", payload)


def _sent_by(circumstances: Circumstances) -> dict[str, object]:
    """An agent presses a key; a flow writes by itself."""
    agent = circumstances.flow.removeprefix(OF_AGENT)
    if agent != circumstances.flow:
        return {"mode": Mode.MANUAL.value, "agent": agent or None}
    return {"mode": Mode.AGENTLESS.value}


def _asked_for(purpose: str, now: datetime) -> dict[str, object]:
    """Who is on the line asks for what serves them, for a while; nobody asks for advertising by calling."""
    if purpose not in (Purpose.SERVICE, Purpose.INFORMATION):
        return {}
    return {"requested_until": (now + WAITS_FOR_MESSAGE).isoformat()}


def promise_of(errand: KeepPromise, circumstances: Circumstances, new_id: str) -> InteractionAdded:
    """The promise on the caller's timeline."""
    here = circumstances
    promised = Interaction(
        id=f"{here.call_id}-{errand.work_id}-promise",
        at=here.at,
        channel=Channel.PROMISE,
        direction="inbound",
        subject_id=here.call_id,
        point=here.point,
        language=here.language,
        flow=here.flow or None,
        currency=errand.currency,
        data={
            "amount": errand.amount,
            "currency": errand.currency,
            "due": errand.due,
            "reference": errand.reference,
        },
    )
    return InteractionAdded(promised, new_id)


def callback_of(errand: RequestCallback, circumstances: Circumstances, number: str) -> CallbackRequest:
    """Of a caller who has left a queue for it the place is kept; after a talk there is none."""
    here, stay = circumstances, circumstances.stay
    waited = stay if stay is not None and stay.outcome != "next" else None
    return CallbackRequest(
        id=f"{here.call_id}-{errand.work_id}",
        point=ContactPoint(PointKind.PHONE, number),
        topic=errand.campaign,
        source=CallbackSource.QUEUE if waited else CallbackSource.FLOW,
        requested_at=here.at,
        window_to=here.at + timedelta(seconds=errand.within_seconds),
        campaign=errand.campaign,
        queue=waited.queue if waited else None,
        place_kept_at=waited.since if waited else None,
        call_id=here.call_id,
        language=here.language,
    )


def consents_of(errand: KeepConsent, circumstances: Circumstances, new_id: str) -> tuple[ConsentKept, ...]:
    """One for each channel; one without a channel when it is not about contacts."""
    here = circumstances
    proof = Proof(here.call_id, here.recording, here.second, f"by {errand.by}")
    return tuple(
        ConsentKept(
            Consent(
                id=f"{here.call_id}-{errand.work_id}-{channel or 'consent'}",
                at=here.at,
                channel=channel,
                purpose=errand.purpose,
                given=errand.given,
                source=here.flow or "flow",
                point=here.point,
                proof=proof,
            ),
            new_id,
        )
        for channel in errand.channels or ("",)
    )


def objections_of(
    errand: StopContact, circumstances: Circumstances, number: str, new_id: str
) -> tuple[ObjectionKept, ...]:
    """Of the number; and of the caller, who has others perhaps, when it is theirs."""
    here = circumstances
    by_number = Objection(
        id=f"{here.call_id}-{errand.work_id}-number",
        at=here.at,
        scope=Scope.NUMBER,
        value=number,
        reason="asked in a call",
        source=here.flow or "flow",
        channels=frozenset(errand.channels),
    )
    if here.point != ContactPoint(PointKind.PHONE, number):
        return (ObjectionKept(by_number),)
    by_person = replace(by_number, id=f"{here.call_id}-{errand.work_id}-person", scope=Scope.PERSON, value="")
    return ObjectionKept(by_number), ObjectionKept(by_person, here.point, new_id)
