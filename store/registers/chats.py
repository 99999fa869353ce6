"""SqlChats: chats and their lines, one transaction a method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.changes import Change
from engine.ports import Clock, Ids
from engine.registers.actor import ENGINE
from engine.registers.chats import ChatFilter, ChatRow
from engine.registers.pages import Page
from engine.registers.refusals import Missing, Refused
from history.interaction import ContactPoint, PointKind
from history.names import cleaned
from messaging.chat import Chat, ChatLine, ChatPhase
from store.chat_rows import chat_columns, chat_of, kept, line_of, line_rows
from store.privacy.chats import ERASED
from store.publishing import publish
from store.registers.contacts import introduced
from store.registers.merges import merge_contacts
from store.registers.profiles import family, locked, points_of, profiles, survivor_of
from store.registers.transactions import read, written
from store.rows import Rows
from store.statements import statements_for
from store.tables import chat_lines, chats, contacts
from store.writing import contacts_of, made_told, write

_c = chats.c
_OPEN = _c.phase != text("'closed'")  # written out: the index of open ones is of just this
# Whose a chat is: `join` and erasure say so, not who leads it.
_WHOSE = frozenset({"id", "point_kind", "point_value", "contact_id"})
GAVE_NUMBER = "The visitor gave this number in a chat."


class SqlChats:
    """Implements engine.registers.chats.Chats."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    async def open(self, chat: Chat, lines: Sequence[ChatLine]) -> Chat:
        now, opened, rows = self._clock.now(), kept(chat), line_rows(chat.id, lines)

        def work(connection: Connection) -> Chat:
            known = connection.execute(select(chats).where(_c.id == chat.id)).one_or_none()
            if known is not None:
                return chat_of(known)
            contact_id = opened.contact_id
            if contact_id is None and opened.point is not None:
                contact_id = self._contact_of(connection, opened.point, now)
                self._introduced(connection, opened, contact_id, now)
            placed = replace(opened, contact_id=contact_id)
            connection.execute(chats.insert().values(chat_columns(placed)))
            _add_lines(connection, rows)
            return placed

        return await written(self._engine, work)

    async def keep(self, chat: Chat, lines: Sequence[ChatLine], changes: Sequence[Change] = ()) -> Chat:
        now, rows = self._clock.now(), line_rows(chat.id, lines)
        after = replace(kept(chat), version=chat.version + 1)
        columns = {name: value for name, value in chat_columns(after).items() if name not in _WHOSE}
        same = (_c.id == chat.id, _c.version == chat.version, _c.secret_hash != ERASED)
        put = update(chats).where(*same).values(columns)

        def work(connection: Connection) -> Chat:
            done = connection.execute(put).rowcount
            known = _read(connection, chat.id)
            if not done:
                _check_not_erased(known)
                if known != replace(after, point=known.point, contact_id=known.contact_id):
                    now_it_is = f"Chat {chat.id} is of version {known.version} now, not {chat.version}"
                    raise Refused(f"{now_it_is}: read it again.", "version")
                return known  # written already, by a try whose answer was lost
            _add_lines(connection, rows)
            if changes:
                told = Rows(statements_for(connection.dialect))
                for change in changes:
                    told.add(change, now)
                write(connection, told)
            return known

        return await written(self._engine, work)

    async def get(self, id: str) -> Chat:
        return await read(self._engine, lambda connection: _read(connection, id))

    async def row(self, id: str) -> ChatRow:
        return await read(self._engine, lambda connection: _rows(connection, [_read(connection, id)])[0])

    async def lines(self, id: str, *, after: int = 0, limit: int = 500) -> Sequence[ChatLine]:
        lines = chat_lines.c
        chosen = select(chat_lines).where(lines.chat_id == id, lines.seq > after)
        ordered = chosen.order_by(lines.seq).limit(limit)
        rows = await read(self._engine, lambda connection: connection.execute(ordered).all())
        return [line_of(row) for row in rows]

    async def unfinished(self, node: str) -> Sequence[Chat]:
        chosen = select(chats).where(_OPEN, _c.node == node).order_by(_c.opened_at, _c.id)
        rows = await read(self._engine, lambda connection: connection.execute(chosen).all())
        return [chat_of(row) for row in rows]

    async def list(
        self, wanted: ChatFilter, *, limit: int = 50, after: tuple[str, ...] | None = None
    ) -> Page[ChatRow]:
        place = None if after is None else _place(after)

        def work(connection: Connection) -> Page[ChatRow]:
            chosen = select(chats).where(*_conditions(connection, wanted))
            if place is not None:
                chosen = chosen.where(tuple_(_c.last_at, _c.id) < tuple_(*place))
            newest = chosen.order_by(_c.last_at.desc(), _c.id.desc()).limit(limit + 1)
            rows = connection.execute(newest).all()
            last = rows[limit - 1] if len(rows) > limit else None
            found = _rows(connection, [chat_of(row) for row in rows[:limit]])
            return Page(tuple(found), None if last is None else (last.last_at.isoformat(), last.id))

        return await read(self._engine, work)

    async def join(self, id: str, phone: str) -> Chat:
        now, point = self._clock.now(), ContactPoint(PointKind.PHONE, phone)

        def work(connection: Connection) -> Chat:
            chat = chat_of(_row(connection, id, lock=True))
            _check_not_erased(chat)
            person = self._contact_of(connection, point, now)
            if (chat.point, chat.contact_id) == (point, person):
                return chat
            if chat.contact_id is not None:
                self._merge(connection, person, chat, chat.contact_id, now)
            self._introduced(connection, chat, person, now)
            joined = replace(chat, point=point, contact_id=person, version=chat.version + 1)
            connection.execute(update(chats).where(_c.id == id).values(chat_columns(joined)))
            return joined

        return await written(self._engine, work)

    def _introduced(self, connection: Connection, chat: Chat, contact_id: str, now: datetime) -> None:
        """Who has told no name before is called what they wrote; the language is that of the page."""
        said = {"name": chat.name, "language": chat.language}
        introduced(connection, ENGINE, contact_id, **said, told=self._ids.new(), at=now)

    def _merge(self, connection: Connection, person: str, chat: Chat, visitor: str, now: datetime) -> None:
        """Unless they are one already, by another chat of the visitor, or the visitor is known otherwise."""
        rows = locked(connection, [person, visitor])
        if rows[person].id == rows[visitor].id or not _is_visitor_alone(connection, visitor, chat.name):
            return
        merge_id, told_id = self._ids.new(), self._ids.new()
        merge_contacts(
            connection, ENGINE, person, visitor, GAVE_NUMBER, merge_id=merge_id, told_id=told_id, at=now
        )

    def _contact_of(self, connection: Connection, point: ContactPoint, now: datetime) -> str:
        """Found or made, and told of."""
        key = (point.kind.value, point.value)
        made: dict[tuple[str, str], tuple[str, datetime]] = {}
        statements = statements_for(connection.dialect)
        found = contacts_of(connection, statements, {key: (self._ids.new(), now)}, made)
        publish(connection, list(made_told(made, now)))
        return found[key]


