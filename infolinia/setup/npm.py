"""Packages of the npm registry, fetched once into the cache and checked against their pins."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from infolinia.setup.commands import EXIT_NOT_FOUND, EXIT_TIMED_OUT, run
from infolinia.setup.debs import sha256_of
from infolinia.setup.failure import NetworkError, SetupError
from infolinia.setup.host_packages import install_host_packages, root_command
from infolinia.setup.progress import Progress

_DOWNLOAD_LIMIT_SECONDS = 1800.0
_ASK_AGAIN_LIMIT_SECONDS = 60.0
_NETWORK_CODES = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ECONNRESET", "ENETUNREACH")


class NpmPin(Protocol):
    """One package: its exact version, and the name and checksum of the file that npm fetches."""

    @property
    def package(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def file_name(self) -> str: ...
    @property
    def sha256(self) -> str: ...


def npm_package(cache: Path, pin: NpmPin, what: str, size: str, progress: Progress) -> Path:
    """The npm package in the cache, whole; fetched when it is missing or damaged.

    `what` names it in sentences, `size` is told while it is downloaded. Raises SetupError.
    """
    folder = cache / "archives" / "npm"
    path = folder / pin.file_name
    if path.is_file() and sha256_of(path) == pin.sha256:
        return path
    path.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.which("npm") is None:
        install_host_packages(("npm",), f"{what[0].upper()}{what[1:]} is fetched with npm", progress)
    argv = ["npm", "pack", "--silent", "--ignore-scripts", f"{pin.package}@{pin.version}"]
    result = run(
        argv,
        _DOWNLOAD_LIMIT_SECONDS,
        folder=folder,
        on_wait=lambda: progress.moving(f"downloading {what}, {size}"),
    )
    if result.exit_code == EXIT_NOT_FOUND:
        raise SetupError(f"npm is missing: run `{root_command(('npm',))}`, then `make setup`.")
    # --silent leaves the cause out; ask again only for the sentence.
    if not result.ok:
        again = run([*argv[:2], *argv[3:]], _ASK_AGAIN_LIMIT_SECONDS, folder=folder)
        raise _fetch_failure(
            again.output, result.exit_code, f"{what} (npm package {pin.package} {pin.version})"
        )
    if not path.is_file() or sha256_of(path) != pin.sha256:
        path.unlink(missing_ok=True)
        raise SetupError(
            f"The npm package {pin.package} {pin.version} differs from its pinned checksum, so it is not "
            "used: check the registry that npm is set to, then run `make setup` again."
        )
    return path


def _fetch_failure(output: str, exit_code: int, what: str) -> SetupError:
    if exit_code == EXIT_TIMED_OUT or any(code in output for code in _NETWORK_CODES):
        return NetworkError(
            f"No connection to the npm registry for {what}: check the network and npm's proxy, then run "
            "`make setup` again."
        )
    if "ENOSPC" in output:
        return SetupError("The disk is full in npm's cache or the setup cache: free some space and retry.")
    lines = [line for line in output.splitlines() if "ERR!" in line or "error" in line]
    cause = lines[0].strip() if lines else f"exit code {exit_code}"
    return SetupError(f"npm did not give {what} ({cause}): correct this and run `make setup` again.")
