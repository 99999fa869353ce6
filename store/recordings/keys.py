"""The keys that recordings are encrypted with: the last one for what is new, the others for what is old."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from store.database import StoreError

VARIABLE = "INFOLINIA_RECORDING_KEY"
KEY_FILE = "recording.keys"
KEY_BYTES = 32
_HEAD = (
    "# Keys of the recordings, the last one for new ones. Keep a copy: without them nothing can be played.\n"
)


class KeysRefused(StoreError):
    """Keys that cannot be read, made or written; the message says where and what to do."""


class RecordingKeys:
    """`in_words` says where they are from, for messages."""

    def __init__(self, keys: Iterable[bytes], in_words: str) -> None:
        self._keys = {key_id(key): key for key in keys}
        self.in_words = in_words
        if not self._keys:
            raise KeysRefused(f"There is no key in {in_words}: put one of 32 bytes there, in base64.")
        self.current = next(reversed(self._keys))

    def get(self, name: str) -> bytes | None:
        return self._keys.get(name)

    def __len__(self) -> int:
        return len(self._keys)


def key_id(key: bytes) -> str:
    """Tells keys apart and tells nothing of them."""
    return hashlib.sha256(b"infolinia recording key" + key).hexdigest()[:8]


def recording_keys(key_file: Path | None, state: Path) -> RecordingKeys:
    """From the environment, else from `key_file`, else from the state folder, made there at the first start.

    Raises KeysRefused. Two processes that make them at once get the same ones.
    """
    given = os.environ.get(VARIABLE)
    if given:
        where = f"{VARIABLE} of the environment"
        return RecordingKeys((_key(word, where) for word in given.split()), where)
    path = key_file or state / KEY_FILE
    if key_file is None and not path.exists():
        _make(path)
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    written = (line.strip() for line in lines)
    return RecordingKeys((_key(line, str(path)) for line in written if line and line[0] != "#"), str(path))


def add_key(path: Path) -> str:
    """A new key for what is recorded from the next start on; the others stay. Its id. Raises KeysRefused."""
    key = secrets.token_bytes(KEY_BYTES)
    try:
        before = path.read_text(encoding="ascii") if path.exists() else _HEAD
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    partial = _written(path, before.rstrip("\n") + "\n" + base64.b64encode(key).decode() + "\n")
    with contextlib.suppress(OSError):  # of root, the hotline's own user must go on reading it
        owner = path.stat()
        os.chown(partial, owner.st_uid, owner.st_gid)
    partial.replace(path)
    return key_id(key)


def _unreadable(path: Path, error: OSError | UnicodeDecodeError) -> KeysRefused:
    why = getattr(error, "strerror", None) or "it is no text"
    return KeysRefused(
        f"The keys of the recordings in {path} cannot be read ({why}); put the file back from a backup, "
        "or name another one in `recording.key_file`."
    )


def _key(written: str, where: str) -> bytes:
    try:
        key = base64.b64decode(written, validate=True)
    except ValueError:  # binascii.Error is one; letters that are not ASCII raise another
        key = b""
    if len(key) != KEY_BYTES:
        raise KeysRefused(
            f"A key of the recordings in {where} is not 32 bytes in base64: make one with "
            "`head -c 32 /dev/urandom | base64`."
        )
    return key


def _make(path: Path) -> None:
    partial = _written(path, _HEAD + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
    try:
        os.link(partial, path)
    except FileExistsError:
        pass  # another process was first
    except OSError as error:
        raise KeysRefused(f"The keys {path} cannot be made ({error.strerror}).") from error
    finally:
        partial.unlink()


def _written(path: Path, text: str) -> Path:
    """A file beside it, on the disk, that nobody else may read."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        try:
            os.write(descriptor, text.encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise KeysRefused(
            f"The keys of the recordings cannot be written to {path} ({error.strerror}); "
            "give this user the right to write there."
        ) from error
    return partial
