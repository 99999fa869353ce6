"""Debian archives: which ones, whether they are whole, and unpacking them into a private prefix."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from infolinia.setup.cache import fresh_folder, swap_in
from infolinia.setup.commands import run
from infolinia.setup.failure import SetupError

MARKER = ".complete"
_UNPACK_LIMIT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Deb:
    """One archive as pinned, or as the mirror's signed index lists it."""

    file_name: str
    size_bytes: int
    sha256: str


def sha256_of(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def not_whole(debs: Iterable[Deb], archives: Path) -> list[Deb]:
    """The archives that are missing from the folder or differ from their checksum."""

    def whole(deb: Deb) -> bool:
        path = archives / deb.file_name
        return path.is_file() and path.stat().st_size == deb.size_bytes and sha256_of(path) == deb.sha256

    return [deb for deb in debs if not whole(deb)]


def discard(debs: Iterable[Deb], archives: Path) -> None:
    """Remove these archives, so that they are fetched anew."""
    for deb in debs:
        (archives / deb.file_name).unlink(missing_ok=True)


def save_plan(path: Path, request: str, debs: Sequence[Deb]) -> None:
    """Record which archives answer a request, so that a later run needs no mirror."""
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {
        "request": request,
        "debs": [asdict(deb) for deb in sorted(debs, key=lambda deb: deb.file_name)],
    }
    partial = path.with_name(path.name + ".new")
    partial.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def load_plan(path: Path, request: str) -> list[Deb]:
    """The recorded archives for this request; empty when there are none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return [Deb(**entry) for entry in record["debs"]] if record["request"] == request else []
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        # A plan from another version is worth no more than none: it is asked for again.
        return []


def unpack(
    debs: Sequence[Deb],
    archives: Path,
    prefix: Path,
    request: str,
    finish: Callable[[Path], None],
    on_wait: Callable[[str], None],
) -> None:
    """Unpack the archives beside `prefix`, let `finish` complete the tree, then swap it in as a whole."""
    new = fresh_folder(prefix)
    done = 0

    def one(deb: Deb) -> None:
        nonlocal done
        result = run(["dpkg-deb", "-x", archives / deb.file_name, new], _UNPACK_LIMIT_SECONDS)
        if not result.ok:
            hint = "free some space" if "No space left" in result.output else "remove that file"
            raise SetupError(
                f"{archives / deb.file_name} cannot be unpacked ({result.last_lines(1)}): {hint} and run "
                "`make setup` again."
            )
        done += 1
        on_wait(f"unpacking {prefix.name}: {done} of {len(debs)} packages")

    with ThreadPoolExecutor(max_workers=max(1, min(4, os.cpu_count() or 1))) as pool:
        for _ in pool.map(one, debs):
            pass
    finish(new)
    files, size_bytes = tally(new)
    marker = {"request": request, "files": files, "size_bytes": size_bytes}
    (new / MARKER).write_text(json.dumps(marker) + "\n", encoding="utf-8")
    swap_in(new, prefix)


def is_complete(prefix: Path, request: str) -> bool:
    """True when `prefix` was unpacked for this request and no file has gone or changed size since."""
    try:
        marker = json.loads((prefix / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not isinstance(marker, dict) or marker.get("request") != request:
        return False
    return tally(prefix) == (marker.get("files"), marker.get("size_bytes"))


def tally(folder: Path) -> tuple[int, int]:
    """How many files a tree holds and how many bytes, its own marker aside. Links count as files of 0."""
    files = size_bytes = 0
    pending = [str(folder)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.name != MARKER:
                    files += 1
                    if not entry.is_symlink():
                        size_bytes += entry.stat(follow_symlinks=False).st_size
    return files, size_bytes
