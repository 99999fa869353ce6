"""The program as a user starts it, many times: it is loaded once and each command is a fork of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LIMIT_SECONDS = 30.0

# What a child leaves unhandled ends it as it would end the program itself, with its exit code and traceback.
_PROGRAM = """
import json, os, sys
from importlib import import_module
from infolinia.command import COMMANDS, main

for place in COMMANDS.values():
    import_module("infolinia.commands." + place.where.partition(":")[0])
for line in sys.stdin:
    case = json.loads(line)
    child = os.fork()
    if child == 0:
        for number, name in ((0, case["input"]), (1, case["output"]), (2, case["errors"])):
            how = os.O_RDWR | os.O_CREAT | os.O_TRUNC if number else os.O_RDONLY
            os.dup2(os.open(name, how, 0o600), number)
        os.chdir(case["folder"])
        os.environ.update(case["environment"])
        sys.argv = ["infolinia", *case["arguments"]]
        main()
        sys.exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command came to."""

    code: int
    output: str
    errors: str

    @property
    def sentences(self) -> list[str]:
        """Standard error line by line, of a command that was refused: exit code 2, no traceback."""
        assert self.code == 2, (self.code, self.output, self.errors)
        assert "Traceback" not in self.errors
        return self.errors.splitlines()

    @property
    def sentence(self) -> str:
        """The only line on standard error."""
        (line,) = self.sentences
        return line


class Program:
    """`run` is one command. Not for two at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(
        self,
        folder: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        given: str | None = None,
    ) -> Ran:
        """Run it in `folder`; `given` is its standard input."""
        if given is not None:
            (folder / "command.in").write_text(given, encoding="utf-8")
        output, errors = folder / "command.out", folder / "command.err"
        case = {
            "folder": str(folder),
            "arguments": arguments,
            "environment": dict(environment or {}),
            "input": os.devnull if given is None else str(folder / "command.in"),
            "output": str(output),
            "errors": str(errors),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())  # the test's own limit ends a wait for ever
        return Ran(code, output.read_text(), errors.read_text())


@contextmanager
def loaded_program() -> Iterator[Program]:
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    ) as process:
        try:
            yield Program(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def processes_with(argument: Path) -> list[Sequence[str]]:
    """Command lines of running processes in which this path occurs."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if any(str(argument) in word for word in words):
                found.append(words)
    return found
