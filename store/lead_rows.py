"""Leads as rows: what stays of a lead, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import null

from dialer.choosing import turn
from dialer.lead import Lead, LeadCallback, LeadNumber, LeadState, NumberState
from dialer.reasons import Reason, ReasonCode
from dialer.results import AttemptResult
from store.campaign_rows import json_of

_CALLBACK: TypeAdapter[LeadCallback] = TypeAdapter(LeadCallback)
# The three first columns of dialer.choosing's order as one number: what is before every priority, and the
# highest and lowest that are told apart.
_CALLBACKS_FIRST = 1 << 29
_PRIORITY_MOST = 1 << 27
# Those in whose rows a turn stands: they are reserved, or were in vain.
_IN_TURN = frozenset({LeadState.WAITING, LeadState.RESERVED})
# A reservation leaves the reason as it was, for a release to come back to.
_TAKEN = Reason(ReasonCode.RESERVED)


def turn_of(lead: Lead) -> int | None:
    """In which turn it may be reserved; None: it may not."""
    if lead.state not in _IN_TURN:
        return None
    order = turn(lead)
    priority_down = max(-_PRIORITY_MOST, min(_PRIORITY_MOST, order.priority_down))
    return 2 * priority_down + order.new_last - _CALLBACKS_FIRST * (1 - order.callback_last)


def due_at(lead: Lead) -> datetime | None:
    """From when on it may be reserved."""
    if lead.state not in _IN_TURN:
        return None
    if lead.state is LeadState.RESERVED and lead.reserved_until is not None:
        return lead.reserved_until
    return turn(lead).due_at


def lead_columns(lead: Lead, *, person: str) -> dict[str, object]:
    """What stays, but the keys by which it is found."""
    return {
        "id": lead.id,
        "campaign": lead.campaign,
        "contact_id": lead.contact_id,
        "person": person,
        "added_at": lead.added_at,
        "name": lead.name,
        "time_zone": lead.time_zone,
        "debt": lead.debt,
        "fields": dict(lead.fields),
    }


def progress_columns(lead: Lead) -> dict[str, object]:
    """What changes with every call, but the lead's own id."""
    callback = lead.callback
    return {
        "campaign": lead.campaign,
        "state": lead.state.value,
        "reason": lead.reason.code.value,
        "reason_data": json_of(lead.reason.data),
        "turn": turn_of(lead),
        "due_at": due_at(lead),
        "priority": lead.priority,
        "numbers": json_of(lead.numbers),
        "attempts": lead.attempts,
        "tries": _tries(lead),
        "not_before": lead.not_before,
        "next_number": lead.next_number,
        "callback": null() if callback is None else json_of(callback),
        "agent": None if callback is None else callback.agent,
        "agent_until": None if callback is None else callback.agent_until,
        "last_at": lead.last_at,
        "last_outcome": lead.last_outcome and lead.last_outcome.value,
        "last_disposition": lead.last_disposition,
        "reserved_by": lead.reserved_by,
        "reserved_until": lead.reserved_until,
        "version": lead.version,
    }


def _tries(lead: Lead) -> dict[str, object]:
    """Empty for who was never called, as most are."""
    found: dict[str, object] = {}
    if lead.today is not None:
        found |= {"today": lead.today.isoformat(), "attempts_today": lead.attempts_today}
    if lead.results:
        found["results"] = {result.value: count for result, count in lead.results.items()}
    if lead.parts_tried:
        found["parts_tried"] = list(lead.parts_tried)
    if lead.troubles:
        found["troubles"] = lead.troubles
    if lead.skips:
        found["skips"] = lead.skips
    if lead.last_verified is not None:
        found["verified"] = lead.last_verified
    return found


def lead_of(row: Any) -> Lead:
    """Of both tables' columns, `person` among them; JSON may still be text. It is shown as the survivor's."""
    tries = _json(row["tries"])
    callback = _json(row["callback"])
    today = tries.get("today")
    outcome = row["last_outcome"]
    state = LeadState(row["state"])
    reason = Reason(ReasonCode(row["reason"]), _json(row["reason_data"]))
    return Lead(
        id=row["id"],
        campaign=row["campaign"],
        contact_id=row["person"],
        numbers=tuple(_number(one) for one in _json(row["numbers"])),
        added_at=row["added_at"],
        name=row["name"],
        time_zone=row["time_zone"],
        priority=row["priority"],
        fields=_json(row["fields"]),
        debt=row["debt"],
        state=state,
        attempts=row["attempts"],
        today=None if today is None else date.fromisoformat(today),
        attempts_today=tries.get("attempts_today", 0),
        results={AttemptResult(name): count for name, count in tries.get("results", {}).items()},
        parts_tried=tuple(tries.get("parts_tried", ())),
        troubles=tries.get("troubles", 0),
        skips=tries.get("skips", 0),
        not_before=row["not_before"],
        next_number=row["next_number"],
        callback=None if callback is None else _CALLBACK.validate_python(callback),
        last_at=row["last_at"],
        last_outcome=None if outcome is None else AttemptResult(outcome),
        last_disposition=row["last_disposition"],
        last_verified=tries.get("verified"),
        reason=_TAKEN if state is LeadState.RESERVED else reason,
        reserved_by=row["reserved_by"],
        reserved_until=row["reserved_until"],
        version=row["version"],
    )


def _number(one: Mapping[str, Any]) -> LeadNumber:
    last_at = one.get("last_at")
    return LeadNumber(
        one["e164"],
        one.get("kind", ""),
        one.get("attempts", 0),
        NumberState(one.get("state", "ok")),
        None if last_at is None else datetime.fromisoformat(last_at),
    )


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value
