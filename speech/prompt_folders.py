"""Folders of rendered prompts: each prompt is two files of raw PCM, named by what it was made from."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

from engine.ports import Prompt, VoiceFailed
from speech.narrowband import NARROWBAND_HZ, WIDEBAND_HZ
from speech.sound_files import Samples, resampled, to_pcm, write_whole

MOST_FILES = 500
MOST_BYTES = 50_000_000
# Twice as long as anything is said: what was asked for this lately may still be playing.
SPARED_SECONDS = 600.0

_BYTES_PER_SAMPLE = 2


class PromptFolder:
    """Keeps what is stored. The folder is made when missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, key: str) -> Prompt | None:
        narrow = self.folder / f"{key}.sln"
        try:
            narrow_bytes = narrow.stat().st_size
            wide_bytes = narrow.with_suffix(".sln16").stat().st_size
        except OSError:
            return None
        if narrow_bytes == 0 or wide_bytes == 0:
            return None
        return Prompt(str(self.folder / key), narrow_bytes / _BYTES_PER_SAMPLE / NARROWBAND_HZ)

    def store(self, key: str, samples: Samples, rate: int) -> Prompt:
        """Raises VoiceFailed."""
        try:
            self._make()
            # The narrow one last: a prompt is there when it is.
            write_whole(self.folder / f"{key}.sln16", to_pcm(resampled(samples, rate, WIDEBAND_HZ)))
            write_whole(self.folder / f"{key}.sln", to_pcm(resampled(samples, rate, NARROWBAND_HZ)))
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            remedy = "make room on its disk" if full else "make it writable"
            raise VoiceFailed(f"The prompt cache {self.folder}: {error.strerror}; {remedy}.") from error
        prompt = self.find(key)
        if prompt is None:
            raise VoiceFailed(
                f"A prompt vanished from the cache {self.folder} as it was made; who empties it?"
            )
        return prompt

    def _make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)


class PassingPrompts(PromptFolder):
    """Holds MOST_FILES files or MOST_BYTES, those that were asked for last. Nobody else may look into it.

    What was asked for within SPARED_SECONDS stays in any case. May be used from several threads.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._lock = threading.Lock()  # so that nothing is deleted as it is found

    def empty(self) -> None:
        """Raises OSError."""
        with self._lock:
            if self.folder.is_dir():
                for file in self.folder.iterdir():
                    file.unlink(missing_ok=True)

    def find(self, key: str) -> Prompt | None:
        with self._lock:
            prompt = super().find(key)
            if prompt is not None:
                now = time.time()
                for rate in (NARROWBAND_HZ, WIDEBAND_HZ):
                    os.utime(prompt.file(rate), (now, now))
            return prompt

    def store(self, key: str, samples: Samples, rate: int) -> Prompt:
        prompt = super().store(key, samples, rate)
        try:
            with self._lock:
                self._trim()
        except OSError as error:
            raise VoiceFailed(
                f"The prompt cache {self.folder}: {error.strerror}; make it writable."
            ) from error
        return prompt

    def _make(self) -> None:
        super()._make()
        self.folder.chmod(0o700)

    def _trim(self) -> None:
        with os.scandir(self.folder) as listed:
            files = [(entry, entry.stat()) for entry in listed if not entry.name.startswith(".")]
        files.sort(key=lambda file: file[1].st_mtime_ns, reverse=True)
        kept_bytes = 0
        spared_since = time.time() - SPARED_SECONDS
        for count, (entry, state) in enumerate(files, start=1):
            kept_bytes += state.st_size
            if (count > MOST_FILES or kept_bytes > MOST_BYTES) and state.st_mtime < spared_since:
                Path(entry.path).unlink(missing_ok=True)
