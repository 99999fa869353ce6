"""Runs host programs with a time limit, their output kept for the error sentence."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EXIT_NOT_FOUND = 127
EXIT_TIMED_OUT = 124
_POLL_SECONDS = 0.25
_KILL_GRACE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ended: its exit code and both its output streams as one text."""

    exit_code: int
    output: str

    @property
    def ok(self) -> bool:
        return self.exit_code == 0

    def last_lines(self, count: int = 2) -> str:
        """The last non-empty lines of the output, on one line."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return " / ".join(lines[-count:]) or f"exit code {self.exit_code}"


def run(
    argv: Sequence[str | Path],
    limit_seconds: float,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Finished:
    """Run a command to its end; after `limit_seconds` it is ended with its children (exit code 124).

    `environment` is added to the present one. `on_wait` is called a few times a second meanwhile.
    A program that does not exist gives exit code 127; nothing is raised.
    """
    words = [str(word) for word in argv]
    with tempfile.TemporaryFile() as sink:
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
                start_new_session=True,
            )
        except OSError as error:
            return Finished(EXIT_NOT_FOUND, f"{words[0]}: {error.strerror}")
        timed_out = False
        try:
            timed_out = not _wait(process, limit_seconds, on_wait)
        finally:
            # Also on Ctrl-C: the child has its own session, so the terminal does not end it.
            if process.poll() is None:
                _end(process)
        sink.seek(0)
        output = sink.read().decode("utf-8", "replace")
    if timed_out:
        return Finished(EXIT_TIMED_OUT, f"{output}\n{words[0]} was ended after {limit_seconds:.0f} s")
    return Finished(process.returncode, output)


def _wait(process: subprocess.Popen[bytes], limit_seconds: float, on_wait: Callable[[], None] | None) -> bool:
    """True when the process ended within its limit."""
    deadline = time.monotonic() + limit_seconds
    while (left_seconds := deadline - time.monotonic()) > 0:
        try:
            process.wait(timeout=min(_POLL_SECONDS, left_seconds))
        except subprocess.TimeoutExpired:
            if on_wait is not None:
                on_wait()
        else:
            return True
    return process.poll() is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    # The group is killed also when its leader went by itself: children may have stayed.
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(timeout=_KILL_GRACE_SECONDS)
