"""A run with a call in it: its log tells of no number, and the caller is exported and erased whole."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.house import take_ports
from tests.running import running

pytestmark = [pytest.mark.live, pytest.mark.timeout(150)]

CALLER = "+48220000007"


async def test_a_caller_is_in_no_log_and_can_be_exported_and_erased(tmp_path: Path) -> None:
    with take_ports() as ports:
        async with running(tmp_path, ports) as hotline:
            script = "press 2; press 9; say 'please call me back about my parcel'; interrupt; press #"
            await hotline.run("call", "--script", script, "--from", CALLER, limit_seconds=120)
            (row,) = await hotline.rows(1)
            recording = tmp_path / "recordings" / f"{row['recording']}.sealed"
            _, told, _ = await hotline.run(
                "contacts", "export-person", CALLER, "--to", str(tmp_path / "p.zip")
            )
            assert "1 recordings" in told
            with zipfile.ZipFile(tmp_path / "p.zip") as archive:
                person = json.loads(archive.read("person.json"))
                sound = archive.read(f"recordings/{Path(row['recording']).name}")
            assert sound[:4] == b"RIFF"
            assert 16_000 < len(sound) < recording.stat().st_size
            assert len(person["call_events"]) == len(row["events"])
            (tmp_path / "p.zip").unlink()
            reason = ("--reason", "asked", "--json")
            _, planned, _ = await hotline.run("contacts", "erase", CALLER, "--dry-run", *reason)
            assert json.loads(planned)["state"] == "planned"
            assert recording.exists()
            _, erased, _ = await hotline.run("contacts", "erase", CALLER, *reason)
            assert json.loads(erased)["state"] == "complete", erased
            assert not recording.exists()
            log = hotline.output.read_text(errors="replace")
        assert CALLER[1:] not in log
        assert "220000007" not in log
    for file in (tmp_path / "v").rglob("*"):
        assert not file.is_file() or b"220000007" not in file.read_bytes(), file
