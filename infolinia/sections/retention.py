"""`retention:` of the configuration: how long each kind of thing is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from engine.registers.retention import RetentionKind

_DAYS = {"day": 1.0, "month": 365.25 / 12, "year": 365.25}
_FOREVER = "forever"


def _period(value: str) -> str:
    if value != _FOREVER:
        match = re.fullmatch(r"([1-9][0-9]{0,4}) (day|month|year)s?", value)
        if match is None or int(match[1]) * _DAYS[match[2]] > 36525:
            raise ValueError('write a period as "30 days", "24 months", "6 years" or "forever"')
    return value


Period = Annotated[str, AfterValidator(_period)]


class RetentionSection(BaseModel):
    """`consent_proof`: how long the bare consents of erased people are kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calls: Period = "24 months"
    recordings: Period = "6 months"
    transcripts: Period = "24 months"
    interactions: Period = "forever"
    callbacks: Period = "24 months"
    campaigns: Period = "24 months"
    debts: Period = "6 years"
    messages: Period = "6 months"
    chats: Period = "24 months"
    refused_rows: Period = "30 days"
    agents: Period = "24 months"
    audit: Period = "24 months"
    consent_proof: Period = "6 years"

    def periods(self) -> Mapping[RetentionKind, timedelta]:
        """Without what is kept forever."""
        given = {kind: length(getattr(self, kind.value)) for kind in RetentionKind}
        return {kind: period for kind, period in given.items() if period is not None}

    @property
    def proof_days(self) -> int:
        period = length(self.consent_proof)
        return 36525 if period is None else period.days


def length(period: str) -> timedelta | None:
    """None for ever. Months and years have the days that they have on average."""
    if period == _FOREVER:
        return None
    number, _, unit = period.partition(" ")
    return timedelta(days=round(int(number) * _DAYS[unit.removesuffix("s")]))
