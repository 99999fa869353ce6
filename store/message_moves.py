"""Messages moved from state to state: each move guarded, told in message_events, in one transaction with all
that follows from it: parts, the history row, publications.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from engine.changes import InteractionAdded, Published
from engine.registers.message_news import moved_published, shown_text
from engine.registers.messages import Message, Move
from messaging.part_states import state_of_parts
from messaging.provider import Receipt
from messaging.states import MessageState, may_become
from store.cascade_writing import tell_moves
from store.message_history import is_correction, is_to_be_recorded, message_row
from store.message_marks import marked_messages
from store.message_parts import early_of, parts_by_reference, parts_of_messages
from store.message_rows import Locked, changed, locked_messages
from store.rows import Row, Rows
from store.statements import Statements, statements_for
from store.tables import message_parts, messages
from store.together import Together
from store.writing import write

ROWS_AT_ONCE = 500
_S = MessageState
_PUT_PART = (
    update(message_parts)
    .where(
        message_parts.c.provider == bindparam("provider_is"),
        message_parts.c.reference == bindparam("reference_is"),
    )
    .values(state=bindparam("new_state"))
)
# A secret text is kept as long as it may have to go out, and no longer.
_MAY_GO = frozenset({_S.QUEUED, _S.SENDING, _S.IN_DOUBT})
_HIDE = (
    update(messages)
    .where(messages.c.id == bindparam("id_is"))
    .values(text=bindparam("shown"), html=bindparam("no_html"))
)
# Of a move, where it tells them.
_TAKEN_OVER = ("provider", "not_before", "currency")
_ARRIVED = {
    _S.ACCEPTED: ("sent_at",),
    _S.DELIVERED: ("sent_at", "delivered_at"),
    _S.READ: ("sent_at", "delivered_at", "read_at"),
    _S.CHECKED: ("sent_at", "delivered_at", "checked_at"),
}


class Moves:
    """Moves of one transaction. `worker`: whose claims count."""

    def __init__(self, connection: Connection, now: datetime, worker: str = "") -> None:
        self._connection = connection
        self._statements = statements_for(connection.dialect)
        self._now = now
        self._worker = worker
        self._kept: dict[str, Locked] = {}
        self._messages: dict[str, Message] = {}
        self._leases: dict[str, tuple[str | None, datetime | None]] = {}
        self._events: list[Row] = []
        self._parts: list[dict[str, Any]] = []
        # Messages whose parts their receipts told, and how many parts they have.
        self._adopted: dict[str, int] = {}
        self._told: list[Message] = []
        self._corrected: list[Message] = []

    def lock(self, ids: Collection[str]) -> None:
        """In one lasting order."""
        for some in batches(sorted(set(ids) - self._kept.keys())):
            for one in locked_messages(self._connection, some):
                self._kept[one.message.id] = one
                self._messages[one.message.id] = one.message

    def message(self, id: str) -> Message | None:
        return self._messages.get(id)

    def make(self, moves: Sequence[Move]) -> None:
        """Lock and move; what may not be moved stays."""
        self.lock([move.message_id for move in moves])
        for move in moves:
            self._make(move)

    def receive(self, receipts: Sequence[Receipt]) -> list[Receipt]:
        """What became of parts, and so of their messages; those of unknown references are returned."""
        self._put_parts()
        owners = self._owners(receipts)
        self.lock(list(owners.values()))
        states = self._states_of(sorted(set(owners.values())))
        for message_id in self._adopted.keys() & states.keys():
            self._find_lost(message_id, states[message_id])
        unknown: list[Receipt] = []
        moved_parts: list[dict[str, Any]] = []
        told: dict[str, Receipt] = {}
        for receipt in receipts:
            key = receipt.provider, receipt.reference
            message_id = owners.get(key, "")
            # Its message may have been sent again, or the reference given to another one, before the lock.
            if key not in states.get(message_id, {}):
                unknown.append(receipt)
                continue
            if may_become(states[message_id][key], receipt.state):
                states[message_id][key] = receipt.state
                moved_parts.append(
                    {"provider_is": key[0], "reference_is": key[1], "new_state": receipt.state.value}
                )
                told[message_id] = receipt
        if moved_parts:
            self._connection.execute(_PUT_PART, moved_parts)
        for message_id, receipt in told.items():
            known = list(states[message_id].values())
            whole = state_of_parts(known)
            # Of one whose answer was lost all parts must be known, or one that did not arrive.
            if len(known) >= self._adopted.get(message_id, 0) or whole in (_S.FAILED, _S.EXPIRED):
                self._make(Move(message_id, whole, receipt.at, receipt.why, receipt.code))
        return unknown

    def adopt(self, receipts: Sequence[Receipt]) -> list[Receipt]:
        """Receipts of unknown references that tell our own marks: of messages whose answer was lost with the
        engine that waited for it, or is on its way. Receipts of nobody are returned.
        """
        marked = [one for one in receipts if one.mark is not None and one.to]
        if not marked:
            return list(receipts)
        owners = marked_messages(self._connection, [(one.provider, one.to) for one in marked])
        found: list[Receipt] = []
        for one in marked:
            theirs = owners.get((one.provider, one.to, one.mark), ())
            if len(theirs) == 1:  # of two nobody can tell which
                ((message_id, parts),) = theirs
                self._adopted[message_id] = parts
                self._parts.append(_part(one.provider, one.reference, message_id, _S.ACCEPTED))
                found.append(one)
        self._put_parts()
        unknown = self.receive(found) if found else []
        return [one for one in receipts if one not in found] + unknown

    def _find_lost(self, message_id: str, states: dict[tuple[str, str], MessageState]) -> None:
        """A part that nobody had answered for is lost no more once all parts are known by their receipts."""
        lost = [key for key in states if key[1] == _lost(message_id)]
        if lost and len(states) > self._adopted[message_id]:
            del states[lost[0]]
            self._remove_lost(message_id, lost[0][0])

    def _remove_lost(self, message_id: str, provider: str) -> None:
        of_it = message_parts.c.reference == _lost(message_id)
        self._connection.execute(delete(message_parts).where(message_parts.c.provider == provider, of_it))

    def _make(self, move: Move) -> None:
        """Of a locked message."""
        message = self._messages.get(move.message_id)
        if message is None or not self._is_still_its(move, message):
            return
        self._keep_parts(move)
        if may_become(message.state, move.to):
            self._move(message, move)

    def _owners(self, receipts: Sequence[Receipt]) -> dict[tuple[str, str], str]:
        wanted = {(receipt.provider, receipt.reference) for receipt in receipts}
        rows = parts_by_reference(self._connection, wanted)
        return {(provider, reference): message_id for provider, reference, message_id, _ in rows}

    def _states_of(self, message_ids: Sequence[str]) -> dict[str, dict[tuple[str, str], MessageState]]:
        """Read behind the locks: nobody else moves these parts meanwhile."""
        found: dict[str, dict[tuple[str, str], MessageState]] = {}
        for provider, reference, message_id, state in parts_of_messages(self._connection, message_ids):
            found.setdefault(message_id, {})[provider, reference] = MessageState(state)
        return found

    def write(self) -> list[Message]:
        """All that was moved; those messages, as they are now. To be called last in the transaction."""
        self._put_parts()
        moved = [one for one in self._messages.values() if one.version != self._kept[one.id].message.version]
        together = Together(self._connection)
        if moved:
            together.add(self._statements.put_messages, [self._values(one) for one in moved])
            together.add(self._statements.add_message_events, self._events)
            if hidden := [_hidden(one) for one in moved if one.state not in _MAY_GO and "shown" in one.data]:
                together.do()
                self._connection.execute(_HIDE, hidden)
            tell_moves(self._connection, moved, self._now)
        rows = Rows(self._statements)
        for message in moved:
            if is_to_be_recorded(message.state) and not self._kept[message.id].recorded:
                rows.add(InteractionAdded(message_row(message, self._now), message.id), self._now)
        for message in self._corrected:
            if not self._kept[message.id].recorded:
                continue
            first = message_row(message, self._now)
            again = replace(first, id=f"{message.id}-arrived", corrects=first.id)
            rows.add(InteractionAdded(again, message.id), self._now)
        for message in self._told:
            if (told := moved_published(message, self._now)) is not None:
                rows.add(Published(told), self._now)
        write(self._connection, rows, together)
        return moved

    def _is_still_its(self, move: Move, message: Message) -> bool:
        if move.attempt is not None and move.attempt != message.attempts:
            return False
        return not move.claimed or self._kept[message.id].claimed_by == self._worker

    def _move(self, message: Message, move: Move) -> None:
        sending = move.to is _S.SENDING
        changes: dict[str, Any] = {
            "state": move.to,
            "state_at": self._now,
            "version": message.version + 1,
            "why": storable(move.why),
            "code": storable(move.code),
        }
        if sending:
            changes["attempts"] = message.attempts + 1
        for name in _TAKEN_OVER:
            if value := getattr(move, name):
                changes[name] = value
        if move.cost is not None:
            changes["cost"] = (message.cost or 0) + move.cost
        for name in _ARRIVED.get(move.to, ()):
            if getattr(message, name) is None:
                changes[name] = move.at
        moved = changed(message, changes)
        self._messages[message.id] = moved
        if is_correction(message.state, move.to):
            self._corrected.append(moved)
        if message.state is _S.IN_DOUBT and move.to is _S.QUEUED:
            # It goes out whole again: what became of the parts of before tells nothing of it.
            self._connection.execute(delete(message_parts).where(message_parts.c.message_id == message.id))
        self._leases[message.id] = (self._worker, move.leased_until) if sending else (None, None)
        self._told.append(moved)
        self._events.append(event_of_move(self._statements, moved, move.at))

    def _keep_parts(self, move: Move) -> None:
        message = self._messages[move.message_id]
        provider = move.provider or message.provider or ""
        if move.references and message.state is _S.IN_DOUBT:  # now it is known what became of the rest
            self._remove_lost(message.id, provider)
        for reference in move.references:
            self._parts.append(_part(provider, reference, move.message_id, _S.ACCEPTED))
        if move.lost_part is not None and move.references:
            # It has no reference of the provider's; without it, the others would look like the whole.
            self._parts.append(_part(provider, _lost(move.message_id), move.message_id, move.lost_part))

    def _put_parts(self) -> None:
        """Then the receipts that came before their references were known."""
        if not self._parts:
            return
        dialect = postgresql_insert if self._connection.dialect.name == "postgresql" else sqlite_insert
        put = dialect(message_parts)
        # A provider that gives an id out again, after months, means the newest.
        # Its own message's answer, written a second time, takes nothing back of what became of it.
        same = message_parts.c.message_id == put.excluded.message_id
        state = case((same, message_parts.c.state), else_=put.excluded.state)
        again = {"message_id": put.excluded.message_id, "state": state}
        newest = put.on_conflict_do_update(index_elements=["provider", "reference"], set_=again)
        self._connection.execute(newest, self._parts)
        known = {(part["provider"], part["reference"]) for part in self._parts}
        self._parts = []
        if early := early_of(self._connection, known):
            self.receive(early)

    def _values(self, message: Message) -> Row:
        """As MESSAGE_MOVED, and then what it must be still."""
        kept, time = self._kept[message.id], self._time
        worker, until = self._leases[message.id]
        return (
            message.state.value,
            time(message.state_at),
            message.provider,
            message.why,
            message.code,
            message.attempts,
            message.version,
            time(message.not_before),
            message.cost,
            message.currency,
            time(message.sent_at),
            time(message.delivered_at),
            time(message.read_at),
            time(message.checked_at),
            kept.recorded or is_to_be_recorded(message.state),
            worker,
            time(until),
            message.id,
            kept.message.state.value,
            kept.message.version,
        )

    def _time(self, at: datetime | None) -> object:
        return None if at is None else self._statements.time(at)


def event_of_move(statements: Statements, message: Message, at: datetime) -> Row:
    """A row of message_events."""
    time, state = statements.time(at), message.state.value
    return message.id, message.version, time, state, message.provider, message.why, message.code


def storable(text: str) -> str:
    """What providers and people write, as both databases take it: PostgreSQL keeps no NUL, and neither a
    half of a surrogate pair.
    """
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def event_row(message: Message, at: datetime) -> dict[str, Any]:
    return {
        "message_id": message.id,
        "seq": message.version,
        "at": at,
        "state": message.state.value,
        "provider": message.provider,
        "why": message.why,
        "code": message.code,
    }


def batches(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for first in range(0, len(items), ROWS_AT_ONCE):
        yield items[first : first + ROWS_AT_ONCE]


def _hidden(message: Message) -> dict[str, Any]:
    return {"id_is": message.id, "shown": shown_text(message), "no_html": ""}


def _lost(message_id: str) -> str:
    """In place of the reference that its provider did not tell."""
    return f"lost:{message_id}"


def _part(provider: str, reference: str, message_id: str, state: MessageState) -> dict[str, Any]:
    return {
        "provider": provider,
        "reference": storable(reference),
        "message_id": message_id,
        "state": state.value,
    }
