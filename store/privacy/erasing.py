"""The transaction that erases a person: rows deleted or emptied, the lawful minimum kept without identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from calls.events import CallEventKind
from engine.registers.refusals import Refused
from history.permissions import Scope
from store.privacy.chats import empty_chats, empty_lines, refuse_open_chat
from store.privacy.holdings import HOLDINGS, Fate, Holding
from store.privacy.key import ErasureKey
from store.privacy.person import Person
from store.tables import (
    call_events,
    call_parts,
    calls,
    consents,
    contact_group_members,
    contact_groups,
    dialogues,
    do_not_contact,
    interactions,
    legal_holds,
    messages,
    pseudonym_keys,
    recordings,
)

OBJECTED = "The person asked not to be contacted, and was erased."

# Of a call's events, what the figures of flows and queues are made of. All else tells of the person.
_COUNTED = frozenset(
    {
        "agent",
        "attempt",
        "by",
        "cause",
        "confidence",
        "direction",
        "flow",
        "interrupted",
        "language",
        "leg",
        "node",
        "outcome",
        "passed",
        "position",
        "queue",
        "rating",
        "role",
        "seconds",
        "state",
        "step",
        "talked_seconds",
        "verb",
        "version",
        "waited_seconds",
        "wideband",
        "why",
    }
)
_ROWS_AT_ONCE = 500
_WRAPPED_UP_WITHIN = timedelta(days=1)


@dataclass(slots=True)
class Done:
    """`files` are names in the recordings folder, to be deleted once the rows are gone."""

    counts: dict[str, int] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    call_files: list[str] = field(default_factory=list)  # patterns: what calls left beside


def refuse_if_held(connection: Connection, person: Person, now: datetime) -> None:
    """Raises Refused while a legal hold stands, a chat goes on, or a call goes on, is kept or wrapped up."""
    held = next(one for one in HOLDINGS if one.table is legal_holds).rows(person, {})
    standing = select(legal_holds).where(held, legal_holds.c.lifted_at.is_(None)).limit(1)
    if (hold := connection.execute(standing).first()) is not None:
        raise Refused(
            f"{hold.subject} is under legal hold {hold.id} ({hold.reason}); lift the hold first.", "contact"
        )
    going_on = (
        select(calls.c.id).where(calls.c.id.in_(person.call_ids()), calls.c.ended_at.is_(None)).limit(1)
    )
    if (call := connection.execute(going_on).first()) is not None:
        raise Refused(f"Call {call.id} of this person goes on; try again once it has ended.", "contact")
    refuse_open_chat(connection, person)
    unkept = select(recordings.c.call_id).where(
        recordings.c.call_id.in_(person.call_ids()), recordings.c.raw.is_not(None)
    )
    if (one := connection.execute(unkept.limit(1)).first()) is not None:
        raise Refused(
            f"The recording of call {one.call_id} is not brought into its file yet; try again in a minute.",
            "contact",
        )
    # What an agent writes would come back behind the erasure. One of an older call was left over by a fault.
    parts = select(call_parts).where(call_parts.c.call_id.in_(person.call_ids()))
    for part in connection.execute(parts):
        if datetime.fromisoformat(part.data["began_at"]) > now - _WRAPPED_UP_WITHIN:
            raise Refused(
                f"Call {part.call_id} of this person is being wrapped up by {part.agent}; "
                "try again once that is done.",
                "contact",
            )


def erase_rows(
    connection: Connection,
    person: Person,
    erasure_id: str,
    key: ErasureKey,
    now: datetime,
    proof_since: datetime,
    new_id: Callable[[], str],
) -> Done:
    """`proof_since`: consents from before it need no proof any more, and are deleted."""
    done = Done()
    done.call_files = _files_of_calls(connection, person)
    done.files = recordings_of(connection, person)
    keys: Mapping[str, str] = {
        row.contact_id: row.key
        for row in connection.execute(
            select(pseudonym_keys).where(pseudonym_keys.c.contact_id.in_(person.ids))
        )
    }
    emptiers: Mapping[str, Callable[[ColumnElement[bool]], int]] = {
        "audit_log": lambda rows: _set(
            connection, "audit_log", rows, subject=f"erasure:{erasure_id}", data={}
        ),
        "import_refusals": lambda rows: _set(connection, "import_refusals", rows, value=""),
        "call_events": lambda rows: _empty_events(connection, rows),
        "calls": lambda rows: _empty_calls(connection, person, rows),
        "interactions": lambda rows: _empty_interactions(connection, rows, now),
        "attempts": lambda rows: _set(
            connection, "attempts", rows, lead=None, contact_id=None, number="", debt=None, callback=None
        ),
        "messages": lambda rows: _empty_messages(connection, rows, now),
        "chats": lambda rows: empty_chats(connection, rows),
        "chat_lines": lambda rows: empty_lines(connection, rows),
        "dialogues": lambda rows: _close_dialogues(connection, rows, now),
        "consents": lambda rows: _empty_consents(connection, person, rows, key, proof_since, done),
        "do_not_contact": lambda rows: _hide_objections(connection, person, rows, key, now, new_id, done),
    }
    for holding in HOLDINGS:
        rows = holding.rows(person, keys)
        name = str(holding.table.name)
        if holding.table is contact_group_members:
            done.counts["contact_groups"] = _delete_lone_groups(connection, person)
        match holding.fate:
            case Fate.DELETED:
                done.counts[name] = connection.execute(delete(holding.table).where(rows)).rowcount
            case Fate.EMPTIED:
                done.counts[name] = emptiers[name](rows)
            case Fate.KEPT:
                _say_kept(connection, holding, rows, done)
    if keys:
        done.kept.append("The gate's decisions, whose pseudonyms nobody can resolve any more.")
    if person.namesakes:
        done.kept.append(
            "Other people's rows with the same name or a single name: they cannot be told apart by it."
        )
    done.counts = {name: number for name, number in done.counts.items() if number}
    return done


def _set(connection: Connection, name: str, rows: ColumnElement[bool], **values: Any) -> int:
    table = next(one.table for one in HOLDINGS if one.table.name == name)
    return connection.execute(update(table).where(rows).values(**values)).rowcount


def _say_kept(connection: Connection, holding: Holding, rows: ColumnElement[bool], done: Done) -> None:
    number = connection.execute(select(func.count()).select_from(holding.table).where(rows)).scalar_one()
    if number and holding.table.name == "imports":
        done.kept.append(f"That {number} lists were imported: their names, without their lines.")


def recordings_of(connection: Connection, person: Person) -> list[str]:
    found: set[str | None] = set()
    for column, rows in (
        (calls.c.recording, calls.c.id.in_(person.call_ids())),
        (interactions.c.recording, person.interactions()),
        (recordings.c.path, recordings.c.call_id.in_(person.call_ids())),
        (consents.c.proof_recording, consents.c.contact_id.in_(person.ids)),
    ):
        found |= set(connection.execute(select(column).where(rows, column.is_not(None))).scalars())
    kinds = (CallEventKind.MESSAGE_LEFT.value, CallEventKind.CLIP_RECORDED.value)
    events = select(call_events.c.data).where(
        call_events.c.call_id.in_(person.call_ids()), call_events.c.kind.in_(kinds)
    )
    found |= {data.get("recording") for data in connection.execute(events).scalars()}
    # An agent's part names its recording by id; the file's name stands in its row.
    ids = select(recordings.c.id).where(recordings.c.call_id.in_(person.call_ids()))
    found -= set(connection.execute(ids).scalars())
    return sorted(one for one in found if one)


def _files_of_calls(connection: Connection, person: Person) -> list[str]:
    """A call's files lie in the folder of its day or, when it went on past midnight, of the next one."""
    wanted = select(calls.c.id, calls.c.started_at).where(calls.c.id.in_(person.call_ids()))
    return [
        f"{day:%Y/%m/%d}/{row.id}*"
        for row in connection.execute(wanted)
        for day in (row.started_at, row.started_at + timedelta(days=1))
    ]


