from __future__ import annotations

import errno
import io
import os
import sys
import time
from pathlib import Path

import pytest

from infolinia.setup.commands import EXIT_NOT_FOUND, EXIT_TIMED_OUT, run
from infolinia.setup.failure import DiskFullError, explain_os_error, require_space
from infolinia.setup.progress import Progress


def test_both_outputs_the_exit_code_and_the_environment_are_kept(tmp_path: Path) -> None:
    result = run(
        ["/bin/sh", "-c", "echo $WORD; pwd; echo bad >&2; exit 3"],
        10,
        environment={"WORD": "good"},
        folder=tmp_path,
    )
    assert (result.exit_code, result.ok) == (3, False)
    assert result.output.split() == ["good", str(tmp_path), "bad"]
    assert result.last_lines(1) == "bad"


def test_a_command_over_its_limit_is_ended_with_its_children() -> None:
    waits: list[int] = []
    started_at = time.monotonic()
    result = run(["/bin/sh", "-c", "sleep 60 & echo $!; wait"], 0.6, on_wait=lambda: waits.append(1))
    assert result.exit_code == EXIT_TIMED_OUT
    assert time.monotonic() - started_at < 10
    assert waits
    child = Path("/proc") / result.output.split()[0] / "stat"
    # Gone, or dead and not yet collected by init.
    assert not child.exists() or child.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_a_program_that_does_not_exist_is_an_exit_code() -> None:
    assert run(["no-such-program-here"], 1).exit_code == EXIT_NOT_FOUND


def test_too_little_room_is_said_before_anything_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(DiskFullError, match=r"The part x needs \d+ MB in .* are free: .*INFOLINIA_CACHE"):
        require_space(tmp_path, 10**18, "The part x")
    require_space(tmp_path, 1, "The part x")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "The disk is full at /cache/file: free some space"),
        (errno.EACCES, "/cache/file cannot be written (Permission denied)"),
        (errno.EIO, "/cache/file: Input/output error; correct this"),
    ],
)
def test_errors_of_the_operating_system_become_a_sentence(number: int, sentence: str) -> None:
    error = OSError(number, os.strerror(number), "/cache/file")
    assert explain_os_error(error, Path("/cache")).startswith(sentence)


def test_progress_shows_now_and_then_and_one_line_per_part() -> None:
    now = 0.0
    stream = io.StringIO()
    progress = Progress(stream, lambda: now)
    progress.begin()
    for second in range(12):
        now = float(second)
        progress.moving("downloading")
    progress.part("Asterisk 22.10.1", "done", 393_000_000)
    assert stream.getvalue().splitlines() == [
        "  downloading (5 s)",
        "  downloading (10 s)",
        "Asterisk 22.10.1                       done              11.0 s     393 MB",
    ]


def test_the_command_says_one_sentence_and_exits_2_when_the_cache_cannot_be_made(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.touch()
    result = run(
        [sys.executable, "-m", "infolinia.setup"], 30, environment={"INFOLINIA_CACHE": str(blocker / "cache")}
    )
    assert result.exit_code == 2
    assert (
        result.output
        == f"setup: {blocker / 'cache'}: Not a directory; correct this and run `make setup` again.\n"
    )
