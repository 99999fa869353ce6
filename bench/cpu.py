"""CPU time of a process, as the kernel counts it (ticks of 10 ms, so measure over hundreds of calls)."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int, without: Collection[int] = ()) -> float:
    """User and system time of the process and its children so far, those that have ended included.

    Children in `without` and theirs are left out.
    """
    total = _own(pid)
    for child in _children(pid):
        if child not in without:
            total += cpu_seconds(child, without)
    return total


def busy_seconds() -> float:
    """What all programs of the machine have used so far, on all cores."""
    user, nice, system, _, _, irq, softirq, *_ = map(
        int, Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    )
    return (user + nice + system + irq + softirq) / _TICKS_PER_SECOND


def cores() -> int:
    return len(os.sched_getaffinity(0))


def _own(pid: int) -> float:
    try:
        line = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it ended meanwhile and is in its parent's sum
    # The name in brackets may hold blanks; after it the fields have fixed places (proc(5): 14 to 17).
    fields = line.rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS_PER_SECOND


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found
