"""Asterisk 22: the installed one when it is new enough, else Debian's in a private prefix.

The prefix also holds the recorded prompts, music on hold and SIPp, which are wanted in both cases.
"""

from __future__ import annotations

import platform
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infolinia.setup.apt import (
    MIRROR_VARIABLE,
    PrivateApt,
    Source,
    keyring_option,
    mirror_sites,
)
from infolinia.setup.commands import run
from infolinia.setup.debs import is_complete
from infolinia.setup.failure import NetworkError, SetupError
from infolinia.setup.pins import AsteriskPin
from infolinia.setup.prefix import Prefix, request_of
from infolinia.setup.progress import Progress

OLDEST = (22, 6)
SERIES = 22
COMPANIONS = (
    "asterisk-core-sounds-en-wav",
    "asterisk-core-sounds-en-g722",
    "asterisk-core-sounds-ru",
    "asterisk-core-sounds-ru-wav",
    "asterisk-core-sounds-ru-g722",
    "asterisk-moh-opsound-wav",
    "asterisk-moh-opsound-g722",
    "sip-tester",
)
# Debian's postinst would make these links.
SOUND_LINKS = {"en": "en_US_f_Allison", "ru": "ru_RU_f_IvrvoiceRU"}
# machine -> (library triplet, loader of the C library inside the prefix)
LOADERS = {
    "x86_64": ("x86_64-linux-gnu", "usr/lib64/ld-linux-x86-64.so.2"),
    "aarch64": ("aarch64-linux-gnu", "usr/lib/ld-linux-aarch64.so.1"),
}
_NEEDED_BYTES = 700_000_000
_VERSION_LIMIT_SECONDS = 20.0
_LAYOUT = "1"


@dataclass(frozen=True, slots=True)
class AsteriskPart:
    """An Asterisk that answered `-V`, with the companions of the private prefix."""

    argv: tuple[str, ...]
    version: str
    module_dir: Path
    data_dir: Path
    prefix: Path
    sipp_argv: tuple[str, ...]

    @property
    def share(self) -> Path:
        return self.prefix / "usr" / "share"


