"""What a person wrote into a form becomes a request to be called back, whoever sends the form on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from compliance.facts import Callee
from compliance.zones import candidate_zones, country_of
from console.api.operation import Shape
from history.callback_windows import Window, chosen_window, moment_of, own_window
from history.callbacks import CallbackRequest, CallbackSource
from history.interaction import ContactPoint, PointKind
from history.names import cleaned
from history.permissions import Consent, Proof
from history.points import phone_of
from history.profile_fields import time_zone_of
from schedules.opening_hours import OpeningHours

_PLAIN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


class ZoneWanted(ValueError):
    """The number's country has several time zones, and the person named a time."""


class Filled(Shape):
    """What a form sends. Empty members count as left out."""

    number: Annotated[str, Field(min_length=1, max_length=40)]
    topic: Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")] = None
    name: Annotated[str | None, Field(max_length=200, pattern=_PLAIN)] = None
    language: Annotated[str | None, Field(max_length=20)] = None
    begins: Annotated[str | None, Field(alias="from", max_length=40)] = None
    ends: Annotated[str | None, Field(alias="to", max_length=40)] = None
    time_zone: Annotated[
        str | None, Field(max_length=60), AfterValidator(lambda name: name and time_zone_of(name))
    ] = None
    note: Annotated[str | None, Field(max_length=2000, pattern=_PLAIN)] = None
    consent_text: Annotated[str | None, Field(max_length=5000, pattern=_PLAIN)] = None


@dataclass(frozen=True, slots=True)
class Terms:
    """`region` and `zone` are the company's. `within`: by when, unless a time is named."""

    topic: str
    campaign: str | None
    within: timedelta
    hours: OpeningHours | None
    region: str
    zone: tzinfo


def callback_of(
    filled: Filled, terms: Terms, language: str | None, id: str, now: datetime
) -> CallbackRequest:
    """Raises WrongPoint, WrongWindow and ZoneWanted."""
    number = phone_of(filled.number, terms.region)
    zone = _zone_of(filled, number, now)
    window = _window(filled, terms, zone or terms.zone, now)
    return CallbackRequest(
        id=id,
        point=ContactPoint(PointKind.PHONE, number),
        topic=filled.topic or terms.topic,
        source=CallbackSource.FORM,
        requested_at=now,
        window_from=window.begins,
        window_to=window.ends,
        person_chose=window.person_chose,
        time_zone=getattr(zone, "key", None),
        campaign=terms.campaign,
        note=filled.note,
        name=filled.name and cleaned(filled.name),
        language=language,
    )


def consent_of(
    filled: Filled,
    callback: CallbackRequest,
    source: str,
    *,
    channel: str = "call",
    purpose: str = "service",
) -> Consent | None:
    """What the person agreed to by sending the form, in its own words.

    `channel` and `purpose`: what the text is about, unless it is the consent to be called.
    """
    if not filled.consent_text:
        return None
    return Consent(
        id=f"{callback.id}-consent",
        at=callback.requested_at,
        channel=channel,
        purpose=purpose,
        given=True,
        source=source,
        point=callback.point,
        proof=Proof(text=filled.consent_text),
    )


def _zone_of(filled: Filled, number: str, now: datetime) -> tzinfo | None:
    """Whose clocks the times are: those that the form names, else the number's country's.

    None: it has several, and no time is named.
    """
    if filled.time_zone:
        return ZoneInfo(filled.time_zone)
    zones = candidate_zones(Callee(id="", number=number, country=country_of(number)), now)
    if len(zones) == 1:
        return zones[0]
    if filled.begins or filled.ends:
        raise ZoneWanted("The number's country has several time zones: name one, as America/New_York.")
    return None


def _window(filled: Filled, terms: Terms, zone: tzinfo, now: datetime) -> Window:
    if not filled.begins and not filled.ends:
        return own_window(now, terms.within, terms.hours)
    begins = moment_of(filled.begins, zone, "from") if filled.begins else None
    ends = moment_of(filled.ends, zone, "to") if filled.ends else None
    return chosen_window(begins, ends, now, within=terms.within, hours=terms.hours)