# --- what stays for statistics ----------------------------------------------------------------------------


def _empty_events(connection: Connection, rows: ColumnElement[bool]) -> int:
    wanted = select(call_events.c.call_id, call_events.c.seq, call_events.c.data).where(rows)
    number = 0
    for row in connection.execute(wanted).all():
        counted = {
            name: value
            for name, value in row.data.items()
            if name in _COUNTED and (value is None or isinstance(value, str | int | float | bool))
        }
        # The fold of a call begins with these.
        counted |= {name: "" for name in ("caller", "dialled", "network_id", "trunk") if name in row.data}
        mine = (call_events.c.call_id == row.call_id) & (call_events.c.seq == row.seq)
        number += connection.execute(update(call_events).where(mine).values(data=counted)).rowcount
    return number


def _empty_calls(connection: Connection, person: Person, rows: ColumnElement[bool]) -> int:
    ids = list(connection.execute(select(calls.c.id).where(rows)).scalars())
    for first in range(0, len(ids), _ROWS_AT_ONCE):
        mine = calls.c.id.in_(ids[first : first + _ROWS_AT_ONCE])
        connection.execute(
            update(calls)
            .where(mine)
            .values(caller="", dialled="", network_id="", path=[], heard=[], recording=None, debt=None)
        )
    return len(ids)


