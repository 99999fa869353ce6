"""A dialogue as its row, and back; with the person that it is with now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from compliance.facts import Channel
from engine.registers.dialogues import DialogueRow
from engine.registers.refusals import Missing
from history.interaction import ContactPoint, PointKind
from messaging.dialogue import Dialogue, DialogueState
from store.registers.profiles import profiles, survivor_of
from store.tables import dialogues

_d = dialogues.c
_PLAIN = (
    "id", "ours", "contact_id", "opened_at", "queue", "agent", "owed_since", "last_at", "language",
    "mailing", "campaign", "answers", "first_seconds", "closed_at", "disposition", "version",
)  # fmt: skip


def dialogue_of(row: Row[Any]) -> Dialogue:
    known = row._mapping
    point = None
    if row.point_value is not None:
        point = ContactPoint(PointKind(row.point_kind), row.point_value)
    return Dialogue(
        **{name: known[name] for name in _PLAIN},
        channel=Channel(row.channel),
        point=point,
        state=DialogueState(row.state),
        held=row.held_by is not None,
    )


def dialogue_columns(dialogue: Dialogue) -> dict[str, Any]:
    point = dialogue.point
    return {name: getattr(dialogue, name) for name in _PLAIN} | {
        "channel": dialogue.channel.value,
        "point_kind": None if point is None else point.kind.value,
        "point_value": None if point is None else point.value,
        "state": dialogue.state.value,
    }


def write_dialogue(connection: Connection, dialogue: Dialogue, **held: object) -> None:
    connection.execute(
        update(dialogues).where(_d.id == dialogue.id).values(**dialogue_columns(dialogue), **held)
    )


def dialogue_row(connection: Connection, id: str, *, lock: bool = False) -> Row[Any]:
    chosen = select(dialogues).where(_d.id == id)
    row = connection.execute(chosen.with_for_update() if lock else chosen).one_or_none()
    if row is None:
        raise Missing(f"There is no dialogue {id[:60]}.")
    return row


def read_dialogue(connection: Connection, id: str) -> Dialogue:
    return dialogue_of(dialogue_row(connection, id))


def with_people(connection: Connection, found: Sequence[Dialogue]) -> list[DialogueRow]:
    people = {one.contact_id for one in found if one.contact_id is not None}
    survivors = {person: survivor_of(connection, person) for person in sorted(people)}
    known = profiles(connection, sorted(set(survivors.values()))) if survivors else {}
    return [DialogueRow(one, known.get(survivors.get(one.contact_id or "", ""))) for one in found]
