"""Recordings as files: `recordings/2026/11/22/<call id>.wav`, with `.sealed` behind when it is encrypted.

Messages and clips come as WAV files, talks as raw ones that are made FLAC or Ogg Opus. A file is written
beside its place, brought to the disk and put there in one step, so that no half one is ever seen.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
import structlog

from calls.talk_control import TalkFiles
from engine.ports import RecordingLost
from engine.registers.recordings import KeptSound, RecordingDamaged, Sound
from store.recordings.keys import RecordingKeys
from store.recordings.sealing import SealedSound, seal
from store.recordings.transcoding import FORMATS, RATE_HZ, decoded, encode, peaks, seconds_of

log = structlog.get_logger(__name__)

SEALED = ".sealed"
TYPES = {".wav": "audio/wav", ".ogg": "audio/ogg", ".flac": "audio/flac", ".mp3": "audio/mpeg"}
_CHUNK_BYTES = 1 << 18
_FULL = (errno.ENOSPC, errno.EDQUOT)


class RecordingVault:
    """Implements engine.ports.Recordings and engine.registers.recordings.RecordingFiles.

    Names are relative to the folder, with `/` between their parts. Without `keys` nothing is encrypted.
    """

    def __init__(self, folder: Path, keys: RecordingKeys | None = None) -> None:
        self.folder = folder
        self._keys = keys

    # --- messages and clips -------------------------------------------------------------------------------

    async def keep(self, path: str, call_id: str, at: datetime) -> str:
        """See engine.ports.Recordings."""
        return await asyncio.to_thread(self._keep, Path(path), call_id, at)

    async def discard(self, path: str) -> None:
        """See engine.ports.Recordings."""
        try:
            await asyncio.to_thread(Path(path).unlink, missing_ok=True)
        except OSError as error:
            log.warning("a recording of nothing was not deleted", path=path, why=error.strerror)

    def _keep(self, source: Path, call_id: str, at: datetime) -> str:
        name, number = f"{at:%Y/%m/%d}/{call_id}{source.suffix}", 1
        while self.has(name):
            number += 1
            name = f"{at:%Y/%m/%d}/{call_id}-{number}{source.suffix}"
        try:
            # Another file system cannot be renamed to.
            with source.open("rb") as file:
                self._write(name, file)
            source.unlink()
        except OSError as error:
            raise RecordingLost(
                f"the message of call {call_id} could not be moved to {self.folder / name} "
                f"({error.strerror}); it still lies at {source}{_remedy(error)}"
            ) from error
        return name

    # --- talks --------------------------------------------------------------------------------------------

    async def keep_talk(self, raw: TalkFiles, recording_id: str, at: datetime, codec: str) -> KeptSound:
        """See engine.registers.recordings.RecordingFiles."""
        return await asyncio.to_thread(self._keep_talk, raw, recording_id, at, codec)

    async def raw_seconds(self, raw: TalkFiles) -> float | None:
        """See engine.registers.recordings.RecordingFiles."""

        def look() -> float | None:
            try:
                return seconds_of(raw)
            except OSError:
                return None

        return await asyncio.to_thread(look)

    async def room_bytes(self, raw: TalkFiles) -> int | None:
        """See engine.registers.recordings.RecordingFiles."""

        def look() -> int | None:
            try:
                return shutil.disk_usage(Path(raw.said).parent).free
            except OSError:
                return None

        return await asyncio.to_thread(look)

    async def drop_raw(self, raw: TalkFiles) -> bool:
        paths = [Path(path) for path in (raw.said, raw.heard) if path]
        return all([await asyncio.to_thread(_unlinked, path) for path in paths])

    async def remove(self, name: str) -> bool:
        found = await asyncio.to_thread(self._find, name)
        return found is None or await asyncio.to_thread(_unlinked, found)

    def _keep_talk(self, raw: TalkFiles, recording_id: str, at: datetime, codec: str) -> KeptSound:
        name = f"{at:%Y/%m/%d}/{recording_id}{FORMATS[codec][2]}"
        try:
            self._place(name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # It has no name, so that nothing unencrypted stays if this process dies.
            with tempfile.TemporaryFile(dir=self._place(name).parent) as sound:
                seconds = encode(raw, sound, codec)
                sound.seek(0)
                digest = hashlib.file_digest(cast(Any, sound), "sha256").hexdigest()
                size = sound.seek(0, os.SEEK_END)
                sound.seek(0)
                self._write(name, cast(BinaryIO, sound))
            loudness = peaks(raw)
        except OSError as error:
            raise RecordingLost(
                f"the recording {recording_id} could not be written to {self.folder / name} "
                f"({error.strerror}); it still lies at {raw.said}{_remedy(error)}"
            ) from error
        key = None if self._keys is None else self._keys.current
        return KeptSound(name, codec, seconds, size, digest, key, loudness)

    # --- reading ------------------------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        return self._find(name) is not None

    def open(self, name: str, sha256: str | None = None) -> Sound | None:
        """See engine.registers.recordings.RecordingFiles."""
        path = self._find(name)
        if path is None:
            return None
        sealed = path.suffix == SEALED
        media_type = TYPES[path.with_suffix("").suffix if sealed else path.suffix]
        try:
            file = path.open("rb")
        except OSError as error:
            raise RecordingDamaged(f"The recording {name} cannot be read ({error.strerror}).") from error
        try:
            if not sealed:
                if sha256 is not None and hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                    raise RecordingDamaged(
                        f"The file of the recording {name} is not the one that was kept, and is not played; "
                        "put that one back from a backup."
                    )
                return PlainSound(file, media_type)
            inner = path.relative_to(self.folder.resolve()).with_suffix("").as_posix()
            return OpenedSound(SealedSound(file, self._keys, inner), media_type)
        except BaseException:
            file.close()
            raise

    def samples(self, name: str, sha256: str | None = None) -> Iterator[bytes]:
        """See engine.recording.transcribing.SoundSamples."""
        sound = self.open(name, sha256)
        if sound is None:
            raise RecordingDamaged(f"The recording {name} is not in the folder.")
        with closing(sound):
            try:
                for both in decoded(_Reader(sound), RATE_HZ):
                    yield both.astype("<i2").tobytes()
            except av.FFmpegError as error:
                raise RecordingDamaged(f"The recording {name} cannot be decoded ({error}).") from error

    def _find(self, name: str) -> Path | None:
        """The file that `name` means inside the folder; None when it is absent, outside, or no sound.

        `name` may lack ".wav" and may be a full path, as long as it leads into the folder, links followed.
        """
        root = self.folder.resolve()
        for suffix in (SEALED, "", f".wav{SEALED}", ".wav"):
            try:
                path = (root / (name + suffix)).resolve()
                kind = path.with_suffix("").suffix if path.suffix == SEALED else path.suffix
                inside = path.is_relative_to(root) and kind in TYPES and path.is_file()
            except (OSError, ValueError):  # a name too long for the file system, or with a zero byte
                return None
            if inside:
                return path
        return None

    def _place(self, name: str) -> Path:
        return self.folder / (name if self._keys is None else name + SEALED)

    def _write(self, name: str, source: BinaryIO) -> None:
        with _put(self._place(name)) as target:
            if self._keys is None:
                shutil.copyfileobj(source, target, _CHUNK_BYTES)
            else:
                seal(source, target, self._keys, name)


class PlainSound:
    """Implements Sound for what was recorded before recordings were encrypted."""

    def __init__(self, file: BinaryIO, media_type: str) -> None:
        self._file = file
        self.media_type = media_type
        self.size = os.fstat(file.fileno()).st_size

    def read(self, start: int, stop: int) -> bytes:
        self._file.seek(start)
        return self._file.read(max(0, min(stop, self.size) - start))

    def close(self) -> None:
        self._file.close()


class OpenedSound:
    """Implements Sound for an encrypted file."""

    def __init__(self, sealed: SealedSound, media_type: str) -> None:
        self._sealed = sealed
        self.media_type = media_type
        self.size = sealed.size

    def read(self, start: int, stop: int) -> bytes:
        return self._sealed.read(start, stop)

    def close(self) -> None:
        self._sealed.close()


class _Reader(io.RawIOBase):
    """A sound as the decoder wants it: an open file."""

    def __init__(self, sound: Sound) -> None:
        super().__init__()
        self._sound = sound
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        stop = self._sound.size if size < 0 else self._place + size
        data = self._sound.read(self._place, stop)
        self._place += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._sound.size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        return self._place


@contextmanager
def _put(target: Path) -> Iterator[BinaryIO]:
    """A file that is at its place, and on the disk, when this ends well; else it is not there."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = target.with_name(target.name + ".part")
    try:
        descriptor = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _remedy(error: OSError) -> str:
    return "; make room on that disk" if error.errno in _FULL else ""


def _unlinked(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("a recording was not deleted", path=str(path), why=error.strerror)
        return False
    return True
