"""The SMPP server that the tests drive: an npm package with the two it requires, for Node.js to load."""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path

from infolinia.setup.cache import fresh_folder, swap_in
from infolinia.setup.debs import MARKER, is_complete, tally
from infolinia.setup.failure import SetupError, require_space
from infolinia.setup.npm import NpmPin, npm_package
from infolinia.setup.progress import Progress

WHAT = "the SMPP server of the tests"
_NEEDED_BYTES = 10_000_000
# npm puts every package's files below this name.
_TOP = "package/"


def modules_of(cache: Path) -> Path | None:
    """The folder to set NODE_PATH to, when it was provided."""
    folder = cache / "smsc" / "node_modules"
    return folder if (folder / "smpp" / "package.json").is_file() else None


def provide_smsc(cache: Path, pins: Sequence[NpmPin], progress: Progress) -> tuple[Path, bool]:
    """Put the packages at `smsc/node_modules` of the cache.

    Returns that folder, and whether anything had to be done. Raises SetupError.
    """
    final = cache / "smsc"
    request = hashlib.sha256("".join(pin.sha256 for pin in pins).encode()).hexdigest()
    if is_complete(final, request):
        return final / "node_modules", False
    require_space(cache, _NEEDED_BYTES, f"{WHAT[0].upper()}{WHAT[1:]}")
    new = fresh_folder(final)
    for pin in pins:
        _extract(npm_package(cache, pin, WHAT, "0.2 MB", progress), new / "node_modules" / pin.package)
    files, size_bytes = tally(new)
    marker = {"request": request, "files": files, "size_bytes": size_bytes}
    (new / MARKER).write_text(json.dumps(marker) + "\n", encoding="utf-8")
    swap_in(new, final)
    return final / "node_modules", True


def _extract(package: Path, folder: Path) -> None:
    with tarfile.open(package) as archive:
        for member in archive:
            if not member.isfile() or not member.name.startswith(_TOP) or ".." in member.name:
                continue
            source = archive.extractfile(member)
            if source is None:
                raise SetupError(f"{package} holds no content for {member.name}: remove it and retry.")
            target = folder / member.name[len(_TOP) :]
            target.parent.mkdir(parents=True, exist_ok=True)
            with source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
    if not (folder / "package.json").is_file():
        raise SetupError(f"{package} is no npm package: remove it and run `make setup` again.")
