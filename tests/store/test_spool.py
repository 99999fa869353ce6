"""The spool keeps lines in order through restarts, torn writes and full disks, and never past its limit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.database import StoreError
from store.spool import DeadLetters, Spool
from store.spooled import Commit, SpooledUnreadable, commit_of, line_of
from tests.store.samples import START, call_changes


def opened(folder: Path, limit_bytes: int = 1 << 20, segment_bytes: int = 100) -> Spool:
    spool = Spool(folder, limit_bytes, segment_bytes)
    spool.open()
    return spool


def emptied(spool: Spool, at_once: int = 3) -> list[bytes]:
    lines: list[bytes] = []
    while some := spool.first(at_once):
        lines += [line.rstrip(b"\n") for line in some]
        spool.forget(some)
    return lines


def numbered(*numbers: int) -> list[bytes]:
    return [b'{"n": %d, "filler": "%s"}' % (n, b"x" * (n % 30)) for n in numbers]


def test_lines_come_back_in_order_and_the_files_go(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    for start in range(0, 40, 4):
        spool.append(numbered(*range(start, start + 4)))
    assert len(list(tmp_path.glob("spool-*"))) > 5
    assert emptied(spool) == numbered(*range(40))
    assert spool.empty
    assert spool.size_bytes == 0
    assert list(tmp_path.glob("spool-*")) == []
    spool.close()


def test_reading_and_appending_in_turns_keeps_the_order(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    read: list[bytes] = []
    for n in range(60):
        spool.append(numbered(2 * n, 2 * n + 1))
        some = spool.first(1)
        read += [line.rstrip(b"\n") for line in some]
        spool.forget(some)
    read += emptied(spool)
    assert read == numbered(*range(120))
    spool.append(numbered(120))
    assert emptied(spool) == numbered(120)
    spool.close()


def test_what_was_not_forgotten_is_there_after_a_restart(tmp_path: Path) -> None:
    spool = opened(tmp_path, segment_bytes=1 << 20)
    spool.append(numbered(*range(10)))
    spool.first(4)
    spool.close()
    again = opened(tmp_path)
    again.append(numbered(10))
    assert emptied(again) == numbered(*range(11))
    again.close()


@given(cut=st.integers(min_value=1, max_value=30))
def test_a_torn_last_line_is_dropped_and_what_follows_is_kept(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    spool = opened(folder, segment_bytes=1 << 20)
    spool.append(numbered(29, 29, 29))
    spool.close()
    (segment,) = folder.glob("spool-*")
    os.truncate(segment, segment.stat().st_size - cut)
    again = opened(folder)
    again.append(numbered(4))
    assert emptied(again) == numbered(29, 29, 4)
    assert again.torn == 1
    again.close()


def test_past_its_limit_nothing_is_written_until_there_is_room_again(tmp_path: Path) -> None:
    spool = opened(tmp_path, limit_bytes=200)
    assert spool.append([b"x" * 99]) == 1
    assert spool.append([b"y" * 59, b"z" * 80, b"z"]) == 1
    # There is room for this one, but then the gap before it would not be the only one.
    assert spool.append([b"z"]) == 0
    assert spool.size_bytes == 160
    assert emptied(spool) == [b"x" * 99, b"y" * 59]
    assert spool.append([b"z"]) == 1
    assert emptied(spool) == [b"z"]
    spool.close()


def test_a_disk_that_fills_up_leaves_no_half_line(tmp_path: Path) -> None:
    """The file size limit of the process stands for the full disk: the kernel writes a part, then refuses."""
    import resource
    import signal

    spool = opened(tmp_path, segment_bytes=1 << 20)
    spool.append([b"first"])
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            spool.append([b"x" * 3000, b"y" * 3000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    spool.append([b"second"])
    assert emptied(spool) == [b"first", b"second"]
    spool.close()


def test_the_folder_serves_one_process(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    with pytest.raises(StoreError, match="is used by another infolinia"):
        opened(tmp_path)
    spool.close()
    opened(tmp_path).close()


def test_nobody_else_reads_what_is_kept(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    spool.append([b"+48220000001"])
    DeadLetters(tmp_path / "spool").add(b"+48220000001")
    assert (tmp_path / "spool").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "spool").iterdir())
    spool.close()


def test_a_commit_is_the_same_after_the_spool() -> None:
    commit = Commit(START, call_changes("a"))
    assert commit_of(line_of(commit)) == commit


def test_fields_of_other_versions_are_passed_over_or_defaulted() -> None:
    line = (
        b'{"form":1,"at":"2026-11-21T16:05:00+00:00","changes":[["job",{"id":"j","topic":"sms","key":"k",'
        b'"payload":{"x":1},"unheard_of":true}]]}'
    )
    (job,) = commit_of(line).changes
    assert (job.id, job.payload, job.priority) == ("j", {"x": 1}, 0)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b'{"form":2}', b'{"form":1,"at":"x","changes":[["job",{}]]}', b"\xff\xfe"],
)
def test_what_is_no_commit_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(SpooledUnreadable):
        commit_of(line)
