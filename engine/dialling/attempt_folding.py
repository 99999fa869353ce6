"""An attempt as its call's log tells it: each attempt is a projection of that log, also after a crash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from calls.events import CallEvent, CallEventKind
from calls.legs import LegRole, LegState
from calls.outcome import Outcome
from dialer.attempt import Attempt, Verdict, ended

_LOST = frozenset({Outcome.LOST.value})
# What tells that a person has heard the flow and answers it.
_SPOKE = frozenset({CallEventKind.UNDERSTOOD, CallEventKind.HEARD, CallEventKind.KEY_PRESSED})


def attempt_after(attempt: Attempt, events: Iterable[CallEvent]) -> Attempt:
    """The attempt with what these events tell, in order. Those it knows already change nothing."""
    for event in events:
        attempt = _after(attempt, event)
    return attempt


def _after(attempt: Attempt, event: CallEvent) -> Attempt:
    data = event.data
    match event.kind:
        case CallEventKind.LEG_CHANGED if data["role"] == LegRole.CUSTOMER:
            if data["state"] == LegState.NEW:
                return replace(attempt, dialled_at=attempt.dialled_at or event.at)
            if data["state"] == LegState.RINGING:
                return replace(
                    attempt,
                    dialled_at=attempt.dialled_at or event.at,
                    ringing_at=attempt.ringing_at or event.at,
                )
        case CallEventKind.ANSWERED:
            return replace(
                attempt,
                dialled_at=attempt.dialled_at or event.at,
                answered_at=attempt.answered_at or event.at,
            )
        case CallEventKind.DETECTED:
            return replace(attempt, verdict=Verdict(str(data["verdict"])), verdict_at=event.at)
        case CallEventKind.AGENT_CONNECTED:
            connected_at = attempt.connected_at or event.at
            return replace(attempt, connected_at=connected_at, agent=str(data["agent"]), conversation=True)
        case CallEventKind.TRANSFERRED if data["kind"] == "agent":
            return replace(attempt, agent=str(data["target"]))
        case CallEventKind.IDENTITY_CHECKED:
            return replace(attempt, verified=bool(data["passed"]))
        case CallEventKind.NO_AGENT:
            return replace(attempt, abandoned=True)
        case CallEventKind.SAID if attempt.abandoned or attempt.verdict is Verdict.MACHINE:
            return replace(attempt, message_played=True)
        case CallEventKind.WRAPPED_UP if data.get("disposition"):
            return replace(attempt, disposition=str(data["disposition"]))
        case CallEventKind.ENDED if attempt.ended_at is None:
            return _ended(attempt, event)
        case kind if kind in _SPOKE and not (attempt.abandoned or attempt.verdict is Verdict.MACHINE):
            return replace(attempt, conversation=True)
        case _:
            pass
    return attempt


def _ended(attempt: Attempt, event: CallEvent) -> Attempt:
    cause = event.data.get("cause")
    unanswered = attempt.answered_at is None
    # While it rings only the pacer gives it up, or the agent who had looked at the lead.
    given_up = unanswered and event.data["by"] in ("engine", "agent")
    # A leg that ended as we hung up, at the engine's end too, was not answered: that is known.
    known = given_up and isinstance(cause, int)
    lost = event.data["outcome"] in _LOST and not known
    attempt = ended(
        attempt,
        event.at,
        cause if isinstance(cause, int) else None,
        cancelled=given_up and not lost,
        lost=lost,
    )
    if unanswered and not given_up and not lost and event.data["outcome"] == Outcome.NO_ANSWER:
        # Asterisk tells no cause when the time to ring is over.
        return ended(attempt, event.at, 19)
    return attempt
