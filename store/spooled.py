"""The form of one commit in the spool: a JSON object on one line, by the changes' own field names.

It does not depend on the tables, so what an older version spooled is replayed by a newer one: fields it did
not know take their defaults, fields that are no longer known are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from engine.changes import (
    AgentEventsAppended,
    AttemptBegun,
    AttemptStored,
    CallbackKept,
    CallPartKept,
    CallPartOver,
    CallStored,
    Change,
    ConsentKept,
    EventsAppended,
    InteractionAdded,
    JobAdded,
    LeadPlanned,
    ObjectionKept,
    ProfileSet,
    Published,
    RecordingBegun,
)

_FORM = 1
_KINDS: dict[str, type[Change]] = {
    "events": EventsAppended,
    "agent_events": AgentEventsAppended,
    "call": CallStored,
    "interaction": InteractionAdded,
    "job": JobAdded,
    "profile": ProfileSet,
    "consent": ConsentKept,
    "objection": ObjectionKept,
    "callback": CallbackKept,
    "part": CallPartKept,
    "part_over": CallPartOver,
    "published": Published,
    "recording": RecordingBegun,
    "attempt_begun": AttemptBegun,
    "attempt": AttemptStored,
    "lead": LeadPlanned,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_READERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for name, kind in _KINDS.items()}


class SpooledUnreadable(Exception):
    """The line is not a commit that this version can read; the message says why."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The changes of one `Ledger.commit`, and when it was asked for."""

    at: datetime
    changes: tuple[Change, ...]


def line_of(commit: Commit) -> bytes:
    """Without a line end. Raises TypeError when a change holds what JSON cannot."""
    return orjson.dumps(
        {"form": _FORM, "at": commit.at, "changes": [[_NAMES[type(c)], c] for c in commit.changes]},
        default=_plain,
        option=orjson.OPT_NON_STR_KEYS,  # enums are keys too
    )


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):  # read-only ones
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def dead_line(commit: Commit, why: str, at: datetime) -> bytes:
    """A dead letter of a commit; what JSON cannot hold is described."""
    changes = [[_NAMES[type(c)], c] for c in commit.changes]
    told = {"at": at, "why": why, "committed_at": commit.at, "changes": changes}
    return orjson.dumps(told, default=repr, option=orjson.OPT_NON_STR_KEYS)


def dead_text(line: bytes, why: str, at: datetime) -> bytes:
    """A dead letter of a line that cannot be read."""
    return orjson.dumps({"at": at, "why": why, "line": line.decode("utf-8", "backslashreplace")})


def commit_of(line: bytes) -> Commit:
    """Raises SpooledUnreadable."""
    try:
        read = orjson.loads(line)
        if read["form"] != _FORM:
            raise SpooledUnreadable(f"form {read['form']} is of another version")
        changes: Sequence[Change] = [_READERS[name].validate_python(value) for name, value in read["changes"]]
        return Commit(datetime.fromisoformat(read["at"]), tuple(changes))
    except ValidationError as error:
        raise SpooledUnreadable(str(error.errors(include_url=False)[0])) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SpooledUnreadable(f"{type(error).__name__}: {error}") from error
