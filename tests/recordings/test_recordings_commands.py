"""`infolinia recordings`: what is there, whether it is whole, and one of them given out."""

from __future__ import annotations

import asyncio
import hashlib
import json
import stat
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from engine.registers.audit import AuditFilter
from infolinia.commands.recordings import recordings_app
from store.opening import open_accounts
from store.recordings.keys import VARIABLE, recording_keys
from store.recordings.vault import RecordingVault
from store.store import open_store
from tests.conftest import HandClock
from tests.recordings.people_talking import house


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with two recordings, `infolinia.yaml` in it."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "infolinia.yaml").write_text(f"database: sqlite:///{tmp_path}/infolinia.db\n")

    async def fill() -> None:
        clock = HandClock()
        store = open_store(f"sqlite:///{tmp_path}/infolinia.db", tmp_path / "spool", clock=clock)
        await store.start()
        home = house(store, clock, tmp_path)
        home.keeper._files = RecordingVault(tmp_path / "recordings", recording_keys(None, tmp_path / "var"))
        for call_id in ("c1", "c2"):
            await home.recorded(call_id)
        await home.keeper.once()
        await store.close()

    asyncio.run(fill())
    return tmp_path


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(recordings_app, list(arguments))
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


def listed() -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("list", "--json").splitlines()]


def test_recordings_are_listed_checked_and_given_out(place: Path) -> None:
    second, first = listed()
    assert (first["call_id"], first["state"], first["seconds"]) == ("c1", "kept", 3.0)
    assert first["id"] in run("list", "--call", "c1")
    assert run("verify") == "2 recordings, 0 damaged or lost.\n"
    sound = place / "talk.flac"
    run("export", first["id"], "--to", str(sound))
    assert hashlib.sha256(sound.read_bytes()).hexdigest() == first["sha256"]
    assert stat.S_IMODE(sound.stat().st_mode) == 0o600
    assert "name another file" in run("export", second["id"], "--to", str(sound), code=2)

    async def told() -> list[str]:
        async with open_accounts(f"sqlite:///{place}/infolinia.db") as accounts:
            entries = await accounts.audit.entries(AuditFilter(subject=f"recording:{first['id']}"), limit=9)
            return [entry.note.action for entry in entries]

    assert asyncio.run(told()) == ["recording.exported"]


def test_the_list_tells_the_time_of_the_hotline(place: Path) -> None:
    with (place / "infolinia.yaml").open("a") as file:
        file.write("time_zone: Asia/Tokyo\n")
    at = datetime.fromisoformat(listed()[0]["started_at"]).astimezone(ZoneInfo("Asia/Tokyo"))
    assert run("list").startswith(f"{at:%Y-%m-%d %H:%M}  ")


def test_what_is_damaged_or_lost_is_found(place: Path) -> None:
    one, other = sorted((place / "recordings").rglob("*.sealed"))
    data = bytearray(one.read_bytes())
    data[-5] ^= 1
    one.write_bytes(data)
    other.unlink()
    told = run("verify", code=3)
    assert "was changed or cut off" in told
    assert "is not in the recordings folder" in told
    assert told.endswith("2 recordings, 2 damaged or lost.\n")
    damaged = next(row["id"] for row in listed() if row["id"] in one.name)
    assert "is not played" in run("export", damaged, "--to", str(place / "x.flac"), code=2)
    assert not (place / "x.flac").exists()


def test_a_new_key_leaves_the_old_recordings_whole(place: Path) -> None:
    assert "next start" in run("new-key")
    assert len(recording_keys(None, place / "var")) == 2
    assert run("verify") == "2 recordings, 0 damaged or lost.\n"
