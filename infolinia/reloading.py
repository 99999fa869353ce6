"""The configuration read anew while the hotline runs: what changes at once, and what waits for a start."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from infolinia.configuration import Configuration, ConfigurationRejected, load_configuration
from infolinia.flows.reload import FlowReloader, Reloaded

log = structlog.get_logger(__name__)

# What is served from here on at once; everything else is taken over at the next start.
LIVE = (
    "agents",
    "queues",
    "desk",
    "followups",
    "chats",
    "hours",
    "numbers",
    "unknown_number",
    "recording.talks",
    "recording.manual",
    "recording.codec",
    "recording.transcripts",
    "recording.language",
)

Applier = Callable[[Configuration], None]
# What is doubtful in that configuration as it is in force, a sentence each.
Judge = Callable[[Configuration], Awaitable[Sequence[str]]]
TelephoneApplier = Callable[[Configuration], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class FilesRead:
    """`put` puts them in force. `changed`: which they are, such as "templates a, b"."""

    put: Callable[[], None]
    changed: tuple[str, ...] = ()


# Reads files of that configuration. Raises ConfigurationRejected.
FileReader = Callable[[Configuration], FilesRead]


class TelephonesFailed(Exception):
    """Asterisk did not take SIP telephones over; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class ReloadedConfiguration:
    """`changed`: settings that are in force now. `waiting`: those that a start takes over. `trouble`: a
    sentence of SIP telephones that are not as they should be. `files`: those beside flows that are in force
    now, as FilesRead.changed."""

    changed: tuple[str, ...]
    waiting: tuple[str, ...]
    flows: Reloaded
    trouble: str = ""
    files: tuple[str, ...] = ()

    @property
    def waiting_told(self) -> str:
        """What is not in force, in a sentence or two; empty when all is."""
        return " ".join(filter(None, (told_waiting(self.waiting), self.trouble)))


class ConfigurationReloader:
    """`appliers` are told the configuration in force, once flows of it are in service. They cannot fail.

    `readers` read their files anew, whether the configuration has changed or not, before anything is in
    force; what they give puts them in force with the rest. What `judges` say is told beside the warnings of
    flows; they cannot fail. `telephones` is told it after them, also when nothing has changed: what it could
    not do is tried anew.
    """

    def __init__(self, configuration: Configuration, flows: FlowReloader) -> None:
        self._started = configuration
        self._flows = flows
        self._one_at_a_time = asyncio.Lock()
        self.configuration = configuration
        self.appliers: list[Applier] = []
        self.readers: list[FileReader] = []
        self.judges: list[Judge] = []
        self.telephones: TelephoneApplier | None = None

    async def reload(self) -> ReloadedConfiguration:
        """Raises ConfigurationRejected with all problems of the file, of messages or of flows; then all stays
        as it was."""
        async with self._one_at_a_time:
            if self._started.file is None:
                written = self.configuration
            else:
                written = await asyncio.to_thread(load_configuration, self._started.file)
            wanted = _in_force(self.configuration, written)
            changed = tuple(sorted(set(_differing(self.configuration, wanted))))
            waiting = tuple(sorted({path for path in _differing(self._started, written) if _waits(path)}))
            try:
                read = await asyncio.to_thread(self._read, wanted)
                flows = await self._flows.reload(wanted)
            except ConfigurationRejected as rejected:
                raise ConfigurationRejected(
                    "\n".join(filter(None, (str(rejected), told_waiting(waiting))))
                ) from rejected
            # From here on nothing waits: no call sees flows of one configuration and queues of another.
            self.configuration = wanted
            for one in read:
                one.put()
            if changed:
                for apply in self.appliers:
                    apply(wanted)
            trouble = await self._change_telephones(wanted)
            files = tuple(told for one in read for told in one.changed)
            log.info("the configuration was read anew", changed=(*changed, *files), waiting=waiting)
            doubts = [sentence for judge in self.judges for sentence in await judge(wanted)]
            flows = replace(flows, warnings=(*flows.warnings, *doubts))
            return ReloadedConfiguration(changed, waiting, flows, trouble, files)

    def _read(self, wanted: Configuration) -> list[FilesRead]:
        """All problems of all readers are told."""
        found, problems = [], []
        for reader in self.readers:
            try:
                found.append(reader(wanted))
            except ConfigurationRejected as rejected:
                problems.append(str(rejected))
        if problems:
            raise ConfigurationRejected("\n".join(dict.fromkeys("\n".join(problems).split("\n"))))
        return found

    async def _change_telephones(self, wanted: Configuration) -> str:
        try:
            if self.telephones is not None:
                await self.telephones(wanted)
        except TelephonesFailed as failure:
            return f"SIP telephones are not all as configured: {failure} Reload again."
        return ""

    async def reload_told(self) -> None:
        """The same for a signal: what comes of it stands in the log."""
        try:
            done = await self.reload()
        except ConfigurationRejected as rejected:
            log.error(f"Nothing was changed:\n{rejected}")
        except Exception:
            log.exception("The configuration could not be read anew; nothing was changed")
        else:
            for sentence in (*done.flows.warnings, done.waiting_told):
                if sentence:
                    log.warning(sentence)


def told_waiting(waiting: tuple[str, ...]) -> str:
    return f"Only a restart of the hotline takes over: {', '.join(waiting)}." if waiting else ""


def _in_force(running: Configuration, written: Configuration) -> Configuration:
    """The running one with what `written` may change at once."""
    update: dict[str, Any] = {}
    for path in LIVE:
        section, _, field = path.partition(".")
        if not hasattr(written, section):
            continue
        value = getattr(written, section)
        if field:
            value = getattr(running, section).model_copy(update={field: getattr(value, field)})
        update[section] = value
    return running.model_copy(update=update)


def _differing(one: Configuration, other: Configuration) -> Iterator[str]:
    """Settings by their paths: `sip.port`, `agents.anna`, `agents.anna.sip`; lists as a whole."""
    yield from _paths(one.model_dump(), other.model_dump())


def _paths(one: Mapping[str, Any], other: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name in one.keys() | other.keys():
        path = f"{above}{name}"
        mine, theirs = one.get(name), other.get(name)
        if mine == theirs:
            continue
        if isinstance(mine, dict) and isinstance(theirs, dict) and path.count(".") < _DEPTH:
            yield from _paths(mine, theirs, f"{path}.")
        else:
            yield path


_DEPTH = 2


def _waits(path: str) -> bool:
    return not any(path == live or path.startswith(f"{live}.") for live in LIVE)
