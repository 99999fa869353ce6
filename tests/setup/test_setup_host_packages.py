from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infolinia.setup import host_packages
from infolinia.setup.failure import SetupError
from infolinia.setup.host_packages import find_chromium, find_postgres, install_host_packages
from infolinia.setup.progress import Progress


def postgres_folder(root: Path, major: int) -> Path:
    folder = root / str(major) / "bin"
    folder.mkdir(parents=True)
    for name in ("initdb", "pg_ctl", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {major}.2 (Debian)'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_newest_postgres_server_is_found_and_an_old_or_half_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("PATH", "/bin", prepend=":")
    monkeypatch.setattr(host_packages.shutil, "which", lambda name: None)
    postgres_folder(tmp_path, 9)
    assert find_postgres(tmp_path) is None
    expected = postgres_folder(tmp_path, 15)
    (postgres_folder(tmp_path, 17) / "initdb").unlink()
    assert find_postgres(tmp_path) == expected


def test_without_root_the_exact_command_is_said(
    progress: Progress, monkeypatch: pytest.MonkeyPatch, path_of_programs: Callable[..., Path]
) -> None:
    path_of_programs(apt_get="touch $0.called")
    monkeypatch.setattr(host_packages.os, "geteuid", lambda: 1000)
    with pytest.raises(
        SetupError,
        match=r"The tests need Chromium, .*`sudo apt-get update && sudo apt-get install -y chromium`",
    ):
        install_host_packages(("chromium",), "The tests need Chromium", progress)


def test_as_root_old_package_lists_are_renewed_once(
    progress: Progress, monkeypatch: pytest.MonkeyPatch, path_of_programs: Callable[..., Path]
) -> None:
    folder = path_of_programs(
        apt_get='echo "$DEBIAN_FRONTEND $1" >> $0.log; [ "$1" = update ] && touch $0.fresh; [ -e $0.fresh ]'
    )
    monkeypatch.setattr(host_packages.os, "geteuid", lambda: 0)
    install_host_packages(("chromium",), "The tests need Chromium", progress)
    lines = (folder / "apt-get.log").read_text().splitlines()
    assert lines == ["noninteractive install", "noninteractive update", "noninteractive install"]


def test_as_root_a_failure_of_apt_is_one_sentence(
    progress: Progress, monkeypatch: pytest.MonkeyPatch, path_of_programs: Callable[..., Path]
) -> None:
    path_of_programs(apt_get="echo 'E: Unable to locate package chromium'; exit 100")
    monkeypatch.setattr(host_packages.os, "geteuid", lambda: 0)
    with pytest.raises(SetupError, match=r"could not install it \(E: Unable to locate package chromium\)"):
        install_host_packages(("chromium",), "The tests need Chromium", progress)


def test_the_browser_is_found_on_the_path(path_of_programs: Callable[..., Path]) -> None:
    folder = path_of_programs(alone=True)
    assert find_chromium() is None
    path_of_programs(chromium="exit 0")
    assert find_chromium() == folder / "chromium"
