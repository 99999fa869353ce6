"""Contacts and interactions as JSON objects: the form in which the API shows them and webhooks tell them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from history.contact import Contact, Group
from history.interaction import ContactPoint, Interaction


def time_form(at: datetime) -> str:
    """RFC 3339 in UTC, with the microseconds where there are any."""
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat()[:-6] + "Z"


def optional_time_form(at: datetime | None) -> str | None:
    return None if at is None else time_form(at)


def point_form(point: ContactPoint) -> dict[str, object]:
    return {"kind": point.kind.value, "value": point.value}


def group_form(group: Group) -> dict[str, object]:
    return {"id": group.id, "kind": group.kind.value, "name": group.name, "domain": group.domain}


def contact_form(contact: Contact) -> dict[str, object]:
    return {
        "id": contact.id,
        "version": contact.version,
        "created_at": time_form(contact.created_at),
        "updated_at": time_form(contact.updated_at),
        "name": contact.name,
        "given_name": contact.given_name,
        "family_name": contact.family_name,
        "language": contact.language,
        "time_zone": contact.time_zone,
        "country": contact.country,
        "region": contact.region,
        "postcode": contact.postcode,
        "lifetime_value": contact.lifetime_value,
        "value_currency": contact.value_currency,
        "source": contact.source,
        "points": [point_form(point) for point in contact.points],
        "tags": sorted(contact.tags),
        "attributes": dict(sorted(contact.attributes.items())),
        "groups": [group_form(group) for group in contact.groups],
    }


def interaction_form(row: Interaction) -> dict[str, object]:
    return {
        "id": row.id,
        "at": time_form(row.at),
        "channel": row.channel.value,
        "direction": row.direction,
        "subject_id": row.subject_id,
        "contact_id": row.contact_id,
        "point": None if row.point is None else point_form(row.point),
        "to": row.to,
        "duration_seconds": row.duration_seconds,
        "outcome": row.outcome,
        "disposition": row.disposition,
        "campaign": row.campaign,
        "agent": row.agent,
        "language": row.language,
        "flow": row.flow,
        "flow_version": row.flow_version,
        "path": list(row.path),
        "heard": list(row.heard),
        "recording": row.recording,
        "subject": row.subject,
        "transcript": row.transcript,
        "note": row.note,
        "cost": row.cost,
        "value": row.value,
        "currency": row.currency,
        "source": row.source,
        "external_id": row.external_id,
        "corrects": row.corrects,
        "data": dict(row.data),
    }


def merge_form(
    merge_id: str, survivor: Contact, merged_id: str, reason: str | None = None
) -> Mapping[str, object]:
    """What is told of a merge, or (`reason` None) of its undoing."""
    told: dict[str, object] = {
        "merge_id": merge_id,
        "merged_id": merged_id,
        "contact": contact_form(survivor),
    }
    if reason is not None:
        told["reason"] = reason
    return told
