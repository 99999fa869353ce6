"""Publishing: what has changed is written with the change itself, and told after the transaction.

Each subject's publications are numbered 1, 2, 3 … in the order in which their transactions commit: the
subject's row is locked until the transaction ends. Each active webhook that wants the kind gets a row of the
outbox in the same transaction, so that exactly what was committed is told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import orjson
from sqlalchemy import Connection

from history.publication import Kind, Publication
from store.statements import POSTGRESQL, SQLITE, Statements

# An escaped NUL in JSON, behind whole pairs of backslashes.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
# So long a delivery is tried; after its last try it becomes a dead letter.
TRIED_FOR = timedelta(days=3)
# What waits behind one that fails, or for a paused webhook, is dead after this time without a try.
WAITS_FOR = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class _Sql:
    """SQL of one database kind; ids and subjects are given as one list."""

    statements: Statements
    known: str
    take: str
    tell: str
    add_jobs: str


_TELL = (
    "INSERT INTO publications (id, at, kind, subject, seq, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
    "ON CONFLICT (id) DO NOTHING"
)
_ADD_JOBS = (
    "INSERT INTO outbox (id, topic, key, subject, priority, payload, created_at, not_before, expires_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING"
)
# Subjects are locked in one lasting order, so that two transactions wait for each other and do not deadlock.
_TAKE = (
    "INSERT INTO subjects (subject, last_seq) SELECT subject, wanted FROM {given} ORDER BY subject "
    "ON CONFLICT (subject) DO UPDATE SET last_seq = subjects.last_seq + excluded.last_seq "
    "RETURNING subject, last_seq"
)
_SQLITE = _Sql(
    SQLITE,
    "SELECT id FROM publications WHERE id IN (SELECT value FROM json_each(?1))",
    _TAKE.format(
        given="(SELECT json_extract(value, '$[0]') AS subject, json_extract(value, '$[1]') AS wanted "
        "FROM json_each(?1)) WHERE true"
    ),
    _TELL,
    _ADD_JOBS,
)
_POSTGRESQL = _Sql(
    POSTGRESQL,
    "SELECT id FROM publications WHERE id = ANY($1::text[])",
    _TAKE.format(given="unnest($1::text[], $2::bigint[]) AS given (subject, wanted)"),
    _TELL.replace("?", "$"),
    _ADD_JOBS.replace("?", "$"),
)


def topic_of(webhook_id: str) -> str:
    """The outbox's topic of one webhook: each has a queue of its own, so that none waits for another."""
    return f"webhook:{webhook_id}"


def publish(connection: Connection, publications: Sequence[Publication]) -> None:
    """Write publications inside the connection's transaction; those already written are left as they are.

    Call it last in a transaction: from here on nobody else can publish about the same subjects until it ends.
    """
    if not publications:
        return
    sql = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    fresh = _fresh(connection, sql, publications)
    if not fresh:
        return
    sequences = _sequences(connection, sql, fresh)
    time = sql.statements.time
    told = [
        (one.id, time(one.at), one.kind, one.subject, sequences[one.id], _told(one.data)) for one in fresh
    ]
    connection.exec_driver_sql(sql.tell, told)
    if jobs := _jobs(connection, sql, fresh, sequences):
        connection.exec_driver_sql(sql.add_jobs, jobs)


def job_id_of(webhook_id: str, sequence: int, publication_id: str) -> str:
    """Ids follow the sequence within a webhook and subject: in their order jobs are done."""
    return f"{webhook_id}.{sequence:012d}.{publication_id}"


def wanted(webhook_id: str, kinds: Collection[str], kind: str, subject: str) -> bool:
    """Whether this webhook is told. No kinds are all kinds. A ping is for its own webhook alone."""
    if kind == Kind.WEBHOOK_PING:
        return subject == topic_of(webhook_id)
    return not kinds or kind in kinds


def _jobs(
    connection: Connection, sql: _Sql, publications: Iterable[Publication], sequences: Mapping[str, int]
) -> list[tuple[object, ...]]:
    receivers = _receivers(connection)
    time = sql.statements.time
    return [
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
        for one in publications
        for webhook_id, kinds in receivers.items()
        if wanted(webhook_id, kinds, one.kind, one.subject)
        and (job_id := job_id_of(webhook_id, sequences[one.id], one.id))
    ]


def _fresh(connection: Connection, sql: _Sql, publications: Sequence[Publication]) -> list[Publication]:
    """Those that are not written yet, each once: after a lost answer the same are written again."""
    by_id = {publication.id: publication for publication in publications}
    given: object = list(by_id) if sql is _POSTGRESQL else orjson.dumps(list(by_id)).decode()
    for (known,) in connection.exec_driver_sql(sql.known, (given,)):
        del by_id[known]
    return list(by_id.values())


def _sequences(connection: Connection, sql: _Sql, publications: Sequence[Publication]) -> dict[str, int]:
    """The sequence number of each, by id, taken under the locks of their subjects."""
    numbers = Counter(publication.subject for publication in publications)
    given: tuple[object, ...]
    if sql is _POSTGRESQL:
        given = (list(numbers), list(numbers.values()))
    else:
        given = (orjson.dumps(list(numbers.items())).decode(),)
    taken = connection.exec_driver_sql(sql.take, given)
    following = {subject: last - numbers[subject] + 1 for subject, last in taken}
    found: dict[str, int] = {}
    for publication in publications:
        found[publication.id] = following[publication.subject]
        following[publication.subject] += 1
    return found


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
