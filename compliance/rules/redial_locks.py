"""When a number may be called again after a call that nobody, or only a machine, was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from compliance.facts import Channel, Facts, Mode, Reached, Request
from compliance.finding import NOT_APPLICABLE, PASSED, Finding, Stricter, refused
from compliance.local_time import LocalTime
from compliance.refusal_reasons import RefusalCode, sentence

_CALL, _CONNECTION = Channel.CALL, Reached.CONNECTION

# Modes in which a person is on the line before the number is dialled.
AGENT_GUARANTEED = (Mode.PREVIEW, Mode.MANUAL)


@dataclass(frozen=True, slots=True)
class LockAfterAbandoned:
    """No call within `hours` of an abandoned one, unless an agent is guaranteed."""

    by_zone: ClassVar[bool] = False
    adjustable: ClassVar[Mapping[str, Stricter]] = {"hours": Stricter.HIGHER}

    name: str
    hours: int

    def check(self, request: Request, facts: Facts, local: LocalTime, now: datetime) -> Finding:
        if request.channel != _CALL or request.mode in AGENT_GUARANTEED:
            return NOT_APPLICABLE
        last: datetime | None = None
        for row in facts.history:
            if (
                row.abandoned
                and row.channel == _CALL
                and row.direction == "outbound"
                and row.kind != Reached.FAILED
                and (last is None or row.at > last)
            ):
                last = row.at
        if last is None:
            return PASSED
        free = last.astimezone(UTC) + timedelta(hours=self.hours)
        if now >= free:
            return PASSED
        reason = sentence(RefusalCode.ABANDONED, day=f"{last:%Y-%m-%d}", hours=self.hours)
        return refused(reason, free)


@dataclass(frozen=True, slots=True)
class SameDayAfterMachine:
    """No call on the same local day after a machine answered, unless an agent is guaranteed.

    A call that was answered, not abandoned and no conversation is taken for one that a machine answered.
    """

    by_zone: ClassVar[bool] = True
    adjustable: ClassVar[Mapping[str, Stricter]] = {}

    name: str

    def check(self, request: Request, facts: Facts, local: LocalTime, now: datetime) -> Finding:
        if request.channel != _CALL or request.mode in AGENT_GUARANTEED:
            return NOT_APPLICABLE
        today = local.days_ago(0)
        for row in facts.history:
            if (
                row.kind == _CONNECTION
                and row.at >= today
                and not row.abandoned
                and row.channel == _CALL
                and row.direction == "outbound"
            ):
                return refused(sentence(RefusalCode.MACHINE_TODAY), local.days_ago(-1))
        return PASSED
