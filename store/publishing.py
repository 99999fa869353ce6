"""Publishing: what has changed is written with the change itself, and told after the transaction.

Each subject's publications are numbered 1, 2, 3 … in the order in which their transactions commit: the
subject's row is locked until the transaction ends. Each active webhook that wants the kind gets a row of the
outbox in the same transaction, so that exactly what was committed is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from history.publication import Kind, Publication
from store.statements import statements_for
from store.together import Together

# An escaped NUL in JSON, behind whole pairs of backslashes.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
# So long a delivery is tried; after its last try it becomes a dead letter.
TRIED_FOR = timedelta(days=3)
# What waits behind one that fails, or for a paused webhook, is dead after this time without a try.
WAITS_FOR = timedelta(days=4)

# Of those that are not written yet: after a lost answer the same are written again. Subjects are locked in
# one lasting order, so that two transactions wait for each other and do not deadlock.
_TAKE = (
    "INSERT INTO subjects (subject, last_seq) SELECT subject, count(*) FROM {given} WHERE {fresh}{last} "
    "GROUP BY subject ORDER BY subject "
    "ON CONFLICT (subject) DO UPDATE SET last_seq = subjects.last_seq + excluded.last_seq"
)
# The last one of a subject has the number that was taken last.
_TELL = (
    "INSERT INTO publications (id, at, kind, subject, seq, data) "
    "SELECT id, at, kind, subject, "
    "last_seq + 1 - count(*) OVER (PARTITION BY subject ORDER BY place DESC), {data} "
    "FROM {given} JOIN {taken} USING (subject) WHERE {fresh} ORDER BY place "
    "ON CONFLICT (id) DO NOTHING RETURNING id, seq"
)
# So many at once: SQLite, which reads JSON anew for each field of each row, is given them one by one.
_MANY = 20
_LAST_SQLITE = "SELECT subject, last_seq FROM subjects WHERE subject IN (SELECT value FROM json_each(?1))"
_KNOWN_SQLITE = "SELECT id FROM publications WHERE id IN (SELECT value FROM json_each(?1))"
_PUT_LAST_SQLITE = (
    "INSERT INTO subjects (subject, last_seq) VALUES (?1, ?2) "
    "ON CONFLICT (subject) DO UPDATE SET last_seq = excluded.last_seq"
)
_ADD_SQLITE = "INSERT INTO publications (id, at, kind, subject, data, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
_HEARD = "EXISTS (SELECT 1 FROM webhooks WHERE state = 'active') AS heard"

_SQLITE = {
    "given": "(SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS at, "
    "json_extract(value, '$[2]') AS kind, json_extract(value, '$[3]') AS subject, "
    "json_extract(value, '$[4]') AS data, key AS place FROM json_each(?1)) AS given",
    "fresh": "id NOT IN (SELECT id FROM publications WHERE id IN "
    "(SELECT json_extract(value, '$[0]') FROM json_each(?1)))",
    "last": "",
    "taken": "subjects",
    "data": "data",
}
_POSTGRESQL = {
    "given": "given",
    "fresh": "id NOT IN (SELECT id FROM publications WHERE id IN (SELECT id FROM given))",
    # Behind all that is written with it: whoever else writes of a person takes the subject's lock last, too.
    "last": " AND (SELECT count FROM written) >= 0",
    "taken": "taken",
    "data": "data::jsonb",
}
_TAKE_SQLITE = _TAKE.format(**_SQLITE)
_TELL_SQLITE = f"{_TELL.format(**_SQLITE)}, {_HEARD}"
_NAMED_POSTGRESQL = (
    "given AS (SELECT * "  # noqa: S608 - our own names
    "FROM unnest({}::text[], {}::timestamptz[], {}::text[], {}::text[], {}::text[]) "
    "WITH ORDINALITY AS given (id, at, kind, subject, data, place)), "
    f"taken AS ({_TAKE.format(**_POSTGRESQL)} RETURNING subject, last_seq), "
    f"told AS ({_TELL.format(**_POSTGRESQL)})"
)
_TOLD_POSTGRESQL = f"SELECT id, seq, {_HEARD} FROM told"  # noqa: S608 - our own names


def topic_of(webhook_id: str) -> str:
    """The outbox's topic of one webhook: each has a queue of its own, so that none waits for another."""
    return f"webhook:{webhook_id}"


