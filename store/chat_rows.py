"""Chats and their lines as rows, and rows as them; what is longer than it may be is refused before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import Row

from engine.registers.refusals import Refused
from history.interaction import ContactPoint, PointKind
from messaging.chat import (
    LINE_DATA_BYTES_MOST,
    NAME_MOST,
    PAGE_MOST,
    STATE_BYTES_MOST,
    TEXT_MOST,
    Button,
    Chat,
    ChatLine,
    ChatPhase,
    LineKind,
    Speaker,
)
from store.message_moves import storable

# Columns that are fields of the same name and need no change of form.
_PLAIN = (
    "id", "site", "secret_hash", "opened_at", "node", "flow", "flow_version", "contact_id", "language",
    "page", "name", "state", "work_id", "queue", "priority", "patience_seconds", "since", "agent", "last_seq",
    "last_at", "owed_since", "waited_seconds", "first_answer_seconds", "answers", "closed_at", "ended_by",
    "disposition", "outcome", "version",
)  # fmt: skip


def chat_of(row: Row[Any]) -> Chat:
    known = row._mapping
    point = None
    if row.point_kind is not None:
        point = ContactPoint(PointKind(row.point_kind), row.point_value)
    return Chat(
        **{name: known[name] for name in _PLAIN},
        point=point,
        phase=ChatPhase(row.phase),
        skills=tuple(row.skills),
    )


def chat_columns(chat: Chat) -> dict[str, Any]:
    """Of a chat that is `kept`."""
    point = chat.point
    return {name: getattr(chat, name) for name in _PLAIN} | {
        "point_kind": None if point is None else point.kind.value,
        "point_value": None if point is None else point.value,
        "phase": chat.phase.value,
        "skills": list(chat.skills),
    }


def kept(chat: Chat) -> Chat:
    """As it is read again. Raises Refused."""
    _check_length("page", chat.page, PAGE_MOST)
    _check_length("name", chat.name, NAME_MOST)
    state = _plain(chat.state)
    _check_json("state", state, STATE_BYTES_MOST)
    return replace(
        chat,
        page=storable(chat.page),
        name=storable(chat.name),
        state=state,
        last_at=chat.last_at or chat.opened_at,
    )


def line_of(row: Row[Any]) -> ChatLine:
    return ChatLine(
        row.seq,
        row.at,
        Speaker(row.speaker),
        LineKind(row.kind),
        row.text,
        row.agent,
        tuple(Button(one["value"], one["label"]) for one in row.buttons),
        row.client_id,
        row.data,
    )


def line_rows(chat_id: str, lines: Sequence[ChatLine]) -> list[dict[str, Any]]:
    """Raises Refused."""
    return [_line_row(chat_id, line) for line in lines]


def _line_row(chat_id: str, line: ChatLine) -> dict[str, Any]:
    of = f"lines[{line.seq}]"
    _check_length(f"{of}.text", line.text, PAGE_MOST if line.kind is LineKind.PAGE else TEXT_MOST)
    _check_length(f"{of}.client_id", line.client_id or "", NAME_MOST)
    data = _plain(line.data)
    buttons = [{"value": storable(one.value), "label": storable(one.label)} for one in line.buttons]
    _check_json(f"{of}.data", [data, buttons], LINE_DATA_BYTES_MOST)
    return {
        "chat_id": chat_id,
        "seq": line.seq,
        "at": line.at,
        "speaker": line.speaker.value,
        "kind": line.kind.value,
        "text": storable(line.text),
        "agent": line.agent,
        "buttons": buttons,
        "client_id": None if line.client_id is None else storable(line.client_id),
        "data": data,
    }


def _check_length(field: str, text: str, most: int) -> None:
    if len(text) > most:
        raise Refused(f"{field} has {len(text)} characters: at most {most} are kept.", field)


def _check_json(field: str, value: object, most: int) -> None:
    size = len(orjson.dumps(value))
    if size > most:
        raise Refused(f"{field} takes {size} bytes: at most {most} are kept.", field)


def _plain(value: Any) -> Any:
    """As it comes back from a JSON column, with texts that both databases take."""
    match value:
        case str():
            return storable(value)
        case Mapping():
            return {storable(str(name)): _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value
