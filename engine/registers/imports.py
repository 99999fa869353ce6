"""Imports: lists of contacts taken in, each with how far it has come, so that it goes on after anything.

Every method raises StoreUnavailable; those that take an id raise Missing when there is no such import.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from engine.registers.actor import Actor
from engine.registers.pages import Page
from history.importing.drafts import Draft, Refusal
from history.importing.options import ImportOptions
from history.importing.records import Record

# Who works on an import says so with each batch; after this long in silence another may go on with it.
LEASE_SECONDS = 15.0


class ImportState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Batch(NamedTuple):
    """Records one after another; `first` counts from 0 in the file, after its header."""

    first: int
    records: tuple[Record, ...]


class Parsed(NamedTuple):
    """What became of a batch of `records`, those with nothing in them included."""

    first: int
    records: int
    drafts: list[Draft]
    refusals: list[Refusal]


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a file. `duplicates`: refused for naming a person of an earlier row; `refused`: for all else.

    `left_out` counts cells that were not taken of rows that were. `unchanged` people had it all already.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    refused: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class NewImport:
    """`digest` is of the file's bytes and the options; the file lies at `path` on `node`.

    `node` is "" for one that whoever began it carries out themselves.
    """

    digest: str
    name: str
    node: str
    path: str
    size_bytes: int
    options: ImportOptions
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """`position` counts the records of the file that are done. `error`: one sentence, when it failed."""

    id: str
    digest: str
    name: str
    node: str
    path: str
    size_bytes: int
    options: ImportOptions
    notes: tuple[str, ...]
    actor: str
    state: ImportState
    created_at: datetime
    position: int = 0
    counts: Counts = Counts()
    error: str | None = None
    lease_until: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ImportBusy(Exception):
    """Somebody works on it, and has said so until `until`."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class ImportLost(Exception):
    """The import is not this worker's any more: another one went on with it, or it was cancelled."""


@dataclass(frozen=True, slots=True)
class Written:
    """After a batch. `cancelled`: somebody asked to stop here."""

    position: int
    counts: Counts
    cancelled: bool


class Imports(Protocol):
    async def add(self, actor: Actor, new: NewImport) -> tuple[Import, bool]:
        """The import, and whether it is new: an unfinished one of the same file and options is given back."""

    async def get(self, import_id: str) -> Import: ...

    async def list(self, *, limit: int = 50, after: Sequence[str] | None = None) -> Page[Import]:
        """Newest first; `after` is the page's before."""

    async def waiting(self, node: str) -> Import | None:
        """The oldest on this node that waits, or that its worker has left without a word."""

    async def take(self, import_id: str, owner: str) -> Import:
        """Work on it as `owner` from now on. Raises ImportBusy, and ImportLost for one that is over."""

    async def write(self, import_id: str, owner: str, parsed: Parsed) -> Written:
        """The batch and the position after it, in one transaction. Raises ImportLost, and writes nothing."""

    async def finish(
        self, import_id: str, owner: str, state: ImportState, error: str | None = None
    ) -> Import:
        """Raises ImportLost."""

    async def release(self, import_id: str, owner: str) -> None:
        """Let it wait for this or another worker. Does nothing when it is not `owner`'s any more."""

    async def cancel(self, actor: Actor, import_id: str) -> Import:
        """Stop after the batch that is being written; what was imported stays. Refused when it is over."""

    async def resume(self, actor: Actor, import_id: str) -> Import:
        """Let one that failed wait again, to go on where it stopped. Refused otherwise."""

    async def refused(
        self, import_id: str, *, limit: int = 50, after: Sequence[str] | None = None
    ) -> Page[Refusal]:
        """In the order of lines."""
