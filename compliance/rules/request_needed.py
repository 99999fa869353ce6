"""The person must have asked for this contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from compliance.consents import consent_in_force
from compliance.facts import Facts, Purpose, Request
from compliance.finding import NOT_APPLICABLE, PASSED, Finding, Stricter, refused
from compliance.local_time import LocalTime
from compliance.refusal_reasons import RefusalCode, sentence


@dataclass(frozen=True, slots=True)
class RequestNeeded:
    """For `purposes`: a request, or a consent to service or to the purpose itself, by the same channel."""

    by_zone: ClassVar[bool] = False
    adjustable: ClassVar[Mapping[str, Stricter]] = {}

    purposes: tuple[Purpose, ...]
    name: str = "request"

    def check(self, request: Request, facts: Facts, local: LocalTime, now: datetime) -> Finding:
        if request.purpose not in self.purposes:
            return NOT_APPLICABLE
        if request.requested is not None:
            return PASSED
        for purpose in (Purpose.SERVICE, request.purpose):
            if consent_in_force(facts.consents, request.channel, purpose, now) is not None:
                return PASSED
        return refused(sentence(RefusalCode.NOT_REQUESTED, purpose=request.purpose))