def _empty_interactions(connection: Connection, rows: ColumnElement[bool], now: datetime) -> int:
    ours = select(calls.c.id)
    other = update(interactions).where(rows, interactions.c.subject_id.not_in(ours))
    connection.execute(other.values(subject_id=interactions.c.id))
    changed = (
        update(interactions)
        .where(rows)
        .values(
            contact_id=None,
            point_kind=None,
            point_value=None,
            to_value="",
            path=[],
            heard=[],
            recording=None,
            transcript=None,
            note=None,
            subject=None,
            external_id=None,
            disposition=None,
            data={},
            erased_at=now,
        )
    )
    return connection.execute(changed).rowcount


def _empty_messages(connection: Connection, rows: ColumnElement[bool], now: datetime) -> int:
    """What is still to be sent is not."""
    queued = (messages.c.state == "queued") & rows
    connection.execute(update(messages).where(queued).values(state="stopped", state_at=now))
    return _set(
        connection,
        "messages",
        rows,
        contact_id=None,
        point_kind=None,
        point_value=None,
        text="",
        subject="",
        html="",
        unsubscribe_url="",
        data={},
        call_id=None,
        debt=None,
        cascade=None,
        in_reply_to=None,
        external_id=None,
        why="",
        code="",
    )


def _close_dialogues(connection: Connection, rows: ColumnElement[bool], now: datetime) -> int:
    """Nobody is left to be answered."""
    still = (dialogues.c.state == "open") & rows
    connection.execute(update(dialogues).where(still).values(state="closed", closed_at=now, owed_since=None))
    return _set(connection, "dialogues", rows, contact_id=None, point_kind=None, point_value=None)


def _delete_lone_groups(connection: Connection, person: Person) -> int:
    """Households and companies that have no other member."""
    members = contact_group_members.c
    theirs = list(
        connection.execute(select(members.group_id).where(members.contact_id.in_(person.ids))).scalars()
    )
    shared = set(
        connection.execute(
            select(members.group_id).where(
                members.group_id.in_(theirs), members.contact_id.not_in(person.ids)
            )
        ).scalars()
    )
    lone = sorted(set(theirs) - shared)
    if not lone:
        return 0
    connection.execute(delete(contact_group_members).where(members.group_id.in_(lone)))
    return connection.execute(delete(contact_groups).where(contact_groups.c.id.in_(lone))).rowcount


# --- the lawful minimum -----------------------------------------------------------------------------------


def _empty_consents(
    connection: Connection,
    person: Person,
    rows: ColumnElement[bool],
    key: ErasureKey,
    proof_since: datetime,
    done: Done,
) -> int:
    """Time, channel, purpose and answer stay, under a digest of the point: who knows the point and has the
    key can show the proof.
    """
    old = connection.execute(delete(consents).where(rows, consents.c.at < proof_since)).rowcount
    known = connection.execute(select(consents.c.number, consents.c.point_value).where(rows)).all()
    point = person.values[0] if person.values else person.survivor
    for row in known:
        connection.execute(
            update(consents)
            .where(consents.c.number == row.number)
            .values(
                contact_id=None,
                point_value=key.point_digest(row.point_value or point),
                proof_call_id=None,
                proof_recording=None,
                proof_second=None,
                proof_text=None,
            )
        )
    if known:
        done.kept.append(
            f"That {len(known)} consents were given, refused or withdrawn: time, channel and purpose, "
            "under a keyed digest."
        )
    return old + len(known)


def _hide_objections(
    connection: Connection,
    person: Person,
    rows: ColumnElement[bool],
    key: ErasureKey,
    now: datetime,
    new_id: Callable[[], str],
    done: Done,
) -> int:
    """Those in force stay, under digests of the person's points: they are never contacted all the same."""
    columns = do_not_contact.c
    lifted = connection.execute(delete(do_not_contact).where(rows, columns.lifted_at.is_not(None))).rowcount
    standing = connection.execute(select(do_not_contact).where(rows)).all()
    for row in standing:
        mine = columns.id == row.id
        values: Sequence[str] = (row.value,) if row.scope == Scope.NUMBER.value else person.values
        if not values:
            connection.execute(delete(do_not_contact).where(mine))
            continue
        hidden: dict[str, Any] = {
            "scope": Scope.NUMBER.value,
            "value": key.point_digest(values[0]),
            "reason": OBJECTED,
        }
        connection.execute(update(do_not_contact).where(mine).values(**hidden))
        for value in values[1:]:
            again = {**row._asdict(), **hidden, "id": new_id(), "value": key.point_digest(value)}
            connection.execute(insert(do_not_contact).values(**again))
    if standing:
        done.kept.append(
            f"{len(standing)} objections, as keyed digests: nobody calls or writes to the person."
        )
    return lifted + len(standing)
