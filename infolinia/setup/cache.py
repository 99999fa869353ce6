"""The folder outside the tree that holds every provided part, and the lock on it."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from infolinia.setup.failure import SetupError

LOCK_LIMIT_SECONDS = 1800.0
_LOCK_POLL_SECONDS = 0.5


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """`$INFOLINIA_CACHE`, else `infolinia` in the user's cache folder. Absolute; may not exist yet."""
    chosen = environment.get("INFOLINIA_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    parent = environment.get("XDG_CACHE_HOME")
    if parent and Path(parent).is_absolute():
        return Path(parent) / "infolinia"
    return Path.home() / ".cache" / "infolinia"


@contextmanager
def locked(
    folder: Path,
    on_wait: Callable[[str], None],
    limit_seconds: float = LOCK_LIMIT_SECONDS,
    poll_seconds: float = _LOCK_POLL_SECONDS,
) -> Iterator[None]:
    """Hold the cache alone. Waits for another setup up to the limit, then raises SetupError.

    The kernel frees the lock when its holder dies, so a stale lock file does no harm.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lock"
    with path.open("a+") as handle:
        deadline = time.monotonic() + limit_seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                handle.seek(0)
                holder = handle.read().strip() or "unknown"
                if time.monotonic() >= deadline:
                    raise SetupError(
                        f"Another setup (process {holder}) has held {path} for {limit_seconds:.0f} s: "
                        "wait for it or end it, then run `make setup` again."
                    ) from None
                on_wait(f"waiting for another setup (process {holder})")
                time.sleep(poll_seconds)
        handle.seek(0)
        handle.truncate()
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        yield


def swap_in(new: Path, final: Path) -> None:
    """Put the finished folder `new` at `final`; what was there before is removed."""
    if final.exists():
        old = final.with_name(f"{final.name}.old")
        remove(old)
        final.rename(old)
        new.rename(final)
        remove(old)
    else:
        new.rename(final)


def fresh_folder(final: Path) -> Path:
    """An empty folder beside `final` to build in; leftovers of an interrupted run are removed."""
    new = final.with_name(f"{final.name}.new")
    remove(new)
    new.mkdir(parents=True)
    return new


def remove(folder: Path) -> None:
    """Remove a folder tree if it is there."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)
