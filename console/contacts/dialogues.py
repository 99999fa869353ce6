"""Dialogues in a person's timeline: the messages of one that is closed are its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from console.contacts.chats import PastChat, PastLine
from console.words import Words
from history.interaction import Channel, Interaction
from messaging.dialogue import DIALOGUE_ROW

WRITTEN = frozenset({Channel.SMS, Channel.EMAIL, Channel.MESSENGER, Channel.PUSH})


def is_dialogue(row: Interaction) -> bool:
    """The row that was written as a dialogue was closed."""
    return row.channel in WRITTEN and row.source is None and row.data.get("kind") == DIALOGUE_ROW


def joined(
    rows: Sequence[Interaction], words: Words, names: Mapping[str, str]
) -> tuple[Sequence[Interaction], Mapping[str, PastChat]]:
    """`rows`, newest first, without the messages of closed dialogues; and those, by the dialogue's id.

    A message that nobody wrote, such as a mailing's, stays an entry of its own.
    """
    found: dict[str, list[Interaction]] = {}
    of: dict[str, str] = {}  # message's row -> dialogue
    for dialogue in rows:
        opened_at = _moment(dialogue.data.get("opened_at")) if is_dialogue(dialogue) else None
        if opened_at is None:
            continue
        within = [row for row in rows if row.id not in of and _is_part(row, dialogue, opened_at)]
        found[dialogue.subject_id] = within[::-1]
        of |= {row.id: dialogue.subject_id for row in within}
    if not of:
        return rows, {}
    left = [row for row in rows if row.id not in of]
    return left, {key: _lines(parts, words, names) for key, parts in found.items() if parts}


def _is_part(row: Interaction, dialogue: Interaction, opened_at: datetime) -> bool:
    if row.channel is not dialogue.channel or row.source is not None or is_dialogue(row):
        return False
    inbound = row.direction == "inbound"
    ours = not inbound or not dialogue.to or row.to == dialogue.to
    said = inbound or row.agent is not None
    return ours and said and row.point == dialogue.point and opened_at <= row.at <= dialogue.at


def _lines(parts: Sequence[Interaction], words: Words, names: Mapping[str, str]) -> PastChat:
    lines = tuple(
        PastLine(
            row.at,
            "visitor" if row.direction == "inbound" else "own",
            words("contact") if row.direction == "inbound" else names.get(row.agent or "", row.agent or ""),
            row.transcript or row.subject or "",
            "",
            (),
            None,
        )
        for row in parts
    )
    first = next((one.text for one in lines if one.side == "visitor"), "")
    return PastChat(lines, cut=False, first=" ".join(first.split()))


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment
