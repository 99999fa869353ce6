"""The audit log's rows, written in the transaction of what they tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert

from engine.registers.actor import Actor
from store.tables import audit_log


def note(
    connection: Connection,
    actor: Actor,
    action: str,
    subject: str,
    data: Mapping[str, object],
    at: datetime,
) -> None:
    """`action` as "contact.changed", `subject` as "contact:ID"; `data` is JSON and holds no secret.

    Who changed something is told with the change, in one transaction. `data` names what was changed; values
    that tell of a person stay out of it, for the log outlives the person's erasure.
    """
    connection.execute(
        insert(audit_log).values(
            at=at,
            actor_kind=actor.kind.value,
            actor_id=actor.id,
            address=actor.address,
            action=action,
            subject=subject,
            data=dict(data),
        )
    )
