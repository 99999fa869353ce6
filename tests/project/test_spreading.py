"""Tests that wait are spread over the workers' shares, none is lost, and one worker keeps the order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.spreading import spread


@dataclass(frozen=True)
class Named:
    path: Path
    number: int


def waits(test: Named) -> bool:
    return test.path.name.startswith("live")


TESTS = [Named(Path(file), n) for file in ("a", "live1", "b", "live2", "c", "live3") for n in range(7)]


def test_each_share_begins_with_a_file_that_waits() -> None:
    ordered = spread(TESTS, 3, waits)
    assert sorted(map(str, ordered)) == sorted(map(str, TESTS))
    for share in (ordered[:14], ordered[14:28], ordered[28:]):
        assert len({test.path for test in share if waits(test)}) == 1
        assert [waits(test) for test in share] == [True] * 7 + [False] * 7


@pytest.mark.parametrize("workers", [2, 5, 40])
def test_none_is_lost_where_shares_are_uneven(workers: int) -> None:
    assert set(spread(TESTS, workers, waits)) == set(TESTS)
    assert len(spread(TESTS, workers, waits)) == len(TESTS)


def test_one_worker_keeps_the_order() -> None:
    assert spread(TESTS, 1, waits) == TESTS
