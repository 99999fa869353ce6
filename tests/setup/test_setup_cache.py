from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from infolinia.setup.cache import cache_folder, fresh_folder, locked, swap_in
from infolinia.setup.failure import SetupError

HOLD = """
import sys
from pathlib import Path
from infolinia.setup.cache import locked
with locked(Path(sys.argv[1]), print):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"INFOLINIA_CACHE": "/data/parts", "XDG_CACHE_HOME": "/x"}, Path("/data/parts")),
        ({"XDG_CACHE_HOME": "/x"}, Path("/x/infolinia")),
        ({"XDG_CACHE_HOME": "relative"}, Path.home() / ".cache" / "infolinia"),
        ({}, Path.home() / ".cache" / "infolinia"),
    ],
)
def test_the_cache_is_where_the_environment_says(environment: dict[str, str], expected: Path) -> None:
    assert cache_folder(environment) == expected


def holder_of(cache: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(cache)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_setup_waits_for_the_first_and_then_goes_on(tmp_path: Path) -> None:
    said: list[str] = []
    with holder_of(tmp_path) as first:

        def let_the_first_end(text: str) -> None:
            said.append(text)
            if len(said) == 2:
                first.communicate(timeout=10)

        with locked(tmp_path, let_the_first_end, limit_seconds=20, poll_seconds=0.01):
            assert first.returncode == 0
    assert said[0] == f"waiting for another setup (process {first.pid})"


def test_the_wait_for_another_setup_has_a_limit(tmp_path: Path) -> None:
    with holder_of(tmp_path) as first:
        with (
            pytest.raises(SetupError, match=rf"process {first.pid}.*make setup"),
            locked(tmp_path, lambda text: None, limit_seconds=0.05, poll_seconds=0.01),
        ):
            pass
        first.communicate(timeout=10)


def test_the_lock_of_a_killed_setup_is_free(tmp_path: Path) -> None:
    with holder_of(tmp_path) as first:
        first.kill()
        first.wait(timeout=10)
    waits: list[str] = []
    with locked(tmp_path, waits.append, limit_seconds=5):
        assert waits == []


def test_a_new_folder_replaces_the_old_one_and_leftovers_go(tmp_path: Path) -> None:
    final = tmp_path / "part"
    leftover = tmp_path / "part.new"
    leftover.mkdir()
    (leftover / "half").write_text("half")
    new = fresh_folder(final)
    assert list(new.iterdir()) == []
    (new / "a").write_text("first")
    swap_in(new, final)
    new = fresh_folder(final)
    (new / "a").write_text("second")
    swap_in(new, final)
    assert (final / "a").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["part"]
