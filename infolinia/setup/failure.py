"""How provisioning fails: one sentence that names the cause and the remedy."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

BYTES_PER_MB = 1_000_000


class SetupError(Exception):
    """A part cannot be provided. The text is a whole sentence for the operator."""


class NetworkError(SetupError):
    """The mirror or registry cannot be reached."""


class DiskFullError(SetupError):
    """There is no room for the files."""


def require_space(folder: Path, needed_bytes: int, part: str) -> None:
    """Raise DiskFullError when the file system of `folder` has less than `needed_bytes` free."""
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise DiskFullError(
            f"{part} needs {needed_bytes // BYTES_PER_MB} MB in {folder} but only "
            f"{free_bytes // BYTES_PER_MB} MB are free: free some space, or set INFOLINIA_CACHE to a "
            "folder on a larger disk."
        )


def explain_os_error(error: OSError, folder: Path) -> str:
    """One sentence for an operating system error met while writing below `folder`."""
    place = error.filename or folder
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk is full at {place}: free some space, or set INFOLINIA_CACHE to a folder on a "
            "larger disk, and run `make setup` again."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"{place} cannot be written ({error.strerror}): give this user the folder, or set "
            "INFOLINIA_CACHE to one it may write."
        )
    return f"{place}: {error.strerror or error}; correct this and run `make setup` again."
