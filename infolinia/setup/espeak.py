"""espeak-ng for the fallback voice: the host's library, else Debian's in a private prefix.

The library is loaded into a Python process of the host, so it comes from the host's own suite, with
only those of its dependencies that the host lacks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from infolinia.setup.apt import DEBIAN_SUITES, PrivateApt, Source, keyring_option, mirror_sites
from infolinia.setup.cache import remove
from infolinia.setup.commands import run
from infolinia.setup.failure import SetupError
from infolinia.setup.host_packages import root_command
from infolinia.setup.prefix import Prefix, request_of
from infolinia.setup.progress import Progress

LIBRARY_PACKAGE = "libespeak-ng1"
_NEEDED_BYTES = 60_000_000
_LOAD_LIMIT_SECONDS = 20.0
_DPKG_STATUS = Path("/var/lib/dpkg/status")
_LAYOUT = "1"
# Mode 1 only gives samples back, so no sound device is opened. Ends well when voices are found too.
_LOAD_PROGRAM = """
import ctypes, sys
library = ctypes.CDLL("libespeak-ng.so.1")
rate_hz = library.espeak_Initialize(1, 0, None, 1 << 15)
ok = rate_hz > 0 and all(library.espeak_SetVoiceByName(name) == 0 for name in (b"pl", b"en", b"ru"))
sys.exit(0 if ok else 1)
"""


def provide_espeak(
    cache: Path, progress: Progress, sites: Callable[[], list[str]] = mirror_sites
) -> tuple[dict[str, str], str]:
    """The environment a process must be started with to load espeak-ng, and the state for the report."""
    if speaks({}):
        return {}, "on the host"
    suite = host_suite()
    if suite not in DEBIAN_SUITES or not _DPKG_STATUS.is_file():
        raise SetupError(
            "The voice needs espeak-ng's library, which is missing: run "
            f"`{root_command((LIBRARY_PACKAGE,))}`, or this system's own command, then `make setup`."
        )
    prefix = Prefix(
        name="espeak",
        cache=cache,
        request=request_of(_LAYOUT, suite, LIBRARY_PACKAGE),
        needed_bytes=_NEEDED_BYTES,
        pinned=(),
        pins_suffice=False,
        choose=lambda: _choose_source(cache, suite, progress, sites()),
        finish=lambda tree: None,
    )
    if prefix.is_complete and speaks(environment_of(prefix.folder)):
        return environment_of(prefix.folder), "already there"
    # Complete but mute: a library of the host it relied on is gone. Ask anew what is missing.
    remove(prefix.folder)
    remove(cache / "archives" / "espeak.json")
    prefix.provide(progress)
    environment = environment_of(prefix.folder)
    if not speaks(environment):
        raise SetupError(
            f"espeak-ng in {prefix.folder} does not load on this machine: run "
            f"`{root_command((LIBRARY_PACKAGE,))}`, then `make setup`."
        )
    return environment, "done"


def environment_of(prefix: Path) -> dict[str, str]:
    """LD_LIBRARY_PATH over every folder with libraries, and where the voice data is."""
    folders = sorted({str(path.parent) for path in prefix.rglob("*.so*")})
    data = next(iter(sorted(prefix.glob("usr/lib/*/espeak-ng-data"))), prefix / "espeak-ng-data")
    return {"LD_LIBRARY_PATH": ":".join(folders), "ESPEAK_DATA_PATH": str(data)}


def speaks(environment: Mapping[str, str]) -> bool:
    """True when a process started with this environment loads espeak-ng with its three voices."""
    return run([sys.executable, "-c", _LOAD_PROGRAM], _LOAD_LIMIT_SECONDS, environment=environment).ok


def host_suite(os_release: Path = Path("/etc/os-release")) -> str:
    """The Debian suite this host runs, by its code name; empty when it is not Debian."""
    lines = os_release.read_text(encoding="utf-8").splitlines() if os_release.is_file() else []
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    is_debian = fields.get("ID", "").strip('"') == "debian"
    return fields.get("VERSION_CODENAME", "").strip('"') if is_debian else ""


def _choose_source(
    cache: Path, suite: str, progress: Progress, sites: list[str]
) -> tuple[PrivateApt, list[str]]:
    failures: list[SetupError] = []
    for site in sites:
        source = Source(site, suite, keyring_option())
        apt = PrivateApt(cache / "apt" / "espeak", cache / "archives" / "espeak", source, _DPKG_STATUS)
        try:
            apt.update(lambda: progress.moving("asking the Debian mirror"))
        except SetupError as error:
            failures.append(error)
        else:
            return apt, [LIBRARY_PACKAGE]
    raise failures[0]
