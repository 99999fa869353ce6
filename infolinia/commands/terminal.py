"""What the commands share: the option that names the configuration, and how a command ends in failure."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvloop

ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="The configuration file (default: infolinia.yaml).")
]


def fail(sentence: str) -> NoReturn:
    """End the program with `sentence` on standard error and exit code 2."""
    sys.stderr.write(sentence.rstrip() + "\n")
    raise SystemExit(2)


def run_with_output(command: Callable[[], None]) -> None:
    """Run it. When standard output takes nothing more, end with one sentence and exit code 1."""
    try:
        try:
            command()
        finally:
            if sys.stdout is not None:  # else it was closed by whoever started us
                sys.stdout.flush()
    except OSError as error:
        if not _output_is_lost():
            raise
        sys.stderr.write(f"Standard output cannot be written ({error.strerror}): send it elsewhere.\n")
        raise SystemExit(1) from None


def _output_is_lost() -> bool:
    """Whether it takes no line end either. What it still holds is dropped then, lest it fail at the exit."""
    try:
        sys.stdout.write("\n")
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


@contextmanager
def ended_by_interrupts() -> Iterator[None]:
    """Ctrl-C ends the program at once and without a traceback: nothing has begun yet."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run_until_done(work: Coroutine[None, None, None]) -> None:
    uvloop.run(work)