def publish(
    connection: Connection, publications: Sequence[Publication], together: Together | None = None
) -> None:
    """Write publications inside the connection's transaction; those already written are left as they are.

    Call it last in a transaction: from here on nobody else can publish about the same subjects until it ends.
    What is to be written `together` with them is written too.
    """
    together = together or Together(connection)
    if not publications:
        together.do()
        return
    by_id = {publication.id: publication for publication in publications}
    time = statements_for(connection.dialect).time
    given = [(one.id, time(one.at), one.kind, one.subject, _told(one.data)) for one in by_id.values()]
    told: Sequence[Any]
    if connection.dialect.name == "sqlite" and len(given) >= _MANY:
        told = _told_many(connection, given)
    elif connection.dialect.name == "sqlite":
        whole = (orjson.dumps(given).decode(),)
        connection.exec_driver_sql(_TAKE_SQLITE, whole)
        told = connection.exec_driver_sql(_TELL_SQLITE, whole).all()
    else:
        columns = list(zip(*given, strict=True))
        told = together.do(_NAMED_POSTGRESQL, columns, _TOLD_POSTGRESQL)
    if told and told[0].heard:
        _add_jobs(connection, [(by_id[row.id], row.seq) for row in told])


class _Told(NamedTuple):
    id: str
    seq: int
    heard: bool


def _told_many(connection: Connection, given: Sequence[tuple[Any, ...]]) -> Sequence[_Told]:
    """SQLite's only writer numbers them itself."""

    def asked(sql: str, place: int) -> Sequence[Any]:
        wanted = orjson.dumps([one[place] for one in given]).decode()
        return connection.exec_driver_sql(sql, (wanted,)).all()

    known = {one[0] for one in asked(_KNOWN_SQLITE, 0)}
    last: dict[str, int] = {row[0]: row[1] for row in asked(_LAST_SQLITE, 3)}
    rows = []
    for one in given:
        if one[0] not in known:
            last[one[3]] = last.get(one[3], 0) + 1
            rows.append((*one, last[one[3]]))
    if not rows:
        return ()
    changed = {row[3] for row in rows}
    connection.exec_driver_sql(_PUT_LAST_SQLITE, [(one, last[one]) for one in sorted(changed)])
    connection.exec_driver_sql(_ADD_SQLITE, rows)
    heard = bool(connection.exec_driver_sql(f"SELECT {_HEARD}").scalar())
    return [_Told(row[0], row[5], heard) for row in rows]


def job_id_of(webhook_id: str, sequence: int, publication_id: str) -> str:
    """Ids follow the sequence within a webhook and subject: in their order jobs are done."""
    return f"{webhook_id}.{sequence:012d}.{publication_id}"


def wanted(webhook_id: str, kinds: Collection[str], kind: str, subject: str) -> bool:
    """Whether this webhook is told. No kinds are all kinds. A ping is for its own webhook alone."""
    if kind == Kind.WEBHOOK_PING:
        return subject == topic_of(webhook_id)
    return not kinds or kind in kinds


def _add_jobs(connection: Connection, told: Sequence[tuple[Publication, int]]) -> None:
    """One for each webhook that wants it."""
    receivers = _receivers(connection)
    statements = statements_for(connection.dialect)
    time = statements.time
    jobs = [
        (
            job_id,
            topic_of(webhook_id),
            job_id,
            one.subject,
            0,
            orjson.dumps({"publication_id": one.id}).decode(),
            time(one.at),
            time(one.at),
            time(one.at + WAITS_FOR),
        )
        for one, sequence in told
        for webhook_id, kinds in receivers.items()
        if wanted(webhook_id, kinds, one.kind, one.subject)
        and (job_id := job_id_of(webhook_id, sequence, one.id))
    ]
    if jobs:
        connection.exec_driver_sql(statements.add_jobs.each, jobs)


def _receivers(connection: Connection) -> dict[str, frozenset[str]]:
    """The active webhooks' kinds, asked anew each time: a new one counts at once, a withdrawn one too."""
    rows = connection.exec_driver_sql("SELECT id, kinds FROM webhooks WHERE state = 'active' ORDER BY id")
    return {
        webhook_id: frozenset(kinds if isinstance(kinds, list) else orjson.loads(kinds))
        for webhook_id, kinds in rows
    }


def _told(data: Mapping[str, object]) -> str:
    """The data as JSON. PostgreSQL keeps no NUL: U+FFFD stands for it, as no receiver could use it either."""
    text = orjson.dumps(data).decode()
    return _NUL.sub(r"\1\\ufffd", text) if "\\u0000" in text else text
