"""Asterisk's own account of calls (CEL), read so that calls the engine missed reach the history.

The rows are on disk as things happen: they are there even after Asterisk itself was killed.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

_LOCK_LIMIT_SECONDS = 5.0
_WAV_HEADER_BYTES = 44
_WAV_BYTES_PER_SECOND = 16000  # 8 kHz, 16 bit, mono
_FRAME_BYTES = 320  # 20 ms
_QUIET_LEVEL = 160  # mean of a frame's samples: -46 dB of the loudest
_FEWEST_LOUD_FRAMES = 10  # 0.2 s; less is a caller who said nothing

# (column of the table, field of Asterisk's record); `at` is seconds since 1970, UTC.
CEL_COLUMNS = (
    ("event", "eventtype"),
    ("at", "eventtime(float)"),
    ("linkedid", "linkedid"),
    ("uniqueid", "uniqueid"),
    ("channel", "channame"),
    ("context", "context"),
    ("exten", "exten"),
    ("caller", "num"),
    ("app", "appname"),
    ("app_data", "appdata"),
    ("user_event", "userdeftype"),
    ("extra", "eventextra"),
)


# Those of a CelRow, in its order.
_COLUMNS = "event, at, linkedid, uniqueid, exten, caller, app, app_data, extra"


class CelUnreadable(Exception):
    """The file of call events cannot be read; the text is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class CelCall:
    """An arriving call as Asterisk saw it. Times are aware UTC.

    `ended_at` is None for a call still up and for one that died with Asterisk; `crashed` tells the latter,
    and `last_seen_at` is the last sign of it. `engine_seconds`: how long it was in the engine's hands, None
    when it never was. `away_count`: how often the engine was found absent or silent. `message`: what the
    caller left with the dialplan, of `message_seconds`; None when nothing was said.
    """

    linkedid: str
    started_at: datetime
    last_seen_at: datetime
    caller: str
    dialled: str
    trunk: str
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    crashed: bool = False
    engine_seconds: float | None = None
    away_count: int = 0
    message: Path | None = None
    message_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CelLeg:
    """A channel that was placed. `cause`: Q.850, of its hangup; None where none is told."""

    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cause: int | None = None


class CelRow(NamedTuple):
    """One event of a channel, as far as it is read; `at` is seconds since 1970, UTC."""

    event: str
    at: float
    linkedid: str
    uniqueid: str
    exten: str
    caller: str
    app: str
    app_data: str
    extra: str


def make_cel_table(path: Path) -> None:
    """Make the table that Asterisk fills, unless it is there.

    Made here for the index and for write-ahead logging, so that readers never hold Asterisk up.
    """
    columns = ", ".join(f"{name} {'REAL' if name == 'at' else 'TEXT'}" for name, _ in CEL_COLUMNS)
    with closing(sqlite3.connect(path, timeout=_LOCK_LIMIT_SECONDS)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"CREATE TABLE IF NOT EXISTS cel (AcctId INTEGER PRIMARY KEY, {columns})")
        for column in ("uniqueid", "at"):
            database.execute(f"CREATE INDEX IF NOT EXISTS cel_{column} ON cel ({column})")
        database.commit()
    path.chmod(0o600)


def prune_cel(path: Path, before: datetime, most_rows: int) -> int:
    """Delete up to `most_rows` of the oldest events before a time; returns how many. Raises sqlite3.Error.

    Few at a time: Asterisk waits for the lock meanwhile, for a second at most.
    """
    with closing(sqlite3.connect(path, timeout=_LOCK_LIMIT_SECONDS)) as database:
        found = database.execute(
            "DELETE FROM cel WHERE AcctId IN (SELECT AcctId FROM cel WHERE at < ? ORDER BY at LIMIT ?)",
            (before.timestamp(), most_rows),
        )
        database.commit()
        return found.rowcount


async def calls_since(path: Path, since: datetime, booted_at: datetime | None) -> list[CelCall]:
    """Calls that arrived at or after `since`, oldest first.

    `booted_at` is the start of the Asterisk that runs now (None: none runs): a call from before it that has
    no end has crashed. Raises CelUnreadable.
    """
    return await asyncio.to_thread(_calls_with, path, "CHAN_START", since, booted_at)


async def calls_ended_since(path: Path, since: datetime, booted_at: datetime | None) -> list[CelCall]:
    """Calls that ended at or after `since`, in order of arrival: cheap to ask for again and again."""
    return await asyncio.to_thread(_calls_with, path, "CHAN_END", since, booted_at)


async def leg_of(path: Path, channel_id: str) -> CelLeg | None:
    """A channel by its id, whoever placed it; None: there is nothing of it. Raises CelUnreadable."""
    return await asyncio.to_thread(_leg_of, path, channel_id)


def _leg_of(path: Path, channel_id: str) -> CelLeg | None:
    query = f"SELECT {_COLUMNS} FROM cel WHERE uniqueid = ? ORDER BY AcctId"  # noqa: S608 - our own names
    rows = _rows(path, query, (channel_id,))
    return fold_leg(rows) if rows else None


