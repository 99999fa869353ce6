"""Which consents are in force."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from compliance.facts import Channel, ConsentFact, Facts, Purpose, Request
from compliance.local_time import LocalTime

_CALL = Channel.CALL


def consent_in_force(
    consents: Iterable[ConsentFact],
    channel: Channel,
    purpose: str,
    now: datetime,
    *,
    soft_opt_in: bool = False,
) -> ConsentFact | None:
    """The newest that was given and not withdrawn by `now`. `soft_opt_in`: one of that kind counts too.

    A withdrawal ends every consent of that channel and purpose given up to then, whatever its source.
    """
    newest: ConsentFact | None = None
    withdrawn: datetime | None = None
    for consent in consents:
        if consent.channel != channel or consent.purpose != purpose:
            continue
        ended = consent.withdrawn_at
        if ended is not None and ended <= now:
            if withdrawn is None or ended > withdrawn:
                withdrawn = ended
        elif consent.soft_opt_in and not soft_opt_in:
            continue
        elif consent.given_at <= now and (newest is None or consent.given_at > newest.given_at):
            newest = consent
    if newest is not None and withdrawn is not None and newest.given_at <= withdrawn:
        return None
    return newest


def asked_for_calls(request: Request, facts: Facts, local: LocalTime, days: int, now: datetime) -> bool:
    """Whether the person asked for calls, or consented to them for collections, at most `days` days ago.

    The day of it is the first of the callee's calendar days.
    """
    if not days:
        return False
    if request.requested is not None and _recent(request.requested.at, local, days):
        return True
    consent = consent_in_force(facts.consents, _CALL, Purpose.COLLECTIONS, now)
    return consent is not None and _recent(consent.given_at, local, days)


def _recent(moment: datetime, local: LocalTime, days: int) -> bool:
    return local.start_of(local.today - timedelta(days=days - 1)) <= moment
