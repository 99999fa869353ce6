"""What follows from a receiver's answers: for each delivery, and for how its webhook stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from engine.registers.webhooks import Claimed, DeliveryState, Settled, Standing, Webhook

FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Reaction:
    """A receiver's answer. `status` None: there was none, `why` tells it; never more than a sentence."""

    status: int | None
    why: str = ""
    retry_after_seconds: float | None = None


class Verdict(Enum):
    TAKEN = "the receiver has it"
    REFUSED = "the receiver answers, but does not take this one"
    UNWELL = "the receiver does not answer, or not now: it is left alone for a while"
    GONE = "the receiver wants no more"


# Answers that mean "not now", whatever was sent; all of 3xx and 5xx do too.
_NOT_NOW = frozenset({408, 425, 429})


def verdict_of(reaction: Reaction) -> Verdict:
    match reaction.status:
        case None:
            return Verdict.UNWELL
        case status if 200 <= status < 300:
            return Verdict.TAKEN
        case 410:
            return Verdict.GONE
        case status if status in _NOT_NOW or status >= 500 or status < 400:
            return Verdict.UNWELL
        case _:
            return Verdict.REFUSED


def pause_seconds(failures: int, chance: float) -> float:
    """After so many failures in a row: doubled each time, up to the longest; `chance` in 0..1 spreads them.

    Between half and the whole of it, so that what failed together does not come back together.
    """
    whole = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 30))
    return whole * (0.5 + 0.5 * chance)


def settled_by(
    webhook: Webhook,
    reactions: Sequence[tuple[Claimed, Reaction]],
    *,
    now: datetime,
    chance: Callable[[], float],
    pause_after: timedelta,
) -> tuple[list[Settled], Standing]:
    """What becomes of each delivery of one round, and how the webhook stands after it."""
    verdicts = [verdict_of(reaction) for _, reaction in reactions]
    errors = [_error(reaction) for _, reaction in reactions]
    worst = next((e for e, v in zip(errors, verdicts, strict=True) if v is not Verdict.TAKEN), None)
    taken = Verdict.TAKEN in verdicts
    unwell = Verdict.UNWELL in verdicts and not taken
    failures = webhook.failures + 1 if unwell else 0
    asked_for = max((r.retry_after_seconds or 0.0 for _, r in reactions), default=0.0)
    rest = min(max(pause_seconds(failures, chance()), asked_for), LONGEST_PAUSE_SECONDS) if unwell else 0.0
    failing_since = None if taken or worst is None else webhook.failing_since or now
    standing = Standing(
        failing_since=failing_since,
        failures=failures,
        retry_at=now + timedelta(seconds=rest) if unwell else None,
        last_error=worst if worst is not None else webhook.last_error,
        delivered_at=now if taken else webhook.delivered_at,
        pause=_pause(verdicts, failing_since, now, pause_after),
    )
    settled = []
    for (claimed, reaction), verdict, error in zip(reactions, verdicts, errors, strict=True):
        if verdict is Verdict.TAKEN:
            settled.append(Settled(claimed, DeliveryState.DELIVERED))
            continue
        seconds = max(pause_seconds(claimed.attempts, chance()), reaction.retry_after_seconds or 0.0)
        if verdict is Verdict.UNWELL and unwell:
            seconds = rest  # the webhook's own pause says when: it is tried with this one first
        retry_at = now + timedelta(seconds=min(seconds, LONGEST_PAUSE_SECONDS))
        if retry_at >= claimed.tried_until:
            settled.append(Settled(claimed, DeliveryState.DEAD, error))
        else:
            settled.append(Settled(claimed, DeliveryState.WAITING, error, retry_at))
    return settled, standing


def _error(reaction: Reaction) -> str:
    return reaction.why or f"it answered {reaction.status}"


def _pause(
    verdicts: Sequence[Verdict], failing_since: datetime | None, now: datetime, pause_after: timedelta
) -> str | None:
    if Verdict.GONE in verdicts:
        return "It answered 410 Gone."
    if failing_since is not None and now - failing_since >= pause_after:
        return f"It has taken nothing since {failing_since:%Y-%m-%d %H:%M} UTC."
    return None
