"""What one rule says of one request, in one zone, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple, Protocol

from compliance.decision import Verdict
from compliance.facts import Facts, Request
from compliance.local_time import LocalTime


class Finding(NamedTuple):
    """`next` of a refusal: the first later moment at which the rule can pass; None: never as things are.

    It is never later than the rule's first passing moment, so that the gate may jump to it.
    """

    verdict: Verdict
    reason: str = ""
    next: datetime | None = None


PASSED = Finding(Verdict.PASS)
NOT_APPLICABLE = Finding(Verdict.NOT_APPLICABLE)
NOT_IN_FORCE = Finding(Verdict.NOT_IN_FORCE)


def refused(reason: str, next: datetime | None = None) -> Finding:
    return Finding(Verdict.REFUSE, reason, next)


class Stricter(StrEnum):
    """Which way a number of a rule becomes stricter."""

    LOWER = "lower"
    HIGHER = "higher"


class Rule(Protocol):
    """A rule is data (a frozen dataclass) with its verdict.

    `by_zone`: the verdict depends on the callee's local time. `adjustable`: numbers an operator may change.
    """

    by_zone: ClassVar[bool]
    adjustable: ClassVar[Mapping[str, Stricter]]

    @property
    def name(self) -> str: ...

    def check(self, request: Request, facts: Facts, local: LocalTime, now: datetime) -> Finding:
        """`facts` hold nothing later than the moment of the decision; `now` is UTC."""
        ...
