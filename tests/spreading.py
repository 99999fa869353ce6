"""The order of tests for several workers: those that wait first, so that quick ones even out how all end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar


class _Test(Protocol):
    @property
    def path(self) -> Path: ...


One = TypeVar("One", bound=_Test)


def spread(tests: Sequence[One], workers: int, waits: Callable[[One], bool]) -> list[One]:
    """The same tests. xdist gives each worker an equal share of the list to begin with, in its order.

    A share begins with tests that `waits` tells of, file by file: those of one file share what they start.
    """
    if workers == 1:
        return list(tests)
    waiting: dict[Path, list[One]] = {}
    quick: list[One] = []
    for test in tests:
        (waiting.setdefault(test.path, []) if waits(test) else quick).append(test)
    files, spread_out = list(waiting.values()), list[One]()
    for worker in range(workers):
        share = (len(tests) - len(spread_out)) // (workers - worker)
        begin = [test for file in files[worker::workers] for test in file]
        more = max(0, share - len(begin))
        spread_out += [*begin, *quick[:more]]
        del quick[:more]
    return [*spread_out, *quick]
