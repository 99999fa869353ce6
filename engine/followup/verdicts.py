"""What a provider's answer, or the gate's, makes of a message. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from compliance.decision import Decision
from compliance.facts import Requested
from engine.gatekeeper import ContactRequest
from engine.registers.messages import Message, Move, PutOff
from messaging.provider import Answer, Submission, Taken
from messaging.states import MessageState

# What hinders the gate itself passes; a rule's own hour is told by the decision.
GATE_AWAY = frozenset({"gate/facts", "gate/fault"})
GATE_AWAY_SECONDS = 30.0
# A message that a provider did not take goes to it, or to another, again: soon, then less often.
FIRST_SECONDS = 2.0
LONGEST_SECONDS = 60.0
_BUSY_SECONDS = 1.0
_AWAY_SECONDS = 2.0


def request_of(message: Message) -> ContactRequest:
    """As the gate is asked when the message is about to be sent."""
    requested = None
    if message.requested_at is not None:
        requested = Requested(message.requested_at, message.requested_at, message.requested_until)
    return ContactRequest(
        subject=f"message:{message.id}",
        channel=message.channel,
        purpose=message.purpose,
        mode=message.mode,
        point=message.point,
        contact_id=message.contact_id,
        debt=message.debt,
        requested=requested,
        campaign=message.campaign,
    )


def refused_by(decision: Decision, message: Message, now: datetime) -> Move | PutOff:
    """Put off to when the rule would let it, if that is in time; else it is refused for good."""
    if decision.rule in GATE_AWAY:
        return PutOff(message.id, now + timedelta(seconds=GATE_AWAY_SECONDS), decision.reason or "")
    then = decision.next_allowed_at
    if then is not None and then > now and (message.expires_at is None or then < message.expires_at):
        return PutOff(message.id, then, decision.reason or "")
    return Move(
        message.id, MessageState.REFUSED, now, decision.reason or "", decision.rule or "", claimed=True
    )


def submission_of(message: Message, sender: str | None) -> Submission:
    """For a message that has a point; an erased person has none, and nothing is sent to them."""
    assert message.point is not None
    return Submission(
        message_id=message.id,
        channel=message.channel,
        to=message.point.value,
        text=message.text,
        sender=message.ours or sender,
        subject=message.subject,
        html=message.html,
        language=message.language,
        unsubscribe_url=message.unsubscribe_url,
        expires_at=message.expires_at,
        data=message.data,
    )


def answered_by(answer: Answer, message: Message, provider: str, now: datetime) -> Move:
    """`message` as it was handed over: only that attempt is moved."""

    def move(to: MessageState, **more: object) -> Move:
        return Move(
            message.id,
            to,
            now,
            answer.why,
            answer.code,
            attempt=message.attempts,
            provider=provider,
            references=answer.references,
            cost=answer.cost,
            currency=answer.currency,
            **more,  # type: ignore[arg-type]
        )

    match answer.taken:
        case Taken.ACCEPTED:
            return move(answer.state)
        case Taken.REJECTED | Taken.GONE:
            return move(MessageState.FAILED, lost_part=MessageState.FAILED)
        case Taken.BUSY | Taken.AWAY if not answer.references:
            wait = max(answer.retry_after_seconds or 0.0, back_off_seconds(message.attempts))
            return move(MessageState.QUEUED, not_before=now + timedelta(seconds=wait))
        case _:
            # Some parts went out: the rest is not sent as if nothing had been. Our own id is of the whole.
            some = answer.references not in ((), (message.id,))
            partly = some and (message.parts or 0) > len(answer.references)
            return move(MessageState.IN_DOUBT, lost_part=MessageState.IN_DOUBT if partly else None)


def back_off_seconds(attempts: int) -> float:
    """Behind the given number of attempts."""
    return min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(max(attempts - 1, 0), 30))


def pause_seconds(answer: Answer) -> float:
    """For how long the provider itself is left alone."""
    match answer.taken:
        case Taken.BUSY:
            return answer.retry_after_seconds or _BUSY_SECONDS
        case Taken.AWAY:
            return answer.retry_after_seconds or _AWAY_SECONDS
        case _:
            return 0.0
