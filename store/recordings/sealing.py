"""Encrypted files that can be read from any place on: AES-256-GCM over segments.

    head      magic, id of the key, random salt (56 bytes)
    segment   64 KiB of sound and its tag; the last one may be shorter, and is there even when it is empty

Each file has a key of its own, made of the installation's, the salt and the file's name, so that a file that
is put in another's place does not open. A segment's nonce is its number and whether it is the last one: what
is cut off, swapped or repeated does not open either. This is the construction STREAM (Hoang, Reyhanitabar,
Rogaway and Vizár, 2015).
"""

from __future__ import annotations

import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engine.registers.recordings import RecordingDamaged
from store.recordings.keys import RecordingKeys

MAGIC = b"infolinia sound\x01"
SEGMENT_BYTES = 64 * 1024
_KEY_ID_BYTES = 8
_SALT_BYTES = 32
HEAD_BYTES = len(MAGIC) + _KEY_ID_BYTES + _SALT_BYTES
_TAG_BYTES = 16
_SEALED_BYTES = SEGMENT_BYTES + _TAG_BYTES


def seal(source: BinaryIO, target: BinaryIO, keys: RecordingKeys, name: str) -> None:
    """All that is left in `source`, encrypted by the current key."""
    key = keys.get(keys.current)
    assert key is not None
    head = MAGIC + keys.current.encode("ascii") + os.urandom(_SALT_BYTES)
    cipher = _cipher(key, head, name)
    target.write(head)
    number, segment = 0, source.read(SEGMENT_BYTES)
    while True:
        following = source.read(SEGMENT_BYTES) if len(segment) == SEGMENT_BYTES else b""
        target.write(cipher.encrypt(_nonce(number, last=not following), segment, head))
        if not following:
            return
        number, segment = number + 1, following


class SealedSound:
    """Opened only when all of it is as it was written: no sound is given of a file that somebody changed."""

    def __init__(self, file: BinaryIO, keys: RecordingKeys | None, name: str) -> None:
        """`file` is closed with it; it stays open when this raises RecordingDamaged."""
        self._file = file
        self._name = name
        head = file.read(HEAD_BYTES)
        if len(head) < HEAD_BYTES or not head.startswith(MAGIC):
            raise RecordingDamaged(f"The recording {name} is no encrypted sound, or was cut off.")
        key_name = head[len(MAGIC) :][:_KEY_ID_BYTES].decode("ascii", "replace")
        key = None if keys is None else keys.get(key_name)
        if key is None:
            where = "" if keys is None else f" in {keys.in_words}"
            raise RecordingDamaged(
                f"The recording {name} is encrypted with the key {key_name!r}, which is not{where}; "
                "put that key back."
            )
        self.key_id = key_name
        self._head = head
        self._cipher = _cipher(key, head, name)
        sealed = os.fstat(file.fileno()).st_size - HEAD_BYTES
        self._segments = -(-sealed // _SEALED_BYTES)
        self.size = sealed - self._segments * _TAG_BYTES
        if self._segments < 1 or self.size < 0:
            raise self._damaged()
        for number in range(self._segments):
            self._segment(number)

    def read(self, start: int, stop: int) -> bytes:
        """Raises RecordingDamaged when the file was changed since it was opened."""
        stop = min(stop, self.size)
        if start >= stop:
            return b""
        first, last = start // SEGMENT_BYTES, (stop - 1) // SEGMENT_BYTES
        whole = b"".join(self._segment(number) for number in range(first, last + 1))
        return whole[start - first * SEGMENT_BYTES : stop - first * SEGMENT_BYTES]

    def close(self) -> None:
        self._file.close()

    def _segment(self, number: int) -> bytes:
        self._file.seek(HEAD_BYTES + number * _SEALED_BYTES)
        sealed = self._file.read(_SEALED_BYTES)
        try:
            return self._cipher.decrypt(_nonce(number, last=number == self._segments - 1), sealed, self._head)
        except (InvalidTag, ValueError) as wrong:
            raise self._damaged() from wrong

    def _damaged(self) -> RecordingDamaged:
        return RecordingDamaged(
            f"The recording {self._name} was changed or cut off after it was written, and is not played."
        )


def _cipher(key: bytes, head: bytes, name: str) -> AESGCM:
    salt = head[-_SALT_BYTES:]
    return AESGCM(HKDF(SHA256(), 32, salt, b"infolinia recording " + name.encode()).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
