"""The table of commands: each place is there, its help is its own, and nothing heavy is loaded early."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
import typer

from infolinia.command import COMMANDS, DATABASE_AWAY, EXPECTED, app


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_is_its_own(name: str) -> None:
    program: Any = typer.main.get_command(app)
    assert program.commands[name].help.partition("\n\n")[0].replace("\n", " ") == COMMANDS[name].help


@pytest.mark.parametrize("name", sorted(EXPECTED | {DATABASE_AWAY}))
def test_what_is_expected_is_there(name: str) -> None:
    module, _, kind = name.rpartition(".")
    assert issubclass(getattr(import_module(module), kind), Exception)


def test_the_program_alone_loads_nothing_heavy() -> None:
    heavy = {"sqlalchemy", "aiohttp", "numpy", "pydantic", "phonenumbers", "structlog"}
    told = subprocess.run(
        [sys.executable, "-c", "import sys, infolinia.entry, infolinia.command; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert not heavy & set(told.stdout.split())