def _check_not_erased(chat: Chat) -> None:
    """Raises Missing: nothing is written into it any more."""
    if chat.secret_hash == ERASED:
        raise Missing(f"Chat {chat.id} was erased.")


def _is_visitor_alone(connection: Connection, contact_id: str, name: str) -> bool:
    """Whether nothing is known of the contact but that a browser came, by the chat's `name` perhaps.

    Nor was anybody merged with it.
    """
    own = select(contacts).where(contacts.c.id == contact_id)
    row = connection.execute(own).one()
    others = select(exists().where(contacts.c.merged_into == contact_id))
    named = row.name is not None and row.name != cleaned(name)
    if row.merged_into is not None or named or connection.execute(others).scalar():
        return False
    kinds = {point.kind for point in connection.execute(points_of([contact_id]))}
    return kinds <= {PointKind.VISITOR.value}


def _add_lines(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        dialect = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
        connection.execute(dialect(chat_lines).on_conflict_do_nothing(), list(rows))


def _row(connection: Connection, id: str, *, lock: bool = False) -> Row[Any]:
    chosen = select(chats).where(_c.id == id)
    row = connection.execute(chosen.with_for_update() if lock else chosen).one_or_none()
    if row is None:
        raise Missing(f"There is no chat {id[:60]}.")
    return row


def _read(connection: Connection, id: str) -> Chat:
    return chat_of(_row(connection, id))


def _rows(connection: Connection, found: Sequence[Chat]) -> list[ChatRow]:
    people = {chat.contact_id for chat in found if chat.contact_id is not None}
    survivors = {person: survivor_of(connection, person) for person in sorted(people)}
    known = profiles(connection, sorted(set(survivors.values()))) if survivors else {}
    return [ChatRow(chat, known.get(survivors.get(chat.contact_id or "", ""))) for chat in found]


def _conditions(connection: Connection, wanted: ChatFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.phases:
        found.append(_c.phase.in_([phase.value for phase in wanted.phases]))
        if ChatPhase.CLOSED not in wanted.phases:
            found.append(_OPEN)
    asked = {name: getattr(wanted, name) for name in ("site", "queue", "agent")}
    found += [_c[name] == value for name, value in asked.items() if value is not None]
    if wanted.contact_id is not None:
        person = survivor_of(connection, wanted.contact_id)
        found.append(_c.contact_id.in_(list(family(connection, [person]))))
    if wanted.since is not None:
        found.append(_c.opened_at >= wanted.since)
    return found


def _place(after: tuple[str, ...]) -> tuple[datetime, str]:
    try:
        last_at, chat_id = after
        return datetime.fromisoformat(last_at), chat_id
    except ValueError:
        raise Refused("That page is not known: begin at the first one.", "after") from None