def fold_leg(rows: Iterable[CelRow]) -> CelLeg:
    """What the rows of one channel tell, in their order."""
    leg = CelLeg()
    for row in rows:
        match row.event:
            case "ANSWER":
                leg = replace(leg, answered_at=leg.answered_at or _utc(row.at))
            case "HANGUP":
                leg = replace(leg, ended_at=_utc(row.at), cause=_cause_in(row.extra))
            case "CHAN_END":
                leg = replace(leg, ended_at=leg.ended_at or _utc(row.at))
    return leg


def _cause_in(extra: str) -> int | None:
    """As Asterisk writes it: {"hangupcause":16,"hangupsource":"","dialstatus":""}."""
    try:
        cause = json.loads(extra)["hangupcause"]
    except (ValueError, TypeError, KeyError):
        return None
    return cause if isinstance(cause, int) else None


def _calls_with(path: Path, event: str, since: datetime, booted_at: datetime | None) -> list[CelCall]:
    query = (
        f"SELECT {_COLUMNS} FROM cel WHERE uniqueid IN"  # noqa: S608 - our own names
        " (SELECT uniqueid FROM cel WHERE event = ? AND at >= ?) ORDER BY uniqueid, AcctId"
    )
    rows = _rows(path, query, (event, since.timestamp()))
    return sorted(fold_calls(rows, booted_at), key=lambda call: call.started_at)


def _rows(path: Path, query: str, given: tuple[object, ...]) -> list[CelRow]:
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=_LOCK_LIMIT_SECONDS)) as database:
            database.text_factory = _any_text
            return [CelRow(*row) for row in database.execute(query, given)]
    except sqlite3.Error as error:
        raise CelUnreadable(f"Asterisk's call log {path} cannot be read: {error}.") from error


def fold_calls(rows: Iterable[CelRow], booted_at: datetime | None) -> Iterator[CelCall]:
    """The arriving calls among `rows`, which are in order within each channel."""
    for _, channel_rows in groupby(rows, key=lambda row: row.uniqueid):
        call = _fold_channel(list(channel_rows), booted_at)
        if call is not None:
            yield call


def _fold_channel(rows: list[CelRow], booted_at: datetime | None) -> CelCall | None:
    """None for a channel that did not arrive from outside: a leg placed by the engine, or a media channel."""
    first = rows[0]
    call: CelCall | None = None
    stays: list[tuple[float, float]] = []  # from, to: in the engine's application
    entered: float | None = None
    away_count = 0
    for row in rows:
        arguments = row.app_data.split(",")
        # The next row of the channel that is not in the application ends the stay.
        if entered is not None and (row.app != "Stasis" or row.event in ("APP_END", "CHAN_END", "HANGUP")):
            stays.append((entered, row.at))
            entered = None
        if row.event == "APP_START" and row.app == "Stasis":
            entered = row.at
            if call is None and len(arguments) >= 6 and arguments[1] == "inbound":
                call = CelCall(
                    linkedid=first.linkedid,
                    started_at=_utc(first.at),
                    last_seen_at=_utc(rows[-1].at),
                    caller=first.caller,
                    dialled=arguments[3] or first.exten,
                    trunk=arguments[2],
                )
        if call is None:
            continue
        match row.event:
            case "ANSWER":
                call = replace(call, answered_at=call.answered_at or _utc(row.at))
            case "ENGINE_AWAY":
                away_count += 1
                if "unregistered" in row.extra and stays:
                    stays.pop()  # the application was asked for, and was not there
            case "APP_START" if row.app == "Record":
                call = _with_message(call, Path(row.app_data.split(".wav,")[0] + ".wav"))
            case "CHAN_END":
                call = replace(call, ended_at=_utc(row.at))
    if call is None:
        return None
    if entered is not None:
        stays.append((entered, rows[-1].at))
    return replace(
        call,
        away_count=away_count,
        engine_seconds=sum(end - begin for begin, end in stays) if stays else None,
        crashed=call.ended_at is None and (booted_at is None or call.started_at < booted_at),
    )


def _with_message(call: CelCall, path: Path) -> CelCall:
    seconds = message_seconds(path)
    return replace(call, message=path, message_seconds=seconds) if seconds else call


def message_seconds(path: Path) -> float:
    """The length of a message; 0 when there is none, or nobody spoke."""
    try:
        # Not by the header: it is written last, and missing when Asterisk was killed.
        audio = path.read_bytes()[_WAV_HEADER_BYTES:]
    except FileNotFoundError:
        return 0.0
    samples = np.frombuffer(audio[: len(audio) // _FRAME_BYTES * _FRAME_BYTES], dtype="<i2").astype(np.int32)
    levels = np.abs(samples).reshape(-1, _FRAME_BYTES // 2).mean(axis=1)
    if np.count_nonzero(levels > _QUIET_LEVEL) < _FEWEST_LOUD_FRAMES:
        return 0.0
    return len(audio) / _WAV_BYTES_PER_SECOND


def _any_text(stored: bytes) -> str:
    """Callers choose their number's bytes, and one that is no UTF-8 must not hide all other calls."""
    return stored.decode(errors="replace")


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
