"""Consents and objections as they are shown and published."""

from __future__ import annotations

from datetime import datetime

from history.forms import optional_time_form, point_form, time_form
from history.permissions import Consent, Objection
from history.publication import Kind, Publication


def consent_shown(consent: Consent, contact_id: str | None) -> dict[str, object]:
    """The JSON object of a consent; `contact_id` is the contact that it came to."""
    proof = consent.proof
    return {
        "id": consent.id,
        "at": time_form(consent.at),
        "contact_id": contact_id,
        "point": None if consent.point is None else point_form(consent.point),
        "channel": consent.channel,
        "purpose": consent.purpose,
        "given": consent.given,
        "source": consent.source,
        "basis": consent.basis,
        "proof": {
            "call_id": proof.call_id,
            "recording": proof.recording,
            "second": proof.second,
            "text": proof.text,
        },
    }


def objection_shown(objection: Objection) -> dict[str, object]:
    """The JSON object of an objection."""
    return {
        "id": objection.id,
        "at": time_form(objection.at),
        "scope": objection.scope.value,
        "value": objection.value,
        "reason": objection.reason,
        "source": objection.source,
        "channels": sorted(objection.channels),
        "purposes": sorted(objection.purposes),
        "list_name": objection.list_name,
        "lifted_at": optional_time_form(objection.lifted_at),
    }


def consent_published(consent: Consent, contact_id: str | None) -> Publication:
    """Its subject is the contact's, so that what is told of one person keeps its order."""
    kind = Kind.CONSENT_GIVEN if consent.given else Kind.CONSENT_WITHDRAWN
    subject = f"contact:{contact_id}" if contact_id else f"consent:{consent.id}"
    return Publication(consent.id, consent.at, kind, subject, consent_shown(consent, contact_id))


def objection_published(objection: Objection) -> Publication:
    added, subject = Kind.DO_NOT_CONTACT_ADDED, f"do_not_contact:{objection.id}"
    return Publication(objection.id, objection.at, added, subject, objection_shown(objection))


def lifting_published(objection: Objection, lifted_at: datetime) -> Publication:
    """`objection` as it is by now, lifted."""
    lifted, subject = Kind.DO_NOT_CONTACT_LIFTED, f"do_not_contact:{objection.id}"
    return Publication(f"{objection.id}.lifted", lifted_at, lifted, subject, objection_shown(objection))
