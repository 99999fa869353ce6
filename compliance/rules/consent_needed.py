"""A consent is needed, for the very channel and purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from compliance.consents import consent_in_force
from compliance.facts import Channel, Facts, Mode, Purpose, Request
from compliance.finding import NOT_APPLICABLE, PASSED, Finding, Stricter, refused
from compliance.local_time import LocalTime
from compliance.refusal_reasons import RefusalCode, sentence


@dataclass(frozen=True, slots=True)
class Where:
    """Channels and modes; `fixed_lines` False: not to a number that is known to be a fixed line's."""

    channels: tuple[Channel, ...] = tuple(Channel)
    modes: tuple[Mode, ...] = tuple(Mode)
    fixed_lines: bool = True

    def holds(self, request: Request) -> bool:
        return (
            request.channel in self.channels
            and request.mode in self.modes
            and (self.fixed_lines or request.contact.type != "fixed")
        )


@dataclass(frozen=True, slots=True)
class ConsentNeeded:
    """`request_suffices`: a contact that the person asked for needs no consent beside.

    `soft_opt_in`: channels over which a customer's own address may be used for similar products.
    """

    by_zone: ClassVar[bool] = False
    adjustable: ClassVar[Mapping[str, Stricter]] = {}

    name: str
    where: tuple[Where, ...]
    purposes: tuple[Purpose, ...] = tuple(Purpose)
    request_suffices: bool = False
    soft_opt_in: tuple[Channel, ...] = ()

    def check(self, request: Request, facts: Facts, local: LocalTime, now: datetime) -> Finding:
        if request.purpose not in self.purposes or not any(place.holds(request) for place in self.where):
            return NOT_APPLICABLE
        if self.request_suffices and request.requested is not None:
            return PASSED
        soft = request.channel in self.soft_opt_in
        consents = facts.consents
        if consent_in_force(consents, request.channel, request.purpose, now, soft_opt_in=soft) is not None:
            return PASSED
        return refused(sentence(RefusalCode.NO_CONSENT, purpose=request.purpose, channel=request.channel))
