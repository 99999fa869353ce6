"""`infolinia flow test --from-call`: a call of the history as a test, and a test put into a flow's file."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from calls.events import CallEvent, CallEventKind
from infolinia.configuration import Configuration, ConfigurationRejected
from infolinia.flows.files import flow_folder, read_flow
from infolinia.flows.testing import rehearsal_surroundings
from ivr.flow import Flow
from ivr.rehearsal.flow_tests import flow_tests
from ivr.rehearsal.recorded_call import NotRehearsable, recorded_test
from ivr.rehearsal.written_tests import as_written
from store.opening import open_queries
from wording.yaml_source import Listing, SourceRejected, Table, read_yaml

_OFFSET_OF_KEYS = 2  # of "- "


async def events_of(configuration: Configuration, call_id: str) -> Sequence[CallEvent]:
    """Raises ConfigurationRejected when there is no such call, StoreError when it cannot be read."""
    async with open_queries(configuration.database_url) as queries:
        events = await queries.events(call_id)
    if not events:
        raise ConfigurationRejected(
            f"There is no call {call_id!r}. `infolinia history --json` tells the ids as subject_id."
        )
    return events


def flow_of(configuration: Configuration, events: Sequence[CallEvent]) -> tuple[Path, Flow]:
    """The flow that the call ran, as its file is now. Raises ConfigurationRejected."""
    names = [str(event.data["flow"]) for event in events if event.kind is CallEventKind.FLOW_STARTED]
    if not names:
        raise ConfigurationRejected("The call ran no flow, so nothing of it can be rehearsed.")
    path = flow_folder(configuration) / f"{names[0]}.yaml"
    return path, read_flow(path)


def written_test(configuration: Configuration, flow: Flow, events: Sequence[CallEvent], name: str) -> str:
    """The test as it stands in a file. Raises ConfigurationRejected when the call cannot be rehearsed."""
    try:
        made = recorded_test(flow, events, rehearsal_surroundings(configuration))
    except NotRehearsable as refused:
        raise ConfigurationRejected(str(refused)) from refused
    return as_written(_unused(flow, name), made.given, made.acts)


def append_test(path: Path, test: str) -> None:
    """Put a test at the end of a flow's file. Raises ConfigurationRejected and leaves the file as it was."""
    before = path.read_text(encoding="utf-8")
    root = read_yaml(before, str(path))
    assert isinstance(root, Table)
    tests = root.value("tests")
    lines = test.splitlines()
    if tests is None:
        head = "\ntests:\n"
    elif not isinstance(tests, Listing) or list(root.entries)[-1] != "tests":
        raise ConfigurationRejected(f"{path}: move `tests` to the end of the file, or add the test by hand.")
    else:
        head = ""
        indent = tests.items[0].place.column - 1 - _OFFSET_OF_KEYS if tests.items else 2
        lines = [" " * max(indent, 0) + line[2:] for line in lines]
    after = f"{before.rstrip()}\n{head}" + "\n".join(lines) + "\n"
    try:
        flow_tests(read_flow(path, text=after))
    except (ConfigurationRejected, SourceRejected) as rejected:
        raise ConfigurationRejected(f"The test cannot be put into the file: {rejected}") from rejected
    _replace(path.resolve(), after)


def _replace(path: Path, text: str) -> None:
    """At once: a hotline that reads its flows anew meanwhile finds the one or the other, never a half."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.write_text(text, encoding="utf-8")
        shutil.copymode(path, new)
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise ConfigurationRejected(
            f"{path}: the test cannot be written ({error.strerror}). Put it in by hand."
        ) from error


def _unused(flow: Flow, name: str) -> str:
    taken = {test.name for test in flow_tests(flow)}
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free
