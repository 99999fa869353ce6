"""The gate's answer: allowed or not, by which rule, why, and from when on it would be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105
    REFUSE = "refuse"
    NOT_APPLICABLE = "not_applicable"  # the rule is about other channels, purposes or modes
    NOT_IN_FORCE = "not_in_force"  # its pack begins later


@dataclass(frozen=True, slots=True)
class Checked:
    """One rule's verdict; `reason` says why, in a person's words, when it is not a plain pass."""

    rule: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """`rule` and `reason` are None when allowed; `next_allowed_at` also when it never is as things are."""

    allowed: bool
    rule: str | None
    reason: str | None
    next_allowed_at: datetime | None
    checked: tuple[Checked, ...]
