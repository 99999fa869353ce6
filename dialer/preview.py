"""PreviewPolicy: what an agent may do with a lead that they look at before it is called."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PreviewEnd(StrEnum):
    """What becomes of a lead that was looked at for as long as may be."""

    SKIP = "skip"  # and its agent is not ready until they say so
    CALL = "call"


@dataclass(frozen=True, slots=True)
class PreviewPolicy:
    """`skip_reasons` are offered for a skip, beside the agent's own words. `skip_seconds`: how long a lead
    that was skipped waits for its next turn.
    """

    end: PreviewEnd = PreviewEnd.SKIP
    skip_reasons: tuple[str, ...] = ()
    skip_seconds: int = 3600
