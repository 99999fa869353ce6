"""A private apt: asks a Debian mirror for packages without touching the host's package system.

It has its own lists, archives and package status, so it needs no root and no host lock. The mirror is
the one the host's own apt sources name; the host's proxy settings are kept. Every index is verified
against the Debian archive keyring by apt itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infolinia.setup.commands import EXIT_NOT_FOUND, EXIT_TIMED_OUT, Finished, run
from infolinia.setup.debs import Deb
from infolinia.setup.failure import BYTES_PER_MB, DiskFullError, NetworkError, SetupError

DEBIAN_KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)
DEBIAN_SUITES = ("bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable")
MIRROR_VARIABLE = "INFOLINIA_DEBIAN_MIRROR"

_QUERY_LIMIT_SECONDS = 60.0
_UPDATE_LIMIT_SECONDS = 300.0
_DOWNLOAD_LIMIT_SECONDS = 3600.0
_INDEX_LINE = re.compile(r"^'(?P<site>\S+)/dists/(?P<suite>[^/']+)/(?:In)?Release(?:\.gpg)?'")
_ARCHIVE_LINE = re.compile(
    r"^'[^']+' (?P<name>\S+\.deb) (?P<size>\d+) SHA256:(?P<sha256>[0-9a-f]{64})\s*$", re.M
)
_NETWORK_WORDS = re.compile(
    r"Could not (?:resolve|connect)|Unable to connect|Temporary failure|timed out"
    r"|Connection (?:failed|refused)|Network is unreachable"
)
_SIGNATURE_WORDS = re.compile(
    r"NO_PUBKEY|EXPKEYSIG|REVKEYSIG|BADSIG|is not signed|couldn't be verified|OpenPGP"
)
_DISK_WORDS = re.compile(r"No space left|enough free space", re.IGNORECASE)


class SignatureError(SetupError):
    """The mirror's index is not signed by a key this host trusts."""


@dataclass(frozen=True, slots=True)
class Source:
    """One suite on one mirror. `options` is what apt's one-line format takes in brackets."""

    site: str
    suite: str
    options: str

    def line(self) -> str:
        return f"deb [{self.options}] {self.site} {self.suite} main\n"


def keyring_option(keyrings: Iterable[Path] = DEBIAN_KEYRINGS) -> str:
    """The source option that demands a Debian signature. Raises SetupError when no keyring is installed."""
    for path in keyrings:
        if path.is_file():
            return f"signed-by={path}"
    raise SetupError(
        "The Debian archive keyring is missing, so no package could be verified: run "
        "`sudo apt-get install -y debian-archive-keyring`, then `make setup`."
    )


