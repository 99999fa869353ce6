"""What the commands share: the option that names the configuration, and how a command ends in failure."""

from __future__ import annotations

import sys
from collections.abc import Coroutine
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


def run_until_done(work: Coroutine[None, None, None]) -> None:
    uvloop.run(work)
