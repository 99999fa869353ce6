"""A person's chats: what an erasure takes from them, and that one goes on."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, or_, select, update

from engine.registers.refusals import Refused
from messaging.chat import ChatPhase
from store.privacy.person import Person
from store.tables import chat_lines, chats

# In place of a secret's hash: no secret has it.
ERASED = ""


def chats_of(person: Person) -> ColumnElement[bool]:
    return or_(chats.c.contact_id.in_(person.ids), chats.c.point_value.in_(person.values))


def chat_ids(person: Person) -> Select[tuple[str]]:
    return select(chats.c.id).where(chats_of(person))


def refuse_open_chat(connection: Connection, person: Person) -> None:
    """Raises Refused: what is said in it would come back behind the erasure."""
    open_ = select(chats.c.id).where(chats_of(person), chats.c.phase != ChatPhase.CLOSED.value).limit(1)
    if (chat := connection.execute(open_).first()) is not None:
        raise Refused(f"Chat {chat.id} of this person goes on; try again once it has ended.", "contact")


def empty_chats(connection: Connection, rows: ColumnElement[bool]) -> int:
    """Which site, queue and agent, and how long the visitor waited, stay. Nobody has its secret any more."""
    emptied = {"contact_id": None, "point_kind": None, "point_value": None}
    # Of another version: whoever still has the chat in memory reads it again, and puts nothing back.
    words = {"secret_hash": ERASED, "page": "", "name": "", "state": {}, "version": chats.c.version + 1}
    return connection.execute(update(chats).where(rows).values({**emptied, **words})).rowcount


def empty_lines(connection: Connection, rows: ColumnElement[bool]) -> int:
    """When who wrote stays. What a flow or an agent said may name the person too."""
    emptied: dict[str, object] = {"text": "", "buttons": [], "client_id": None, "data": {}}
    return connection.execute(update(chat_lines).where(rows).values(emptied)).rowcount