def mirror_sites(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The Debian mirrors the host's apt sources name, or the one INFOLINIA_DEBIAN_MIRROR names."""
    chosen = environment.get(MIRROR_VARIABLE)
    if chosen:
        return [chosen.rstrip("/")]
    result = run(["apt-get", "update", "--print-uris"], _QUERY_LIMIT_SECONDS)
    if result.exit_code == EXIT_NOT_FOUND:
        raise SetupError(
            "apt-get is not here, so parts cannot be fetched from Debian: use Debian 12 or newer, or "
            "install Asterisk 22.6 or newer, SIPp and espeak-ng by this system's own means."
        )
    sites: list[str] = []
    for line in result.output.splitlines():
        match = _INDEX_LINE.match(line)
        if match and match["suite"] in DEBIAN_SUITES and match["site"] not in sites:
            sites.append(match["site"])
    if not sites:
        raise SetupError(
            "This machine's apt sources name no Debian mirror: add one, or set "
            f"{MIRROR_VARIABLE} to the address of a mirror, then run `make setup`."
        )
    return sites


class PrivateApt:
    """apt over one source, with all its state in `folder`. Archives go to `archives`.

    `host_status` is a dpkg status file whose packages count as installed; None means nothing is, so
    whole closures are fetched, the C library included.
    """

    def __init__(self, folder: Path, archives: Path, source: Source, host_status: Path | None) -> None:
        self._folder = folder
        self._archives = archives
        self.source = source
        for name in ("state/lists/partial", "cache", "etc/preferences.d", "none/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        status = folder / "status"
        if host_status is None:
            status.write_bytes(b"")
        else:
            shutil.copyfile(host_status, status)
        (folder / "etc" / "sources.list").write_text(source.line(), encoding="utf-8")
        (folder / "apt.conf").write_text(self._configuration(), encoding="utf-8")
        self._environment = {"APT_CONFIG": str(folder / "apt.conf"), "DEBIAN_FRONTEND": "noninteractive"}

    def update(self, on_wait: Callable[[], None]) -> None:
        """Fetch the index. Raises NetworkError, SignatureError or SetupError."""
        argv = ["apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any"]
        result = run(argv, _UPDATE_LIMIT_SECONDS, environment=self._environment, on_wait=on_wait)
        if not result.ok:
            raise self._failure(result, "its index")

    def versions(self, package: str) -> list[str]:
        """The versions of a package that the source offers, newest first."""
        result = run(["apt-cache", "madison", package], _QUERY_LIMIT_SECONDS, environment=self._environment)
        rows = [line.split("|") for line in result.output.splitlines()]
        return [row[1].strip() for row in rows if len(row) == 3 and row[0].strip() == package]

    def resolve(self, packages: Sequence[str]) -> list[Deb]:
        """The archives to fetch for these packages (`name` or `name=version`), checksums from the index."""
        argv = ["apt-get", "install", "-y", "-q", "--print-uris", "-o", "Acquire::ForceHash=SHA256"]
        # An empty archives folder makes apt list also what was fetched before.
        argv += ["-o", f"Dir::Cache::archives={self._folder / 'none'}/", *packages]
        result = run(argv, _QUERY_LIMIT_SECONDS, environment=self._environment)
        debs = [
            Deb(match["name"], int(match["size"]), match["sha256"])
            for match in _ARCHIVE_LINE.finditer(result.output)
        ]
        if not result.ok or not debs:
            raise SetupError(
                f"The mirror {self.source.site} cannot provide {', '.join(packages)} from "
                f"{self.source.suite} ({result.last_lines()}): set {MIRROR_VARIABLE} to another mirror."
            )
        return debs

    def download(self, packages: Sequence[str], total_bytes: int, on_wait: Callable[[str], None]) -> None:
        """Fetch what `resolve` listed into the archives folder; what is there whole is not fetched again."""

        def show() -> None:
            got = _bytes_in(self._archives, self._archives / "partial")
            on_wait(f"downloading: {got / BYTES_PER_MB:.0f} of {total_bytes / BYTES_PER_MB:.0f} MB")

        argv = ["apt-get", "install", "-y", "-q", "--download-only", *packages]
        result = run(argv, _DOWNLOAD_LIMIT_SECONDS, environment=self._environment, on_wait=show)
        if not result.ok:
            raise self._failure(result, "the packages")

    def _failure(self, result: Finished, what: str) -> SetupError:
        site, suite = self.source.site, self.source.suite
        errors = [line[3:] for line in result.output.splitlines() if line.startswith(("E: ", "W: "))]
        cause = errors[0] if errors else result.last_lines(1)
        if _DISK_WORDS.search(result.output):
            return DiskFullError(
                f"The disk is full while fetching {what} into {self._archives}: free some space, or set "
                "INFOLINIA_CACHE to a folder on a larger disk, and run `make setup` again."
            )
        if "Could not get lock" in result.output:
            return SetupError(
                f"An apt-get of an earlier setup still runs ({cause}): wait for it or end it, then run "
                "`make setup` again."
            )
        if _SIGNATURE_WORDS.search(result.output):
            return SignatureError(
                f"The index of {suite} on {site} is not signed by a key this machine trusts: run "
                "`sudo apt-get install -y debian-archive-keyring`, then `make setup`."
            )
        if result.exit_code == EXIT_TIMED_OUT or _NETWORK_WORDS.search(result.output):
            return NetworkError(
                f"No connection to the Debian mirror {site} for {what} ({cause}): check the network and the "
                "proxy of apt, then run `make setup` again; what was fetched is kept."
            )
        return SetupError(f"The Debian mirror {site} did not give {what} of {suite} ({cause}).")

    def _configuration(self) -> str:
        place = self._folder
        settings = {
            "Dir::State": place / "state",
            "Dir::State::status": place / "status",
            "Dir::State::extended_states": place / "extended_states",
            "Dir::Cache": place / "cache",
            "Dir::Cache::archives": f"{self._archives}/",
            "Dir::Etc": place / "etc",
            "Dir::Etc::sourcelist": place / "etc" / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::parts": "/dev/null",
            # Credentials of a private mirror stay where the host keeps them.
            "Dir::Etc::netrc": "/etc/apt/auth.conf",
            "Dir::Etc::netrcparts": "/etc/apt/auth.conf.d",
            "Dir::Log": place,
            "APT::Install-Recommends": "false",
            "APT::Install-Suggests": "false",
            "APT::Keep-Downloaded-Packages": "true",
            # The download user _apt cannot reach a folder in a user's home.
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "1",
            "Acquire::http::Timeout": "30",
            "Acquire::https::Timeout": "30",
            # A mirror snapshot is older than its own limit; signatures are still verified.
            "Acquire::Check-Valid-Until": "false",
        }
        own = "".join(f'{name} "{value}";\n' for name, value in settings.items())
        return host_acquire_settings() + own


def host_acquire_settings() -> str:
    """The host's own transport settings (proxies, address family, clock checks), as apt.conf lines."""
    result = run(["apt-config", "dump"], _QUERY_LIMIT_SECONDS)
    kept = re.compile(
        r'^Acquire::(?:https?|ftp|socks|ForceIPv[46]|Check-Date|Queue-Mode)(?:::\S*)? ".+";$', re.I
    )
    return "".join(f"{line}\n" for line in result.output.splitlines() if kept.match(line))


def _bytes_in(*folders: Path) -> int:
    total = 0
    for folder in folders:
        for entry in os.scandir(folder):
            # apt moves files from partial/ while they are counted.
            with contextlib.suppress(FileNotFoundError):
                total += entry.stat().st_size if entry.is_file() else 0
    return total
