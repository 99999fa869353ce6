"""Which people the rules cannot tell apart: a list of thousands has few kinds of them.

Rules look at a callee's place, zones and kind of line, and at facts; never at who it is.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from compliance.facts import ConsentFact, Facts, Purpose, Request
from compliance.zones import candidate_zones

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def kind_of(request: Request, facts: Facts, moments: Sequence[datetime]) -> Hashable:
    """Of one kind: at each of these moments, in their order, all packs decide the same of them.

    Objections must be the contact's own (`value` None), as a register finds them.
    """
    callee = request.contact
    first, last = moments[0], moments[-1]
    return (
        request.channel,
        request.purpose,
        request.mode,
        request.requested,
        request.debt if facts.history else request.debt is not None,
        callee.country,
        callee.region,
        callee.type,
        candidate_zones(callee, first),
        candidate_zones(callee, last),
        _consents(facts, first),
        facts.do_not_contact,
        facts.history,
    )


def _consents(facts: Facts, first: datetime) -> tuple[ConsentFact, ...]:
    """When a consent was given matters to rules of collections, and beside one that was withdrawn."""
    if any(consent.withdrawn_at is not None for consent in facts.consents):
        return facts.consents
    return tuple(
        consent
        if consent.purpose == Purpose.COLLECTIONS or consent.given_at > first
        else replace(consent, given_at=_LONG_AGO)
        for consent in facts.consents
    )
