"""Modes in which a person may not be contacted at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from compliance.facts import Facts, Mode, Purpose, Request
from compliance.finding import NOT_APPLICABLE, PASSED, Finding, Stricter, refused
from compliance.local_time import LocalTime
from compliance.refusal_reasons import RefusalCode, sentence


@dataclass(frozen=True, slots=True)
class ModeBan:
    """`modes` are banned for `purposes`, on every channel, with or without a consent."""

    by_zone: ClassVar[bool] = False
    adjustable: ClassVar[Mapping[str, Stricter]] = {}

    modes: tuple[Mode, ...]
    purposes: tuple[Purpose, ...]
    name: str = "mode"

    def check(self, request: Request, facts: Facts, local: LocalTime, now: datetime) -> Finding:
        if request.purpose not in self.purposes:
            return NOT_APPLICABLE
        if request.mode not in self.modes:
            return PASSED
        return refused(sentence(RefusalCode.MODE_BANNED, purpose=request.purpose, mode=request.mode))
