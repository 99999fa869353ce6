"""What setup prints: one line per part, and a line that moves while something long is under way."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from infolinia.setup.failure import BYTES_PER_MB

_QUIET_SECONDS = 5.0
_TERMINAL_SECONDS = 0.5


class Progress:
    """Prints the state of parts to a stream; on a terminal the moving line overwrites itself."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._clock = clock
        self._is_terminal = self._stream.isatty()
        self._started_at = clock()
        self._shown_at = self._started_at
        self._moving = False

    def begin(self) -> None:
        """A part begins: its time counts from here."""
        self._started_at = self._shown_at = self._clock()

    def moving(self, text: str) -> None:
        """Something long is under way. Shown now and then, so call it as often as you like."""
        now = self._clock()
        if now - self._shown_at < (_TERMINAL_SECONDS if self._is_terminal else _QUIET_SECONDS):
            return
        self._shown_at = now
        line = f"  {text} ({now - self._started_at:.0f} s)"
        if self._is_terminal:
            self._write(f"\r\x1b[K{line}")
            self._moving = True
        else:
            self._write(line + "\n")

    def note(self, sentence: str) -> None:
        """One sentence the operator should know, without being an error."""
        self._clear()
        self._write(f"  note: {sentence}\n")

    def part(self, name: str, state: str, size_bytes: int | None = None) -> None:
        """The line of a part that is now in place."""
        self._clear()
        seconds = self._clock() - self._started_at
        size = "" if size_bytes is None else f"{size_bytes / BYTES_PER_MB:8.0f} MB"
        self._write(f"{name:<38} {state:<14} {seconds:7.1f} s{size}\n")

    def _clear(self) -> None:
        if self._moving:
            self._write("\r\x1b[K")
            self._moving = False

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
