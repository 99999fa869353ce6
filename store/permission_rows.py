"""Consents and objections as rows, in the order of their tables' columns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row

from history.interaction import ContactPoint, PointKind
from history.permissions import Consent, Objection, Proof, Scope

CONSENT_COLUMNS = (
    "id",
    "at",
    "contact_id",
    "point_kind",
    "point_value",
    "channel",
    "purpose",
    "given",
    "source",
    "basis",
    "proof_call_id",
    "proof_recording",
    "proof_second",
    "proof_text",
)
OBJECTION_COLUMNS = ("id", "at", "scope", "value", "reason", "source", "channels", "purposes")

_Time = Callable[[datetime], object]


def consent_row(consent: Consent, contact_id: str | None, time: _Time) -> tuple[object, ...]:
    point, proof = consent.point, consent.proof
    return (
        consent.id,
        time(consent.at),
        contact_id,
        None if point is None else point.kind.value,
        None if point is None else point.value,
        consent.channel,
        consent.purpose,
        consent.given,
        consent.source,
        consent.basis,
        proof.call_id,
        proof.recording,
        proof.second,
        proof.text,
    )


def consent_columns(consent: Consent, contact_id: str | None) -> dict[str, object]:
    """The same for SQLAlchemy, which takes times as they are."""
    return dict(zip(CONSENT_COLUMNS, consent_row(consent, contact_id, lambda at: at), strict=True))


def objection_row(objection: Objection, time: _Time) -> tuple[object, ...]:
    """Of one that is on no list; those of lists are imported by store.registers."""
    return (
        objection.id,
        time(objection.at),
        objection.scope.value,
        objection.value,
        objection.reason,
        objection.source,
        orjson.dumps(sorted(objection.channels)).decode(),
        orjson.dumps(sorted(objection.purposes)).decode(),
    )


def consent_of(row: Row[Any]) -> Consent:
    point = None if row.point_kind is None else ContactPoint(PointKind(row.point_kind), row.point_value)
    return Consent(
        id=row.id,
        at=row.at,
        channel=row.channel,
        purpose=row.purpose,
        given=row.given,
        source=row.source,
        contact_id=row.contact_id,
        point=point,
        basis=row.basis,
        proof=Proof(row.proof_call_id, row.proof_recording, row.proof_second, row.proof_text),
    )


def objection_of(row: Row[Any]) -> Objection:
    return Objection(
        id=row.id,
        at=row.at,
        scope=Scope(row.scope),
        value=row.value,
        reason=row.reason,
        source=row.source,
        channels=frozenset(row.channels),
        purposes=frozenset(row.purposes),
        list_name=row.list_name,
        lifted_at=row.lifted_at,
    )
