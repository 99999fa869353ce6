"""Chats as the API shows them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from console.api.operation import Shape
from console.api.pages_of import PageQuery
from console.api.permission_shapes import Id
from console.api.shapes import PLAIN, PointShape, Time
from engine.registers.chats import ChatRow
from messaging.chat import ChatLine, ChatPhase, LineKind, Speaker

MOST_LINES = 500
_Word = Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]


class ButtonShape(Shape):
    value: str
    label: str


class ChatLineShape(Shape):
    seq: Annotated[int, Field(description="From 1.")]
    at: Time
    speaker: Speaker
    kind: LineKind
    text: Annotated[
        str, Field(description="Of a page its address. An answer to a secret question is not in it.")
    ]
    agent: str | None
    buttons: Annotated[list[ButtonShape], Field(description="That the flow offered with it.")]
    data: dict[str, Any]


class ChatShape(Shape):
    id: str
    site: str
    opened_at: Time
    phase: ChatPhase
    contact_id: Annotated[str | None, Field(description="The person's, whoever they were merged into.")]
    point: Annotated[PointShape | None, Field(description="A visitor's id, until they gave a number.")]
    name: Annotated[str, Field(description="As the visitor gave it.")]
    language: str | None
    page: Annotated[str, Field(description="Where the visitor is, or was last.")]
    flow: str
    flow_version: str
    queue: str
    agent: Annotated[str | None, Field(description="Who talks with the visitor, or talked last.")]
    waited_seconds: float | None
    first_answer_seconds: float | None
    answers: Annotated[int, Field(description="Of agents.")]
    owed_since: Annotated[Time | None, Field(description="Since when an agent's answer is owed.")]
    last_at: Time | None
    last_seq: Annotated[int, Field(description="The number of the last line.")]
    closed_at: Time | None
    ended_by: str | None
    disposition: str | None
    outcome: str | None


class ChatAndLines(ChatShape):
    lines: list[ChatLineShape]


class ChatPage(Shape):
    items: list[ChatShape]
    next: str | None


class ChatsQuery(PageQuery):
    phase: Annotated[tuple[ChatPhase, ...], Field(max_length=4, description="Left out: all.")] = ()
    site: _Word | None = None
    queue: _Word | None = None
    agent: _Word | None = None
    contact_id: Id | None = None
    since: Annotated[Time | None, Field(description="Opened at or after it.")] = None


class LinesQuery(Shape):
    after: Annotated[int, Field(ge=0, le=2**31 - 1, description="Only lines after this number.")] = 0
    limit: Annotated[int, Field(ge=1, le=MOST_LINES, description="How many lines at most.")] = MOST_LINES


def chat_shape(row: ChatRow) -> ChatShape:
    return ChatShape(**_members(row))


def chat_and_lines(row: ChatRow, lines: list[ChatLine]) -> ChatAndLines:
    return ChatAndLines(**_members(row), lines=[_line(line) for line in lines])


def _members(row: ChatRow) -> dict[str, Any]:
    chat = row.chat
    plain = {name: getattr(chat, name) for name in ChatShape.model_fields if name not in _MADE}
    point = None if chat.point is None else PointShape(kind=chat.point.kind, value=chat.point.value)
    contact_id = chat.contact_id if row.contact is None else row.contact.id
    return plain | {"contact_id": contact_id, "point": point}


_MADE = frozenset({"contact_id", "point"})


def _line(line: ChatLine) -> ChatLineShape:
    return ChatLineShape(
        seq=line.seq,
        at=line.at,
        speaker=line.speaker,
        kind=line.kind,
        text=line.text,
        agent=line.agent,
        buttons=[ButtonShape(value=one.value, label=one.label) for one in line.buttons],
        data=dict(line.data),
    )
