"""Packages of the host itself: installed when we are root, else the exact command is said."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from infolinia.setup.commands import run
from infolinia.setup.failure import SetupError
from infolinia.setup.progress import Progress

OLDEST_POSTGRES = 15
_POSTGRES_PROGRAMS = ("initdb", "pg_ctl", "postgres")
_INSTALL_LIMIT_SECONDS = 1800.0
_VERSION_LIMIT_SECONDS = 20.0


def root_command(packages: Sequence[str]) -> str:
    """The command that installs these packages on this host."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get update && {sudo}apt-get install -y {' '.join(packages)}"


def install_host_packages(packages: Sequence[str], why: str, progress: Progress) -> None:
    """Install packages with the host's apt. Without root, SetupError says the command to run."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupError(f"{why}, which is missing: run `{root_command(packages)}`, then `make setup`.")
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
    # Old lists point to packages that are gone, so they are renewed once after a failure.
    for update_first in (False, True):
        if update_first:
            run(
                ["apt-get", "update", "-q"],
                _INSTALL_LIMIT_SECONDS,
                environment=environment,
                on_wait=lambda: progress.moving("renewing apt's package lists"),
            )
        result = run(
            [*install, *packages],
            _INSTALL_LIMIT_SECONDS,
            environment=environment,
            on_wait=lambda: progress.moving(f"installing {' '.join(packages)}"),
        )
        if result.ok:
            return
    raise SetupError(
        f"{why}, but apt could not install it ({result.last_lines(1)}): correct this, run "
        f"`{root_command(packages)}`, then `make setup`."
    )


def find_postgres(server_folders: Path = Path("/usr/lib/postgresql")) -> Path | None:
    """The folder of a PostgreSQL server's programs, version 15 or newer: the newest under
    `server_folders`, else the one on PATH."""
    folders = sorted(
        (path for path in server_folders.glob("*/bin") if path.parent.name.isdigit()),
        key=lambda path: -int(path.parent.name),
    )
    on_path = shutil.which("pg_ctl")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    return next((folder for folder in folders if _is_postgres_server(folder)), None)


def find_chromium() -> Path | None:
    """The browser the tests drive."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    return Path(program) if program else None


def find_node() -> Path | None:
    """Node.js, which runs the SMPP server of the tests."""
    program = shutil.which("node") or shutil.which("nodejs")
    return Path(program) if program else None


def _is_postgres_server(folder: Path) -> bool:
    if not all((folder / name).is_file() for name in _POSTGRES_PROGRAMS):
        return False
    output = run([folder / "postgres", "--version"], _VERSION_LIMIT_SECONDS).output
    match = re.search(r"\(PostgreSQL\) (\d+)", output)
    return match is not None and int(match[1]) >= OLDEST_POSTGRES