def parse_version(text: str) -> tuple[int, int] | None:
    """(major, minor) of `Asterisk 22.10.1~dfsg-1` or of a Debian version such as `1:22.10.1-1`."""
    match = re.search(r"(?:^|Asterisk (?:certified[/-])?|:)(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def newest_fitting(offered: Sequence[str]) -> str | None:
    """The newest offered Debian version of the tested series that is new enough."""
    fitting = [
        (parsed, version)
        for version in offered
        if (parsed := parse_version(version)) and parsed[0] == SERIES and parsed >= OLDEST
    ]
    return max(fitting)[1] if fitting else None


def provide_asterisk(
    cache: Path, pin: AsteriskPin, progress: Progress, sites: Callable[[], list[str]] = mirror_sites
) -> tuple[AsteriskPart, bool]:
    """The Asterisk to run, and whether anything had to be done. Raises SetupError."""
    triplet, loader = _loader()
    installed = installed_asterisk(triplet)
    full = _request(("asterisk", *COMPANIONS), pin)
    folder = cache / "asterisk"
    made = False
    if not is_complete(folder, full):
        packages = COMPANIONS if installed else ("asterisk", *COMPANIONS)
        prefix = Prefix(
            name="asterisk",
            cache=cache,
            request=_request(packages, pin),
            needed_bytes=_NEEDED_BYTES,
            pinned=pin.debs,
            pins_suffice=installed is None,
            choose=lambda: choose_source(cache, packages, pin, progress, sites()),
            finish=link_sounds,
        )
        if not prefix.is_complete:
            prefix.provide(progress)
            made = True
    argv, module_dir, data_dir = installed or (
        loaded_argv(folder, triplet, loader, "usr/sbin/asterisk"),
        folder / "usr" / "lib" / triplet / "asterisk" / "modules",
        folder / "usr" / "share" / "asterisk",
    )
    result = run([*argv, "-V"], _VERSION_LIMIT_SECONDS)
    parsed = parse_version(result.output)
    if not result.ok or parsed is None or parsed < OLDEST:
        raise SetupError(
            f"Asterisk in {folder} does not start ({result.last_lines(1)}): remove that folder and run "
            "`make setup` again."
        )
    version = result.output.split()[1]
    sipp_argv = loaded_argv(folder, triplet, loader, "usr/bin/sipp")
    return AsteriskPart(argv, version, module_dir, data_dir, folder, sipp_argv), made


def installed_asterisk(triplet: str, root: Path = Path("/")) -> tuple[tuple[str, ...], Path, Path] | None:
    """Argv, module and data folder of an installed Asterisk that is new enough; None when there is none."""
    # Users without root often lack the sbin folders on PATH.
    sbin = f"{root / 'usr/sbin'}:{root / 'usr/local/sbin'}"
    program = shutil.which("asterisk") or shutil.which("asterisk", path=sbin)
    if program is None:
        return None
    parsed = parse_version(run([program, "-V"], _VERSION_LIMIT_SECONDS).output)
    if parsed is None or parsed < OLDEST:
        return None
    libraries = (f"usr/lib/{triplet}", "usr/lib", "usr/lib64")
    module_dir = _first_with("chan_websocket.so", [root / path / "asterisk/modules" for path in libraries])
    data_dir = _first_with("documentation", [root / "usr/share/asterisk", root / "var/lib/asterisk"])
    if module_dir is None or data_dir is None:
        return None
    return (program,), module_dir, data_dir


def choose_source(
    cache: Path,
    packages: Sequence[str],
    pin: AsteriskPin,
    progress: Progress,
    sites: Sequence[str],
    options: str | None = None,
) -> tuple[PrivateApt, list[str]]:
    """The first mirror and suite that offers the pinned Asterisk, else the newest fitting one."""
    failures: list[SetupError] = []
    seen: list[str] = []
    options = options or keyring_option()
    for site in sites:
        for suite in pin.suites:
            source = Source(site, suite, options)
            apt = PrivateApt(cache / "apt" / "asterisk", cache / "archives" / "asterisk", source, None)
            try:
                apt.update(lambda: progress.moving("asking the Debian mirror"))
            except NetworkError as error:
                failures.append(error)
                break
            except SetupError as error:
                failures.append(error)
                continue
            if "asterisk" not in packages:
                return apt, list(packages)
            offered = apt.versions("asterisk")
            version = pin.version if pin.version in offered else newest_fitting(offered)
            if version is None:
                seen.append(f"{suite} has {', '.join(offered) or 'none'}")
                continue
            if version != pin.version:
                progress.note(
                    f"the pinned Asterisk {pin.version} is no longer on {site}; {version} from {suite}, "
                    "verified by Debian's signature, is used instead."
                )
            others = [package for package in packages if package != "asterisk"]
            return apt, [f"asterisk={version}", *others]
    if failures and not seen:
        raise failures[0]
    raise SetupError(
        f"No mirror offers Asterisk {OLDEST[0]}.{OLDEST[1]} or newer of the {SERIES} series "
        f"({'; '.join(seen)}): install one so that `asterisk -V` works, or set {MIRROR_VARIABLE} to a "
        "mirror or dated snapshot of Debian that has it, then run `make setup`."
    )


def link_sounds(prefix: Path) -> None:
    """Make the language links of the prompts, relative so that the prefix can be renamed."""
    sounds = prefix / "usr" / "share" / "asterisk" / "sounds"
    for language, folder in SOUND_LINKS.items():
        if (sounds / folder).is_dir():
            (sounds / language).symlink_to(folder)


def loaded_argv(prefix: Path, triplet: str, loader: str, program: str) -> tuple[str, ...]:
    """The command line that runs a program of the prefix with the prefix's own C library."""
    libraries = prefix / "usr" / "lib"
    path = f"{libraries / triplet}:{libraries / triplet / 'asterisk'}:{libraries}"
    name = Path(program).name
    return (str(prefix / loader), "--library-path", path, "--argv0", name, str(prefix / program))


def _request(packages: Sequence[str], pin: AsteriskPin) -> str:
    return request_of(_LAYOUT, pin.version if "asterisk" in packages else "", *packages)


def _loader() -> tuple[str, str]:
    machine = platform.machine()
    if machine not in LOADERS:
        raise SetupError(
            f"The hotline's private Asterisk is made for {' and '.join(LOADERS)}, not {machine}: use such "
            "a machine."
        )
    return LOADERS[machine]


def _first_with(entry: str, folders: Sequence[Path]) -> Path | None:
    return next((folder for folder in folders if (folder / entry).exists()), None)
