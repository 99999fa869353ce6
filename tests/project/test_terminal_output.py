"""What the program prints: a disk that is full, and rows that people can read."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.ports import HistoryRow
from history.interaction import Channel, ContactPoint, Interaction, PointKind
from infolinia.commands.history import as_line

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


def test_a_visitor_without_a_name_is_a_browser_and_not_its_id() -> None:
    point = ContactPoint(PointKind.VISITOR, "fe1072b343fb0000")
    chat = Interaction(
        "i1", datetime(2026, 11, 23, 2, tzinfo=UTC), Channel.CHAT, "inbound", "ch1", point=point
    )
    assert " a browser to " in as_line(HistoryRow(chat, None), UTC)
    assert " Marta to " in as_line(HistoryRow(chat, "Marta"), UTC)
