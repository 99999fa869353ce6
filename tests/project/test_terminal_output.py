"""A disk that is full, where the program's output goes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = "from infolinia.entry import main; main()"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", ["--help", "flow schema"])
def test_output_that_cannot_be_written_is_told_in_a_sentence(
    tmp_path: Path, arguments: str, unbuffered: str
) -> None:
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            timeout=60,
            check=False,
        )
    assert ran.stderr == ("Standard output cannot be written (No space left on device): send it elsewhere.\n")
    assert ran.returncode == 1
